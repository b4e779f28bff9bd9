"""The textbook's form of an operation is the operation: value and local derivative agree."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph import Node, apply, primitives

WITH = sorted(name for name, rule in primitives.items() if rule.textbook)


SETTINGS = [(name, {}) for name in WITH]
SETTINGS += [(name, {"alpha": 0.3}) for name, _ in SETTINGS if primitives[name].examples[-1].attrs]


@pytest.mark.parametrize(("name", "attrs"), SETTINGS)
def test_the_textbook_form_is_the_declared_one(name, attrs):
    rule = primitives[name]
    x = cr.variable("x", np.linspace(-4.0, 4.0, 41))
    out = apply(name, x, **attrs)
    value, local = rule.textbook(out, x, **attrs)
    declared = rule.local(out, x, **attrs)[0]
    pairs = [(value, out), (local, declared)]
    told = [pair for pair in pairs if pair[0] is not None]
    assert told, "at least one of the two is given"
    for book, ours in told:
        assert isinstance(book, Node)
        found, wanted = cr.evaluate([book, ours])
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


def test_the_usual_activations_have_one():
    assert {"sigmoid", "tanh", "relu", "leaky_relu", "elu", "silu", "softplus"} <= set(WITH)
