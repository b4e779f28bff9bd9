"""The page of a verdict: what is right first, then the mistake, its line of algebra, the numbers.

Knows findings and documents; judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.explain.asking import spelled
from chainrule.explain.document import (
    Block,
    Document,
    Number,
    Sentence,
    Span,
    Steps,
    Symbol,
    Table,
)
from chainrule.explain.review.deciding import deciding_entry
from chainrule.explain.review.finding import Explanation, Finding, HandIn
from chainrule.explain.review.numbers import Numbers
from chainrule.explain.review.space import Space
from chainrule.explain.review.verdict import Verdict
from chainrule.explain.review.words import FACTOR, Named, in_words, sizes
from chainrule.explain.symbols import latex_of

TIERS = {
    "exact": "to the last digits of float64",
    "rounded": "in every digit you gave",
    "cut off": "in every digit you gave (they look cut off, not rounded)",
    "float32": "up to the rounding of float32",
    "by hand": "up to the rounding of intermediate values",
}
KINDS = {
    "gradients": "gradients", "clipped": "gradients after clipping", "updates": "updates",
    "parameters": "new weights", "loss": "loss after the step",
}  # fmt: skip
MOST_LISTED = 16
MORE = "Give more digits, or another matrix."
SHARP = 5.0
"""Bits below which being right says little."""


def verdict_of(
    space: Space,
    handin: HandIn,
    found: Finding,
    *,
    notes: tuple[str, ...] = (),
    run: str | None = None,
) -> Verdict:
    """Return a finding as a verdict.

    Parameters
    ----------
    space, handin, found
        The hypotheses, what was judged, and what was found.
    notes : tuple of str
        Conventions under which it was judged.
    run : str, optional
        The run's folder, if it was asked for on the command line.
    """
    page = Page(space, handin, found, (*handin.notes, *notes), run)
    explanations = tuple(page.named(e) for e in found.explanations)
    is_right = found.status == "right"
    exact = is_right and found.tier.name == "exact"
    status = "right up to rounding" if is_right and not exact else found.status
    told = dict.fromkeys(named for explanation in explanations for named in explanation)
    departs = space.exercise.layer_of.get(found.departs or "")
    data = _data(space, handin, found, status, explanations)
    document = Document("review", page.title(), tuple(page.blocks()), data)
    return Verdict(document, is_right, status, space.kind, tuple(told), explanations, departs)


def _data(
    space: Space, handin: HandIn, found: Finding, status: str,
    explanations: tuple[tuple[Named, ...], ...],
) -> Mapping[str, Any]:  # fmt: skip
    """Return the facts for machines."""
    return {
        "status": status,
        "right": found.status == "right",
        "kind": space.kind,
        "step": space.exercise.step,
        "judged": [block.name for block in handin.blocks],
        "rounding": found.tier.name,
        "explanations": [[dict(named._asdict()) for named in e] for e in explanations],
        "departs": found.departs,
        "maybe_right": found.maybe_right,
        "bits": round(float(found.bits), 1),
        "tried": found.tried,
        "factors": dict(found.factors),
        "interval": list(found.interval) if found.interval else None,
        "entries": [[entry.name, list(entry.at)] for entry in found.entries],
        "follows": None if found.follows is None else list(found.follows),
    }


class Page:
    """What a verdict says, block by block."""

    def __init__(
        self, space: Space, handin: HandIn, found: Finding, notes: tuple[str, ...], run: str | None
    ) -> None:
        self.space, self.handin, self.found = space, handin, found
        self.notes, self.run = notes, run
        self.numbers = Numbers(space, handin, found)

    def named(self, explanation: Explanation) -> tuple[Named, ...]:
        """Return an explanation in words, the mistake nearest the loss first."""
        named = [in_words(self.space, suspect) for suspect in explanation]
        return tuple(sorted(named, key=lambda n: (-(n.layer or 99), n.sentence)))

    def title(self) -> str:
        """Return the verdict in a line."""
        return f"Review of step {self.space.exercise.step}: {self.found.status}"

    def blocks(self) -> list[Block]:
        """Return everything the page says."""
        status = self.found.status
        by_status = {
            "right": self._right, "mistake": self._mistake, "several": self._several,
            "too few digits": self._too_few, "slip": self._slip, "scaled": self._scaled,
            "none": self._none, "not finite": self._not_finite,
        }  # fmt: skip
        return [*by_status[status](), *self._asides()]

    def _asides(self) -> list[Block]:
        found: list[Block] = [
            Sentence(f"{note[0].upper()}{note[1:]}.", role="note") for note in self.notes
        ]
        return [*found, *self._taken_for(), *self._next()]

    def _taken_for(self) -> list[Block]:
        """Say what the numbers were taken for, and of which step."""
        if self.found.status == "right":
            return []
        words = f"Judged as {self._judged()}."
        if self.space.exercise.step == 0:
            words += " If another step was meant, name it (--step, step=)."
        return [Sentence(words, role="note")]

    def _judged(self) -> str:
        """Return what was judged: the parameters, or the loss."""
        if self.space.kind == "loss":
            return f"the loss after step {self.space.exercise.step}"
        names = ", ".join(block.name for block in self.handin.blocks)
        return f"{KINDS[self.space.kind]} of step {self.space.exercise.step}: {names}"

    def _right(self) -> list[Block]:
        tier = TIERS[self.found.tier.name]
        said: list[Block] = [Sentence(f"Right, {tier} ({self._judged()}).", role="answer")]
        if self.found.resolution < SHARP:
            rough = "With so few digits much else would agree too; give more to be sure."
            said.append(Sentence(rough, role="warning"))
        return said

    def _good(self) -> list[Block]:
        """Say what is right before the first thing that is not."""
        names = [block.name for block in self.handin.blocks]
        good = names[: names.index(self.found.departs)] if self.found.departs in names else []
        if not good:
            return []
        verb = "is" if len(good) == 1 else "are"
        return [Sentence(f"Counted from the loss, {', '.join(good)} {verb} right.")]

    def _mistake(self) -> list[Block]:
        explanation = self.found.explanations[0]
        named = self.named(explanation)
        head = "Not right, and the mistake is known: "
        if len(named) > 1:
            head = "Not right: two mistakes together explain it: "
        says = "; and ".join(n.sentence for n in named)
        found: list[Block] = [Sentence(f"{head}{says}.", role="answer"), *self._good()]
        for one in named:
            found += self._algebra(one)
        found.append(self.numbers.table(explanation))
        found.append(self._evidence())
        return found

    def _algebra(self, named: Named) -> list[Block]:
        """Return the wrong line of algebra and the right one, and why."""
        rows = (("yours", _line(named.wrong)), ("right", _line(named.right)))
        found: list[Block] = [Table(("", "the line of algebra"), rows)]
        if named.because:
            catalogued = named.name != FACTOR
            because = f"Why: {named.because}" if catalogued else _capital(named.because)
            found.append(Sentence(because))
        return found

    def _evidence(self) -> Block:
        tier, tried = TIERS[self.found.tier.name], self.found.tried
        numbers = self.handin.size
        agrees = "your number agrees" if numbers == 1 else f"all your {numbers} numbers agree"
        return Sentence(
            f"With this, {agrees} {tier}. Of {tried:,} hypotheses tried, the chance that "
            f"one fits by accident is {_chance(self.found.bits)}.", role="note",
        )  # fmt: skip

    def _several(self) -> list[Block]:
        count = len(self.found.explanations)
        likeliest = "; and ".join(n.sentence for n in self.named(self.found.explanations[0]))
        answer = f"Not right. Most likely {likeliest}; "
        answer += f"{count - 1} other mistake{'s' * (count > 2)} would give the same numbers."
        found: list[Block] = [Sentence(answer, role="answer"), *self._good()]
        for one in self.named(self.found.explanations[0]):
            found += self._algebra(one)
        found += [Sentence("What would give these numbers:"), self._listed()]
        found += [self.numbers.table(self.found.explanations[0]), self._how_to_decide()]
        return found

    def _listed(self) -> Block:
        """List the explanations, the likeliest first."""
        shown = self.found.explanations[:MOST_LISTED]
        rows = [
            (chr(ord("a") + i), "; and ".join(map(_listed, self.named(e))))
            for i, e in enumerate(shown)
        ]
        left = len(self.found.explanations) - len(shown)
        if left:
            rows.append(("", f"and {left} more"))
        return Table(("", "mistake"), tuple(rows))

    def _how_to_decide(self) -> Block:
        entry = deciding_entry(self.space, self.found.explanations[:MOST_LISTED])
        exercise = self.space.exercise
        if entry is None:
            return Sentence(
                "On this exercise they give the same numbers, so no answer could tell them apart "
                f"({sizes(exercise)})."
            )
        name, values = entry
        spans: list[Span] = ["To decide between them, hand in ", Symbol(name), " too: "]
        for i, value in enumerate(values):
            spans += [", " if i else "", f"({chr(ord('a') + i)}) gives ", Number(value, "answer")]
        return Sentence(*spans, ".")

    def _too_few(self) -> list[Block]:
        found = self.found
        if not found.explanations:
            said = (
                "Perhaps right: your numbers agree with the right ones, if these were computed "
                "with rounded intermediate values; but with so few digits almost anything would."
            )
            return [Sentence(said, role="answer"), Sentence(MORE, role="note")]
        named = self.named(found.explanations[0])
        says = "; and ".join(n.sentence for n in named)
        if found.maybe_right:
            head = "Perhaps right, computed with rounded intermediate values; perhaps not. "
        else:
            head = "Not right, but there are too few digits to be sure why. "
        if found.interval:
            low, high = found.interval
            said = (
                f"{head}Some constant is wrong: between {low:.4g} and {high:.4g} times what it "
                f"should be. It may be that {says}."
            )
        else:
            said = f"{head}Your numbers fit this mistake, which may be an accident: {says}."
        blocks: list[Block] = [Sentence(said, role="answer"), *self._good()]
        blocks.append(self.numbers.table(found.explanations[0]))
        if len(found.explanations) > 1:
            blocks += [Sentence("These would fit as well:"), self._listed()]
        blocks.append(Sentence(MORE, role="note"))
        return blocks

    def _slip(self) -> list[Block]:
        one = len(self.found.entries) == 1
        many = "A slip in a single number" if one else "Slips in single numbers"
        tier = TIERS[self.found.tier.name]
        said = f"Your method is right; all other numbers agree {tier}. {many}:"
        return [Sentence(said, role="answer"), self.numbers.slips(self.found.entries)]

    def _scaled(self) -> list[Block]:
        said = (
            "Right in direction, wrong in size: a constant is wrong that is none of the usual ones "
            "(2, 1/2, the rows, the outputs, the learning rate ...). Look for a factor you wrote."
        )
        rows = tuple((name, Number(f, "answer")) for name, f in self.found.factors.items())
        table = Table(("", "times the right one"), rows)
        return [Sentence(said, role="answer"), *self._good(), table]

    def _none(self) -> list[Block]:
        departs = str(self.found.departs)
        if self.handin.size == 1:
            said = "Not right, and none of the mistakes I know gives this number."
        else:
            where = self.space.exercise.layer_of[departs]
            said = (
                "Not right, and none of the mistakes I know explains it, alone or in pairs. "
                f"Counted from the loss, your numbers first depart in layer {where}, at "
                f"{departs}: look there first."
            )
        found: list[Block] = [
            Sentence(said, role="answer"),
            *self._good(),
            self.numbers.table(None),
        ]
        if self.found.follows:
            names = ", ".join(self.found.follows)
            found.append(
                Sentence(
                    f"From your own gradient there, {names} follow rightly: only that place is "
                    "wrong."
                )
            )
        elif self.found.follows == ():
            found.append(Sentence(
                f"No gradient by z{self.space.exercise.layer_of[departs]} could give both its "
                "weights' and its bias's gradient, or what lies below does not follow from it."
            ))  # fmt: skip
        return found

    def _not_finite(self) -> list[Block]:
        block = next(b for b in self.handin.blocks if b.name == self.found.departs)
        flat = int(np.flatnonzero(~np.isfinite(block.values))[0])
        place = flat if block.index is None else int(block.index[flat])
        said = (
            "Not a number first of all: ",
            self.numbers.symbol(block.name, place),
            f" is {block.values[flat]}",
        )
        tail = (
            ". Look for a division by 0, a log of 0 or an exp that overflows; then hand in again."
        )
        return [Sentence(*said, tail, role="answer")]

    def _next(self) -> list[Block]:
        """Return what to ask next."""
        if self.found.status in ("right", "not finite"):
            return []
        step = self.space.exercise.step
        name = self.numbers.symbol(*self.numbers.first_entry()).text
        command = spelled(self.run, "why", name, step=step)
        return [Steps("Next", ((command, "the right number, factor by factor"),))]


def _line(text: str) -> Symbol:
    """Return a line of algebra."""
    latex = latex_of(text)
    for power, sign in (("T", r"\top"), ("2", "2")):
        latex = latex.replace(rf"\hat{{\ }}{power}", f"^{{{sign}}}")
    return Symbol(text, latex)


def _listed(named: Named) -> str:
    """Return a mistake for a list: a wrong constant with what it may mean."""
    if named.name == FACTOR and named.because:
        return f"{named.sentence} ({named.because.rstrip('.')})"
    return named.sentence


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _chance(bits: float) -> str:
    return f"about 1 in {2.0**bits:,.0f}" if bits < 30 else "below 1 in 1,000,000,000"
