"""`check` finds what a transformation got wrong, and runs after each of them in every test."""

from dataclasses import replace

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import GraphError
from chainrule.graph import check, named, primitives, register, simplify, toposort
from chainrule.graph.simplify import structure
from chainrule.plan import make_plan


def test_a_node_that_says_another_shape_than_its_rule_is_named():
    x = cr.variable("x", np.ones((4, 5)))
    wrong = replace(x * x, shape=(5, 4))
    with pytest.raises(
        GraphError, match=r"^after fusing: node 1 mul says \(5, 4\) float64, its rul"
    ):
        check(wrong, after="fusing")
    with pytest.raises(GraphError, match=r"its rule says \(4, 5\) float64$"):
        check(replace(x * x, dtype=np.dtype(bool)))


def test_a_transformation_that_breaks_a_graph_is_noticed_in_every_test(monkeypatch):
    x = cr.variable("x", np.ones(7))
    out = np.cos(x)
    monkeypatch.setitem(primitives, "cos", replace(primitives["cos"], shape=lambda x: (2,)))
    with pytest.raises(GraphError, match="after simplify: node 1 cos"):
        simplify([out])
    with pytest.raises(GraphError, match="after simplify: node 1 cos"):
        make_plan({"out": out})
    with pytest.raises(GraphError, match=r"after gradients: node . cos"):
        cr.gradients(np.sum(out) * np.sum(out), x)


def test_names_survive_sharing():
    x = cr.variable("x", [1.0, 2.0])
    plain, called = simplify([np.exp(x), named(np.exp(x), "e")])
    assert plain is called
    assert called.name == "e"
    first, second = simplify([named(np.exp(x), "a"), named(np.exp(x), "b")])
    assert (first.name, second.name) == ("a", "a")


def test_structures_that_differ_have_different_keys():
    x, y = cr.variable("x", [[1.0, 2.0]]), cr.variable("x", [[1.0, 2.0]])
    large = np.zeros(5000)
    keys = [
        structure(node)
        for node in (
            x, y, x * y, y * x, x + y, cr.leaky_relu(x, alpha=0.1), cr.leaky_relu(x, alpha=0.2),
            cr.leaky_relu(x, alpha=1), cr.leaky_relu(x, alpha=True), cr.leaky_relu(x, alpha=1.0),
            np.sum(x, axis=0), np.sum(x, axis=1), np.sum(x, axis=0, keepdims=True),
            x.astype("float32"), cr.constant(1.0), cr.constant(1), cr.constant(True),
            cr.constant(np.float32(1)), cr.constant([1.0]), cr.constant([[1.0]]),
            cr.constant(0.0), cr.constant(-0.0), cr.constant(np.nan),
            cr.constant(large), cr.constant(large), x[0], x[:, 0], x[:, ::-1],
        )
    ]  # fmt: skip
    assert len(set(map(repr, keys))) == len(keys)


def test_attributes_of_primitives_can_be_told_apart_by_their_text():
    for rule in primitives.values():
        for example in rule.examples:
            hash(tuple(example.attrs.items()))


def test_common_parts_of_gradients_are_shared():
    x = cr.variable("x", [0.5, 1.0])
    s = cr.sigmoid(x)
    order = toposort(*simplify([s, cr.gradients(np.sum(s * s), x)]))
    assert [node.op for node in order].count("sigmoid") == 1
    assert [node.op for node in order].count("sigmoid_slope") == 1


def test_a_primitive_is_declared_once():
    with pytest.raises(AssertionError, match="'exp' is declared twice"):
        register(primitives["exp"])


def test_instructions_and_plans_compare_by_identity():
    x = cr.variable("x", [1.0])
    one, two = make_plan({"out": x * 2.0}), make_plan({"out": x * 2.0})
    assert one == one
    assert one != two
    assert one.instructions[1] in set(one.instructions)
