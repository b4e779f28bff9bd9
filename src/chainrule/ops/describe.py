"""What `help` shows of a primitive: signature and docstring, built from its declaration.

Knows the form of a declaration; knows no operation and no executor.
"""

from __future__ import annotations

from inspect import Parameter, Signature, signature
from typing import Any

import numpy as np

from chainrule.graph import Example, Primitive
from chainrule.types import Array


def signature_of(primitive: Primitive) -> Signature:
    """Return the signature of a primitive's function: inputs by place, attributes by name.

    Examples
    --------
    >>> import chainrule as cr
    >>> print(signature_of(cr.graph.primitives["leaky_relu"]))
    (x, *, alpha=0.01)
    """
    told = primitive.value if primitive.local is None else primitive.local
    parameters = list(signature(told).parameters.values())
    if primitive.local is not None:
        parameters = parameters[1:]
    open_ended = [p for p in parameters if p.kind is Parameter.VAR_POSITIONAL]
    count = 1 if open_ended else len(primitive.examples[0].inputs)
    kind = Parameter.VAR_POSITIONAL if open_ended else Parameter.POSITIONAL_OR_KEYWORD
    return Signature(
        [Parameter(p.name, kind) for p in parameters[:count]]
        + [Parameter(p.name, Parameter.KEYWORD_ONLY, default=p.default) for p in parameters[count:]]
    )


def docstring_of(primitive: Primitive, wanted: Signature) -> str:
    """Return a numpydoc docstring: what it is, its inputs, its formula, its kinks, an example."""
    parameters = list(wanted.parameters.values())
    inputs = [p for p in parameters if p.kind is not Parameter.KEYWORD_ONLY]
    attrs = [p for p in parameters if p.kind is Parameter.KEYWORD_ONLY]
    lines = [primitive.doc, "", "Parameters", "----------"]
    lines += [f"{', '.join(p.name for p in inputs)} : Node or array_like", f"    {_fit(primitive)}"]
    for p in attrs:
        default = "" if p.default is p.empty else f", default {p.default!r}"
        lines += [f"{p.name} : {_kind(primitive, p.name)}{default}"]
    lines += ["", "Returns", "-------", "Node, or numpy.ndarray if no input is a node"]
    lines += ["", "Notes", "-----", *_notes(primitive, inputs, attrs)]
    example = _example(primitive)
    return "\n".join(lines + (["", "Examples", "--------", *example] if example else [])) + "\n"


def _fit(primitive: Primitive) -> str:
    """Return in words which shapes fit."""
    if primitive.kind != "elementwise":
        return "Shapes as the declaration's shape rule takes them; it says what would do."
    if len(primitive.examples[0].inputs) == 1:
        return "Of any shape; integers become float64."
    return "Of shapes that broadcast together; integers become float64."


def _kind(primitive: Primitive, name: str) -> str:
    """Return the type of an attribute, as far as its examples tell."""
    found = [e.attrs[name] for e in primitive.examples if name in e.attrs]
    return type(found[0]).__name__ if found else "optional"


def _notes(primitive: Primitive, inputs: list[Parameter], attrs: list[Parameter]) -> list[str]:
    """Return formula, kind, kinks and source."""
    given = {k: v for e in primitive.examples[:1] for k, v in e.attrs.items()}
    named = {p.name: p.name for p in attrs} | {k: str(v) for k, v in given.items()}
    names = [p.name for p in inputs]
    names += [f"x_{i}" for i in range(len(names), len(primitive.examples[0].inputs))]
    lines = [f"Formula: :math:`{primitive.formula(*names, **named)}`; {primitive.kind}."]
    lines += [primitive.why_general] if primitive.why_general else []
    lines += [f"Where there is no derivative: {'; '.join(primitive.kinks)}."] * bool(
        primitive.kinks
    )
    return lines + [f"Source: {primitive.source}."] * bool(primitive.source)


def _example(primitive: Primitive) -> list[str]:
    """Return a call and what it gives, for the first example, as a doctest."""
    example = primitive.examples[0]
    if primitive.kind == "general" or example.attrs:
        return []
    inputs = [x if isinstance(x, list) else [x] for x in example.inputs]
    arguments = ", ".join(map(repr, inputs))
    value = _value(primitive, example, inputs)
    rounded, shown = (value, "") if value.dtype == bool else (value.round(6), ".round(6)")
    return [
        "At once for numbers and arrays; on a node the same call builds a node:",
        "",
        ">>> import chainrule as cr",
        f">>> cr.ops.{primitive.name}({arguments}){shown}.tolist()",
        repr(rounded.tolist()),
    ]


def _value(primitive: Primitive, example: Example, inputs: list[Any]) -> Array:
    """Return the value an example names, or else compute it."""
    if example.out is not None:
        return np.atleast_1d(example.out)
    with np.errstate(all="ignore"):
        return np.asarray(primitive.value(*map(np.asarray, inputs)))
