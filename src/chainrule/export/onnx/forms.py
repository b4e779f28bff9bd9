"""How each of our operations is written with ONNX's operators: one declaration each.

Three kinds. *Direct*: ONNX has the operator. *Composed*: a formula of several. *Single*: ONNX has
the operator, but onnxruntime's CPU carries it out in float32 only; there it is used, and in
float64 the formula. A formula that would lose digits in float32 is *wide*: computed in float64 and
rounded once, as the operation itself is. Knows operations by name; knows no network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.export.onnx.writer import DOUBLE, SINGLE, Value

Form = Callable[..., Value]

_found: dict[str, Form] = {}

FILES = ("direct", "elementwise", "normal", "arrangement")
"""The modules beside this one that declare forms."""


def form(name: str, *, single: str = "", wide: bool = False) -> Callable[[Form], Form]:
    """Declare the function below as the formula of one of our operations.

    Parameters
    ----------
    name : str
        Our operation.
    single : str
        ONNX's operator of the same meaning and attributes, used in float32.
    wide : bool
        Whether float32 is computed in float64 and rounded once.
    """

    def declare(formula: Form) -> Form:
        def written(*inputs: Value, **attrs: Any) -> Value:
            first = inputs[0]
            if first.dtype == SINGLE and single:
                return first.op(single, *inputs[1:], **attrs)
            if first.dtype == SINGLE and wide:
                return formula(*(x.cast(DOUBLE) for x in inputs), **attrs).cast(SINGLE)
            return formula(*inputs, **attrs)

        _found[name] = written
        return formula

    return declare


def forms() -> Mapping[str, Form]:
    """Return the form of every operation that has one, by its name.

    Examples
    --------
    >>> "gelu" in forms(), "power_slope" in forms()
    (True, False)
    """
    for name in FILES:
        import_module(f"chainrule.export.onnx.{name}")
    return _found


def write(op: str, inputs: list[Value], attrs: Mapping[str, Any], called: str) -> Value:
    """Write one of our operations and return its output.

    Parameters
    ----------
    op : str
        Its name.
    inputs : list of Value
        What it takes.
    attrs : mapping
        Its attributes.
    called : str
        What the node is called in the network, for the message.

    Raises
    ------
    UnsupportedError
        If it has no form.
    """
    known = forms()
    if op not in known:
        raise UnsupportedError(
            f"export to onnx was asked for, and this network uses the operation {op!r}{called}, "
            f"which has no form in ONNX.\n  There are forms of {', '.join(sorted(known))}; "
            "or export to json, which holds any network."
        )
    return known[op](*inputs, **attrs)


def common(*inputs: Value) -> list[Value]:
    """Return values in the dtype in which they meet, as ONNX converts nothing by itself."""
    kind = np.result_type(*(x.dtype for x in inputs))
    return [x.cast(kind) for x in inputs]
