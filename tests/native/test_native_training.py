"""Training in machine code: what users see is what the interpreter gives, and every step of it."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.train.native import SIZES, is_worth_it, kernel_lines

RNG = np.random.default_rng(5)
X = RNG.standard_normal((70, 6))
CLASSES = RNG.integers(0, 3, 70)
REAL = X[:, :2] @ np.array([[1.0, -1.0], [0.5, 2.0]]) + 0.1
WEIGHTS = RNG.random(70) + 0.1

TASKS = {
    "classes": ("6-9:tanh-3", CLASSES, "cross_entropy"),
    "soft classes": ("6-17:relu-3", RNG.dirichlet(np.ones(3), 70), "cross_entropy"),
    "yes or no": ("6-8:sigmoid-1", (CLASSES == 1) * 1.0, "binary_cross_entropy"),
    "numbers": ("6-20:elu-5:softplus-2", REAL, "huber"),
    "one number": ("6-7:gelu-1", REAL[:, 0], "squared_error"),
    "absolute": ("6-33:leaky_relu-2", REAL, "absolute_error"),
    "linear": ("6-2", REAL, "half_squared_error"),
}
OPTIMIZERS = [cr.SGD(0.05), cr.Momentum(0.02), cr.Nesterov(0.02), cr.RMSProp(0.01), cr.Adam(0.01),
              cr.AdamW(0.01), cr.SGD(cr.Cosine(0.05, steps=20), clip_norm=0.5)]  # fmt: skip


def trained(task, engine, **settings):
    spec, y, loss = TASKS[task]
    return cr.train(
        spec, X, y, loss=loss, engine=engine,
        **{"steps": 23, "batch_size": 16, "seed": 2, "optimizer": cr.Adam(0.01), **settings},
    )  # fmt: skip


def close(ours, theirs, dtype):
    scale = max(float(np.max(np.abs(theirs), initial=0.0)), 1e-300)
    limit = 1e-11 if dtype == "float64" else 2e-4  # 23 steps, each within 1e-12 or a few units
    assert np.max(np.abs(ours - theirs), initial=0.0) <= limit * scale


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("task", TASKS)
def test_a_training_is_the_interpreter_s(task, dtype):
    settings = {"dtype": dtype, "sample_weight": WEIGHTS, "reduction": "mean"}
    ours, theirs = (trained(task, engine, **settings) for engine in ("native", "interpreter"))
    close(ours.losses, theirs.losses, dtype)
    for name, value in theirs.parameters.items():
        close(ours.parameters[name], value, dtype)
    close(ours.predict(X), theirs.predict(X), dtype)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("batch_size", [None, 16, 70, 1])
def test_every_step_opens_again_to_the_last_bit(optimizer, batch_size):
    run = trained("classes", "native", optimizer=optimizer, batch_size=batch_size)
    for k in (0, 1, 11, 22):
        before, after = run.at(k), run.at(k + 1)
        assert before.loss == run.losses[k]
        for name, update in before.updates.items():
            np.testing.assert_array_equal(
                after.parameters[name] - before.parameters[name], update, err_msg=f"{name} {k}"
            )


def test_few_snapshots_give_the_same_steps():
    many, few = (trained("numbers", "native", snapshot_bytes=b) for b in (10**7, 0))
    assert len(few.record.snapshots) == 1 < len(many.record.snapshots)
    for k in (3, 17, 23):
        for name, value in many.at(k).parameters.items():
            np.testing.assert_array_equal(few.at(k).parameters[name], value)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("task", ["classes", "yes or no", "numbers", "linear"])
def test_a_row_is_predicted_alike_in_any_company(task, dtype):
    run = trained(task, "native", dtype=dtype)
    many = RNG.standard_normal((700, 6)).astype(dtype)
    whole = run.predict(many)
    order = RNG.permutation(700)
    np.testing.assert_array_equal(run.predict(many[order]), whole[order])
    for size in (1, 2, 7, 8, 9, 63, 64, 65, 511, 512, 513):
        np.testing.assert_array_equal(run.predict(many[:size]), whole[:size], err_msg=str(size))
    for i in (0, 333, 699):
        np.testing.assert_array_equal(run.predict(many[i : i + 1])[0], whole[i])
    assert SIZES[-1] >= 512


def test_a_saved_run_goes_on_in_machine_code(tmp_path):
    run = trained("classes", "native")
    run.save(tmp_path / "run")
    again = cr.load(tmp_path / "run")
    assert again.record.setup.engine == "native"
    np.testing.assert_array_equal(again.predict(X), run.predict(X))
    np.testing.assert_array_equal(again.at(13).gradients["W1"], run.at(13).gradients["W1"])


def test_early_stopping_and_callbacks_see_the_same():
    seen = {"native": [], "interpreter": []}
    runs = {}
    for engine, steps in seen.items():
        runs[engine] = trained(
            "numbers", engine, steps=None, epochs=60, validation=(X[:20], -REAL[:20]), patience=4,
            callbacks=[lambda p, steps=steps: steps.append((p.step, p.epoch, p.end_of_epoch))],
        )  # fmt: skip
    assert seen["native"] == seen["interpreter"]
    ours, theirs = runs["native"], runs["interpreter"]
    assert (ours.stopped, ours.steps, ours.best_step) == (
        theirs.stopped, theirs.steps, theirs.best_step)  # fmt: skip
    assert ours.stopped == "early stopping"


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        ("classes", {"optimizer": cr.SGD(1e9)}),
        ("numbers", {"optimizer": cr.SGD(1e3)}),
        ("one number", {"optimizer": cr.Momentum(30.0), "dtype": "float32"}),
        ("linear", {"initial": {"W1": np.full((6, 2), 1e155)}}),
        ("classes", {"initial": {"W1": np.full((6, 9), 1e308)}}),
    ],
)
def test_a_divergence_is_told_in_the_same_words(task, settings):
    told = []
    for engine in ("native", "interpreter"):
        with pytest.raises(cr.DivergenceError) as caught:
            trained(task, engine, steps=200, **settings)
        error = caught.value
        told.append((str(error), error.step, error.tensor, error.run.steps))
    assert told[0] == told[1]


def test_a_slot_that_overflows_is_found_in_its_step():
    settings = {"dtype": "float32", "optimizer": cr.RMSProp(1e-3), "steps": 60}
    y = np.full(70, 2.4e19)  # the loss is finite, the square of its slope is not
    errors = []
    for engine in ("native", "interpreter"):
        with pytest.raises(cr.DivergenceError) as caught:
            cr.train("6-1", X, y, loss="half_squared_error", engine=engine, seed=2, **settings)
        errors.append((caught.value.step, caught.value.tensor))
    assert errors[0] == errors[1]


def test_what_is_worth_machine_code_depends_on_the_task_alone():
    setup = trained("classes", "interpreter").record.setup
    assert not is_worth_it(setup, 10)
    assert is_worth_it(setup, 10_000)


def test_the_listing_says_what_is_left_to_numpy():
    run = trained("classes", "native", optimizer=cr.SGD(cr.Cosine(0.1, steps=9)))
    assert kernel_lines(run.record.setup)[-1] == "nothing is left to NumPy"
    odd = cr.train("6-4:sin-1", X, REAL[:, 0], steps=2, engine="native")
    assert kernel_lines(odd.record.setup)[-1] == "left to NumPy: cos, sin"
