"""The plan of a step: small constants, checked graphs, one program for each number of rows."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.executors import bind, peak_bytes
from chainrule.graph import apply, check, primitives
from chainrule.nn import losses
from chainrule.plan import make_plan, plan_listing

X = np.random.default_rng(0).normal(size=(30, 4))

TARGETS = {
    "binary": np.arange(30) % 2,
    "class": np.arange(30) % 3,
    "real": np.random.default_rng(1).normal(size=30),
}
ENDS = {"binary": "1:sigmoid", "class": "3:softmax", "real": "1"}


def trained(loss, **settings):
    kind = losses[loss].targets
    return cr.train(f"4-5:tanh-{ENDS[kind]}", X, TARGETS[kind], loss=loss, steps=2, **settings)


@pytest.mark.parametrize("loss", sorted(losses))
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_no_constant_grows_with_the_rows(loss, reduction):
    setup = trained(loss, reduction=reduction).record.setup
    for purpose in ("train", "record", "predict", "score"):
        plan = setup.plan(30, purpose)
        check(*plan.results, after="make_plan")
        sizes = [i.node.size for i in plan.instructions if i.node.op == "constant"]
        assert max(sizes, default=0) <= 3, plan_listing(plan)


@pytest.mark.parametrize("loss", sorted(losses))
def test_a_step_carries_out_nothing_that_no_result_needs(loss):
    plan = trained(loss, batch_size=7).record.setup.plan(7, "train")
    needed = {n for i in plan.instructions for n in i.inputs}
    needed |= {plan.number(node) for node in plan.results}
    assert needed == {i.number for i in plan.instructions}


def test_programs_are_made_once_for_each_number_of_rows():
    setup = trained("squared_error", batch_size=7).record.setup
    assert setup.program(7, "train") is setup.program(7, "train")
    assert {rows for purpose, rows in setup.programs if purpose == "train"} == {7}


@pytest.mark.parametrize("shape", [(70_000,), (70_000, 3), (3, 70_000), (1, 200_000)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_blocks_change_no_bit(shape, dtype):
    rng = np.random.default_rng(0)
    feed = {name: rng.normal(size=shape).astype(dtype) for name in "xy"}
    feed["row"] = rng.normal(size=shape[1:]).astype(dtype)
    x, y, row = (cr.variable(name, shape=a.shape) for name, a in feed.items())
    for op, inputs in (("sigmoid", "x"), ("gelu", "y"), ("chain", "xy"), ("chain", ["row", "y"])):
        nodes = [{"x": x, "y": y, "row": row}[name] for name in inputs]
        plan = make_plan({"out": apply(op, *nodes)})
        found = bind(plan).values(feed, keep=True)[-1]
        whole = primitives[op].value(*(feed[name] for name in inputs))
        assert found.dtype == whole.dtype
        np.testing.assert_array_equal(found, whole)


def test_views_take_no_memory_but_keep_their_base_alive():
    x = cr.variable("x", shape=(1000, 100))
    turned = np.exp(x).T
    assert peak_bytes(bind(make_plan({"out": turned.T @ cr.exp(x).T}))) == (
        800_000 + 8_000_000  # exp(x) once, the product
    )
    assert peak_bytes(bind(make_plan({"out": np.sum(np.exp(np.exp(x).T))}))) == 1_600_000
