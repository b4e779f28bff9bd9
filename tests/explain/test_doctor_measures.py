"""What the doctor measures, against the plain way of computing it."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.curvature import sharpest
from chainrule.explain.doctor.findings.dead_units import off
from chainrule.explain.doctor.flow import links, total
from chainrule.explain.doctor.futures import smooth
from chainrule.explain.doctor.reference import RIDGES, _kernels, _scaled, is_related, refer

RNG = np.random.default_rng(4)
X = RNG.normal(size=(60, 3))
Y = np.sin(X[:, :1]) + X[:, 1:2] * X[:, 2:]
CLASSES = RNG.integers(0, 3, 60)


def trained(**settings):
    given = {"steps": 40, "optimizer": cr.Adam(0.01), "batch_size": 16, "seed": 2, **settings}
    return cr.train(given.pop("spec", "3-8:tanh-1"), X, given.pop("y", Y), **given)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("rule", [cr.SGD(0.003), cr.Adam(0.01), cr.Momentum(0.002)], ids=str)
def test_a_trial_is_a_branch(reduction, batch_size, rule):
    """From the start and the end, with the same and another rate; the branch is the witness."""
    layers = [cr.Dense(8, "tanh", l2=0.02), cr.Dense(1)]
    run = trained(spec=cr.Network(layers, 3), batch_size=batch_size, optimizer=rule,
                  reduction=reduction, engine="interpreter")  # fmt: skip
    trials = Case(run.record).trials
    for step, state in ((0, run.record.snapshots[0]), (40, run.record.final)):
        for factor in (1.0, 0.25):
            branch = run.branch(step, learning_rate=rule.learning_rate * factor, steps=trials.steps)
            loss = branch.evaluate(X, Y)["loss"]
            penalty = 0.01 * np.sum(branch.parameters["W1"] ** 2)
            rows = 60 if reduction == "sum" else 1
            share = (batch_size or 60) if reduction == "sum" else 1
            found = trials.run(state, step, factor).loss
            assert found == pytest.approx(loss / rows + penalty / share, rel=1e-12)


def test_a_trial_over_all_rows():
    run = trained(engine="interpreter")
    trials = Case(run.record).trials
    branch = run.branch(40, batch_size=None, steps=trials.steps)
    found = trials.run(run.record.final, 40, 1.0, all_rows=True).loss
    assert found == pytest.approx(branch.evaluate(X, Y)["loss"], rel=1e-12)


def test_a_trial_that_runs_away_is_infinite():
    trials = Case(trained(optimizer=cr.SGD(0.1)).record).trials
    assert trials.run(trials.setup.initial_state({}), 0, 1e9).loss == np.inf


@pytest.mark.parametrize(
    ("spec", "y", "loss", "constant"),
    [
        ("3-4:tanh-1", Y, "squared_error", np.var(Y)),
        ("3-4:tanh-1", Y, "half_squared_error", np.var(Y) / 2),
        ("3-4:tanh-1", Y, "absolute_error", np.mean(np.abs(Y - np.median(Y)))),
        ("3-4:tanh-3:softmax", CLASSES, "cross_entropy", None),
        ("3-4:tanh-1:sigmoid", (CLASSES == 1) * 1.0, "binary_cross_entropy", None),
    ],
)
def test_the_loss_of_a_constant_answer(spec, y, loss, constant):
    if constant is None:
        shares = (
            np.bincount(CLASSES) / 60
            if "softmax" in spec
            else np.array([np.mean(y), 1 - np.mean(y)])
        )
        constant = -np.sum(shares * np.log(shares))
    found = Case(trained(spec=spec, y=y, loss=loss).record).chance
    assert found == pytest.approx(constant, rel=1e-12)


def test_flow_is_a_chain_of_ratios():
    run = trained(spec="3-6:tanh-5:sigmoid-4:relu-1")
    case = Case(run.record)
    way = links(case, case.start)
    product = np.prod([link.by_weights * link.by_slope for link in way])
    assert total(way) == pytest.approx(product, rel=1e-12)
    # dL/dz of layer k times its inputs is dL/dWk, which replay knows by another route
    first = run.branch(0, batch_size=None, steps=1).at(0)
    for link in way:
        k = link.layer
        inputs = first.values["x"] if k == 1 else first.values[f"h{k - 1}"]
        np.testing.assert_allclose(
            inputs.T @ case.start.values[f"up z{k}"],
            first.gradients[f"W{k}"],
            rtol=1e-9,
            atol=1e-15,
        )
        assert link.size == pytest.approx(np.sqrt(np.mean(case.start.values[f"up z{k}"] ** 2)))


def test_curvature_of_a_quadratic():
    """A linear model with squared error has the Hessian 2/n [x 1]^T [x 1]."""
    run = trained(spec="3-1", batch_size=None)
    case = Case(run.record)
    ones = np.column_stack([X, np.ones(60)])
    expected = np.linalg.eigvalsh(2 / 60 * ones.T @ ones).max()
    found = sharpest(case.program, case.end, X, Y, ["W1", "b1"])
    assert found == pytest.approx(expected, rel=0.05)


def test_the_yardstick_leaves_one_out():
    """The closed form against 40 fits that each leave a row out, for every kernel and ridge."""
    x, y = X[:40], Y[:40] - Y[:40].mean()
    best = -np.inf
    for _, kernel in _kernels(_scaled(x)):
        for ridge in RIDGES:
            wrong = 0.0
            for row in range(40):
                kept = np.arange(40) != row
                fitted = np.linalg.solve(kernel[np.ix_(kept, kept)] + ridge * np.eye(39), y[kept])
                wrong += float(np.sum((y[row] - kernel[row, kept] @ fitted) ** 2))
            best = max(best, 1 - wrong / float(np.sum(y**2)))
    assert refer(x, Y[:40]).explained == pytest.approx(best, rel=1e-6)


def test_luck_is_told_from_knowledge():
    found = [is_related(X, RNG.normal(size=(60, 1))) for _ in range(200)]
    assert np.mean(found) < 0.05
    assert is_related(X, X[:, 1:2] * X[:, 2:] + RNG.normal(size=(60, 1)) / 2)
    assert refer(X, Y).explained > 0.5 > refer(X, RNG.permutation(Y)).explained


def test_units_are_dead_only_if_no_row_wakes_them():
    """In a sample of 1,024 of 3,000 rows the unit is off; one row elsewhere turns it on."""
    x = -np.abs(np.random.default_rng(0).normal(size=(3000, 1)))
    sample = cr.train("1-2:relu-1", x, x, steps=1, batch_size=10)
    row = np.setdiff1d(np.arange(3000), Case(sample.record).sample)[0]
    x[row] = 1.0
    weights = {"W1": np.ones((1, 2)), "b1": np.zeros(2), "W2": np.ones((2, 1))}
    frozen = cr.Network([cr.Dense(2, "relu", trainable=False), cr.Dense(1)], 1)
    run = cr.train(frozen, x, x, steps=1, batch_size=10, initial=weights)
    case = Case(run.record)
    assert off(case.end, case.layers[0]).all()
    assert "dead units" not in [one.name for one in run.doctor().findings]
    x[row] = -1.0
    run = cr.train(frozen, x, x, steps=1, batch_size=10, initial=weights)
    assert "dead units" in [one.name for one in run.doctor().findings]


def test_smoothing_is_a_running_mean():
    losses = RNG.random(173)
    expected = [losses[max(0, k - 2) : k + 1].mean() for k in range(173)]
    np.testing.assert_allclose(smooth(losses), expected, rtol=1e-12)
