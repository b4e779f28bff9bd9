"""The network as ONNX nodes: its own predict graph, operation by operation.

Knows plans and forms; knows no layer, so that later ones need nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.export.onnx.arrangement import ROWS
from chainrule.export.onnx.forms import write
from chainrule.export.onnx.writer import Value, Writer
from chainrule.plan import Instruction, Plan
from chainrule.train import Record
from chainrule.types import Array

SOME, OTHER = 2, 3
"""Two numbers of rows. What differs between their plans is the number of rows."""


def write_network(writer: Writer, record: Record, x: Value) -> Value:
    """Write the network behind its inputs and return its output.

    Parameters
    ----------
    writer : Writer
        Where nodes go.
    record : Record
        Its setup has the predict plan, its best state the weights.
    x : Value
        The inputs (rows, features).

    Raises
    ------
    UnsupportedError
        If an operation has no form, or a shape depends on the rows in a way ONNX cannot say.
    """
    setup = record.setup
    plan, other = (setup.plan(rows, "predict") for rows in (SOME, OTHER))
    values: dict[int, Value] = {}
    homes = _homes(plan)
    for one, two in zip(plan.instructions, other.instructions, strict=True):
        with writer.scope(homes[one.number]):
            values[one.number] = _value(writer, record, x, values, one, two)
    return values[plan.number(plan.forward["out"])]


def _homes(plan: Plan) -> list[str]:
    """Return for each instruction the named value that it is there for: itself, or the next."""
    homes, home = [], "out"
    for instruction in reversed(plan.instructions):
        home = instruction.node.name or home
        homes.append(home)
    return homes[::-1]


def _value(
    writer: Writer,
    record: Record,
    x: Value,
    values: Mapping[int, Value],
    one: Instruction,
    two: Instruction,
) -> Value:
    """Return what an instruction computes, written down; `two` is the same for other rows."""
    node = one.node
    if node.op == "variable":
        return x
    if node.op == "parameter":
        return writer.constant(np.asarray(record.best[str(node.name)]), str(node.name))
    if node.op == "constant":
        return writer.constant(_same(node.data, two.node.data))
    attrs = {name: _open(value, two.node.attrs[name]) for name, value in node.attrs.items()}
    inputs = [values[number] for number in one.inputs]
    called = f" ({node.name})" if node.name else ""
    out = write(node.op, inputs, attrs, called)
    return writer.label(out, node.name) if node.name and node.name != "out" else out


def _same(data: Array | None, other: Array | None) -> Array:
    """Return a constant that is the same whatever the number of rows is."""
    assert data is not None, "a constant has data"
    if not np.array_equal(data, np.asarray(other), equal_nan=data.dtype.kind == "f"):
        raise UnsupportedError(
            f"export to onnx: a constant of shape {data.shape} depends on the number of rows, "
            "which an exported model leaves open.\n  Export to json, which holds any network."
        )
    return data


def _open(value: Any, other: Any) -> Any:
    """Return an attribute with `ROWS` where it is another number for another number of rows."""
    if isinstance(value, tuple) and isinstance(other, tuple) and len(value) == len(other):
        return tuple(_open(a, b) for a, b in zip(value, other, strict=True))
    return value if value == other else ROWS
