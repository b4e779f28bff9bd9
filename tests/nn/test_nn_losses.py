"""Losses: each formula against plain NumPy, weights, penalties, pairing, extreme logits."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax, xlogy

import chainrule as cr
from chainrule.autodiff import gradients
from chainrule.autodiff.numeric import complex_step
from chainrule.errors import DataError, SpecError
from chainrule.executors import bind
from chainrule.nn import Network, build_objective, find_loss, losses
from chainrule.plan import make_plan


def huber(out, y, t=1.0):
    e = np.abs(out - y)
    return np.where(e <= t, 0.5 * e * e, t * (e - t / 2)).mean(axis=1)


def by_hand(name, out, y):
    """Return the loss of each row from the formulas of the contract; `out` are logits."""
    p = 1 / (1 + np.exp(-out))
    return {
        "half_squared_error": lambda: 0.5 * ((out - y) ** 2).sum(axis=1),
        "squared_error": lambda: ((out - y) ** 2).mean(axis=1),
        "absolute_error": lambda: np.abs(out - y).mean(axis=1),
        "huber": lambda: huber(out, y),
        "binary_cross_entropy": lambda: -(xlogy(y, p) + xlogy(1 - y, 1 - p)).sum(axis=1),
        "cross_entropy": lambda: -(y * log_softmax(out, axis=1)).sum(axis=1),
    }[name]()


def objective_of(name, out, y, *, reduction="sum", w=None, options=None, dtype="float64"):
    """Return the loss on given outputs and its gradient by them: a network whose W is one."""
    rows, outputs = out.shape
    net = Network([cr.Dense(outputs)], inputs=outputs)
    loss = find_loss({"name": name, **(options or {})})
    made = build_objective(
        net, loss, reduction, rows, soft_labels=y.ndim == 2, weighted=w is not None, dtype=dtype
    )
    slope = gradients(made.loss, made.forward.x)
    program = bind(make_plan({"L": made.loss, "g": slope, "l": made.names["l"]}))
    feed = {"x": out, "y": y, "w": w, "W1": np.eye(outputs, dtype=dtype)}
    feed["b1"] = np.zeros(outputs, dtype)
    values = program.values(feed)
    plan = program.plan
    return [np.asarray(values[plan.number(plan.forward[k])]) for k in ("L", "g", "l")]


def on_outputs(name, out, y):
    """Return the gradient of the summed loss by the outputs, and the loss of each row."""
    z = cr.variable("z", out)
    each = find_loss(name).of_rows(z, cr.constant(y))
    return cr.evaluate([cr.gradients(each.sum(), z), each])


def targets_for(name, rng, rows, outputs):
    if losses[name].targets == "real":
        return rng.normal(size=(rows, outputs))
    y = rng.random((rows, outputs))
    return y / y.sum(axis=1, keepdims=True) if losses[name].targets == "class" else y


@pytest.mark.parametrize("name", sorted(losses))
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("weighted", [False, True])
def test_value_and_gradient_are_those_of_the_formula(name, reduction, weighted):
    rng = np.random.default_rng(5)
    out = rng.normal(size=(6, 3)) * 3
    y = targets_for(name, rng, 6, 3)
    w = rng.random(6) if weighted else None
    value, slope, each = objective_of(name, out, y, reduction=reduction, w=w)
    np.testing.assert_allclose(each, by_hand(name, out, y), rtol=1e-13)

    def total(z):
        rows = by_hand(name, z, y) * (1.0 if w is None else w)
        count = 6 if w is None else w.sum()
        return rows.sum() if reduction == "sum" else rows.sum() / count

    assert value == pytest.approx(total(out), rel=1e-13)
    step = 1e-6
    for index in np.ndindex(out.shape):
        high, low = out.copy(), out.copy()
        high[index] += step
        low[index] -= step
        expected = (total(high) - total(low)) / (2 * step)
        assert slope[index] == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", [n for n, item in sorted(losses.items()) if item.slope])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("hard", [False, True])
def test_the_declared_slope_is_what_reverse_mode_derives(name, outputs, hard):
    rng = np.random.default_rng(6)
    out = rng.normal(size=(40, outputs)) * 3
    y = targets_for(name, rng, 40, outputs)
    if hard:
        y = y.argmax(axis=1) if losses[name].targets == "class" else np.round(y)
        out = out if losses[name].logits_of else np.where(rng.random(out.shape) < 0.3, y, out)
    for options in ({}, {"threshold": 1.5}) if name == "huber" else ({},):
        item = find_loss({"name": name, **options})
        z = cr.variable("z", out)
        each = item.of_rows(z, cr.constant(y))
        derived, declared = cr.evaluate(
            [cr.gradients(each.sum(), z), item.slope_of_rows(z, cr.constant(y))]
        )
        np.testing.assert_allclose(declared, derived, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", sorted(losses))
def test_a_declared_slope_has_its_formulas(name):
    item = losses[name]
    assert (item.slope is None) == (not item.slope_text) == (not item.slope_latex)
    one, many = item.slope_for(1)[0], item.slope_for(4)[0]
    assert "K" not in one + many
    assert ("4" in many) == item.formula.startswith("mean_k"), "the mean over outputs is divided by"
    assert "_k" not in item.slope_for(1)[1]


def evaluated(text, **values):
    """The sides of a line of algebra, as numbers; brackets side by side are multiplied."""
    sides = re.sub(r"(?<=[\w)]) (?=\()|(?<=[\w)])(?= \w)", " * ", text).split(" = ")
    return [eval(side, values) for side in sides if not side.strip().startswith("d")]


@pytest.mark.parametrize("name", sorted(n for n in losses if losses[n].slope_steps))
def test_the_algebra_of_a_slope_ends_in_it(name):
    item = losses[name]
    assert item.slope_steps[-1][0].replace("_k", "").endswith(f"= {item.slope_text}")
    assert all(latex.count("&") == 1 for _, latex in item.slope_steps)


def test_the_algebra_of_binary_cross_entropy_is_true():
    out, y = 0.3, 0.8
    first, second, _ = (text for text, _ in losses["binary_cross_entropy"].slope_steps)
    wanted = complex_step(lambda p: -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(), [out])[0]
    assert evaluated(first, out=out, y=y) == pytest.approx([wanted, wanted], rel=1e-12)
    assert evaluated(second, out=out) == pytest.approx([out * (1 - out)])
    assert wanted * out * (1 - out) == pytest.approx(out - y, rel=1e-12)


def test_the_algebra_of_cross_entropy_is_true():
    z, y = np.array([0.3, -1.0, 2.0]), np.array([0.2, 0.5, 0.3])
    out = np.exp(z) / np.exp(z).sum()
    by_out = -y / out
    jacobian = out[:, None] * (np.eye(3) - out[None, :])  # dout_c/dz_k = out_c ([c = k] - out_k)
    softmax = [complex_step(lambda v, c=c: (np.exp(v) / np.exp(v).sum())[c], z) for c in range(3)]
    np.testing.assert_allclose(jacobian, softmax, rtol=1e-12)
    np.testing.assert_allclose(by_out @ jacobian, out - y, rtol=1e-12)
    np.testing.assert_allclose(-(y[:, None] * (np.eye(3) - out)).sum(axis=0), out - y, rtol=1e-12)


def test_huber_threshold_is_a_setting():
    out, y = np.array([[3.0], [0.1]]), np.zeros((2, 1))
    _, slope, each = objective_of("huber", out, y, options={"threshold": 0.5})
    np.testing.assert_allclose(each, huber(out, y, 0.5))
    np.testing.assert_allclose(slope[:, 0], [0.5, 0.1])


@pytest.mark.parametrize(
    ("logit", "y", "loss", "slope"),
    [
        (1000.0, 1.0, 0.0, 0.0),
        (-1000.0, 1.0, 1000.0, -1.0),
        (1000.0, 0.0, 1000.0, 1.0),
        (-1000.0, 0.0, 0.0, 0.0),
        (0.0, 0.0, np.log(2), 0.5),
        (-40.0, 0.0, 4.248354255291589e-18, 4.248354255291589e-18),
        (40.0, 1.0, 4.248354255291589e-18, -4.248354255291589e-18),
        (1e308, 0.0, 1e308, 1.0),
        (np.inf, 1.0, 0.0, 0.0),
        (-np.inf, 0.0, 0.0, 0.0),
        (np.inf, 0.0, np.inf, 1.0),
    ],
)
def test_binary_cross_entropy_at_extreme_logits(logit, y, loss, slope):
    value, found, _ = objective_of("binary_cross_entropy", np.array([[logit]]), np.array([[y]]))
    assert value == pytest.approx(loss, rel=1e-15, abs=0)
    assert found[0, 0] == pytest.approx(slope, rel=1e-15, abs=0)


def test_cross_entropy_at_extreme_logits():
    out = np.array([[1e4, 0.0, -1e4], [0.0, -np.inf, 0.0], [1e308, -1e308, 0.0]])
    y = np.array([2, 0, 0])
    slope, each = on_outputs("cross_entropy", out, y)
    np.testing.assert_array_equal(each, [2e4, np.log(2), 0.0])
    np.testing.assert_array_equal(slope, [[1, 0, -1], [-0.5, 0, 0.5], [0, 0, 0]])
    soft = np.array([[0.0, 0, 1], [0.5, 0, 0.5], [1, 0, 0]])
    slope, each = on_outputs("cross_entropy", out, soft)
    np.testing.assert_array_equal(each, [2e4, np.log(2), 0.0])
    np.testing.assert_array_equal(slope, [[1, 0, -1], [0, 0, 0], [0, 0, 0]])


@given(st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=6), st.data())
@settings(max_examples=100, deadline=None)
def test_class_numbers_and_one_hot_rows_mean_the_same(logits, data):
    chosen = data.draw(st.integers(0, len(logits) - 1))
    out = np.array([logits])
    by_number = objective_of("cross_entropy", out, np.array([chosen]))
    by_row = objective_of("cross_entropy", out, np.eye(len(logits))[[chosen]])
    for a, b in zip(by_number, by_row, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_all_zero_weighted_batch_has_loss_and_gradient_zero(dtype):
    out, y = np.ones((2, 1), dtype), np.zeros((2, 1), dtype)
    value, slope, _ = objective_of(
        "squared_error", out, y, reduction="mean", w=np.zeros(2, dtype), dtype=dtype
    )
    assert value == 0
    assert not slope.any()


def test_a_row_of_weight_zero_counts_nothing_even_where_its_loss_is_infinite():
    out, y = np.array([[1e200], [2.0]]), np.zeros((2, 1))
    value, slope, _ = objective_of(
        "squared_error", out, y, reduction="mean", w=np.array([0.0, 0.5])
    )
    assert value == 4.0
    np.testing.assert_array_equal(slope, [[0.0], [4.0]])


@pytest.mark.parametrize("name", sorted(losses))
def test_gradients_are_finite_wherever_the_loss_is(name):
    rng = np.random.default_rng(0)
    y = targets_for(name, rng, 4, 3)
    for scale in (0.0, 1e-308, 1e-150, 1e100):
        value, slope, _ = objective_of(name, rng.normal(size=(4, 3)) * scale, y)
        assert np.isfinite(value) <= np.isfinite(slope).all()


@pytest.mark.parametrize(
    ("spec", "loss", "words"),
    [
        ("2-3:softmax", "binary_cross_entropy", "activation 'softmax'; it is computed from logits"),
        ("2-3:sigmoid", "cross_entropy", "Use 'softmax' or 'linear' as last activation"),
        ("2-3:relu", "cross_entropy", "absolute_error, half_squared_error, huber, squared_error"),
        ("2-1:tanh", "binary_cross_entropy", "Use 'sigmoid' or 'linear'"),
        ("2-1", "cross_entropy", "needs an output for each class; the network has one output"),
    ],
)
def test_other_pairings_are_errors(spec, loss, words):
    with pytest.raises(SpecError, match=words):
        cr.train(spec, np.zeros((2, 2)), [0, 1], loss=loss, steps=1)


@pytest.mark.parametrize(
    ("activation", "loss", "outputs"),
    [("sigmoid", "binary_cross_entropy", 1), ("softmax", "cross_entropy", 3)],
)
def test_the_bare_layer_means_the_same_as_the_paired_one(activation, loss, outputs):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(20, 2)), rng.integers(0, max(outputs, 2), 20)
    bare, paired = (
        cr.train(f"2-4:tanh-{outputs}{end}", x, y, loss=loss, steps=30, seed=3)
        for end in ("", f":{activation}")
    )
    np.testing.assert_array_equal(bare.losses, paired.losses)
    np.testing.assert_array_equal(bare.predict(x), paired.predict(x))
    assert bare.evaluate(x, y) == paired.evaluate(x, y)
    assert ((bare.predict(x) > 0) & (bare.predict(x) < 1)).all()
    left, right = bare.at(7).values, paired.at(7).values
    assert sorted(left) == sorted(right)
    for name in ("z1", "h1", "z2", "out", "L"):
        np.testing.assert_array_equal(left[name], right[name])
    assert f"with its {activation}; predict gives probabilities" in bare.summary()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("mse", "loss 'mse' is not known; there are"),
        ("squared_errors", "did you mean squared_error"),
        (None, "loss None is not known"),
        ({"name": "huber", "delta": 1.0}, r"no setting 'delta'; it has \['threshold'\]"),
        ({"name": "huber", "threshold": 0}, "threshold of 'huber' is 0; it is a positive number"),
        ({"name": "huber", "threshold": float("nan")}, "is nan; it is a positive"),
        ({"name": "huber", "threshold": "1"}, "is '1'; it is a positive"),
        ({}, "loss None is not known"),
        ([1], "is not known"),
    ],
)
def test_unknown_losses_and_settings(given, words):
    with pytest.raises(SpecError, match=words):
        find_loss(given)


def test_losses_go_through_dicts():
    for name in losses:
        loss = find_loss({"name": name})
        assert find_loss(loss.to_dict()) == loss
    wide = find_loss({"name": "huber", "threshold": 2})
    assert find_loss(wide.to_dict()) == wide != find_loss("huber")


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint64, np.float32, bool])
def test_class_numbers_of_any_dtype(dtype):
    x = np.arange(4.0).reshape(-1, 1)
    classes = np.array([0, 1, 1, 0])
    run = cr.train("1-2:softmax", x, classes.astype(dtype), steps=3)
    same = cr.train("1-2:softmax", x, classes, steps=3)
    np.testing.assert_array_equal(run.losses, same.losses)


def test_many_classes_in_small_integers_do_not_wrap():
    x = np.eye(256)
    run = cr.train("256-256:softmax", x, np.arange(256).astype(np.uint8), steps=1)
    assert run.at(0).values["y"].tolist() == list(range(256))
    with pytest.raises(DataError, match=r"y\[0\] is -1; it has no output"):
        cr.train("2-3:softmax", np.ones((1, 2)), np.array([-1], np.int8), steps=1)
    with pytest.raises(DataError, match=r"y\[1\] is 255; it has no output"):
        cr.train("2-3:softmax", np.ones((2, 2)), np.array([0, 255], np.uint8), steps=1)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([[0.5, 0.4], [1.0, 0.0]], r"y\[0\] sums to 0.9"),
        ([[1.5, -0.5], [1.0, 0.0]], r"y\[0, 1\] is -0.5; it is negative"),
        ([[float("nan"), 1.0], [1.0, 0.0]], r"y\[0, 0\] is nan"),
        ([0.5, 1.0], "is no class number"),
        (["a", "b"], "is 'a', not a number"),
        ([[0], [1], [1]], "one entry for each of the 2 rows"),
    ],
)
def test_bad_class_targets_name_the_row(y, words):
    with pytest.raises(DataError, match=words):
        cr.train("2-2:softmax", np.ones((2, 2)), y, steps=1)


def test_targets_of_one_output_never_spread_into_a_square():
    x = np.arange(6.0).reshape(3, 2)
    flat = cr.train("2-1", x, [1.0, 2.0, 3.0], steps=2, seed=1)
    column = cr.train("2-1", x, [[1.0], [2.0], [3.0]], steps=2, seed=1)
    assert flat.at(0).values["y"].shape == (3, 1)
    np.testing.assert_array_equal(flat.losses, column.losses)
    for y in (np.zeros((3, 2)), np.zeros((1, 3)), np.zeros((3, 1, 1)), np.zeros(())):
        with pytest.raises(DataError):
            cr.train("2-1", x, y, steps=1)
    with pytest.raises(DataError, match=r"y has shape \(3,\); the network has 2 outputs"):
        cr.train("2-2", x, [1.0, 2.0, 3.0], steps=1)
