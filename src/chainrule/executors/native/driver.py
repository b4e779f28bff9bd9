"""The loop over steps in machine code. It depends on no network, and is compiled once per machine.

    i64 run(ptr job)        steps that were done; why it ended stands in the job

A job is a row of numbers of 8 bytes (`Field`). An epoch is so many batches of one size and, where
rows are left, one of another size: a program for each. Every so many steps a copy of the
state is put aside, so that any step can be reached again. Knows programs by their address only.
"""

from __future__ import annotations

from enum import IntEnum

from chainrule.executors.native.signals import IO
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Module, Writer


class Field(IntEnum):
    """What a job says, and what comes back in it."""

    STATE = 0
    STATE_BYTES = 1
    IO = 2
    STEP = 3
    COUNT = 4
    POSITION = 5
    PER_EPOCH = 6
    NUMBERS = 7
    LOSSES = 8
    PENALTIES = 9
    NEXT_COPY = 10
    EVERY = 11
    COPIES = 12
    MAIN = 13
    MAIN_ARENA = 14
    MAIN_ROWS = 15
    REST = 16
    REST_ARENA = 17
    REST_ROWS = 18
    REST_IO = 19
    STOP = 20


CARRIED = (Field.STEP, Field.POSITION, Field.NUMBERS, Field.LOSSES, Field.PENALTIES,
           Field.NEXT_COPY, Field.COPIES)  # fmt: skip
"""What changes from step to step."""

SIGNATURE = "i32 (ptr, ptr, ptr, ptr)"


def driver_text() -> str:
    """Return the module with the function ``run``.

    Examples
    --------
    >>> driver_text().count("define i64 @run")
    1
    """
    module = Module()
    copy = "@llvm.memcpy.p0.p0.i64"
    module.declarations[copy] = f"declare void {copy}(ptr, ptr, i64, i1)"
    w = Writer(module)
    _write(w)
    return f"{module.text}\ndefine i64 @run(ptr %job) nounwind {{\nentry:\n{w.body}\n}}\n"


def _write(w: Writer) -> None:
    """Write the loop: choose the program, put the state aside if it is due, do a step."""
    job = w.argument("job", "ptr")
    fixed = {f: _read(w, job, f) for f in Field if f not in CARRIED}
    start = {f: _read(w, job, f) for f in CARRIED}
    end = start[Field.STEP] + fixed[Field.COUNT]
    w.do("br label %head")
    w.label("head")
    now = {f: Value(w, f"%now{int(f)}", x.kind) for f, x in start.items()}
    slots = len(w.lines)
    w.lines.extend([None] * len(now))
    more = now[Field.STEP] < end
    w.do(f"br i1 {more.text}, label %body, label %out")
    w.label("body")
    with w.scope():
        after = _step(w, fixed, now)
    latch = w.block
    w.do("br label %head")
    for n, f in enumerate(now):
        w.lines[slots + n] = (
            f"  {now[f].text} = phi {now[f].type} [{start[f].text}, %entry], "
            f"[{after[f].text}, %{latch}]"
        )
    w.label("out")
    for f in CARRIED:
        w.store(now[f], w.at(job, 8 * f))
    done = now[Field.STEP] - start[Field.STEP]
    w.do(f"ret i64 {done.text}")


POINTERS = (Field.STATE, Field.IO, Field.NUMBERS, Field.LOSSES, Field.PENALTIES, Field.COPIES,
            Field.MAIN, Field.MAIN_ARENA, Field.REST, Field.REST_ARENA, Field.REST_IO)  # fmt: skip


def _read(w: Writer, job: Value, field: Field) -> Value:
    return w.load(w.at(job, 8 * field), "ptr" if field in POINTERS else "i64")


def _step(w: Writer, fixed: dict[Field, Value], now: dict[Field, Value]) -> dict[Field, Value]:
    """Write one step, and return what changed."""
    step = now[Field.STEP]
    copies, following = _put_aside(w, fixed, now)
    is_rest = (now[Field.POSITION] + 1).same(fixed[Field.PER_EPOCH])
    program, arena, rows, io = (
        w.where(is_rest, fixed[rest], fixed[main])
        for main, rest in (
            (Field.MAIN, Field.REST),
            (Field.MAIN_ARENA, Field.REST_ARENA),
            (Field.MAIN_ROWS, Field.REST_ROWS),
            (Field.IO, Field.REST_IO),
        )
    )
    w.store(w.convert(step, "f64"), w.at(io, 8 * IO.STEP))
    given = [fixed[Field.STATE], arena, now[Field.NUMBERS], io]
    arguments = ", ".join(f"ptr {x.text}" for x in given)
    code = w.value(f"call i32 {program.text}({arguments})", "i32")
    for field, name in ((Field.LOSSES, IO.LOSS), (Field.PENALTIES, IO.PENALTY)):
        w.store(w.load(w.at(io, 8 * name), "f64"), now[field])
    _leave_on(w, code)
    first = w.where(is_rest, step.like(0), now[Field.POSITION] + 1)
    return {
        Field.STEP: step + 1,
        Field.POSITION: first,
        Field.NUMBERS: w.at(now[Field.NUMBERS], rows * 8),
        Field.LOSSES: w.at(now[Field.LOSSES], 8),
        Field.PENALTIES: w.at(now[Field.PENALTIES], 8),
        Field.NEXT_COPY: following,
        Field.COPIES: copies,
    }


def _put_aside(
    w: Writer, fixed: dict[Field, Value], now: dict[Field, Value]
) -> tuple[Value, Value]:
    """Copy the state if it is due; return where the next copy goes, and when it is due."""
    due = now[Field.STEP].same(now[Field.NEXT_COPY])
    size = fixed[Field.STATE_BYTES]
    before = w.block
    w.do(f"br i1 {due.text}, label %copy, label %go")
    w.label("copy")
    copies, state = now[Field.COPIES], fixed[Field.STATE]
    w.do(
        f"call void @llvm.memcpy.p0.p0.i64(ptr {copies.text}, ptr {state.text}, "
        f"i64 {size.text}, i1 false)"
    )
    with w.scope():
        further, later = w.at(copies, size), now[Field.NEXT_COPY] + fixed[Field.EVERY]
    w.do("br label %go")
    w.label("go")
    return (
        w.value(f"phi ptr [{copies.text}, %{before}], [{further.text}, %copy]", "ptr"),
        w.value(f"phi i64 [{now[Field.NEXT_COPY].text}, %{before}], [{later.text}, %copy]", "i64"),
    )


def _leave_on(w: Writer, code: Value) -> None:
    """End the loop where a step did not go through: its number stays, and why is written down."""
    job = w.argument("job", "ptr")
    w.store(w.convert(code, "i64"), w.at(job, 8 * Field.STOP))
    fine = code.same(0)
    w.do(f"br i1 {fine.text}, label %next, label %out")
    w.label("next")
