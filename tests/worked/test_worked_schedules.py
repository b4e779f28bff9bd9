"""Learning rates as their sources print them, as numbers and inside a training."""

import math

import pytest
from printed import close, printed

import chainrule as cr


def rates(schedule, steps):
    """Return the rate at each step of a training, as its graph computes it."""
    run = cr.train("1-1", [[0.0]], [0.0], optimizer=cr.SGD(schedule), steps=max(steps) + 1)
    found = [float(run.at(k).values["learning_rate"]) for k in steps]
    close(found, [schedule.at(k) for k in steps], 1e-15)
    return found


def test_pytorch_step_lr():
    """StepLR(step_size=30, gamma=.1) from .05: .05 below 30, .005 below 60, .0005 below 90."""
    found = rates(cr.StepDecay(0.05, every=30, factor=0.1), [0, 29, 30, 59, 60, 89])
    printed("0.05 0.05 0.005 0.005 0.0005 0.0005", found, units=1e-9)


def test_pytorch_exponential_lr():
    """ExponentialLR(gamma=.95) from .1."""
    found = rates(cr.Exponential(0.1, 0.95), [0, 1, 2, 3])
    printed("0.1 0.095 0.09025 0.0857375", found, units=1e-6)


def test_keras_exponential_decay_in_stairs():
    """ExponentialDecay(.1, decay_steps=100000, decay_rate=.96, staircase=True)."""
    schedule = cr.StepDecay(0.1, every=100_000, factor=0.96)
    found = [schedule.at(k) for k in (0, 99_999, 100_000, 250_000)]
    close(found, [0.1, 0.1, 0.096, 0.1 * 0.96**2])


def test_sgdr_cosine():
    """eta = final + 1/2 (rate - final)(1 + cos(pi t/T)): full, half way, quarter, end, after."""
    found = rates(cr.Cosine(0.3, steps=20, final=0.01), [0, 5, 10, 15, 20, 25])
    shares = [1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2, 0, 0]
    close(found, [0.01 + 0.29 * share for share in shares])


def test_goyal_gradual_warm_up():
    """From .1 = 3.2/32 by even steps to 3.2 after 32 steps, then the schedule itself."""
    found = rates(cr.WarmUp(3.2, steps=32), [0, 1, 15, 31, 40])
    close(found, [0.1, 0.2, 1.6, 3.2, 3.2])


def test_warm_up_times_decay():
    found = rates(cr.WarmUp(cr.Exponential(1.0, 0.5), steps=4), [0, 1, 2, 3, 4])
    close(found, [0.25, 0.5 * 0.5, 0.75 * 0.25, 0.125, 0.0625])


def test_constant():
    assert rates(cr.Constant(0.25), [0, 7]) == [0.25, 0.25]


def test_a_schedule_makes_the_updates():
    """L = 1/2 w^2: w_1 = w_0 (1 - rate_0), w_2 = w_1 (1 - rate_1) ..."""
    schedule = cr.StepDecay(0.5, every=2, factor=0.5)
    net = cr.Network([cr.Dense(1, bias=False)], inputs=1)
    run = cr.train(net, [[1.0]], [0.0], loss="half_squared_error", optimizer=cr.SGD(schedule),
                   steps=5, initial={"W1": [[1.0]]})  # fmt: skip
    expected = 0.5 * 0.5 * 0.75 * 0.75 * 0.875
    assert run.parameters["W1"][0, 0] == pytest.approx(expected, rel=1e-15)
