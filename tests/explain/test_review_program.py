"""The pass that hypotheses are made from is the run's own pass."""

from __future__ import annotations

import numpy as np
import pytest
from tests.explain.review_exercises import random_run
from tests.explain.review_plain import rounded_pass

import chainrule as cr
from chainrule.explain.review.arena import Rounding
from chainrule.explain.review.exercise import exercise_of
from chainrule.explain.review.program import Program

WITHIN = 1e-12
"""Normwise, relative to the largest entry of a tensor and of the weights it changes."""


@pytest.mark.parametrize("seed", range(30))
def test_the_right_pass_is_the_runs_own(seed):
    run = random_run(np.random.default_rng(seed), wild=True, steps=3)
    for step in (0, 2):
        exercise, moment = exercise_of(run.record, step), run.at(step)
        new = run.at(step + 1).parameters
        for kind, wanted in {"gradients": moment.gradients, "parameters": new}.items():
            program = Program(exercise, kind)
            assert set(program.names) == set(wanted)
            for name, array in wanted.items():
                found = program.arena.value(program.right["out", name]).reshape(array.shape)
                assert np.abs(found - array).max() <= WITHIN * max(np.abs(array).max(), 1e-3)


@pytest.mark.parametrize("seed", range(30, 45))
def test_the_loss_after_the_step_and_the_updates(seed):
    run = random_run(np.random.default_rng(seed), wild=True, steps=2)
    exercise = exercise_of(run.record, 0)
    loss = Program(exercise, "loss")
    assert loss.arena.value(loss.right["out", "L"]).item() == pytest.approx(
        run.at(1).loss, rel=1e-11
    )
    program = Program(exercise, "updates")
    for name, update in run.at(0).updates.items():
        found = program.arena.value(program.right["out", name]).reshape(update.shape)
        largest = np.abs(run.at(0).parameters[name]).max() + np.abs(update).max()
        assert np.abs(found - update).max() <= WITHIN * largest


def test_shared_and_frozen_parameters_soft_labels_and_minibatches():
    layers = [cr.Dense(3, "tanh", weights_name="S", bias_name="c") for _ in range(2)]
    net = cr.Network([*layers, cr.Dense(3, "softmax", l2=0.1)], inputs=3, frozen=("c",))
    rng = np.random.default_rng(3)
    soft = rng.dirichlet(np.ones(3), 8)
    run = cr.train(net, rng.normal(size=(8, 3)), soft, loss="cross_entropy", steps=4, batch_size=3)
    for step in range(4):
        program = Program(exercise_of(run.record, step))
        for name, gradient in run.at(step).gradients.items():
            found = program.arena.value(program.right["out", name]).reshape(gradient.shape)
            np.testing.assert_allclose(found, gradient, rtol=0, atol=1e-13)


def test_a_softmax_under_a_squared_error():
    rng = np.random.default_rng(5)
    run = cr.train("4-3:softmax", rng.normal(size=(6, 4)), rng.random((6, 3)),
                   loss="half_squared_error", steps=1)  # fmt: skip
    program = Program(exercise_of(run.record, 0))
    found = program.arena.value(program.right["out", "W1"])
    np.testing.assert_allclose(found, run.at(0).gradients["W1"], rtol=0, atol=1e-13)


@pytest.mark.parametrize("digits", [4, 6])
def test_error_bars_cover_the_rounding_of_every_intermediate(digits):
    """A pass computed by hand stays within six of its own standard deviations, and needs three."""
    worst = 0.0
    for seed in range(20):
        run = random_run(np.random.default_rng(seed), depth=2)
        exercise = exercise_of(run.record, 0)
        program = Program(exercise)
        for name, given in rounded_pass(exercise, digits).items():
            node = program.right["out", name]
            bar = program.arena.deviation(node, Rounding(1.2e-16, 0.5 * 10.0**-digits))
            off = np.abs(program.arena.value(node) - given)
            worst = max(worst, float((off / bar).max()))
    assert 1 < worst < 6
