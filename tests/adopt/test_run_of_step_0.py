"""A run that has only step 0: everything that can be asked of a run, and rows that are a table."""

import jax.numpy as jnp
import numpy as np
import pytest

import chainrule as cr
import jax
from chainrule.errors import DataError, ShapeError, SpecError

RNG = np.random.default_rng(5)
X = RNG.normal(size=(60, 3))
W1, B1, W2 = RNG.normal(size=(3, 4)), RNG.normal(size=4), RNG.normal(size=(4, 3))
NAMES = np.array(["red", "green", "blue"])
CLASSES = np.argmax(np.tanh(X @ W1 + B1) @ W2, axis=1)
STATE = {"0.weight": W1.T, "0.bias": B1, "2.weight": W2.T}
TOLD = {"activations": "tanh", "loss": "cross_entropy"}


@pytest.fixture(scope="module")
def run():
    return cr.adopt(STATE, X, CLASSES, l2=0.01, **TOLD)


def test_values_and_gradients_without_an_update(run):
    assert (run.steps, run.stopped, run.best_step) == (0, "adopted", 0)
    assert run.losses.shape == (0,)
    moment = run.at(0)
    assert moment.updates == {}
    assert moment.values["out"].shape == (60, 3)
    with pytest.raises(SpecError, match="steps 0 to 0"):
        run.at(1)


@pytest.mark.slow
def test_gradients_agree_with_jax(run):
    def loss(parameters):
        w1, b1, w2 = parameters
        logs = jax.nn.log_softmax(jnp.tanh(X @ w1 + b1) @ w2)
        return -logs[jnp.arange(60), CLASSES].mean() + 0.005 * ((w1**2).sum() + (w2**2).sum())

    with jax.enable_x64(True):
        theirs = jax.grad(loss)((jnp.array(W1), jnp.array(B1), jnp.array(W2)))
    for name, gradient in zip(("W1", "b1", "W2"), theirs, strict=True):
        np.testing.assert_allclose(run.at(0).gradients[name], gradient, rtol=1e-11, atol=1e-14)


def test_a_branch_trains_it_further(run):
    branch = run.branch(0, optimizer=cr.SGD(0.5), steps=40)
    assert branch.losses[0] == pytest.approx(run.at(0).loss, rel=1e-13)
    assert branch.losses[-1] < branch.losses[0]
    assert branch.stopped == "finished"
    assert run.branch(0).steps == 100
    found = run.compare(branch)
    assert not found.equal
    assert np.array_equal(branch.at(0).parameters["W1"], run.parameters["W1"])


def test_the_summary_says_where_it_came_from(run):
    assert "adopted    a PyTorch state dict" in run.summary()
    assert "no step was done" in run.summary()
    assert "Adopted from a PyTorch state dict" in run.report_page().text()


def test_the_doctor_finds_a_good_network_healthy(run):
    found = run.doctor()
    assert found.healthy
    assert "As it was adopted, the network explains" in found.text()
    assert "learning rate too low" not in found.text()


@pytest.mark.parametrize(
    "wrong", ["another activation", "labels in another order", "unscaled rows"]
)
def test_the_doctor_sees_a_network_that_is_not_what_it_was(wrong):
    given = {**TOLD, "activations": "softplus"} if wrong == "another activation" else TOLD
    y = (CLASSES + 1) % 3 if wrong == "labels in another order" else CLASSES
    rows = X * 30 + 100 if wrong == "unscaled rows" else X
    found = cr.adopt(STATE, rows, y, **given).doctor()
    assert not found.healthy
    assert {one.name for one in found.findings} & {"loss at start", "underfitting"}


def test_the_doctor_tries(run):
    dead = {**STATE, "0.bias": np.full(4, -100.0)}
    found = cr.adopt(dead, X, CLASSES, activations="relu", loss="cross_entropy")
    told = found.doctor(try_it=True)
    assert "dead units" in {one.name for one in told.findings}
    assert "came so from where it was trained" in told.text()
    assert told.futures is not None


def table():
    return {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "colour": NAMES[CLASSES]}


def test_rows_of_a_table_and_answers_in_labels(tmp_path):
    run = cr.adopt(STATE, table(), "colour", labels=list(NAMES), **TOLD)
    assert run.evaluate(X, NAMES[CLASSES])["accuracy"] == 1.0
    again = cr.load(run.save(tmp_path / "run"))
    assert list(again.predict_table(table())["prediction"]) == list(NAMES[CLASSES])
    np.testing.assert_allclose(again.predict(X), cr.adopt(STATE, X, CLASSES, **TOLD).predict(X))
    assert "input 0 (a)" in run.why("W1[0,0]").text()
    shuffled = {name: table()[name] for name in ("c", "a", "b")}
    assert np.array_equal(again.predict(shuffled), again.predict(X))


def test_text_labels_are_sorted_unless_said():
    run = cr.adopt(STATE, X, NAMES[CLASSES], **TOLD)
    assert run.preparation.labels == ("blue", "green", "red")
    assert "sorted order" in run.report["adopted"]["notes"][0]


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"d": X[:, 0]}, ShapeError, "takes 3 inputs, got 4"),
        ({"a": np.array(["x", "y"] * 30)}, DataError, "column 'a' holds category values"),
        ({"a": [None, *X[1:, 0]]}, DataError, "'a' has a missing value"),
        ({"colour": CLASSES + 1}, DataError, "Say labels="),
        ({"colour": np.array(["x", "y"] * 30)}, DataError, "hold 2 labels"),
    ],
)
def test_tables_that_do_not_fit(changes, error, said):
    with pytest.raises(error) as found:
        cr.adopt(STATE, {**table(), **changes}, "colour", **TOLD)
    assert said in str(found.value)


def test_a_table_of_numbers_to_predict():
    state = {"0.weight": W1.T, "0.bias": B1, "2.weight": W2[:, :1].T}
    rows = {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": X[:, 0] * 2}
    run = cr.adopt(state, rows, "y", activations="tanh", loss="squared_error")
    np.testing.assert_allclose(
        run.predict(X)[:, 0], np.tanh(X @ W1 + B1) @ W2[:, 0], rtol=1e-12, atol=1e-15
    )
    assert run.evaluate(X, X[:, 0] * 2)["loss"] == pytest.approx(run.report["adopted"]["loss"])
    with pytest.raises(SpecError, match="3 outputs, and a table has one"):
        cr.adopt(STATE, rows, "y", activations="tanh", loss="squared_error")
