"""Simplify: equal values bit for bit, shared parts, folded constants, surviving names."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import GraphError
from chainrule.executors import bind
from chainrule.graph import Node, check, named, simplify, substitute, toposort
from chainrule.plan import make_plan


def value_as_built(node, feed):
    """Return a node's value without any simplification: instruction by instruction."""
    from chainrule.graph import primitives

    known = {}
    with np.errstate(all="ignore"):
        for item in toposort(node):
            if item.op == "constant":
                known[item] = item.data
            elif not item.inputs:
                known[item] = feed[item.name]
            else:
                known[item] = primitives[item.op].value(
                    *(known[x] for x in item.inputs), **item.attrs
                )
    return np.asarray(known[node])


UNARY = [np.exp, np.tanh, np.negative, np.square, np.abs, cr.sigmoid, cr.relu, cr.softplus]
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.maximum]


@st.composite
def expressions(draw):
    """A random expression of two variables and neutral constants."""
    x, y = cr.variable("x", shape=(3,)), cr.variable("y", shape=(2, 1))
    pool = [x, y, cr.constant(1.0), cr.constant(0.0), cr.constant(2.5)]
    for _ in range(draw(st.integers(1, 12))):
        pick = st.sampled_from(pool)
        if draw(st.booleans()):
            pool.append(draw(st.sampled_from(UNARY))(draw(pick)))
        else:
            pool.append(draw(st.sampled_from(BINARY))(draw(pick), draw(pick)))
    return pool[-1]


@given(expressions(), st.lists(st.floats(-3, 3), min_size=5, max_size=5))
@settings(max_examples=150, deadline=None)
def test_a_simplified_graph_has_the_same_bits(node, numbers):
    feed = {"x": np.array(numbers[:3]), "y": np.array(numbers[3:]).reshape(2, 1)}
    (simple,) = simplify([node])
    check(simple, after="simplify")
    assert len(toposort(simple)) <= len(toposort(node))
    before, after = value_as_built(node, feed), value_as_built(simple, feed)
    np.testing.assert_array_equal(after, before)


@given(expressions())
@settings(max_examples=60, deadline=None)
def test_gradients_of_random_expressions_pass_the_check(node):
    leaves = [n for n in toposort(node) if n.op == "variable"]
    found = cr.gradients(np.sum(node), leaves)
    check(*found, after="gradients")
    assert [g.shape for g in found] == [x.shape for x in leaves]


def test_what_is_computed_twice_is_shared():
    x = cr.variable("x", [1.0, 2.0])
    out = np.exp(x) * np.exp(x) + np.exp(x)
    ops = [node.op for node in toposort(simplify([out])[0])]
    assert ops.count("exp") == 1


def test_attributes_and_constants_keep_nodes_apart():
    x = cr.variable("x", np.ones((2, 2)))
    a, b = simplify([np.sum(x, axis=0), np.sum(x, axis=1)])
    assert a is not b
    c, d = simplify([x * 2.0, x * np.float32(2.0)])
    assert c is d or c.inputs[1].dtype != d.inputs[1].dtype
    zero, negative = simplify([cr.constant(0.0), cr.constant(-0.0)])
    assert zero is not negative


@pytest.mark.parametrize(
    "neutral",
    [lambda x: x * 1, lambda x: x + 0, lambda x: 0 + x, lambda x: x / 1, lambda x: -(-x),
     lambda x: x - 0, lambda x: x.T.T, lambda x: x**1],
)  # fmt: skip
def test_neutral_operations_go(neutral):
    x = cr.variable("x", np.ones((2, 3)))
    assert simplify([neutral(x)])[0] is x


def test_times_zero_stays_because_of_nan():
    x = cr.variable("x", np.nan)
    assert np.isnan(cr.evaluate(x * 0))


def test_names_survive():
    x = cr.variable("x", 2.0)
    (out,) = simplify([named(np.exp(x * 1) + 0, "h1")])
    assert out.name == "h1"


def test_constants_fold_but_do_not_grow():
    x = cr.variable("x", np.ones((50, 3)))
    backward = cr.gradients(np.sum(0.5 * np.square(x)), x)
    largest = max(n.size for n in toposort(*simplify([backward])) if n.op == "constant")
    assert largest <= 1


def test_substitute_replaces_a_node():
    x, y = cr.variable("x", 3.0), cr.variable("y", 5.0)
    (out,) = substitute([x * x + 1], {x: y})
    assert cr.evaluate(out) == 26.0


def test_check_names_the_node_that_lies():
    x = cr.variable("x", np.ones((4, 5)))
    liar = Node("mul", (x, x), (5, 4), x.dtype)
    with pytest.raises(GraphError, match=r"after simplify: node 1 mul says \(5, 4\)"):
        check(liar, after="simplify")


def test_a_simplified_plan_evaluates_without_its_dead_values():
    x = cr.variable("x", shape=(40_000,))
    plan = make_plan({"out": np.sum(np.exp(np.tanh(x * 1.0)))})
    values = bind(plan).values({"x": np.zeros(40_000)})
    assert [v is None for v in values].count(True) == 2
    assert values[-1] == 40_000.0
