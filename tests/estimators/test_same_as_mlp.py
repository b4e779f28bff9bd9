"""Parameters of the same name mean the same: weights beside those of scikit-learn's MLP.

Both begin with the same weights and see the same batches in the same order, so that every term of
the descent can be told from the weights after some epochs.
"""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from chainrule.estimators import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings(
    f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning"
)

ROWS, EPOCHS = 24, 7
RNG = np.random.default_rng(5)
X = RNG.standard_normal((ROWS, 3))
SCORES = X @ RNG.standard_normal((3, 3)) + 0.3 * RNG.standard_normal((ROWS, 3))
WEIGHTS = RNG.integers(1, 5, ROWS).astype(float)

TARGETS = {
    "two classes": (MLPClassifier, NetworkClassifier, np.where(SCORES[:, 0] > 0, "b", "a")),
    "three classes": (MLPClassifier, NetworkClassifier, SCORES.argmax(axis=1)),
    "labels": (MLPClassifier, NetworkClassifier, (SCORES > 0).astype(int)),
    "a number": (MLPRegressor, NetworkRegressor, SCORES[:, 0]),
    "two numbers": (MLPRegressor, NetworkRegressor, SCORES[:, :2]),
}

SETTINGS = {
    "adam": {"solver": "adam", "learning_rate_init": 0.02, "beta_1": 0.8, "beta_2": 0.95},
    "plain sgd": {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.1},
    "nesterov": {"solver": "sgd", "momentum": 0.7, "learning_rate_init": 0.05},
    "momentum": {
        "solver": "sgd",
        "momentum": 0.7,
        "learning_rate_init": 0.05,
        "nesterovs_momentum": False,
    },
    "invscaling": {
        "solver": "sgd",
        "momentum": 0.0,
        "learning_rate": "invscaling",
        "learning_rate_init": 0.5,
        "power_t": 0.3,
    },
    "logistic, two layers": {"activation": "logistic", "hidden_layer_sizes": (5, 4)},
    "tanh": {"activation": "tanh"},
    "identity": {"activation": "identity"},
    "strong alpha": {"alpha": 3.0},
    "batches": {"batch_size": 8, "alpha": 3.0, "solver": "sgd", "momentum": 0.5},
}


def trained(make, settings, y, weight, start):
    """An estimator trained from given weights: fitted once, put back, fitted again."""
    common = {
        "hidden_layer_sizes": (6,),
        "shuffle": False,
        "epsilon": 1e-30,  # where it counts, MLP's stands inside another factor
        "warm_start": True,
        "random_state": 0,
        "n_iter_no_change": np.inf,
        **settings,
    }
    model = make(max_iter=1, **common).fit(X, y, sample_weight=weight)
    if start is not None:
        model.coefs_ = [c.copy() for c in start.coefs_]
        model.intercepts_ = [b.copy() for b in start.intercepts_]
    return model.set_params(max_iter=EPOCHS)


def both(target, setting, weight=None):
    theirs, ours, y = TARGETS[target]
    settings = {"activation": "tanh", **SETTINGS[setting]}
    one = trained(theirs, settings, y, weight, None)
    two = trained(ours, settings, y, weight, one)
    one.t_ = 0  # its invscaling would count the rows of the first fit
    return one.fit(X, y, sample_weight=weight), two.fit(X, y, sample_weight=weight)


def assert_same(one, two):
    for theirs, ours in zip(
        one.coefs_ + one.intercepts_, two.coefs_ + two.intercepts_, strict=True
    ):
        assert np.allclose(ours, theirs, rtol=1e-8, atol=1e-10)
    if hasattr(two, "classes_"):
        assert np.array_equal(two.predict(X), one.predict(X))
    else:
        assert np.allclose(two.predict(X), one.predict(X), rtol=1e-8)


@pytest.mark.parametrize("setting", sorted(SETTINGS))
def test_settings(setting):
    assert_same(*both("three classes", setting))


@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_targets_and_weights(target, weight):
    one, two = both(target, "strong alpha", weight)
    assert_same(one, two)
    assert (one.n_outputs_, one.n_layers_, one.out_activation_, one.n_iter_) == (
        two.n_outputs_, two.n_layers_, two.out_activation_, two.n_iter_,
    )  # fmt: skip


@pytest.mark.parametrize("target", ["two classes", "three classes", "labels"])
def test_probabilities_and_losses(target):
    one, two = both(target, "adam")
    assert np.allclose(two.predict_proba(X), one.predict_proba(X), rtol=1e-8)
    assert np.allclose(two.predict_log_proba(X), one.predict_log_proba(X), rtol=1e-8)
    assert np.allclose(two.loss_curve_[-EPOCHS:], one.loss_curve_[-EPOCHS:], rtol=1e-8)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("tol", [1e-2, 1e-4])
def test_the_rule_that_stops(early_stopping, tol):
    """From equal curves the same epoch is the last: MLP's own counter is fed with our curves."""
    model = NetworkClassifier(
        (6,), learning_rate_init=0.05, tol=tol, n_iter_no_change=3, random_state=1,
        early_stopping=early_stopping, validation_fraction=0.3, max_iter=300,
    )  # fmt: skip
    model.fit(X, TARGETS["two classes"][2])
    mlp = MLPClassifier(tol=tol, early_stopping=early_stopping)
    mlp.coefs_ = mlp.intercepts_ = []
    mlp.loss_curve_, mlp.validation_scores_ = [], []
    mlp.best_loss_, mlp.best_validation_score_ = np.inf, -np.inf
    mlp._no_improvement_count = 0
    scores = model.validation_scores_ or model.loss_curve_
    for epoch, (loss, score) in enumerate(zip(model.loss_curve_, scores, strict=True), 1):
        mlp.loss_curve_.append(loss)
        mlp._score = lambda *_, score=score, **__: score
        mlp._update_no_improvement_count(early_stopping, None, None, None)
        if mlp._no_improvement_count > 3:
            break
    assert epoch == model.n_iter_ < 300
    assert model.best_loss_ == (None if early_stopping else mlp.best_loss_)
    assert model.best_validation_score_ == (mlp.best_validation_score_ if early_stopping else None)


def test_the_same_parameters_in_the_same_order():
    """A call written for MLP, by position or by name, is understood; L-BFGS's max_fun is not."""
    from inspect import signature

    for theirs, ours in ((MLPClassifier, NetworkClassifier), (MLPRegressor, NetworkRegressor)):
        known = signature(ours).parameters
        for name, parameter in signature(theirs).parameters.items():
            if name != "max_fun":
                assert known[name].default == parameter.default, name
        positional = [
            [n for n, p in signature(c).parameters.items() if p.kind == p.POSITIONAL_OR_KEYWORD]
            for c in (theirs, ours)
        ]
        assert positional[0] == positional[1]
