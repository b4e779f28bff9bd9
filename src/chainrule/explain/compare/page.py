"""The page of a comparison: equal or not, what differs, where they part, how they ended.

Knows findings and the neutral document; replays nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.explain.compare.curves import loss_curves
from chainrule.explain.compare.parting import Apart, Parting
from chainrule.explain.compare.settings import Difference
from chainrule.explain.document import (
    Block,
    Cell,
    Document,
    Number,
    Section,
    Sentence,
    Span,
    Steps,
    Symbol,
    Table,
)
from chainrule.train import Record

SHOWN = 8
"""Parameters that the table of differences shows at most."""


@dataclass(frozen=True, eq=False)
class Compared:
    """What was found out about two runs.

    Attributes
    ----------
    names : tuple of str
        What they are called on the page.
    left, right : Record
        The runs.
    settings : tuple of Difference
        What differs in their set-up.
    loss : int or None
        The first step whose losses differ.
    weights : Parting or None
        The first state whose weights differ, where replay could tell.
    final : tuple of Apart
        How far the parameters are apart at the end.
    remark : str
        Why weights were not compared, if they were not.
    """

    names: tuple[str, str]
    left: Record
    right: Record
    settings: tuple[Difference, ...]
    loss: int | None
    weights: Parting | None
    final: tuple[Apart, ...]
    remark: str = ""

    @property
    def equal(self) -> bool:
        """Whether every step that both have, and what they ended with, is equal bit for bit."""
        return (
            self.loss is None and self.weights is None and not self.final and not self.remark
            and self.left.steps == self.right.steps
        )  # fmt: skip


def page(found: Compared, commands: Sequence[tuple[str, str]] = ()) -> Document:
    """Return the document of a comparison."""
    blocks: list[Block] = [_answer(found), *_settings(found)]
    if not found.equal:
        blocks += _parting(found)
    blocks.append(_ends(found))
    picture = loss_curves(
        found.names, [one.history["loss"] for one in (found.left, found.right)], _parted(found)
    )
    if picture is not None and not found.equal:
        blocks.append(picture)
    if commands and not found.equal:
        blocks.append(Steps("Next", tuple(commands)))
    title = f"{found.names[0]} and {found.names[1]} compared"
    return Document("compare", title, tuple(blocks), _data(found))


def _parted(found: Compared) -> int | None:
    return found.weights.step if found.weights is not None else found.loss


def _answer(found: Compared) -> Sentence:
    steps = found.left.steps
    many = f"all {steps:,} losses" if steps != 1 else "the one loss"
    if found.equal:
        despite = ", though their set-ups differ" if found.settings else ""
        return Sentence(
            f"The two runs are equal bit for bit: {many} and every final weight{despite}.",
            role="answer",
        )
    if found.weights is not None:
        return Sentence(*_first_weights(found.weights), role="answer")
    if found.loss is not None:
        return Sentence(
            f"The two runs part at step {found.loss:,}: from there on their losses differ.",
            role="answer",
        )
    both = min(found.left.steps, found.right.steps)
    if found.left.steps != found.right.steps and not found.remark:
        longer = found.names[0] if found.left.steps > found.right.steps else found.names[1]
        return Sentence(
            f"The two runs are equal bit for bit up to step {both:,}; {longer} goes on.",
            role="answer",
        )
    return Sentence(f"The losses of the two runs are equal for {both:,} steps.", role="answer")


def _first_weights(weights: Parting) -> tuple[Span, ...]:
    first = weights.parameters[0]
    others = len(weights.parameters) - 1
    more = (
        f"{first.layer} and {others} more parameter{'s' * (others > 1)}" if others else first.layer
    )
    if weights.cause == "start":
        return ("The two runs differ from the start: their first weights are not the same, in ",
                Symbol(first.name), f"{more}.")  # fmt: skip
    return (
        f"The two runs part in the update of step {weights.step - 1:,}: before it all weights are "
        f"equal bit for bit, after it they differ in ", Symbol(first.name), f"{more}.",
    )  # fmt: skip


def _settings(found: Compared) -> list[Block]:
    if not found.settings:
        return [] if found.equal else [Sentence("Their set-ups are the same.")]
    rows = tuple((one.what, _cell(one.left), _cell(one.right)) for one in found.settings)
    return [Table(("set-up", *found.names), rows, "What differs in the set-up:")]


def _cell(value: Any) -> Cell:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        rest = ", ".join(f"{key}={item}" for key, item in value.items() if key != "name")
        return f"{value.get('name', '')}({rest})"
    return Number(value, "short") if isinstance(value, float) else str(value)


def _parting(found: Compared) -> list[Block]:
    blocks: list[Block] = []
    if found.remark:
        blocks.append(Sentence(found.remark, role="note"))
    if found.weights is not None:
        blocks += [Sentence(*_cause(found.weights)), _table(found)]
    if found.loss is not None:
        one, other = (record.history["loss"][found.loss] for record in (found.left, found.right))
        blocks.append(
            Sentence(
                f"Losses differ from step {found.loss:,} on: ",
                Number(float(one), "answer"),
                " and ",
                Number(float(other), "answer"),
                ", by ",
                Number(abs(float(one) - float(other)), "short"),
                ".",
            )
        )
    elif found.weights is not None:
        blocks.append(Sentence("All losses that both have are equal."))
    return blocks


def _cause(weights: Parting) -> tuple[Span, ...]:
    """Return what differed first within the step, in words."""
    step = weights.step - 1
    if weights.cause == "rows":
        return (f"Step {step:,} of each saw other rows.",)
    if weights.cause == "values" and weights.name in ("x", "y", "w"):
        return (f"In step {step:,} both saw rows of the same numbers, but their ",
                Symbol(weights.name), " is not the same.")  # fmt: skip
    if weights.cause == "values":
        return (f"In step {step:,} both saw the same rows; going forward, ", Symbol(weights.name),
                " is the first value that differs.")  # fmt: skip
    if weights.cause == "gradients":
        return (f"In step {step:,} all values forward are equal; going back from the loss, ",
                Symbol(f"dL/d{weights.name}"), " is the first gradient that differs.")  # fmt: skip
    if weights.cause == "updates":
        name = weights.name.replace("_", " ").removesuffix(".clipped")
        why = f": it has another {name}" if name else " made of them"
        return (f"In step {step:,} all values and gradients are equal, but not the update{why}.",)
    return ("No step had been made yet: given values or the seed differ.",)


def _table(found: Compared) -> Block:
    assert found.weights is not None, "only where weights differ"
    rows = found.weights.parameters[:SHOWN]
    lines: list[tuple[Cell, ...]] = [
        (Symbol(one.entry), Number(one.left, "answer"), Number(one.right, "answer"),
         Number(one.left - one.right, "short", sign=True), f"{one.count:,} of {one.size:,}")
        for one in rows
    ]  # fmt: skip
    left = len(found.weights.parameters) - len(rows)
    more = f" {left} more parameters differ." if left else ""
    return Table(
        ("entry", *found.names, "difference", "entries that differ"),
        tuple(lines),
        f"Weights before step {found.weights.step:,}, the largest difference of each.{more}",
    )


def _ends(found: Compared) -> Section:
    """Return how both ended, side by side."""
    rows: list[tuple[Cell, ...]] = []
    for what, values in _endings(found):
        rows.append((what, *(_cell(v) if not isinstance(v, float) else _number(v) for v in values)))
    blocks: list[Block] = [Table(("", *found.names), tuple(rows))]
    if found.final:
        far = max(found.final, key=lambda one: _gap(one))
        blocks.append(
            Sentence(
                f"At the end {len(found.final)} parameters differ, most of all ",
                Symbol(far.entry),
                ": ",
                Number(far.left, "answer"),
                " and ",
                Number(far.right, "answer"),
                ".",
            )
        )
    return Section("How they ended", tuple(blocks))


def _gap(one: Apart) -> float:
    gap = abs(one.left - one.right)
    return gap if math.isfinite(gap) else math.inf


def _number(value: float) -> Cell:
    return Number(value, "answer") if math.isfinite(value) else "-"


def _endings(found: Compared) -> list[tuple[str, tuple[Any, Any]]]:
    both = (found.left, found.right)
    ends: list[tuple[str, tuple[Any, Any]]] = [
        ("steps", (found.left.steps, found.right.steps)),
        ("ended", (found.left.stopped, found.right.stopped)),
        ("last loss", _pair(both, "loss", last=True)),
        ("lowest loss", _pair(both, "loss", last=False)),
    ]
    for name, column in (("validation loss", "validation_loss"), ("score", "validation_score")):
        pair = _pair(both, column, last=True)
        if any(math.isfinite(v) for v in pair):
            ends.append((name, pair))
    return ends


def _pair(both: tuple[Record, Record], column: str, *, last: bool) -> tuple[float, float]:
    values = []
    for record in both:
        numbers = record.history.get(column, np.empty(0))
        finite = numbers[np.isfinite(numbers)]
        values.append(float(finite[-1] if last else finite.min()) if len(finite) else math.nan)
    return values[0], values[1]


def _data(found: Compared) -> dict[str, Any]:
    weights = found.weights
    return {
        "equal": found.equal,
        "names": list(found.names),
        "settings": [
            {"what": one.what, "left": _plain(one.left), "right": _plain(one.right)}
            for one in found.settings
        ],
        "first_loss": found.loss,
        "first_weights": None if weights is None else {
            "step": weights.step, "cause": weights.cause, "name": weights.name,
            "parameters": [_apart(one) for one in weights.parameters],
        },
        "final": [_apart(one) for one in found.final],
        "ends": {what: [_plain(v) for v in pair] for what, pair in _endings(found)},
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str)) or value is None else str(value)


def _apart(one: Apart) -> dict[str, Any]:
    return {
        "entry": one.entry, "left": one.left, "right": one.right,
        "differ": one.count, "size": one.size,
    }  # fmt: skip
