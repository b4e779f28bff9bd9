"""The page of a diagnosis: findings as a neutral document.

Knows findings and blocks; computes nothing but counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, spelled
from chainrule.explain.doctor.futures import Futures, tell
from chainrule.explain.doctor.order import causes
from chainrule.explain.document import Block, Document, Number, Section, Sentence, Span, Steps


def page_of(
    case: Case,
    found: Sequence[Finding],
    looked_for: Sequence[str],
    futures: Futures | None = None,
    called: str | None = None,
) -> Document:
    """Return the document of a diagnosis."""
    alarms = [one for one in found if one.is_alarm]
    blocks: list[Block] = [_answer(alarms, found), _state(case)]
    if case.penalised:
        blocks.append(Sentence("A loss is without the penalty unless it is said to be with it.",
                               role="note"))  # fmt: skip
    for number, one in enumerate(found, 1):
        blocks.append(_section(number, one, causes(one, found[: number - 1]), called))
    if futures is not None:
        blocks.append(tell(futures, called))
    blocks.append(_looked_for(looked_for, found, case))
    return Document("doctor", _title(case, alarms), tuple(blocks), _data(case, found))


def _title(case: Case, alarms: Sequence[Finding]) -> str:
    what = alarms[0].name if alarms else "nothing is wrong"
    steps = "adopted" if case.adopted else f"{case.record.steps} steps"
    return f"Doctor: {what} ({case.setup.network.outline}, {steps})"


def _answer(alarms: Sequence[Finding], found: Sequence[Finding]) -> Sentence:
    """Return the first cause, and how many others there are; what follows is counted apart."""
    if not alarms:
        better = any(one.name == "a higher rate" for one in found)
        more = " A higher rate may still do better: see the note." if better else ""
        return Sentence(f"Healthy: nothing was found to be wrong.{more}", role="answer")
    roots = sum(not causes(one, alarms) for one in alarms) or 1
    head = "One thing is wrong: " if roots == 1 else f"{roots} things are wrong, first of all: "
    rest = len(alarms) - roots
    tail = f" {rest} more {'follows' if rest == 1 else 'follow'} from that." if rest else ""
    return Sentence(head, *alarms[0].headline, tail, role="answer")


def _state(case: Case) -> Sentence:
    """Return how training went, in one sentence."""
    record = case.record
    if case.diverged:
        return Sentence(f"Training diverged after {record.steps} steps; it has no model.")
    when = "As it was adopted, " if case.adopted else f"After {record.steps} steps "
    rows = "the rows given" if case.adopted else "its training rows"
    spans: list[Span] = [
        f"{when}the network explains ",
        Number(100 * max(case.explained, 0.0), "short"),
        f" % of the targets' spread on {rows}",
    ]
    if case.explained_held_out is not None:
        spans += [
            ", ",
            Number(100 * max(case.explained_held_out, 0.0), "short"),
            " % on validation rows",
        ]
    if case.reference.is_telling:
        spans += [
            "; a kernel regression explains ",
            Number(100 * max(case.reference.explained, 0.0), "short"),
            " % of rows left out",
        ]
    return Sentence(*spans, ".")


def _section(number: int, one: Finding, above: Sequence[str], called: str | None) -> Section:
    """Return a finding; of one that follows from others, only what was seen."""
    title = f"{number}. {one.name} ({one.severity})".replace(" (note)", ", a note")
    head = Sentence(*one.headline)
    if above:
        follows = Sentence(f"This follows from {' and '.join(above)}: look there first.")
        return Section(title, (head, *one.evidence, follows))
    entries = tuple((spelled(remedy, called), remedy.why) for remedy in one.remedies)
    tries: tuple[Block, ...] = (Steps("Try", entries),) if entries else ()
    return Section(title, (head, *one.evidence, Sentence(*one.cause), *tries))


def _looked_for(looked_for: Sequence[str], found: Sequence[Finding], case: Case) -> Sentence:
    names = {one.name for one in found}
    clear = [name for name in looked_for if name not in names]
    spans = f"Looked for without finding it: {', '.join(clear)}."
    if case.record.validation is None:
        spans += " Overfitting cannot be seen without validation rows."
    return Sentence(spans, role="note")


def _data(case: Case, found: Sequence[Finding]) -> dict[str, Any]:
    return {
        "healthy": not any(one.is_alarm for one in found),
        "diverged": case.diverged,
        "explained": case.explained if not case.diverged else None,
        "explained_held_out": None if case.diverged else case.explained_held_out,
        "findings": [
            {
                "name": one.name,
                "severity": one.severity,
                "certainty": one.certainty,
                "weight": one.weight,
                "numbers": dict(one.numbers),
                "try": [{"code": r.code, "why": r.why, "step": r.step} for r in one.remedies],
            }
            for one in found
        ],
    }
