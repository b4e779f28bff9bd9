"""Divergence: caught in its step, named by step, layer and tensor, never a model."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DivergenceError

X = np.random.default_rng(0).normal(size=(16, 3))
Y = X @ [1.0, -1.0, 0.5]


def diverged(spec, x=X, y=Y, **settings):
    """Return the error of a training that must run away."""
    with pytest.raises(DivergenceError) as caught:
        cr.train(spec, x, y, **{"steps": 500, "seed": 1, **settings})
    error = caught.value
    assert error.run.stopped == "diverged"
    assert f"diverged at step {error.step}: " in str(error)
    assert "Try a smaller learning rate" in str(error)
    assert len(str(error).splitlines()) == 2
    return error


def test_a_rate_that_is_too_large_names_the_layer_that_grew():
    error = diverged("3-8:relu-1", optimizer=cr.SGD(3.0))
    assert error.tensor in ("W1", "W2", "b1", "b2")
    assert f"layer {error.tensor[1]}: the loss has grown from" in str(error)
    assert f"and {error.tensor} from" in str(error)
    assert "(SGD, learning rate 3)" in str(error)
    run = error.run
    assert run.steps == error.step
    assert np.isfinite(run.losses).all()
    assert run.losses.max() <= 1e6 * max(run.losses[0], 1)
    moment = run.at(run.steps)
    assert moment.loss > 1e6 * max(run.losses[0], 1)
    grown = np.abs(moment.parameters[error.tensor]).max()
    assert f"to {grown:.3g} (SGD" in str(error)


def test_a_loss_that_leaps_without_weights_growing_names_the_rows():
    x = np.ones((4, 1))
    error = diverged(
        "1-1", x, [0.0, 1e5, 0.0, 0.0], batch_size=1, shuffle=False, optimizer=cr.SGD(0.0)
    )
    assert (error.step, error.tensor) == (1, "y")
    assert "and y from 0 to 1e+05" in str(error)


def test_infinity_in_an_exponential_names_its_output():
    error = diverged("3-4:exp-1", optimizer=cr.SGD(10.0), y=1e3 * Y)
    assert error.tensor in ("h1", "out", "W1", "W2", "z1")
    start = {"W1": np.full((3, 4), 500.0), "b1": np.full(4, 800.0)}
    error = diverged("3-4:exp-1", initial=start)
    assert (error.step, error.tensor) == (0, "h1")
    assert "diverged at step 0: layer 1: h1 is inf at [" in str(error)
    assert error.run.steps == 0


def test_nan_made_in_layer_2_is_told_of_layer_2():
    start = {"W1": np.ones((3, 2)), "b1": [-9.0, 9.0], "W2": -np.ones((2, 2)), "b2": [-1.0, -1.0]}
    error = diverged("3-2:tanh-2:log-1", initial=start)
    assert (error.step, error.tensor) == (0, "h2")
    assert "layer 2: h2 is nan at [" in str(error)
    error = diverged("3-2:tanh-1:log", initial={"W2": [[-1.0], [-1.0]], "b2": [-9.0]})
    assert error.tensor == "out"
    assert "layer 2: out is nan at [0, 0]" in str(error)


def test_float32_overflow_is_caught_where_it_happens():
    error = diverged(
        "3-4-1", x=(1e30 * X).astype(np.float32), initial={"W1": np.full((3, 4), 1e20)}
    )
    assert error.run.record.setup.dtype == np.float32
    assert (error.step, error.tensor) == (0, "z1")
    assert "layer 1: z1 is " in str(error)
    error = diverged("3-1", optimizer=cr.SGD(1e25), dtype="float32")
    assert (error.step, error.tensor) == (1, "W1")


def test_a_gradient_that_overflows_is_said_to_be_the_cause():
    error = diverged(
        "1-1-1", x=[[1e300]], y=[0.0], loss="absolute_error",
        initial={"W1": [[1e-300]], "W2": [[1e10]]}, optimizer=cr.SGD(0.01),
    )  # fmt: skip
    assert (error.step, error.tensor) == (1, "W1")
    assert "W1 has reached inf; its gradient in step 0 was inf at [0, 0]" in str(error)


def test_slots_may_be_large_but_must_be_finite():
    settings = {"loss": "half_squared_error", "reduction": "sum", "dtype": "float32"}
    run = cr.train("3-1", X, 1e12 * Y, optimizer=cr.Adam(0.01), steps=5, **settings)
    assert run.at(3).slots["W1.v"].max() > 1e19
    error = diverged("3-1", y=1e18 * Y, optimizer=cr.Adam(0.01), **settings)
    assert error.tensor == "W1.v"
    assert "layer 1: W1.v has reached inf; its gradient in step" in str(error)


def test_logits_that_leave_no_answer_are_a_divergence_not_a_bare_refusal():
    error = diverged("1-3:softmax", x=[[1e308]], y=[1], initial={"W1": [[-1e10, -1e10, -1e10]]})
    assert (error.step, error.tensor) == (0, "z1")
    assert "layer 1: z1 is -inf at [0, 0]" in str(error)


def test_a_diverged_run_is_no_model_and_says_so(tmp_path):
    error = diverged("3-8:relu-1", optimizer=cr.SGD(3.0))
    loaded = cr.load(error.run.save(tmp_path / "run"))
    for run in (error.run, loaded):
        assert run.stopped == "diverged"
        for ask in (lambda run=run: run.predict(X), lambda run=run: run.evaluate(X, Y)):
            with pytest.raises(DivergenceError, match=r"diverged at step .*no model to") as caught:
                ask()
            assert (caught.value.step, caught.value.tensor) == (error.step, error.tensor)
        assert run.at(run.steps).loss == error.run.at(run.steps).loss
        assert "diverged" in run.summary()
        assert "diverged" in repr(run)


def test_huge_targets_alone_are_no_divergence():
    run = cr.train("3-1", X, 1e9 * Y, optimizer=cr.SGD(0.01), steps=20, seed=1)
    assert run.losses[0] > 1e12
    assert run.losses[-1] < run.losses[0]


def test_a_loss_of_zero_at_the_start_is_no_divergence():
    run = cr.train(
        "1-1", [[1.0], [2.0]], [2.0, 4.0], initial={"W1": [[2.0]]}, optimizer=cr.SGD(0.1), steps=5
    )
    assert not run.losses.any()


def test_divergence_comes_in_the_same_step_whatever_the_budget():
    steps = {
        diverged("3-8:relu-1", optimizer=cr.SGD(3.0), snapshot_bytes=budget).step
        for budget in (0, 10**9)
    }
    assert len(steps) == 1


def test_no_warning_of_numpy_leaks_out():
    """Warnings are errors in these tests: a leak would come through as one."""
    diverged("3-4:exp-1", initial={"W1": np.full((3, 4), 500.0)}, validation=(X, Y))
    cr.train(
        "3-1:exp", X, Y, steps=2, loss="squared_error", optimizer=cr.SGD(0.0),
        validation=(1e4 * np.abs(X), Y), initial={"W1": np.ones((3, 1))},
    )  # fmt: skip
