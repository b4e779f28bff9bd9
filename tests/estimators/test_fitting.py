"""Fits: what is weighed, watched, stopped, gone on with; and what cannot be."""

import signal
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import accuracy_score, f1_score, log_loss, make_scorer, r2_score

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.judging import Sizes

QUICK = {
    "hidden_layer_sizes": (8,),
    "max_iter": 20,
    "learning_rate_init": 0.02,
    "n_iter_no_change": np.inf,
    "random_state": 0,
}
X, Y = make_moons(80, noise=0.2, random_state=0)
X_VAL, Y_VAL = make_moons(40, noise=0.2, random_state=1)
NUMBERS = X[:, 0] * 2 - X[:, 1]


def classifier(**settings):
    return NetworkClassifier(**{**QUICK, **settings})


def regressor(**settings):
    return NetworkRegressor(**{**QUICK, **settings})


# What is learnt.


def test_curves_without_rows_to_judge_by():
    model = classifier(batch_size=32).fit(X, Y)
    losses = model.run_.losses.reshape(20, 3)
    assert np.allclose(model.loss_curve_, losses @ [32, 32, 16] / 80)
    assert (model.loss_, model.n_iter_, model.t_) == (model.loss_curve_[-1], 20, 1600)
    assert model.best_loss_ == min(model.loss_curve_)
    assert model.validation_loss_curve_ is None
    assert model.validation_scores_ is None


def test_an_epoch_that_is_broken_off_counts_the_steps_it_had():
    def interrupt(progress):
        if progress.epoch == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.warns(UserWarning, match="interrupted"):
        model = classifier(callbacks=[interrupt], batch_size=32).fit(X, Y)
    assert (model.n_iter_, model.run_.stopped) == (2, "interrupted")
    assert Sizes(rows=10, batch=4).mean(np.array([1.0, 3.0])) == 2.0


def test_given_rows_to_judge_by_are_watched_without_stopping():
    model = classifier().fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == 20
    assert model.validation_loss_curve_[-1] == pytest.approx(
        log_loss(Y_VAL, model.predict_proba(X_VAL))
    )
    assert model.validation_scores_[-1] == model.score(X_VAL, Y_VAL)
    assert np.array_equal(model.coefs_[0], classifier().fit(X, Y).coefs_[0])
    assert model.best_validation_score_ is None


def test_best_weights_are_given_back():
    model = classifier(early_stopping=True, n_iter_no_change=5, max_iter=200, tol=0.0)
    model.fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    assert model.run_.stopped == "early stopping"
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.score(X_VAL, Y_VAL) == model.best_validation_score_
    assert model.run_.best_step == 1 + int(np.argmax(model.validation_scores_))
    assert model.n_iter_ == len(model.validation_scores_) > model.run_.best_step


def test_held_back_rows_keep_the_shares_of_the_classes():
    uneven = np.r_[np.zeros(60, int), np.ones(20, int)]
    model = classifier(early_stopping=True, validation_fraction=0.2).fit(X, uneven)
    held = model.run_.record.validation.y
    assert (len(held), held.sum()) == (16, 4)
    assert len(model.run_.record.setup.x) == 64
    rows = model.run_.at(0).rows
    assert np.array_equal(model.run_.record.setup.x, X[np.sort(rows)])


def counted(estimator, x, y):
    counted.seen.append(estimator.predict(x).shape)
    return -abs(len(counted.seen) - 4)


@pytest.mark.parametrize(
    "scoring", ["f1", make_scorer(f1_score), lambda e, x, y: f1_score(y, e.predict(x))]
)
def test_a_scorer_of_ones_own(scoring):
    model = classifier(early_stopping=True, scoring=scoring).fit(X, Y, X_val=X_VAL, y_val=Y_VAL)
    assert f1_score(Y_VAL, model.predict(X_VAL)) == max(model.validation_scores_)


def test_the_scorer_decides_which_weights_come_back():
    counted.seen = []
    model = classifier(early_stopping=True, scoring=counted, n_iter_no_change=3, max_iter=50)
    model.fit(X, Y)
    assert model.validation_scores_ == [-3, -2, -1, 0, -1, -2, -3, -4]
    assert model.run_.best_step == 4
    assert np.array_equal(model.coefs_[0], model.run_.at(4).parameters["W1"])


def test_the_default_score_is_the_estimators_own():
    """Written out for speed; beside scikit-learn's functions, weights and all."""
    rng = np.random.default_rng(0)
    w, labels = rng.random(80), rng.integers(0, 2, (80, 3))
    for weight in (None, w):
        for y, guess in ((Y, 1 - Y * labels[:, 0]), (labels, labels | labels[::-1])):
            found = classifier()._metric(y, guess, weight)
            assert found == pytest.approx(accuracy_score(y, guess, sample_weight=weight))
        for y in (NUMBERS, X, np.ones(80)):
            found = regressor()._metric(y, y + 0.1 * rng.standard_normal(y.shape), weight)
            assert np.isfinite(found)
        guess = X + rng.standard_normal(X.shape)
        found = regressor()._metric(X, guess, weight)
        assert found == pytest.approx(r2_score(X, guess, sample_weight=weight))


def test_scoring_by_loss():
    model = regressor(early_stopping=True, scoring="loss").fit(X, NUMBERS)
    assert model.validation_scores_ == [-loss for loss in model.validation_loss_curve_]


def test_a_score_that_is_no_number_is_no_better():
    model = regressor(
        early_stopping=True, scoring=lambda *_: float("nan"), n_iter_no_change=3, max_iter=30
    ).fit(X, NUMBERS)
    assert model.n_iter_ == 4
    assert np.isfinite(model.predict(X)).all()


# What is weighed.


def test_class_weight_is_a_weight_of_rows():
    weights = np.where(Y == 1, 5.0, 0.5)
    one = classifier(class_weight={0: 0.5, 1: 5.0}).fit(X, Y)
    two = classifier().fit(X, Y, sample_weight=weights)
    three = classifier(class_weight={0: 0.25, 1: 5.0}).fit(X, Y, np.where(Y == 1, 1.0, 2.0))
    assert np.allclose(one.coefs_[0], two.coefs_[0], rtol=1e-12)
    assert np.allclose(one.coefs_[0], three.coefs_[0], rtol=1e-12)


def test_weighted_rows_judge_with_their_weights():
    weights = np.random.default_rng(0).random(80)
    model = classifier(early_stopping=True, n_iter_no_change=np.inf).fit(X, Y, weights)
    rows = model.run_.record.validation
    held = [int(np.flatnonzero((x == X).all(axis=1))[0]) for x in rows.x]
    assert np.allclose(rows.w / rows.w[0], weights[held] / weights[held][0])
    state = model.run_.at(model.run_.steps).parameters
    model.coefs_, model.intercepts_ = [state["W1"], state["W2"]], [state["b1"], state["b2"]]
    assert model.validation_scores_[-1] == pytest.approx(
        model.score(X[held], Y[held], sample_weight=weights[held])
    )


def test_per_layer_activation_and_penalty():
    model = classifier(
        hidden_layer_sizes=(8, 4),
        activation=["tanh", "gelu"],
        alpha=[0.0, 8.0, 16.0],
        batch_size=80,
    ).fit(X, Y)
    layers = model.run_.network.layers
    assert [layer.activation for layer in layers] == ["tanh", "gelu", "sigmoid"]
    assert [layer.l2 for layer in layers] == [0.0, 0.1, 0.2]


def test_several_labels():
    y = np.stack([Y, X[:, 0] > 0, np.ones(80)], axis=1).astype(int)
    model = classifier(max_iter=100).fit(X, y)
    assert model.predict(X).shape == model.predict_proba(X).shape == (80, 3)
    assert model.score(X, y) > 0.8
    assert model.classes_.tolist() == [0, 1, 2]


def test_several_numbers_and_an_activation_of_the_output():
    y = np.stack([NUMBERS, X[:, 1]], axis=1) - X.min() * 5
    model = regressor(max_iter=300, out_activation="softplus", early_stopping=True).fit(X, y)
    assert model.predict(X).shape == (80, 2)
    assert model.score(X, y) > 0.9
    assert model.out_activation_ == "softplus"
    assert (model.predict(X * 100) >= 0).all()


# What is gone on with.


def test_partial_fits_are_the_epochs_of_a_fit():
    """Unshuffled, so that the order of rows is the same; the optimizer's memory must be, too."""
    whole = classifier(shuffle=False, batch_size=32, max_iter=5).fit(X, Y)
    parts = classifier(shuffle=False, batch_size=32)
    for _ in range(5):
        parts.partial_fit(X, Y, classes=[0, 1])
    for one, two in zip(whole.coefs_, parts.coefs_, strict=True):
        assert np.allclose(two, one, rtol=1e-12)
    assert np.allclose(parts.loss_curve_, whole.loss_curve_, rtol=1e-12)
    assert (parts.t_, parts.n_iter_) == (400, 1)
    assert parts.run_.at(2).gradients["W1"].shape == (2, 8)


def test_partial_fit_with_classes_that_come_later():
    model = NetworkClassifier(**QUICK).partial_fit(X[Y == 0], Y[Y == 0], classes=[0, 1, 2])
    for _ in range(20):
        model.partial_fit(X, Y + 1)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict_proba(X).shape == (80, 3)
    with pytest.raises(ValueError, match="not the same as on last call"):
        model.partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"not in `self.classes_`: \[7\]"):
        model.partial_fit(X, Y * 7)


def test_warm_start_goes_on():
    model = classifier(warm_start=True).fit(X, Y)
    first = model.loss_curve_[-1]
    model.fit(X, Y)
    assert model.loss_curve_[20] < first * 1.05
    assert (len(model.loss_curve_), model.n_iter_, model.t_) == (40, 20, 3200)
    with pytest.raises(ValueError, match="same classes"):
        model.fit(X, Y + 1)
    with pytest.raises(ValueError, match="go on with the network of the last fit"):
        model.set_params(hidden_layer_sizes=(9,)).fit(X, Y)


def test_the_seed_fixes_everything():
    one, two = classifier().fit(X, Y), classifier().fit(X, Y)
    assert np.array_equal(one.coefs_[0], two.coefs_[0])
    other = classifier(random_state=1).fit(X, Y)
    assert not np.array_equal(one.coefs_[0], other.coefs_[0])
    drawn = classifier(random_state=np.random.RandomState(0))
    assert not np.array_equal(drawn.fit(X, Y).coefs_[0], drawn.fit(X, Y).coefs_[0])


@pytest.mark.parametrize(
    ("given", "dtype", "found"),
    [("float64", None, "float64"), ("float32", None, "float32"), ("int64", None, "float64"),
     ("float64", "float32", "float32"), ("float32", "float64", "float64")],
)  # fmt: skip
def test_dtype(given, dtype, found):
    model = regressor(dtype=dtype).fit((X * 5).astype(given), NUMBERS)
    assert model.coefs_[0].dtype == model.predict(X).dtype == np.dtype(found)


def test_weights_may_be_changed_by_hand():
    model = regressor().fit(X, NUMBERS)
    before, kept = model.predict(X), model.run_.parameters["W2"].copy()
    model.intercepts_[1] += 3.0
    assert np.allclose(model.predict(X), before + 3.0)
    model.coefs_[1][:] = 0.0
    assert np.array_equal(model.run_.parameters["W2"], kept)


# The run.


def test_the_run_answers_and_is_saved(tmp_path):
    model = classifier(batch_size=32).fit(X, Y)
    run = model.run_
    assert "dL/dW1[0,2]" in run.why("W1[0,2]", step=7).text()
    assert run.review(run.at(3).gradients, step=3).right
    assert run.check()
    assert "rate" in run.doctor().text()
    again = cr.load(run.save(tmp_path / "run"))
    assert np.array_equal(again.predict(X)[:, 0], model.predict_proba(X)[:, 1])
    assert np.array_equal(again.at(3).gradients["W1"], run.at(3).gradients["W1"])


def test_optimizer_objects_and_schedules():
    model = classifier(solver=cr.AdamW(cr.Cosine(0.05, steps=20), weight_decay=0.1)).fit(X, Y)
    assert model.run_.record.setup.optimizer.weight_decay == 0.1
    model = classifier(solver="rmsprop", learning_rate=cr.WarmUp(0.01, steps=5)).fit(X, Y)
    assert type(model.run_.record.setup.optimizer) is cr.RMSProp
    assert np.allclose(
        np.abs(model.run_.at(0).updates["W2"]).max(), 0.01 / 5 / np.sqrt(0.1), rtol=1e-3
    )


# What is refused.


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"solver": "lbfgs"}, "'lbfgs' is not offered"),
        ({"solver": "adma"}, "did you mean adam"),
        ({"solver": "sgd", "learning_rate": "adaptive"}, "use a schedule"),
        ({"activation": "rleu"}, "did you mean relu"),
        ({"activation": ["relu", "tanh"]}, "activation has 2 entries"),
        ({"alpha": [1.0]}, "alpha has 1 entries"),
        ({"alpha": [1.0, -1.0]}, "at least 0"),
        ({"hidden_layer_sizes": (3, 0)}, "must be > 0"),
        ({"loss": "hinge"}, "'hinge' is not known"),
        ({"loss": "binary_crossentropy"}, "did you mean binary_cross_entropy"),
        ({"loss": "softmax"}, "there are absolute_error"),
        ({"callbacks": [3]}, "3 is no logger"),
        ({"early_stopping": True, "validation_fraction": 0.001}, "validation set is too small"),
    ],
)
def test_refused_parameters_are_value_errors_in_our_words(settings, words):
    with pytest.raises(ValueError, match="(?i)" + words):
        classifier(**settings).fit(X, Y)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.zeros(80), r"one class only \(0.0\)"),
        (NUMBERS, "Unknown label type"),
        (np.stack([Y, Y + 1], axis=1), "MultiOutputClassifier"),
    ],
)
def test_refused_targets(y, words):
    with pytest.raises(ValueError, match=words):
        classifier().fit(X, y)


def test_other_refusals():
    with pytest.raises(ValueError, match="go together"):
        classifier().fit(X, Y, X_val=X_VAL)
    with pytest.raises(ValueError, match="y_val has classes not in"):
        classifier().fit(X, Y, X_val=X_VAL, y_val=Y_VAL + 1)
    with pytest.raises(ValueError, match="does not support early_stopping"):
        classifier(early_stopping=True).partial_fit(X, Y)
    with pytest.raises(ValueError, match="needs all rows"):
        classifier(class_weight="balanced").partial_fit(X, Y)
    with pytest.raises(ValueError, match="y has 2 columns"):
        regressor(warm_start=True).fit(X, NUMBERS).fit(X, X)
    with pytest.raises(NotFittedError):
        classifier().predict(X)


def test_a_sparse_matrix_that_would_not_fit_is_refused_before():
    with pytest.raises(cr.ChainruleError, match="made dense would need"):
        classifier().fit(sp.csr_array((80, 2**31 - 1)), Y)


def test_a_training_that_runs_away_says_where():
    with pytest.raises(cr.DivergenceError, match="smaller learning rate") as caught:
        regressor(solver="sgd", learning_rate_init=1e6).fit(X, NUMBERS)
    assert caught.value.run.losses[0] < 100


def test_the_end_without_convergence_is_said_where_stopping_was_wanted():
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(20\)") as said:
        classifier(n_iter_no_change=10).fit(X, Y)
    assert said[0].filename == __file__
    classifier().fit(X, Y)  # n_iter_no_change=inf: nothing to say


def test_without_scikit_learn_one_line_says_what_to_install():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import chainrule\n"
        "try:\n    import chainrule.estimators\n"
        "except chainrule.ChainruleError as error:\n"
        "    print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "MissingExtraError chainrule.estimators needs scikit-learn 1.9 or newer: "
        "pip install 'chainrule[sklearn]'\n"
    )
