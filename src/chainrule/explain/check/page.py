"""The page of a check: the verdict in the first line, then entry by entry.

Knows findings and the neutral document; computes no derivative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from chainrule.explain.check.figure import sweep_figure
from chainrule.explain.check.judge import Entry, relation
from chainrule.explain.check.verdict import Findings, Sweeps, by_concern
from chainrule.explain.document import (
    Block,
    Cell,
    Document,
    Number,
    Sentence,
    Span,
    Steps,
    Symbol,
    Table,
)

SHOWN = 12
"""Entries that a table shows at most; JSON has all."""
SPELLED = 5
"""Entries whose verdict is spelled out at most."""


def page(found: Findings, sweeps: Sweeps, following: Sequence[tuple[str, str]] = ()) -> Document:
    """Return the document of a check."""
    blocks: list[Block] = [_answer(found), *_spelled(found)]
    if found.entries:
        blocks += [_table(found), Sentence(found.calls)]
    blocks += [Sentence(note, role="note") for note in found.notes]
    blocks += _figure(found, sweeps)
    if following:
        blocks.append(Steps("Next", tuple(following)))
    return Document("check", f"Gradient check of {found.title}", tuple(blocks), _data(found))


def _answer(found: Findings) -> Sentence:
    """Return the first line: right, wrong or cannot tell, and how many entries that rests on."""
    if not found.total:
        return Sentence("Nothing to check: x has no entries.", role="answer")
    looked = len(found.entries)
    many = f"all {looked:,}" if looked == found.total else f"{looked:,} of {found.total:,}"
    wrong, kinks, unclear = found.of("wrong"), found.of("kink"), found.of("unclear")
    if found.wrong and not wrong:
        return Sentence(
            f"The gradient is wrong: no entry of the {looked} that were looked at is, but along a "
            "direction through all entries at once it fails.", role="answer",
        )  # fmt: skip
    if wrong:
        these = "all" if len(wrong) == looked > 1 else f"{len(wrong):,}"
        rest = "" if looked == found.total else f" of {found.total:,}"
        where = f"{these} of the {looked:,} entries looked at{rest}"
        return Sentence(f"The gradient is wrong in {where}.", *_common(wrong), role="answer")
    if not found.passed:
        all_of_them = len(unclear) == looked
        few = "any entry" if all_of_them else f"{len(unclear):,} of the {looked:,} entries"
        return Sentence(
            f"Cannot tell for {few} whether the gradient is right: {unclear[0].short}.",
            role="answer",
        )
    asides = []
    if kinks:
        asides.append(f"{len(kinks)} at a kink, where a convention decides")
    if unclear:
        asides.append(f"{len(unclear)} of which nothing can be told")
    more = f" ({'; '.join(asides)})" if asides else ""
    together = ""
    if looked < found.total and all(one.status == "agrees" for one in found.along) and found.along:
        together = ", and all of them together along a random direction"
    return Sentence(
        f"The gradient is right, as far as {many} entries tell{together}{more}.", role="answer"
    )


def _common(wrong: Sequence[Entry]) -> tuple[Span, ...]:
    """Return the factor that all wrong entries have in common, if there is one."""
    finite = [one for one in wrong if math.isfinite(one.yours) and one.numeric]
    if len(finite) < 2 or len(finite) < len(wrong):
        return ()
    ratios = [one.yours / one.numeric for one in finite]
    middle = sorted(ratios)[len(ratios) // 2]
    if middle == 0 or any(abs(r / middle - 1) > 1e-6 for r in ratios):
        return ()
    nearest = round(middle) if abs(middle) >= 1 else 1 / round(1 / middle)
    plain = nearest if abs(middle / nearest - 1) <= 1e-6 else middle
    words = relation(plain, 1.0, 1e-9)
    if words:
        return (f" Each of these is {words} the right one.",)
    if abs(plain) >= 1:
        return (" Each of these is ", Number(plain, "short"), " times the right one.")
    return (" Each of these is the right one divided by ", Number(1 / plain, "short"), ".")


def _spelled(found: Findings) -> list[Sentence]:
    """Return the verdicts worth spelling out: what is wrong, at a kink or unclear."""
    worth = [one for one in by_concern(found.entries) if one.status != "agrees"]
    if not found.of("wrong"):
        worth = [one for one in found.along if one.status == "wrong"] + worth
    told = [Sentence(Symbol(_labelled(one)), ": ", *one.spans, ".") for one in worth[:SPELLED]]
    if len(worth) > SPELLED:
        told.append(Sentence(f"... and {len(worth) - SPELLED} more like these."))
    return told


def _labelled(entry: Entry) -> str:
    return entry.name if entry.step is None else f"{entry.name} at step {entry.step}"


def _table(found: Findings) -> Table:
    """Return the entries as a table: those of concern first, then the largest of each kind."""
    rows = by_concern(found.entries)[:SHOWN]
    has_steps = any(one.step is not None for one in rows)
    header: tuple[Cell, ...] = ("entry", "yours", "numeric", "error bar", "verdict")
    caption = ""
    left = len(found.entries) - len(rows)
    if left:
        caption = f"The {len(rows)} most telling entries; {left} more were looked at."
    lines: list[tuple[Cell, ...]] = []
    for one in rows:
        cells: tuple[Cell, ...] = (
            Symbol(one.name), Number(one.yours, "answer"), Number(one.numeric, "answer"),
            Number(one.error, "short"), one.short,
        )  # fmt: skip
        lines.append((one.step if one.step is not None else "", *cells) if has_steps else cells)
    return Table(("step", *header) if has_steps else header, tuple(lines), caption)


def _figure(found: Findings, sweeps: Sweeps) -> list[Block]:
    """Return the picture of the most telling entry's sweep, if there is one."""
    for one in by_concern(found.entries)[:3]:
        slope, value = sweeps(one)
        if slope.kind == "smooth":
            figure = sweep_figure(one.name, slope, value)
            return [] if figure is None else [figure]
    return []


def _data(found: Findings) -> dict[str, Any]:
    return {
        "passed": found.passed,
        "total": found.total,
        "looked_at": len(found.entries),
        "entries": [_plain(one) for one in found.entries],
        "along": [_plain(one) for one in found.along],
        "notes": list(found.notes),
    }


def _plain(one: Entry) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "name": one.name, "yours": one.yours, "numeric": one.numeric, "error": one.error,
        "status": one.status, "verdict": one.verdict, "method": one.method,
    }  # fmt: skip
    if one.step is not None:
        plain["step"] = one.step
    if one.slope is not None and one.slope.left is not None:
        plain["from_left"] = one.slope.left.value
    if one.slope is not None and one.slope.right is not None:
        plain["from_right"] = one.slope.right.value
    return plain
