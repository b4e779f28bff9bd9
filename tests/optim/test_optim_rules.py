"""Update rules: every step against the paper's formula in plain NumPy; clipping; extremes."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DivergenceError
from chainrule.optim import optimizers

X = np.random.default_rng(0).normal(size=(12, 3))
Y = np.sin(X @ [1.0, -2.0, 0.5])
SPEC = "3-4:tanh-1"

SETTINGS = {
    "sgd": {},
    "momentum": {"momentum": 0.7},
    "nesterov": {"momentum": 0.7},
    "rmsprop": {"decay": 0.8, "epsilon": 1e-6},
    "adam": {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6},
    "adamw": {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "weight_decay": 0.1},
}


def make(name, **more):
    return optimizers[name](**{"learning_rate": 0.05, **SETTINGS[name], **more})


def by_hand(name, w, g, slots, rate, t, *, decays):
    """Return the new weight and slots, straight from the formulas in the docstrings."""
    s = SETTINGS[name]
    if name == "sgd":
        return w - rate * g, {}
    if name in ("momentum", "nesterov"):
        v = s["momentum"] * slots["v"] + g
        return w - rate * (v if name == "momentum" else g + s["momentum"] * v), {"v": v}
    if name == "rmsprop":
        v = s["decay"] * slots["v"] + (1 - s["decay"]) * g**2
        return w - rate * g / (np.sqrt(v) + s["epsilon"]), {"v": v}
    m = s["beta1"] * slots["m"] + (1 - s["beta1"]) * g
    v = s["beta2"] * slots["v"] + (1 - s["beta2"]) * g**2
    m_hat, v_hat = m / (1 - s["beta1"] ** (t + 1)), v / (1 - s["beta2"] ** (t + 1))
    new = w - rate * m_hat / (np.sqrt(v_hat) + s["epsilon"])
    if name == "adamw" and decays:
        new = new - rate * s["weight_decay"] * w
    return new, {"m": m, "v": v}


@pytest.mark.parametrize("name", sorted(SETTINGS))
@pytest.mark.parametrize("batch_size", [None, 5])
def test_every_step_is_the_rule_by_hand(name, batch_size):
    schedule = cr.StepDecay(0.05, every=4, factor=0.5)
    run = cr.train(
        SPEC, X, Y, optimizer=make(name, learning_rate=schedule), steps=12, seed=2,
        batch_size=batch_size,
    )  # fmt: skip
    slots = {k: dict.fromkeys(optimizers[name].slots, np.zeros_like(v)) for k, v in (
        run.at(0).parameters.items()
    )}  # fmt: skip
    for t in range(12):
        here, after = run.at(t), run.at(t + 1)
        rate = 0.05 * 0.5 ** (t // 4)
        assert here.values["learning_rate"] == pytest.approx(rate, rel=1e-15)
        for k, w in here.parameters.items():
            new, slots[k] = by_hand(
                name, w, here.gradients[k], slots[k], rate, t, decays=w.ndim > 1
            )
            np.testing.assert_allclose(after.parameters[k], new, rtol=1e-13, atol=1e-16)
            np.testing.assert_array_equal(here.updates[k], after.parameters[k] - w)
            for slot, value in slots[k].items():
                np.testing.assert_allclose(after.slots[f"{k}.{slot}"], value, rtol=1e-12)


def test_every_optimizer_is_tested():
    assert sorted(SETTINGS) == sorted(optimizers)


def test_momentum_is_the_textbooks_under_a_constant_rate():
    run = cr.train(SPEC, X, Y, optimizer=cr.Momentum(0.1, momentum=0.9), steps=10, seed=1)
    w, v = run.at(0).parameters["W1"], 0.0
    for t in range(10):
        v = 0.9 * v - 0.1 * run.at(t).gradients["W1"]
        w = w + v
        np.testing.assert_allclose(run.at(t + 1).parameters["W1"], w, rtol=1e-12)


def test_nesterov_is_the_look_ahead_form():
    """Sutskever et al. take the gradient at w + mu v; what is stored is that shifted point."""
    run = cr.train(SPEC, X, Y, optimizer=cr.Nesterov(0.1, momentum=0.9), steps=10, seed=1)
    v, w = 0.0, run.at(0).parameters["W1"]
    for t in range(10):
        g = run.at(t).gradients["W1"]  # at w + mu v
        np.testing.assert_allclose(run.at(t).parameters["W1"], w + 0.9 * v, rtol=1e-12)
        v = 0.9 * v - 0.1 * g
        w = w + v


@pytest.mark.parametrize("name", sorted(SETTINGS))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_zero_gradient_gives_a_zero_update(name, dtype):
    run = cr.train(
        "2-1", np.zeros((3, 2)), np.ones(3), optimizer=make(name, **(
            {"weight_decay": 0.0} if name == "adamw" else {}
        )), steps=5, dtype=dtype, seed=1,
    )  # fmt: skip
    assert not run.at(0).gradients["W1"].any()
    for step in range(5):
        assert not run.at(step).updates["W1"].any()
    np.testing.assert_array_equal(run.parameters["W1"], run.at(0).parameters["W1"])


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_rates_at_the_ends(name):
    still = cr.train(SPEC, X, Y, optimizer=make(name, learning_rate=0.0), steps=3, seed=1)
    assert not any(still.at(2).updates[k].any() for k in still.parameters)
    least = cr.train(SPEC, X, Y, optimizer=make(name, learning_rate=1e-300), steps=3, seed=1)
    assert len(set(least.losses)) == 1
    with pytest.raises(DivergenceError, match=r"diverged at step 1: layer 1: W1 has reached"):
        cr.train(SPEC, X, Y, optimizer=make(name, learning_rate=1e300), steps=3, seed=1)


def test_huge_weight_decay_is_a_divergence_at_step_1():
    with pytest.raises(DivergenceError, match="step 1: layer 1: W1 has reached") as caught:
        cr.train(SPEC, X, Y, optimizer=cr.AdamW(weight_decay=1e300), steps=9, seed=1)
    assert (caught.value.step, caught.value.tensor) == (1, "W1")


def test_clipping_by_value_is_entry_by_entry():
    run = cr.train(SPEC, X, 100 * Y, optimizer=cr.SGD(0.01, clip_value=0.25), steps=3, seed=1)
    moment = run.at(1)
    for name, g in moment.gradients.items():
        clipped = np.clip(g, -0.25, 0.25)
        np.testing.assert_array_equal(moment.values[f"{name}.clipped"], clipped)
        np.testing.assert_allclose(moment.updates[name], -0.01 * clipped, rtol=1e-12)
    assert np.abs(np.concatenate([g.ravel() for g in moment.gradients.values()])).max() > 0.25


def test_clipping_by_norm_is_of_all_gradients_together():
    free = cr.train(SPEC, X, Y, optimizer=cr.SGD(0.01), steps=1, seed=1).at(0)
    norm = np.sqrt(sum((g**2).sum() for g in free.gradients.values()))
    for limit in (norm / 3, norm * 3):
        moment = cr.train(SPEC, X, Y, optimizer=cr.SGD(0.01, clip_norm=limit), steps=1, seed=1).at(
            0
        )
        assert moment.values["gradient_norm"] == pytest.approx(norm, rel=1e-14)
        scale = min(1.0, limit / norm)
        for name, g in moment.gradients.items():
            np.testing.assert_allclose(moment.values[f"{name}.clipped"], g * scale, rtol=1e-14)
            np.testing.assert_allclose(moment.updates[name], -0.01 * g * scale, rtol=1e-9)


def test_clipping_leaves_frozen_parameters_out_of_the_norm():
    net = cr.Network([cr.Dense(4, "tanh", trainable=False), cr.Dense(1)], inputs=3)
    moment = cr.train(net, X, Y, optimizer=cr.SGD(0.01, clip_norm=1e-3), steps=1).at(0)
    norm = np.sqrt(sum((moment.gradients[k] ** 2).sum() for k in ("W2", "b2")))
    assert moment.values["gradient_norm"] == pytest.approx(norm, rel=1e-14)


def test_clipping_by_norm_survives_gradients_whose_squares_overflow():
    run = cr.train(
        "1-1", [[1e160]], [0.0], optimizer=cr.SGD(0.1, clip_norm=1.0), steps=1,
        loss="absolute_error", initial={"W1": [[1e-160]]},
    )  # fmt: skip
    moment = run.at(0)
    assert moment.gradients["W1"] == 1e160
    assert moment.updates["W1"] == pytest.approx(-0.1)


def test_weights_and_biases_freeze_alone_or_together():
    for trainable, moving in (
        ("weights", {"W1"}), ("biases", {"b1"}), (True, {"W1", "b1"}), (False, set()),
    ):  # fmt: skip
        net = cr.Network([cr.Dense(4, "tanh", trainable=trainable), cr.Dense(1)], inputs=3)
        moment = cr.train(net, X, Y, optimizer=cr.Adam(0.1), steps=1, seed=1).at(0)
        assert set(moment.updates) == moving | {"W2", "b2"}
        assert set(moment.gradients) == {"W1", "b1", "W2", "b2"}
        assert set(moment.slots) == {f"{k}.{s}" for k in moment.updates for s in "mv"}


def test_nothing_trainable_trains_to_nothing():
    net = cr.Network([cr.Dense(1, trainable=False)], inputs=3)
    run = cr.train(net, X, Y, optimizer=cr.Adam(0.1, clip_norm=1.0), steps=4)
    assert len(set(run.losses)) == 1
    assert run.at(2).updates == {}


def test_a_shared_parameter_gets_the_sum_of_both_gradients():
    shared = {"weights_name": "W", "bias_name": "b"}
    net = cr.Network([cr.Dense(3, "tanh", **shared), cr.Dense(3, "tanh", **shared)], inputs=3)
    apart = cr.Network([cr.Dense(3, "tanh"), cr.Dense(3, "tanh")], inputs=3)
    y = np.tanh(X)
    one = cr.train(net, X, y, loss="squared_error", steps=5, seed=4)
    start = one.at(0).parameters
    two = cr.train(
        apart, X, y, loss="squared_error", steps=1,
        initial={"W1": start["W"], "W2": start["W"], "b1": start["b"], "b2": start["b"]},
    )  # fmt: skip
    both = two.at(0).gradients
    np.testing.assert_allclose(one.at(0).gradients["W"], both["W1"] + both["W2"], rtol=1e-13)
    np.testing.assert_allclose(one.at(0).gradients["b"], both["b1"] + both["b2"], rtol=1e-13)
    assert set(one.parameters) == {"W", "b"}
    assert one.losses[-1] < one.losses[0]


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_float32_stays_float32_in_the_whole_plan(name):
    schedule = cr.WarmUp(cr.Cosine(0.01, steps=10, final=0.001), steps=3)
    optimizer = make(name, learning_rate=schedule, clip_value=5.0, clip_norm=1.0)
    net = cr.Network([cr.Dense(4, "gelu", l2=0.1, l1=0.1), cr.Dense(3, "softmax")], inputs=3)
    labels = np.arange(12) % 3
    run = cr.train(
        net, X.astype(np.float32), labels, optimizer=optimizer, steps=6, batch_size=5,
        sample_weight=np.linspace(0.5, 1, 12),
    )  # fmt: skip
    assert run.record.setup.dtype == np.float32
    for purpose in ("train", "record", "predict", "score"):
        for instruction in run.record.setup.plan(5, purpose).instructions:
            node = instruction.node
            assert node.dtype != np.float64 or node.size == 1, (purpose, node)
    state = {**run.at(3).parameters, **run.at(3).slots, **run.at(3).gradients, **run.at(3).updates}
    assert {v.dtype for v in state.values()} == {np.dtype("float32")}
    recording = run.at(3).recording
    for instruction, value in zip(recording.plan.instructions, recording.values, strict=True):
        assert value.dtype == instruction.node.dtype, instruction.node
        assert value.shape == instruction.node.shape, instruction.node
    assert run.predict(X).dtype == np.float32
