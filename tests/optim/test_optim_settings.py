"""Optimizers and schedules as settings: plain data both ways, refusals, rates step by step."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import SpecError
from chainrule.optim import (
    InverseScaling,
    find_optimizer,
    optimizers,
    schedule_from,
    schedules,
)

STEPS = [0, 1, 2, 3, 9, 10, 11, 99, 100, 101, 999, 10**6, 10**9]

RATES = {
    "Constant": (cr.Constant(0.3), lambda t: 0.3),
    "StepDecay": (cr.StepDecay(0.3, every=10, factor=0.5), lambda t: 0.3 * 0.5 ** (t // 10)),
    "Exponential": (cr.Exponential(0.3, decay=0.99), lambda t: 0.3 * 0.99**t),
    "Cosine": (
        cr.Cosine(0.3, steps=100, final=0.01),
        lambda t: 0.01 + 0.5 * 0.29 * (1 + math.cos(math.pi * min(t / 100, 1))),
    ),
    "InverseScaling": (
        InverseScaling(0.3, every=10, rows=150, power=0.4),
        lambda t: 0.3 / (150 * (t // 10) + 1) ** 0.4,
    ),
    "WarmUp": (
        cr.WarmUp(cr.Exponential(0.3, decay=0.99), steps=10),
        lambda t: min((t + 1) / 10, 1) * 0.3 * 0.99**t,
    ),
}


@pytest.mark.parametrize("name", sorted(schedules))
def test_rates_are_those_of_plain_python(name):
    schedule, by_hand = RATES[name]
    for t in STEPS:
        assert schedule.at(t) == pytest.approx(by_hand(t), rel=1e-13, abs=1e-300), t


def test_the_rate_in_training_is_the_rate_of_the_schedule():
    schedule = cr.WarmUp(cr.Cosine(0.3, steps=20), steps=5)
    run = cr.train("1-1", [[1.0], [2.0]], [1.0, 2.0], optimizer=cr.SGD(schedule), steps=25)
    for t in range(26):
        assert run.at(t).values["learning_rate"] == schedule.at(t)


numbers = st.floats(0, 1e300)
counts = st.integers(1, 10**9)
plain_schedules = st.one_of(
    st.builds(cr.Constant, numbers),
    st.builds(cr.StepDecay, numbers, counts, numbers),
    st.builds(cr.Exponential, numbers, numbers),
    st.builds(cr.Cosine, numbers, counts, numbers),
)
any_schedule = st.one_of(
    plain_schedules,
    st.builds(cr.WarmUp, st.one_of(numbers, plain_schedules), counts),
    st.builds(cr.WarmUp, st.builds(cr.WarmUp, plain_schedules, counts), counts),
)
common = {
    "learning_rate": st.one_of(numbers, any_schedule),
    "clip_value": st.one_of(st.none(), st.floats(1e-300, 1e300)),
    "clip_norm": st.one_of(st.none(), st.floats(1e-300, 1e300)),
}
shares = st.floats(0, 1, exclude_max=True)
above = st.floats(1e-300, 1e300)
any_optimizer = st.one_of(
    st.builds(cr.SGD, **common),
    st.builds(cr.Momentum, momentum=shares, **common),
    st.builds(cr.Nesterov, momentum=shares, **common),
    st.builds(cr.RMSProp, decay=shares, epsilon=above, **common),
    st.builds(cr.Adam, beta1=shares, beta2=shares, epsilon=above, **common),
    st.builds(cr.AdamW, beta1=shares, weight_decay=numbers, **common),
)


@given(any_optimizer)
@settings(max_examples=200, deadline=None)
def test_optimizers_go_through_json(optimizer):
    assert find_optimizer(json.loads(json.dumps(optimizer.to_dict()))) == optimizer


@given(any_schedule)
@settings(max_examples=100, deadline=None)
def test_schedules_go_through_json(schedule):
    assert schedule_from(json.loads(json.dumps(schedule.to_dict()))) == schedule


@pytest.mark.parametrize("name", sorted(optimizers))
def test_optimizers_by_name_have_their_papers_defaults(name):
    assert find_optimizer(name) == optimizers[name]()
    assert find_optimizer({"name": name, "learning_rate": 0.5}).learning_rate == 0.5
    assert optimizers[name].__doc__.count("Default") + optimizers[name].__doc__.count("defaults")


@pytest.mark.parametrize("name", sorted(optimizers))
@pytest.mark.parametrize(
    "rate", [-0.1, float("nan"), float("inf"), True, "0.1", None, 1j, np.array([0.1]), [0.1]]
)
def test_wrong_rates_are_refused_by_name(name, rate):
    title = optimizers[name].__name__
    with pytest.raises(SpecError, match=f"learning_rate of {title} is .*; it must be at least 0"):
        optimizers[name](rate)


def test_numpy_numbers_become_plain_ones():
    optimizer = cr.Adam(np.float32(0.5), clip_norm=np.int64(3))
    assert optimizer == cr.Adam(0.5, clip_norm=3.0)
    assert json.loads(json.dumps(optimizer.to_dict())) == {
        "name": "adam", "learning_rate": 0.5, "clip_norm": 3.0,
    }  # fmt: skip
    assert type(cr.StepDecay(np.float64(0.1), np.int32(5)).every) is int


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: cr.Momentum(0.1, momentum=1.0), "momentum of Momentum is 1.0; .* below 1"),
        (lambda: cr.Nesterov(0.1, momentum=-0.1), "momentum of Nesterov is -0.1"),
        (lambda: cr.Adam(beta1=1.0), "beta1 of Adam is 1.0"),
        (lambda: cr.Adam(beta2=float("nan")), "beta2 of Adam is nan"),
        (lambda: cr.Adam(epsilon=0.0), "epsilon of Adam is 0.0; it must be above 0"),
        (lambda: cr.RMSProp(epsilon=-1), "epsilon of RMSProp is -1; it must be above 0"),
        (lambda: cr.AdamW(weight_decay=-1), "weight_decay of AdamW is -1"),
        (lambda: cr.AdamW(weight_decay=float("inf")), "weight_decay of AdamW is inf"),
        (lambda: cr.SGD(clip_norm=0.0), "clip_norm of SGD is 0.0; it must be above 0"),
        (lambda: cr.SGD(clip_value=float("nan")), "clip_value of SGD is nan"),
        (lambda: cr.StepDecay(0.1, every=0), "every of StepDecay is 0; .* at least 1"),
        (lambda: cr.StepDecay(0.1, every=2.5), "every of StepDecay is 2.5"),
        (lambda: cr.Cosine(-0.1, steps=3), "rate of Cosine is -0.1"),
        (lambda: cr.Cosine("0.1", steps=3), "rate of Cosine is '0.1'"),
        (lambda: cr.Cosine(np.float32("nan"), steps=3), "rate of Cosine is"),
        (lambda: cr.WarmUp("fast", steps=3), "schedule of WarmUp is 'fast'"),
        (lambda: cr.WarmUp(0.1, steps=True), "steps of WarmUp is True"),
        (lambda: find_optimizer("sdg"), "'sdg' is not known; there are adam, adamw"),
        (lambda: find_optimizer(3), "optimizer 3 is not known"),
        (lambda: find_optimizer(cr.SGD), "is not known; there are"),
        (lambda: find_optimizer({}), "optimizer None is not known"),
        (lambda: find_optimizer({"name": ["sgd"]}), "is not known"),
        (lambda: find_optimizer({"name": "sgd", "lr": 0.1}), r"no setting 'lr'; it has"),
        (lambda: schedule_from({"name": "Linear"}), "'Linear' is not known; there are Constant"),
        (lambda: schedule_from({"name": "Cosine", "rate": 1.0}), "without 'steps'"),
        (lambda: schedule_from({"name": "Constant", "rat": 1.0}), "no setting 'rat'"),
        (lambda: schedule_from("0.1"), "a learning rate is '0.1'"),
    ],
)
def test_wrong_settings_are_refused_by_name(make, words):
    with pytest.raises(SpecError, match=words):
        make()


@pytest.mark.parametrize("optimizer", [cr.Adam(epsilon=1e-50), cr.RMSProp(epsilon=1e-46)])
def test_an_epsilon_that_vanishes_in_the_dtype_is_refused(optimizer):
    with pytest.raises(SpecError, match="which is 0 in float32"):
        cr.train("1-1", [[1.0]], [1.0], optimizer=optimizer, steps=1, dtype="float32")
    cr.train("1-1", [[1.0]], [1.0], optimizer=optimizer, steps=1)


def test_settings_can_be_given_in_the_order_of_the_books():
    """Clipping is by name only, so that Momentum(0.1, 0.8) is what a textbook means by it."""
    assert cr.Momentum(0.1, 0.8).momentum == 0.8
    assert cr.RMSProp(0.01, 0.95).decay == 0.95
    rule = cr.Adam(0.01, 0.8, 0.99, 1e-6)
    assert (rule.beta1, rule.beta2, rule.epsilon) == (0.8, 0.99, 1e-6)
    with pytest.raises(TypeError):
        cr.SGD(0.1, 1.0)


def test_an_optimizer_is_shown_as_the_call_that_makes_it():
    assert repr(cr.Adam()) == "Adam(learning_rate=0.001)"
    assert repr(cr.SGD(0.1, clip_norm=1.0)) == "SGD(learning_rate=0.1, clip_norm=1.0)"
