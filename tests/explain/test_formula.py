"""Formulas of graphs: brackets where needed, nothing that changes nothing, one exponent."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.formula import formula, in_brackets
from chainrule.explain.views.html import mathml
from chainrule.graph import apply, primitives
from chainrule.graph.code import Names, piece

X, Y = cr.variable("x", 0.7), cr.variable("y", -1.3)


@pytest.mark.parametrize(
    ("node", "text", "latex"),
    [
        (1.0 * X + 0.0, "x", "x"),
        (X / 1.0, "x", "x"),
        (X + -Y, "x - y", "x - y"),
        (X - -Y, "x + y", "x + y"),
        (X * (Y + 1.0), "x * (y + 1)", r"x \cdot (y + 1)"),
        (X * (1.0 / (1.0 - Y)), "x / (1 - y)", r"\frac{x}{1 - y}"),
        (np.exp(X) ** 2, "exp(x)^2", "(e^{x})^{2}"),
        (np.square(np.exp(X)), "exp(x)^2", "(e^{x})^2"),
        (np.cos(math.pi * X), "cos(pi * x)", r"\cos(\pi \cdot x)"),
        (np.maximum(X, 0.0), "max(x, 0)", r"\max(x, 0)"),
        (np.expm1(X) * Y, "expm1(x) * y", r"(e^{x} - 1) \cdot y"),
        (
            cr.where(X > 0, X, Y),
            "(x if x > 0, else y)",
            r"\begin{cases} x & x > 0 \\ y & \text{else} \end{cases}",
        ),
    ],
)
def test_a_formula_reads_as_a_person_writes(node, text, latex):
    found = formula(node)
    assert (found.text, found.latex) == (text, latex)
    mathml(found.latex)


def test_brackets_grow_only_around_what_is_tall():
    assert in_brackets("a") == "(a)"
    assert in_brackets(r"\frac{a}{b}") == r"\left(\frac{a}{b}\right)"


@pytest.mark.parametrize(
    "node",
    [
        X - (Y - X),
        X / (Y / X),
        X / (Y * X),
        (X / Y) * X,
        -(X + Y) * X,
        (-X) ** 2.0,
        X ** (Y + 1.0),
        (X + Y) ** 2.0 / -X,
        X - (-Y - X),
        cr.where(X > Y, X, Y) - cr.where(X > 0, 1.0, 0.0),
        np.square(X - Y) * np.abs(Y) / np.sqrt(X),
        apply("logical_and", X > 0, Y > 0) * 1.0 + X,
        cr.clip(X, -0.5, 0.5) * cr.silu(Y) - cr.gelu(X),
    ],
)
def test_an_expression_of_numpy_has_the_value_of_its_graph(node):
    code = piece(node, Names({X: "x", Y: "y"})).text
    found = eval(code, {"np": np, "cr": cr, "x": np.float64(0.7), "y": np.float64(-1.3)})
    assert found == pytest.approx(float(cr.evaluate(node)), rel=1e-14)


@pytest.mark.parametrize(
    "name", sorted(n for n, p in primitives.items() if p.kind == "elementwise")
)
def test_every_operation_can_be_written_and_run(name):
    example = primitives[name].examples[0]
    inputs = [cr.variable(f"x{k}", np.asarray(x)) for k, x in enumerate(example.inputs)]
    node = apply(name, *inputs, **example.attrs)
    leaves = {leaf: f"x{k}" for k, leaf in enumerate(inputs)}
    code = piece(node, Names(leaves)).text
    found = eval(code, {"np": np, "cr": cr, **{n: leaf.data for leaf, n in leaves.items()}})
    np.testing.assert_allclose(found, cr.evaluate(node), rtol=1e-13)
    mathml(formula(node).latex)


def test_a_part_keeps_its_name_where_it_is_computed_again():
    names = Names({X: "x", cr.sigmoid(X): "out"})
    assert piece(cr.sigmoid(X) - Y, Names({X: "x", Y: "y", cr.sigmoid(X): "out"})).text == "out - y"
    assert names.find(cr.sigmoid(X)) == "out"
    assert names.find(cr.sigmoid(2.0 * X)) is None
