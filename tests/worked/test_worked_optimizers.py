"""Update rules against printed numbers and against their papers' algorithms worked by hand.

A quadratic is a network too: one linear unit without bias, a row for each weight with one entry a
and target 0, loss 1/2 sum (a w)^2; a = sqrt(2 c) makes it sum c w^2.
"""

import math

import numpy as np
import pytest
from printed import close, printed

import chainrule as cr
from chainrule.graph import variable


def descend(coefficients, start, optimizer, steps):
    """Return the run of an optimizer on sum c w^2."""
    c, w = np.array(coefficients, float), np.array(start, float)
    net = cr.Network([cr.Dense(1, bias=False)], inputs=len(c))
    return cr.train(net, np.diag(np.sqrt(2 * c)), np.zeros(len(c)), loss="half_squared_error",
                    reduction="sum", optimizer=optimizer, steps=steps,
                    initial={"W1": w[:, None]})  # fmt: skip


def weights(run, step=None):
    return (run.parameters if step is None else run.at(step).parameters)["W1"][:, 0]


# Dive into Deep Learning, chapter 12


def test_d2l_gradient_descent():
    """f = x^2 from 10 with rate .2: x = 10 * .6^k, after ten steps .060466."""
    run = descend([1.0], [10.0], cr.SGD(0.2), 10)
    printed("0.060466", weights(run))
    close([weights(run, k)[0] for k in range(11)], 10 * 0.6 ** np.arange(11))


def test_d2l_gradient_descent_in_two_dimensions():
    run = descend([1.0, 2.0], [-5.0, -2.0], cr.SGD(0.1), 20)
    printed("-0.057646 -0.000073", weights(run))


@pytest.mark.parametrize(
    ("optimizer", "published"),
    [
        (cr.SGD(0.4), "-0.943467 -0.000073"),
        (cr.SGD(0.6), "-0.387814 -1673.365109"),
        (cr.Momentum(0.6, momentum=0.5), "0.007188 0.002553"),
        (cr.Momentum(0.6, momentum=0.25), "-0.126340 -0.186632"),
        # its epsilon is inside the root, ours outside: less than a unit of the last digit
        (cr.RMSProp(0.4, decay=0.9, epsilon=1e-6), "-0.010599 0.000000"),
    ],
    ids=str,
)
def test_d2l_ill_conditioned_quadratic(optimizer, published):
    """f = .1 x1^2 + 2 x2^2 from (-5, -2), 20 steps."""
    printed(published, weights(descend([0.1, 2.0], [-5.0, -2.0], optimizer, 20)), units=0.7)


# Keras, the examples in the optimizers' documentation: loss = var^2 / 2, so the gradient is var


def test_keras_sgd():
    assert weights(descend([0.5], [1.0], cr.SGD(0.1), 1)).tolist() == pytest.approx([0.9])


def test_keras_momentum():
    """First step .1; second .1 * .9 (gradient) + .9 * .1 (velocity) = .18."""
    run = descend([0.5], [1.0], cr.Momentum(0.1, momentum=0.9), 2)
    printed("0.1 0.18", [run.at(k).updates["W1"][0, 0] * -1 for k in (0, 1)], units=1e-9)


def test_keras_rmsprop():
    """v = .1 * 10^2: 10 - .1 * 10 / sqrt(10) = 9.683772."""
    printed("9.683772", weights(descend([0.5], [10.0], cr.RMSProp(0.1, decay=0.9), 1)))


def test_keras_adam():
    """Both corrected means make the first step the rate itself: 10 - .1."""
    printed("9.9", weights(descend([0.5], [10.0], cr.Adam(0.1), 1)), units=1e-7)


# optax, the examples in the documentation: f = sum x^2 from (1, 2, 3), rate .003


@pytest.mark.parametrize(
    ("optimizer", "published"),
    [
        (cr.SGD(0.003), "1.38e1 1.37e1 1.35e1 1.33e1 1.32e1"),
        (cr.Adam(0.003), "1.40e1 1.39e1 1.39e1 1.39e1 1.38e1"),
        (cr.AdamW(0.003, weight_decay=1e-4), "1.40e1 1.39e1 1.39e1 1.39e1 1.38e1"),
        (cr.RMSProp(0.003), "1.39e1 1.38e1 1.37e1 1.37e1 1.36e1"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "printed",
)
def test_optax_quadratic(optimizer, published):
    run = descend([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], optimizer, 5)
    assert run.losses[0] == pytest.approx(14.0)
    printed(published, [run.at(k).loss for k in range(1, 6)])


# CS231n, assignment 2: one update from given weights, gradients and memory


def update(optimizer, step, **memory):
    """Return one update of W (4, 5) as the optimizer's graph gives it."""
    shape = (4, 5)
    w, g = (np.linspace(low, high, 20).reshape(shape) for low, high in ((-0.4, 0.6), (-0.6, 0.4)))
    nodes = {name: variable(name, shape=shape, dtype=np.float64) for name in ("W", "g")}
    graph = optimizer.updates({"W": nodes["W"]}, {"W": nodes["g"]})
    feed = {"W": w, "g": g, "step": float(step)}
    feed |= {f"W.{k}": np.linspace(*ends, 20).reshape(shape) for k, ends in memory.items()}
    return cr.evaluate(dict(graph.new), feed)


def test_cs231n_momentum():
    """Its v = mu v - lr g, w += v, with v in .6 ... .9: ours is -v / lr."""
    found = update(cr.Momentum(1e-3, momentum=0.9), 0, v=(-600.0, -900.0))
    printed("0.1406 0.20738947 0.27417895 0.34096842 0.40775789", found["W"][0])
    printed("1.14244211 1.20923158 1.27602105 1.34281053 1.4096", found["W"][3])
    printed("0.5406 0.55475789 0.56891579", -1e-3 * found["W.v"][0, :3])


def test_cs231n_rmsprop():
    found = update(cr.RMSProp(1e-2, decay=0.99), 0, v=(0.6, 0.9))
    printed("-0.39223849 -0.34037513 -0.28849239 -0.23659121 -0.18467247", found["W"][0])
    printed("0.38739248 0.43947102 0.49155973 0.54365823 0.59576619", found["W"][3])
    printed("0.5976 0.6126277 0.6277108 0.64284931 0.65804321", found["W.v"][0])


def test_cs231n_adam():
    """Its t is 5 before the update and 6 in it; ours counts updates from 0: step 5."""
    found = update(cr.Adam(1e-2), 5, m=(0.6, 0.9), v=(0.7, 0.5))
    printed("-0.40094747 -0.34836187 -0.29577703 -0.24319299 -0.19060977", found["W"][0])
    printed("0.38774145 0.44031188 0.49288093 0.54544852 0.59801459", found["W"][3])
    printed("0.48 0.49947368 0.51894737 0.53842105 0.55789474", found["W.m"][0])
    printed("0.69966 0.68908382 0.67851319 0.66794809 0.65738853", found["W.v"][0])


def test_cs231n_sgd():
    found = update(cr.SGD(1e-2), 0)
    printed("-0.394 -0.34189474 -0.28978947 -0.23768421 -0.18557895", found["W"][0])


# Algorithms of the papers, worked by hand on f = 1/2 w^2 from w = 1, so that g = w


def test_adam_three_steps_by_hand():
    """Kingma and Ba, algorithm 1, rate .1.

    t = 1: g = 1: m = .1, v = .001; m/(1 - .9) = 1, v/(1 - .999) = 1: w = 1 - .1 = .9 (less 1e-9)
    t = 2: g = .9: m = .09 + .09 = .18, v = .000999 + .00081 = .001809;
           m_hat = .18/.19, v_hat = .001809/.001999: w = .9 - .1 * .9473684 / .9512931
    """
    run = descend([0.5], [1.0], cr.Adam(0.1), 3)
    slots = run.at(2).slots
    printed("0.9000000 0.8004122", [weights(run, 1)[0], weights(run, 2)[0]])
    printed("0.18 0.001809", [slots["W1.m"][0, 0], slots["W1.v"][0, 0]], units=1e-4)
    w, m, v = 1.0, 0.0, 0.0
    for t in range(1, 4):
        m, v = 0.9 * m + 0.1 * w, 0.999 * v + 0.001 * w * w
        w -= 0.1 * (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
    close(weights(run), [w])


def test_adam_is_unmoved_by_the_scale_of_gradients():
    """Section 2.1 of the paper: scaling f by any factor leaves the steps as they are."""
    small, large = (descend([c], [1.0], cr.Adam(0.01, epsilon=1e-300), 5) for c in (0.5, 5e6))
    close(small.parameters["W1"], large.parameters["W1"], 1e-12)


def test_adamw_decay_is_apart_from_the_gradient():
    """Loshchilov and Hutter, algorithm 2: with g = 0, w shrinks by 1 - rate * decay a step."""
    net = cr.Network([cr.Dense(1)], inputs=1)
    run = cr.train(net, [[0.0]], [5.0], loss="half_squared_error", steps=3,
                   optimizer=cr.AdamW(0.1, weight_decay=0.2),
                   initial={"W1": [[1.0]], "b1": [5.0]})  # fmt: skip
    close(weights(run), [0.98**3])
    assert run.parameters["b1"].tolist() == [5.0]  # a bias does not decay


def test_rmsprop_two_steps_by_hand():
    """v1 = .1: w1 = 1 - .01/sqrt(.1) = .96837722; v2 = .09 + .1 w1^2."""
    run = descend([0.5], [1.0], cr.RMSProp(0.01, decay=0.9), 2)
    first = 1 - 0.01 / (math.sqrt(0.1) + 1e-8)
    v = 0.9 * 0.1 + 0.1 * first**2
    close([weights(run, 1)[0], weights(run, 2)[0]],
          [first, first - 0.01 * first / (math.sqrt(v) + 1e-8)])  # fmt: skip
    printed("0.9683772", first)


def test_momentum_by_hand():
    """w: 1, .9, .72, .486: v = 1, then 1.8, then .72 + 1.62 = 2.34."""
    run = descend([0.5], [1.0], cr.Momentum(0.1, momentum=0.9), 3)
    close([weights(run, k)[0] for k in range(4)], [1.0, 0.9, 0.72, 0.486])
    close([run.at(k).slots["W1.v"][0, 0] for k in range(4)], [0.0, 1.0, 1.8, 2.34])


def test_nesterov_by_hand():
    """v = 1: w = 1 - .1 (1 + .9) = .81; v = .9 + .81 = 1.71: w = .81 - .1 (.81 + 1.539) = .5751.

    That is Sutskever's form, in which the gradient is taken at y = w_his + mu v_his.
    """
    run = descend([0.5], [1.0], cr.Nesterov(0.1, momentum=0.9), 2)
    close([weights(run, k)[0] for k in range(3)], [1.0, 0.81, 0.5751])
    w, v = 1.0, 0.0  # v = mu v - lr f'(w + mu v); w = w + v; ours is w + mu v
    for k in range(3):
        close(weights(run, k), [w + 0.9 * v])
        v = 0.9 * v - 0.1 * (w + 0.9 * v)
        w = w + v


def test_clipping_by_value_and_by_norm():
    """f = sum c w^2 from w = 1 with c = (1.5, 2): gradient (3, 4), norm 5.

    By value 3.5: (3, 3.5). By norm 1: (.6, .8). By norm 10: as it is.
    """
    for clipping, expected in [
        ({"clip_value": 3.5}, [3.0, 3.5]),
        ({"clip_norm": 1.0}, [0.6, 0.8]),
        ({"clip_norm": 10.0}, [3.0, 4.0]),
    ]:
        run = descend([1.5, 2.0], [1.0, 1.0], cr.SGD(0.1, **clipping), 1)
        close(weights(run), 1 - 0.1 * np.array(expected))


def test_penalties_by_hand():
    """L2 adds l2 w, L1 adds l1 sign(w) to the gradient of the weights; not to the bias's."""
    layer = cr.Dense(1, l1=0.5, l2=0.25)
    run = cr.train(cr.Network([layer], inputs=2), [[0.0, 0.0]], [1.0], loss="half_squared_error",
                   initial={"W1": [[2.0], [-4.0]], "b1": [3.0]}, steps=0)  # fmt: skip
    moment = run.at(0)
    # 1/2 (3 - 1)^2 + .25/2 (4 + 16) + .5 (2 + 4) = 2 + 2.5 + 3
    assert (moment.loss, float(moment.values["penalty"])) == (7.5, 5.5)
    assert moment.gradients["W1"].tolist() == [[0.25 * 2 + 0.5], [0.25 * -4 - 0.5]]
    assert moment.gradients["b1"].tolist() == [2.0]
