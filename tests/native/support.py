"""A function of values, compiled by itself and run over arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding

from chainrule.executors.native.maths import Maths
from chainrule.executors.native.target import host, lanes_of
from chainrule.executors.native.values import SIZES, Value
from chainrule.executors.native.writer import Writer

KINDS = {"f32": np.dtype(np.float32), "f64": np.dtype(np.float64)}

Function = Callable[..., Value]


class Compiled:
    """A function ``(maths, *inputs) -> value`` as machine code for arrays of equal length.

    Parameters
    ----------
    function : callable
        What each vector of the arrays goes through.
    kind : {"f32", "f64"}
        The kind of its inputs.
    arity : int
        How many inputs it has.
    lanes : int
        1, or the length of a vector.
    fused : bool
        Whether multiply-add may be rounded once.
    """

    def __init__(
        self, function: Function, kind: str, arity: int = 1, lanes: int = 0, *, fused: bool = True
    ) -> None:
        self.kind, self.lanes = kind, lanes or lanes_of(kind)
        self.out = ""
        self.text = self._text(function, arity, fused)
        self._engine = _engine(self.text, fused)
        run = self._engine.get_function_address("run")
        self._run = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (arity + 1))(run)

    def _text(self, function: Function, arity: int, fused: bool) -> str:
        w = Writer(fused=fused)
        inputs = [w.argument(f"x{i}", "ptr") for i in range(arity)]

        def body(index: Value, carried: list[Value]) -> None:
            place = index * (self.lanes * SIZES[self.kind])
            vectors = [w.load(w.at(x, place), self.kind, self.lanes) for x in inputs]
            out = function(Maths(w), *vectors)
            self.out = out.kind
            w.store(w.convert(out, self.kind), w.at(w.argument("out", "ptr"), place))

        w.repeat(w.argument("count", "i64"), body)
        given = ", ".join(f"ptr noalias %x{i}" for i in range(arity))
        head = f"define void @run(i64 %count, {given}, ptr noalias %out) nounwind {{\nentry:\n"
        return f"{w.module.text}\n{head}{w.body}\n  ret void\n}}\n"

    def __call__(self, *inputs: Any) -> np.ndarray:
        """Return the values at equal arrays; booleans as booleans."""
        dtype = KINDS[self.kind]
        arrays = np.broadcast_arrays(*(np.asarray(x, dtype) for x in inputs))
        shape, size = arrays[0].shape, arrays[0].size
        rounds = -(-size // self.lanes)
        padded = [np.ones(rounds * self.lanes, dtype) for _ in range(len(arrays) + 1)]
        for room, x in zip(padded, arrays, strict=False):
            room[:size] = x.ravel()
        self._run(rounds, *(x.ctypes.data for x in padded))
        out = padded[-1][:size].reshape(shape)
        return out != 0 if self.out == "i1" else out


def _engine(text: str, fused: bool) -> Any:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    here = host()
    features = here.features if fused else here.features + ",-fma,-fma4"
    machine = binding.Target.from_triple(here.triple).create_target_machine(
        cpu=here.cpu, features=features, opt=1
    )
    module = binding.parse_assembly(text)
    module.verify()
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine
