"""Each operation's form in ONNX, carried out by onnxruntime, against the operation itself."""

import mpmath
import numpy as np
import onnx
import pytest
from onnx import helper
from tests.export.onnx_bounds import LEAST, OWN, STEEPNESS
from tests.export.onnx_models import ACTIVATIONS

from chainrule.export.onnx.forms import forms
from chainrule.export.onnx.writer import Value, Writer, code_of
from chainrule.graph import primitives
from chainrule.nn import known_activations


def carried_out(name, inputs, attrs, axes=1):
    """Return what onnxruntime gives for the form of an operation; its shape is left open."""
    writer = Writer([f"in{k}" for k in range(len(inputs))])
    values = [Value(writer, f"in{k}", x.dtype) for k, x in enumerate(inputs)]
    out = writer.label(forms()[name](*values, **attrs), "out")
    ports = [
        helper.make_tensor_value_info(f"in{k}", code_of(x.dtype), x.shape)
        for k, x in enumerate(inputs)
    ]
    last = helper.make_tensor_value_info("out", code_of(out.dtype), list("abcd"[:axes]))
    graph = helper.make_graph(writer.nodes, "one", ports, [last], writer.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    opened = session_of(model)
    return opened.run(None, {f"in{k}": x for k, x in enumerate(inputs)})[0]


def session_of(model):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def cases():
    return [
        pytest.param(name, example, id=f"{name}-{number}")
        for name in sorted(forms())
        for number, example in enumerate(primitives[name].examples)
    ]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "example"), cases())
def test_a_form_gives_what_the_operation_gives(name, example, dtype):
    inputs = [np.asarray(x) for x in example.inputs]
    inputs = [x.astype(dtype) if x.dtype.kind == "f" else x for x in inputs]
    expected = np.asarray(primitives[name].value(*inputs, **example.attrs))
    found = carried_out(name, inputs, example.attrs, expected.ndim)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(found, expected)
    else:
        room = OWN * np.finfo(dtype).eps / 2 * np.maximum(1, np.abs(expected))
        assert (np.abs(found.astype(np.float64) - expected) <= room).all()


EXACT = {
    "abs": mpmath.fabs, "cos": mpmath.cos, "erf": mpmath.erf, "erfc": mpmath.erfc,
    "exp": mpmath.exp, "expm1": mpmath.expm1, "log": mpmath.log, "log1p": mpmath.log1p,
    "elu": lambda x: x if x >= 0 else mpmath.expm1(x),
    "gelu": lambda x: x * mpmath.ncdf(x), "neg": lambda x: -x,
    "leaky_relu": lambda x: x if x >= 0 else x * mpmath.mpf(0.01),
    "log_sigmoid": lambda x: -mpmath.log1p(mpmath.exp(-x)),
    "normal_cdf": mpmath.ncdf, "normal_density": mpmath.npdf,
    "reciprocal": lambda x: 1 / x, "relu": lambda x: max(x, mpmath.mpf(0)),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)), "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "sin": mpmath.sin, "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "sqrt": mpmath.sqrt, "square": lambda x: x * x, "tanh": mpmath.tanh, "linear": lambda x: x,
}  # fmt: skip


def test_every_activation_has_a_form_a_bound_and_a_reference():
    assert {*ACTIVATIONS, "softmax"} == {*known_activations()}
    assert {*ACTIVATIONS} - {"linear"} <= {*forms()}
    assert {*ACTIVATIONS} == {*STEEPNESS} == {*EXACT}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "linear"])
def test_an_activation_is_off_by_no_more_than_the_bounds_assume(name, dtype):
    near, far = np.linspace(-9, 9, 121), np.linspace(-60, 60, 41)
    x = np.unique(np.concatenate([near, far, np.geomspace(1e-12, 1, 13), [0.0]]))
    x = x[x > LEAST[name] + 1e-13] if name in LEAST else x
    x = x.astype(dtype)
    found = carried_out(name, [x], {})
    with mpmath.workdps(40):
        exact = [EXACT[name](mpmath.mpf(float(one))) for one in x]
        off = [abs(mpmath.mpf(float(a)) - b) for a, b in zip(found, exact, strict=True)]
        roundings = [float(d / max(1, abs(b))) for d, b in zip(off, exact, strict=True)]
    assert max(roundings) <= OWN * np.finfo(dtype).eps / 2


@pytest.mark.parametrize("name", ["erfc", "normal_cdf", "gelu", "silu", "expm1", "log1p"])
def test_tails_that_our_formulas_keep_are_kept(name):
    x = np.array([-20.0, -9.0, -1e-9, 1e-9, 3.0] if name not in ("erfc", "log1p") else
                 [1e-9, 0.5, 3.0, 9.0, 20.0])  # fmt: skip
    found = carried_out(name, [x], {})
    with mpmath.workdps(40):
        exact = np.array([float(EXACT[name](mpmath.mpf(float(one)))) for one in x])
    np.testing.assert_allclose(found, exact, rtol=3e-13)  # exp(-x^2) costs x^2 roundings


@pytest.mark.parametrize("name", ["silu", "gelu", "elu", "softplus", "expm1", "log_sigmoid"])
def test_infinite_inputs_have_the_limits(name):
    x = np.array([-np.inf, -1e308, 1e300, np.inf])
    with np.errstate(all="ignore"):
        expected = primitives[name].value(x)
    np.testing.assert_array_equal(carried_out(name, [x], {}), expected)


def test_what_needs_the_number_of_rows_leaves_it_open():
    from chainrule.export.onnx.arrangement import ROWS

    x = np.arange(6.0).reshape(3, 2)
    assert carried_out("reshape", [x], {"shape": (ROWS, 1, 2)}, 3).shape == (3, 1, 2)
    assert carried_out("expand", [x[:, :1]], {"shape": (ROWS, 4)}, 2).shape == (3, 4)
