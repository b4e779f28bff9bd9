"""scikit-learn's perceptrons: the same outputs, and the gradients of its own backpropagation."""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import chainrule as cr
from chainrule.errors import ShapeError, SpecError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(4)
X = RNG.normal(size=(40, 3))
LABELS = {
    "two words": np.where(X[:, 0] > 0, "yes", "no"),
    "three words": np.array(["b", "c", "a"])[(np.arange(40) + (X[:, 0] > 0)) % 3],
    "numbers": np.array([7, 3, 5])[np.arange(40) % 3],
    "truth": X[:, 0] > 0,
    "two columns": np.stack([X[:, 0] > 0, X[:, 1] > 0], axis=1).astype(int),
}


def own_gradients(mlp, x, y, weights=None):
    """Return loss and gradients as scikit-learn's own backpropagation has them."""
    units = [x.shape[1], *(w.shape[1] for w in mlp.coefs_)]
    grads = [np.empty_like(w) for w in mlp.coefs_], [np.empty_like(b) for b in mlp.intercepts_]
    room = [x] + [None] * (len(units) - 1)
    loss, by_weights, by_biases = mlp._backprop(
        x, y, weights, room, [None] * (len(units) - 1), *grads
    )
    named = {f"W{k}": g for k, g in enumerate(by_weights, 1)}
    return loss, named | {f"b{k}": g for k, g in enumerate(by_biases, 1)}


def agree(run, loss, gradients):
    moment = run.at(0)
    assert moment.loss == pytest.approx(loss, rel=1e-12)
    for name, theirs in gradients.items():
        atol = 1e-14 * max(1.0, np.abs(theirs).max())
        np.testing.assert_allclose(moment.gradients[name], theirs, rtol=1e-12, atol=atol)


@pytest.mark.parametrize("name", sorted(LABELS))
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_a_classifier(name, activation):
    y = LABELS[name]
    mlp = MLPClassifier((5, 4), activation=activation, alpha=0.3, max_iter=20, random_state=2)
    mlp.fit(X, y)
    run = cr.adopt(mlp, X, y)
    out, theirs = run.predict(X), mlp.predict_proba(X)
    np.testing.assert_allclose(out, theirs[:, 1:] if out.shape[1] == 1 else theirs, rtol=1e-12)
    encoded = mlp._label_binarizer.transform(y).astype(float)
    agree(run, *own_gradients(mlp, X, encoded))
    if name != "two columns":
        told = run.predict_table(X)
        assert [str(one) for one in told["prediction"]] == [str(one) for one in mlp.predict(X)]
        assert run.evaluate(X, y)["accuracy"] == mlp.score(X, y)


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_regressor(outputs):
    y = X[:, :outputs] * 2 + 1
    mlp = MLPRegressor(hidden_layer_sizes=(6,), alpha=0.1, max_iter=30, random_state=0).fit(
        X, np.squeeze(y)
    )
    run = cr.adopt(mlp, X, np.squeeze(y))
    np.testing.assert_allclose(np.squeeze(run.predict(X)), mlp.predict(X), rtol=1e-12)
    loss, gradients = own_gradients(mlp, X, y)
    # It prints the mean over outputs, and descends their sum.
    penalty = run.at(0).values["penalty"]
    agree(run, (loss - penalty) * outputs + penalty, gradients)


def test_weights_of_rows():
    y, w = LABELS["three words"], RNG.uniform(0.1, 2.0, size=40)
    mlp = MLPClassifier((4,), alpha=0.5, max_iter=10, random_state=2).fit(X, y)
    run = cr.adopt(mlp, X, y, sample_weight=w)
    agree(run, *own_gradients(mlp, X, mlp._label_binarizer.transform(y).astype(float), w))


def test_a_scaler_comes_along():
    y = LABELS["two words"]
    plain = X * [1.0, 30.0, 1e-3] + [0.0, 100.0, 5.0]
    pipe = make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=30, random_state=1))
    pipe.fit(plain, y)
    run = cr.adopt(pipe, plain, y)
    for rows in (plain, plain.tolist(), {f"x{k}": plain[:, k] for k in range(3)}):
        np.testing.assert_allclose(run.predict(rows), pipe.predict_proba(rows_of(rows))[:, 1:],
                                   rtol=1e-12)  # fmt: skip
    assert run.evaluate(plain, y)["accuracy"] == pipe.score(plain, y)
    branch = run.branch(0, optimizer=cr.SGD(0.1), steps=20)
    assert branch.losses[-1] < branch.losses[0]
    assert branch.predict(plain).shape == (40, 1)


def rows_of(rows):
    return np.stack(list(rows.values()), axis=1) if isinstance(rows, dict) else np.asarray(rows)


def test_a_saved_network_answers_in_labels(tmp_path):
    y = LABELS["three words"]
    mlp = MLPClassifier((4,), max_iter=30, random_state=1).fit(X, y)
    run = cr.load(cr.adopt(mlp, X, y).save(tmp_path / "run"))
    assert list(run.predict_table(X)["prediction"]) == list(mlp.predict(X))
    assert {"probability of a", "probability of b"} < set(run.predict_table(X))


def test_names_of_features_are_kept():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    mlp = MLPClassifier((4,), max_iter=10, random_state=1).fit(frame, LABELS["two words"])
    run = cr.adopt(mlp, frame[["c", "a", "b"]], LABELS["two words"])
    np.testing.assert_allclose(
        run.predict(frame[["b", "c", "a"]]), mlp.predict_proba(frame)[:, 1:], rtol=1e-12
    )


def test_a_branch_goes_on_as_scikit_learn_would():
    """One step of plain gradient descent over all rows: the same new weights."""
    y = X[:, 0]
    descent = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 0.05, "alpha": 0.2}
    every_row = {"batch_size": 40, "shuffle": False, "max_iter": 1, "warm_start": True}
    mlp = MLPRegressor(hidden_layer_sizes=(5,), random_state=3, **descent, **every_row)
    run = cr.adopt(mlp.fit(X, y), X, y).branch(0, steps=1)
    mlp.fit(X, y)
    for k, weights in enumerate(mlp.coefs_, 1):
        np.testing.assert_allclose(run.parameters[f"W{k}"], weights, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: MLPClassifier(), "this MLPClassifier is not fitted"),
        (lambda: make_pipeline(MinMaxScaler(), MLPRegressor()).fit(X, X[:, 0]), "MinMaxScaler"),
        (lambda: make_pipeline(StandardScaler()).fit(X), "ends in StandardScaler"),
        (lambda: MLPRegressor(loss="poisson", max_iter=5).fit(X, X[:, 0] ** 2), "'poisson'"),
    ],
)
def test_what_cannot_be_adopted_is_one_line(make, said):
    with pytest.raises(SpecError) as error:
        cr.adopt(make(), X, X[:, 0])
    assert said in str(error.value)


def test_rows_of_another_width():
    mlp = MLPClassifier((4,), max_iter=5).fit(X, LABELS["two words"])
    with pytest.raises(ShapeError, match="takes 3 inputs, got 2"):
        cr.adopt(mlp, X[:, :2], LABELS["two words"])
    run = cr.adopt(mlp, X, LABELS["two words"])
    with pytest.raises(ShapeError, match="takes 3 inputs, got 2"):
        run.predict(X[:, :2])
