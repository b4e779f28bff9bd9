"""The writer of LLVM text: instructions in loops and routines. It knows no operation of ours.

What is written inside a loop is not known after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.executors.native.instructions import Instructions, Module
from chainrule.executors.native.values import Number, Value, type_name


class Writer(Instructions):
    """Writes the body of one function.

    Parameters
    ----------
    module : Module
        Where declarations and routines go.
    fused : bool
        Whether multiply-add may be rounded once.
    pause : str
        A call for a thread that waits, or nothing.
    """

    # Flow

    def repeat(
        self,
        count: int | Value,
        body: Callable[[Value, list[Value]], Sequence[Value] | None],
        carried: Sequence[Value] = (),
        *,
        unroll: bool = False,
    ) -> list[Value]:
        """Do something a number of times; `carried` values go from each round to the next.

        A `count` that is a value may be 0. With `unroll` the rounds are written out one by one.
        """
        now = list(carried)
        if isinstance(count, int) and (count <= 1 or unroll):
            for i in range(count):
                now = list(body(self.constant(i, "i64"), now) or [])
            return now
        before, head, done = self.block, self.fresh("loop"), self.fresh("done")
        if isinstance(count, Value):
            some = count > 0
            self.do(f"br i1 {some.text}, label %{head}, label %{done}")
        else:
            self.do(f"br label %{head}")
        self.label(head)
        index = Value(self, "%" + self.fresh("i"), "i64")
        slots = len(self.lines)
        phis = [Value(self, "%" + self.fresh("c"), x.kind, x.lanes) for x in now]
        self.lines.extend([None] * (1 + len(phis)))
        with self.scope():
            new = list(body(index, phis) or [])
            following = index + 1
            limit = count if isinstance(count, Value) else self.constant(count, "i64")
            more = following < limit
        latch = self.block
        self.do(f"br i1 {more.text}, label %{head}, label %{done}")
        self.lines[slots] = self._phi(index, "0", before, following.text, latch)
        for j, (phi, x, y) in enumerate(zip(phis, now, new, strict=True)):
            self.lines[slots + 1 + j] = self._phi(phi, x.text, before, y.text, latch)
        self.label(done)
        if isinstance(count, int):
            return new
        return [self._merged(x, before, y, latch) for x, y in zip(now, new, strict=True)]

    def _phi(self, name: Value, first: str, before: str, later: str, latch: str) -> str:
        return f"  {name.text} = phi {name.type} [{first}, %{before}], [{later}, %{latch}]"

    def _merged(self, x: Value, before: str, y: Value, latch: str) -> Value:
        text = f"phi {x.type} [{x.text}, %{before}], [{y.text}, %{latch}]"
        return self.value(text, x.kind, x.lanes)

    def unless(self, condition: Value, body: Callable[[], Any]) -> None:
        """Do something where the condition is false."""
        inside, done = self.fresh("else"), self.fresh("fi")
        self.do(f"br i1 {condition.text}, label %{done}, label %{inside}")
        self.label(inside)
        with self.scope():
            body()
        self.do(f"br label %{done}")
        self.label(done)

    def leave_unless(self, condition: Value, code: int) -> None:
        """Return from the function at once where the condition is false."""
        inside, on = self.fresh("leave"), self.fresh("on")
        self.do(f"br i1 {condition.text}, label %{on}, label %{inside}")
        self.lines += [f"{inside}:", f"  ret i32 {code}"]
        self.label(on, goes_on=True)

    def call(self, function: str, *inputs: Value) -> None:
        """Call a routine of the module, or one at an address."""
        self.do(f"call void {function}({', '.join(f'{x.type} {x.text}' for x in inputs)})")

    # Routines

    def routine(
        self,
        stem: str,
        parameters: Sequence[tuple[str, str, int]],
        build: Callable[[Writer, list[Value]], Any],
    ) -> str:
        """Return the name of an internal routine; one with the same text is not written again.

        Parameters
        ----------
        stem : str
            What it is called, before a number.
        parameters : sequence of tuple
            (name, kind, lanes) of each argument.
        build : callable
            Writes its body, given a writer and the arguments.
        """
        inner = Writer(self.module, fused=self.fused, pause=self.pause)
        build(inner, [inner.argument(*p) for p in parameters])
        given = ", ".join(f"{type_name(kind, lanes)} %{name}" for name, kind, lanes in parameters)
        body = f"({given}) nounwind {{\nentry:\n{inner.body}\n  ret void\n}}\n"
        if body not in self.module.names:
            name = f"@{stem}_{len(self.module.names)}"
            self.module.names[body] = name
            self.module.routines[name] = f"define internal void {name}{body}"
        return self.module.names[body]

    def function(
        self, stem: str, inputs: Sequence[Value], build: Callable[[Writer, list[Value]], Value]
    ) -> Value:
        """Return the value of an internal function; one with the same text is not written again."""
        inner = Writer(self.module, fused=self.fused, pause=self.pause)
        out = build(inner, [inner.argument(f"p{n}", x.kind, x.lanes) for n, x in enumerate(inputs)])
        given = ", ".join(f"{x.type} %p{n}" for n, x in enumerate(inputs))
        body = f"({given}) nounwind {{\nentry:\n{inner.body}\n  ret {out.type} {out.text}\n}}\n"
        if body not in self.module.names:
            name = f"@{stem}_{len(self.module.names)}"
            self.module.names[body] = name
            self.module.routines[name] = f"define internal {out.type} {name}{body}"
        name = self.module.names[body]
        passed = ", ".join(f"{x.type} {x.text}" for x in inputs)
        return self.pure(f"call {out.type} {name}({passed})", out.kind, out.lanes)

    def kernel(
        self,
        stem: str,
        parameters: Sequence[tuple[str, str, int]],
        build: Callable[[Writer, list[Value]], Any],
    ) -> str:
        """Return the name of a routine in a module of its own, which is compiled once for all.

        Parameters
        ----------
        stem, parameters, build
            As for `routine`; the stem tells all that the text depends on.
        """
        name, text = _kernel(stem, tuple(parameters), build, self)
        self.module.kernels[name] = text
        types = ", ".join(type_name(kind, lanes) for _, kind, lanes in parameters)
        self.module.declarations[name] = f"declare void @{name}({types})"
        return f"@{name}"


_kernels: dict[tuple[str, bool], tuple[str, str]] = {}
"""Kernels that were written, (name, text), by their stem and whether multiply-add is fused."""


def _kernel(
    stem: str,
    parameters: Sequence[tuple[str, str, int]],
    build: Callable[[Writer, list[Value]], Any],
    like: Writer,
) -> tuple[str, str]:
    """Return a kernel, written once in a process."""
    key = (stem, like.fused)
    if key not in _kernels:
        module = Module()
        inner = Writer(module, fused=like.fused, pause=like.pause)
        build(inner, [inner.argument(*p) for p in parameters])
        given = ", ".join(f"{type_name(kind, lanes)} %{name}" for name, kind, lanes in parameters)
        body = f"({given}) nounwind {{\nentry:\n{inner.body}\n  ret void\n}}\n"
        name = f"chainrule_{stem}_{hashlib.sha256(body.encode()).hexdigest()[:12]}"
        _kernels[key] = name, f"{module.text}\ndefine void @{name}{body}"
    return _kernels[key]


__all__ = ["Module", "Number", "Value", "Writer"]
