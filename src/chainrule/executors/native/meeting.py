"""Where threads meet: each says how often it was here, and waits for the others to say the same.

A thread spins for some microseconds, then lets others run: a core that is taken away costs a pause,
not the whole time. Knows the numbers that threads share; knows no kernel.
"""

from __future__ import annotations

from chainrule.executors.native.signals import IO
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Writer

SLOT_BYTES = 128
"""Bytes between the counts of two threads: they share no line of the cache."""

MOST_THREADS = 8
"""Threads that can meet."""

SPINS = 2000
"""Looks at another thread's count before others are let run: about 20 microseconds."""


def write_meeting(w: Writer, given: list[Value]) -> None:
    """Write the routine: count, then wait for every other thread's count."""
    (io,) = given
    thread, threads = (w.load(w.at(io, 8 * n), "i64") for n in (IO.THREAD, IO.THREADS))
    counts = w.load(w.at(io, 8 * IO.MEETING), "ptr")
    others_run = w.load(w.at(io, 8 * IO.YIELD), "ptr")
    own = w.at(counts, thread * SLOT_BYTES)
    mine = w.load(own, "i64") + 1
    w.do(f"store atomic i64 {mine.text}, ptr {own.text} release, align 8")

    def wait(q: Value, _: list[Value]) -> None:
        place = w.at(counts, q * SLOT_BYTES)
        before = w.block
        w.do("br label %look")
        w.label("look")
        seen, looks = (w.argument(name, "i64") for name in ("seen", "looks"))
        w.do(f"{looks.text} = phi i64 [0, %{before}], [%more, %again]")
        w.do(f"{seen.text} = load atomic i64, ptr {place.text} acquire, align 8")
        there = seen >= mine
        w.do(f"br i1 {there.text}, label %met, label %wait")
        w.label("wait")
        w.do(f"%more = add i64 {looks.text}, 1")
        if w.pause:
            name, _sign, kinds = w.pause.partition("(")
            types = ", ".join(x.split()[0] for x in kinds.rstrip(")").split(",") if x)
            w.module.declarations[name] = f"declare void {name}({types})"
            w.do(f"call void {w.pause}")
        tired = w.argument("more", "i64") > SPINS
        w.do(f"br i1 {tired.text}, label %rest, label %again")
        w.label("rest")
        w.do(f"call i32 {others_run.text}()")
        w.do("br label %again")
        w.label("again")
        w.do("br label %look")
        w.label("met")

    w.repeat(threads, wait)
