"""Every primitive's function can be read about: signature, docstring, formula, example."""

import doctest
import inspect
import pydoc

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.graph import primitives
from chainrule.ops.declare import function_of
from chainrule.ops.describe import docstring_of, signature_of

NAMES = sorted(primitives)


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_runs_and_tells_the_kinks(name):
    rule = primitives[name]
    text = docstring_of(rule, signature_of(rule))
    parser, runner, said = doctest.DocTestParser(), doctest.DocTestRunner(), []
    runner.run(parser.get_doctest(text, {}, name, None, None), out=said.append)
    assert not said, "".join(said)
    assert text.startswith(rule.doc)
    assert rule.doc.endswith(".")
    assert all(kink in text for kink in rule.kinks)
    for section in ("Parameters", "Returns", "Notes"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text


@pytest.mark.parametrize("name", NAMES)
def test_the_formula_takes_its_inputs_and_attributes(name):
    rule = primitives[name]
    for example in rule.examples:
        inputs = [f"x_{{{i}}}" for i in range(len(example.inputs))]
        text = rule.formula(*inputs, **example.attrs)
        assert text.count("{") == text.count("}")
        assert rule.kind != "elementwise" or any(x in text for x in inputs)


def test_help_shows_signature_formula_kinks_source_and_example():
    text = pydoc.plain(pydoc.render_doc(cr.leaky_relu))
    assert "leaky_relu(x, *, alpha=0.01)" in text
    assert "leaky_relu'(0) = 1, the derivative from the right" in text
    assert r":math:`\mathrm{leaky\_relu}(x)`" in text
    assert "Source: Maas, Hannun and Ng" in text
    assert ">>> cr.ops.leaky_relu([-2.0, 0.7, 3.0]).round(6).tolist()\n" in text
    assert "[-0.02, 0.7, 3.0]" in text


def test_every_public_function_has_a_docstring_and_a_signature():
    for name in dir(ops):
        found = getattr(ops, name)
        if callable(found) and not name.startswith("_"):
            assert inspect.getdoc(found), name
            inspect.signature(found)


def test_arguments_that_do_not_fit_are_a_type_error_like_any_other():
    with pytest.raises(TypeError, match="too many positional"):
        ops.tanh(1.0, 2.0)
    with pytest.raises(TypeError, match="missing a required argument: 'y'"):
        ops.add(1.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'slope'"):
        ops.leaky_relu(1.0, slope=0.1)
    assert ops.add(x=1.0, y=2.0) == 3.0


def test_the_function_of_a_primitive_stands_for_numpys():
    rule = primitives["sin"]
    again = function_of(rule, ())
    assert again.__name__ == "sin"
    assert again(np.array([0.0, 0.5])).tolist() == np.sin([0.0, 0.5]).tolist()
