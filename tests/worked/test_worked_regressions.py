"""Regressions with published coefficients and losses: a network without hidden layers is one."""

import numpy as np
import pytest
from printed import close, printed

import chainrule as cr

# Stevens, Antiga, Viehmann, Deep Learning with PyTorch, chapter 5: two thermometers

CELSIUS = [0.5, 14.0, 15.0, 28.0, 11.0, 8.0, 3.0, -4.0, 6.0, 13.0, 21.0]
UNKNOWN = [35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4]


def thermometer(scale, optimizer, steps):
    """Return the run of t_c = w (scale t_u) + b from w = 1, b = 0."""
    x = scale * np.array(UNKNOWN)[:, None]
    return cr.train("1-1", x, CELSIUS, loss="squared_error", optimizer=optimizer, steps=steps,
                    initial={"W1": [[1.0]], "b1": [0.0]})  # fmt: skip


def parameters(run, step):
    found = run.at(step).parameters
    return [found["W1"][0, 0], found["b1"][0]]


def slopes(run, step):
    found = run.at(step).gradients
    return [found["W1"][0, 0], found["b1"][0]]


def test_thermometer_first_steps():
    run = thermometer(1.0, cr.SGD(1e-4), 3)
    printed("1763.8846 4517.297 82.600", [run.losses[0], *slopes(run, 0)], units=1)
    printed("0.5483 -0.0083", parameters(run, 1))
    printed("323.09", run.losses[1])


def test_thermometer_runs_away_at_a_rate_of_a_hundredth():
    """Epoch 1: -44.1730, -0.8260; epoch 2: 2568.4011, 45.1637; the book's loss ends in nan."""
    with pytest.raises(cr.DivergenceError) as caught:
        thermometer(1.0, cr.SGD(1e-2), 100)
    run = caught.value.run
    printed("-44.1730 -0.8260", parameters(run, 1))
    printed("2568.401 45.1637", parameters(run, 2))


def test_thermometer_with_scaled_input():
    run = thermometer(0.1, cr.SGD(1e-2), 5000)
    printed("80.364342 37.574917", run.losses[:2], units=5)  # the book computes in float32
    printed("-77.6140 -10.6400 -30.8623 -2.3864", [*slopes(run, 0), *slopes(run, 1)])
    printed("1.7761 0.1064 2.0848 0.1303", [*parameters(run, 1), *parameters(run, 2)])
    printed("2.927648", run.losses[4999], units=5)
    printed("5.3671 -17.3012", parameters(run, 5000), units=1)


def test_thermometer_with_adam():
    """2,000 steps at rate .1, input as it is: 0.5367, -17.3021, loss 2.927646."""
    run = thermometer(1.0, cr.Adam(0.1), 2000)
    printed("0.5367 -17.30", parameters(run, 2000), units=1)
    printed("2.92765", run.losses[-1], units=1)


def test_thermometer_where_it_must_end():
    """The least squares of the same rows, by numpy.linalg.lstsq."""
    a = np.column_stack([0.1 * np.array(UNKNOWN), np.ones(11)])
    best = np.linalg.lstsq(a, np.array(CELSIUS), rcond=None)[0]
    run = thermometer(0.1, cr.Momentum(1e-2, momentum=0.9), 3000)
    close(parameters(run, 3000), best, 1e-9)


# Anscombe, Graphs in Statistical Analysis (1973): four tables, one regression

X123 = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
ANSCOMBE = {
    "I": (X123, [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]),
    "II": (X123, [9.14, 8.14, 8.74, 8.77, 9.26, 8.10, 6.13, 3.10, 9.13, 7.26, 4.74]),
    "III": (X123, [7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73]),
    "IV": (
        [8, 8, 8, 8, 8, 8, 8, 19, 8, 8, 8],
        [6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89],
    ),
}


@pytest.mark.parametrize("name", ANSCOMBE)
def test_anscombe(name):
    """y = 3.00 + 0.500 x with R2 = .67 for all four."""
    x, y = ANSCOMBE[name]
    run = cr.train("1-1", np.array(x)[:, None], y, loss="half_squared_error",
                   optimizer=cr.Momentum(0.008, momentum=0.9), steps=2500)  # fmt: skip
    printed("0.500 3.00", parameters(run, 2500))
    printed("0.67", run.evaluate(np.array(x)[:, None], y)["R2"])


# Wikipedia, Logistic regression: hours of study and passing an exam

HOURS = [
    0.50, 0.75, 1.00, 1.25, 1.50, 1.75, 1.75, 2.00, 2.25, 2.50,
    2.75, 3.00, 3.25, 3.50, 4.00, 4.25, 4.50, 4.75, 5.00, 5.50,
]  # fmt: skip
PASSED = [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1]


def test_wikipedia_logistic_regression():
    """Coefficients 1.5046 and -4.0777, total log loss 8.02988; p = .26 at 2 hours, .87 at 4."""
    x = np.array(HOURS)[:, None]
    run = cr.train("1-1:sigmoid", x, PASSED, loss="binary_cross_entropy", reduction="sum",
                   optimizer=cr.Momentum(0.02, momentum=0.9), steps=3000)  # fmt: skip
    printed("1.5046 -4.0777", parameters(run, 3000))
    printed("8.02988", run.losses[-1])
    printed("0.26 0.87", run.predict([[2.0], [4.0]]))
    # at the least loss the gradient is 0: sum (p - y) = 0 and sum (p - y) x = 0
    assert max(abs(g) for g in slopes(run, 3000)) < 1e-10


# JAX, The Autodiff Cookbook: a logistic classifier on four rows


def test_jax_logistic_prediction():
    """-sum log p of the right label; its gradients by W and b, by the algebra (p - y) x.

    The cookbook draws W and b at random; here they are 0, so that p = 1/2.
    """
    x = np.array(
        [[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]]
    )
    y = np.array([1.0, 1.0, 0.0, 1.0])
    run = cr.train("3-1:sigmoid", x, y, reduction="sum", steps=0,
                   initial={"W1": np.zeros((3, 1)), "b1": [0.0]})  # fmt: skip
    moment = run.at(0)
    close(moment.loss, 4 * np.log(2))
    close(moment.gradients["W1"][:, 0], (0.5 - y) @ x)
    close(moment.gradients["b1"], [np.sum(0.5 - y)])
