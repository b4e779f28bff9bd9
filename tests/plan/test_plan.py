"""Plans: an order, phases, lifetimes and buffers that never share what is still needed."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.graph import LEAVES
from chainrule.nn import build_objective, find_loss
from chainrule.plan import assign_buffers, make_plan, plan_listing
from chainrule.train.door import make_setup


def setup(spec="3-4:sigmoid-1:sigmoid", rows=4, optimizer=None, **settings):
    inputs, outputs = int(spec.split("-")[0]), int(spec.split("-")[-1].split(":")[0])
    given = {
        "loss": "half_squared_error", "reduction": "sum", "sample_weight": None,
        "batch_size": None, "seed": 0, "shuffle": True, "dtype": None, **settings,
    }  # fmt: skip
    x, y = np.ones((rows, inputs)), np.zeros((rows, outputs))
    return make_setup(cr.Network.from_spec(spec), x, y, optimizer=optimizer or cr.SGD(0.1), **given)


@st.composite
def plans(draw):
    """A training plan of a random small network with a random optimizer."""
    widths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    kinds = draw(st.lists(st.sampled_from(["tanh", "relu", "sigmoid"]), min_size=4, max_size=4))
    layers = [cr.Dense(n, kinds[i], l2=0.1) for i, n in enumerate(widths)]
    net = cr.Network(layers, draw(st.integers(1, 3)))
    rule = draw(st.sampled_from([cr.SGD(0.1, clip_norm=1.0), cr.Adam(), cr.Momentum(0.1)]))
    rows = draw(st.integers(1, 4))
    objective = build_objective(net, find_loss("squared_error"), "mean", rows)
    wrt = objective.forward.parameters
    found = dict(zip(wrt, cr.gradients(objective.loss, list(wrt.values())), strict=True))
    return make_plan(objective.names, found, rule.updates(wrt, found).new)


@given(plans())
@settings(max_examples=40, deadline=None)
def test_inputs_come_first_and_nothing_is_freed_before_its_last_reader(plan):
    dead = set()
    for instruction in plan.instructions:
        assert all(n < instruction.number for n in instruction.inputs)
        assert dead.isdisjoint(instruction.inputs)
        assert dead.isdisjoint(instruction.frees)
        dead.update(instruction.frees)
    kept = {plan.number(node) for node in plan.results}
    assert dead.isdisjoint(kept)


@given(plans())
@settings(max_examples=40, deadline=None)
def test_living_values_have_buffers_of_their_own(plan):
    buffers = assign_buffers(plan)
    owner = {}
    for instruction in plan.instructions:
        for n in instruction.inputs:
            if n in buffers.place:
                assert owner[buffers.place[n]] == n, "a value was overwritten before it was read"
        if instruction.number in buffers.place:
            place = buffers.place[instruction.number]
            assert buffers.sizes[place] >= instruction.bytes
            assert place not in {buffers.place.get(n) for n in instruction.inputs}
            owner[place] = instruction.number
    for node in plan.results:
        number = plan.number(node)
        if number in buffers.place:
            assert owner[buffers.place[number]] == number, "a result was overwritten"


@given(plans())
@settings(max_examples=20, deadline=None)
def test_phases_follow_each_other(plan):
    order = [i.phase for i in plan.instructions if i.node.op not in LEAVES]
    assert order == sorted(order, key=["forward", "backward", "update"].index)


def test_peak_is_what_lives_at_once():
    x = cr.variable("x", shape=(100,))
    plan = make_plan({"out": np.sum(np.exp(np.tanh(x)) * np.sin(x))})
    assert plan.peak_bytes == 3 * 800
    assert plan.flops == 500


def test_products_count_two_flops_for_each_term():
    x, w = cr.variable("x", shape=(4, 3)), cr.parameter("W1", (3, 5))
    assert make_plan({"out": x @ w}).flops == 2 * 4 * 3 * 5


def test_every_plan_names_its_order_of_summation():
    assert "sums in pairs" in setup().plan(4).summation


def test_the_lean_plan_trains_and_the_full_one_knows_every_name():
    one = setup(optimizer=cr.Adam())
    lean, full = one.plan(4, "train"), one.plan(4)
    assert set(lean.forward) == {"L"}
    assert {"x", "y", "z1", "h1", "z2", "out", "l", "L"} <= set(full.forward)
    inner = {f"dL/d{name}" for name in ("z1", "h1", "z2", "h2", "out", "l")}
    assert set(full.gradients) == {"W1", "b1", "W2", "b2"} | inner
    assert set(lean.gradients) == {"W1", "b1", "W2", "b2"}
    assert lean.updates.keys() == full.updates.keys()
    assert lean.peak_bytes <= full.peak_bytes


LISTING = """\
     phase     value  operation                            shape   bytes  flops  buffer
  0  input     0.5    constant                             ()          8      0
  1  input     x      variable                             (2, 1)     16      0
  2  input     W1     parameter                            (1, 1)      8      0
  3  forward   v3     matmul(x, W1)                        (2, 1)     16      4  b0
  4  input     b1     parameter                            (1,)        8      0
  5  forward   out    add(v3, b1)                          (2, 1)     16      2  b1"""


def test_the_listing_is_read_by_people():
    text = plan_listing(setup("1-1", rows=2).plan(2, "train"))
    assert text.splitlines()[:7] == LISTING.splitlines()
    assert text.splitlines()[-1] == "24 instructions, 32 flops, 80 bytes in 6 buffers"
