"""What an ONNX graph is collected in: nodes, constants, names; and values to calculate with.

A `Value` stands for a tensor of the graph that is being written: an operator on it writes a node.
Knows ONNX's nodes and dtypes; knows none of our operations, no network and no table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.types import Array, DType

TABLES = "ai.onnx.ml"
"""The domain of the operators for tables."""

DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)
WHOLE, TRUTH, TEXT = np.dtype(np.int64), np.dtype(np.bool_), np.dtype(object)

KINDS: dict[str, DType] = {"double": DOUBLE, "float": SINGLE, "int64": WHOLE, "string": TEXT}
"""Dtypes of inputs and outputs, as ONNX calls them."""


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor of a graph that is being written.

    Attributes
    ----------
    writer : Writer
        Where nodes go.
    name : str
        The tensor's name.
    dtype : numpy.dtype
        Its dtype; object for texts.
    """

    writer: Writer
    name: str
    dtype: DType

    def op(self, operator: str, *others: Any, dtype: Any = None, **attrs: Any) -> Value:
        """Write a node of this value and others; numbers become constants of its dtype."""
        inputs = [self, *(self.writer.value(x, self.dtype) for x in others)]
        return self.writer.node(operator, inputs, self.dtype if dtype is None else dtype, **attrs)

    def cast(self, dtype: Any) -> Value:
        """Return the same numbers in another dtype."""
        wanted = np.dtype(dtype)
        if wanted == self.dtype:
            return self
        code = self.writer.code(wanted)
        return self.writer.node("Cast", [self], wanted, to=code)

    def __add__(self, other: Any) -> Value:
        return self.op("Add", other)

    def __sub__(self, other: Any) -> Value:
        return self.op("Sub", other)

    def __mul__(self, other: Any) -> Value:
        return self.op("Mul", other)

    def __truediv__(self, other: Any) -> Value:
        return self.op("Div", other)

    def __radd__(self, other: Any) -> Value:
        return self.writer.value(other, self.dtype) + self

    def __rsub__(self, other: Any) -> Value:
        return self.writer.value(other, self.dtype) - self

    def __rmul__(self, other: Any) -> Value:
        return self.writer.value(other, self.dtype) * self

    def __rtruediv__(self, other: Any) -> Value:
        return self.writer.value(other, self.dtype) / self

    def __neg__(self) -> Value:
        return self.op("Neg")

    def __lt__(self, other: Any) -> Value:
        return self.op("Less", other, dtype=TRUTH)

    def __gt__(self, other: Any) -> Value:
        return self.op("Greater", other, dtype=TRUTH)

    def __le__(self, other: Any) -> Value:
        return self.op("LessOrEqual", other, dtype=TRUTH)

    def __ge__(self, other: Any) -> Value:
        return self.op("GreaterOrEqual", other, dtype=TRUTH)

    def __and__(self, other: Value) -> Value:
        return self.op("And", other)

    def __or__(self, other: Value) -> Value:
        return self.op("Or", other)

    def __invert__(self) -> Value:
        return self.op("Not")

    def same(self, other: Any) -> Value:
        """Return where both are equal."""
        return self.op("Equal", other, dtype=TRUTH)

    def is_nan(self) -> Value:
        """Return where it is NaN."""
        return self.op("IsNaN", dtype=TRUTH)

    def is_finite(self) -> Value:
        """Return where it is neither infinite nor NaN."""
        return self.op("Abs") < np.inf

    def choose(self, yes: Any, no: Any, dtype: Any = None) -> Value:
        """Return one of two where this is true, else the other."""
        kinds = [x.dtype for x in (yes, no) if isinstance(x, Value)]
        kind = np.dtype(dtype) if dtype is not None else kinds[0]
        inputs = [self, *(self.writer.value(x, kind) for x in (yes, no))]
        return self.writer.node("Where", inputs, kind)

    def reduce(self, operator: str, axes: Sequence[int] | None, keepdims: bool) -> Value:
        """Return ReduceSum, ReduceMax ... over axes; None is all of them."""
        if axes is not None and not axes:
            return self
        more = [] if axes is None else [self.writer.constant(np.array(axes, WHOLE))]
        return self.writer.node(operator, [self, *more], self.dtype, keepdims=int(keepdims))

    def refused_unless(self, ok: Value, why: str) -> Value:
        """Return the same values, if all of `ok` is true; else the runtime stops and says why."""
        broken = (~ok).cast(WHOLE).reduce("ReduceSum", None, keepdims=False)
        return self._refused(broken, why)

    def refused_unless_finite(self, why: str) -> Value:
        """Return the same values, if none is infinite or NaN: x - x is 0, else NaN."""
        nothing = (self - self).reduce("ReduceSum", None, keepdims=False)
        return self._refused(nothing.is_nan().cast(WHOLE), why)

    def _refused(self, broken: Value, why: str) -> Value:
        """Return the same values, if the number of broken rules is 0.

        ONNX has no operator that refuses. But an index outside of its axis is an error: the shape
        is taken as the only entry of a new axis, and the values get it, which copies nothing.
        """
        zero = self.writer.constant(np.array([0], WHOLE))
        shapes = self.op("Shape", dtype=WHOLE).op("Unsqueeze", zero)
        shape = self.writer.node("Gather", [shapes, broken], WHOLE, name=why, axis=0)
        return self.op("Reshape", shape, allowzero=1)


class Writer:
    """Collects the nodes and constants of a graph under names of their own.

    Parameters
    ----------
    taken : sequence of str
        Names that are not to be given again.
    """

    def __init__(self, taken: Sequence[str] = ()) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], Value] = {}
        self._names = set(taken)
        self._scope = ""

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Let names of nodes begin with this one, until the end of the ``with``."""
        before, self._scope = self._scope, f"{name}/" if name else ""
        yield
        self._scope = before

    def unique(self, name: str) -> str:
        """Return a name that was not given yet: this one, or with a number behind it."""
        number, found = 1, name
        while found in self._names:
            number += 1
            found = f"{name}_{number}"
        self._names.add(found)
        return found

    def code(self, dtype: Any) -> int:
        """Return ONNX's number of a dtype."""
        return code_of(dtype)

    def value(self, given: Any, dtype: DType) -> Value:
        """Return a value as it is, and a number as a constant."""
        return given if isinstance(given, Value) else self.constant(np.array(given, dtype))

    def constant(self, array: Array, name: str = "") -> Value:
        """Return a constant; equal ones without a name are one."""
        from onnx import numpy_helper

        key = (array.dtype.str, array.shape, repr(array.tolist()).encode())
        if not name and key in self._known:
            return self._known[key]
        called = self.unique(name or "constant")
        tensor = numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), called)
        self.constants.append(tensor)
        found = Value(self, called, array.dtype)
        return found if name else self._known.setdefault(key, found)

    def node(
        self,
        operator: str,
        inputs: Sequence[Value],
        dtype: Any,
        *,
        name: str = "",
        domain: str = "",
        **attrs: Any,
    ) -> Value:
        """Write a node and return its output.

        Parameters
        ----------
        operator : str
            An operator of ONNX.
        inputs : sequence of Value
            What it takes.
        dtype : dtype
            Of its output.
        name : str
            A name for people; else that of the operator.
        domain : str
            Of the operator; "" is the usual one.
        **attrs
            The operator's attributes.
        """
        from onnx import helper

        called = self.unique(f"{self._scope}{operator}")
        shown = f"{self._scope}{name}" if name else called
        taken = [value.name for value in inputs]
        self.nodes.append(
            helper.make_node(operator, taken, [called], name=shown, domain=domain, **attrs)
        )
        return Value(self, called, np.dtype(dtype))

    def label(self, value: Value, name: str) -> Value:
        """Return a value under a name of its own; the node that was written last is renamed."""
        called = self.unique(name)
        if self.nodes and self.nodes[-1].output[0] == value.name:
            self.nodes[-1].output[0] = called
            return Value(self, called, value.dtype)
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [value.name], [called], name=called))
        return Value(self, called, value.dtype)


def kind_of(dtype: DType) -> str:
    """Return what ONNX calls the dtype of an input or output.

    Examples
    --------
    >>> kind_of(np.dtype(np.float64))
    'double'
    """
    return next(name for name, known in KINDS.items() if known == dtype)


def code_of(dtype: Any) -> int:
    """Return ONNX's number of a dtype; texts are of dtype object."""
    from onnx import TensorProto, helper

    kind = np.dtype(dtype)
    return int(TensorProto.STRING if kind == TEXT else helper.np_dtype_to_tensor_dtype(kind))
