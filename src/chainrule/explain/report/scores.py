"""How good a run is: its score, what it is to be compared with, and where it errs.

Knows the plain data that the maker of a run wrote beside it; computes shares of counts only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.explain.document import Block, Cell, Number, Section, Sentence, Span, Table
from chainrule.train import Record

WIDEST = 12
"""Labels that a confusion matrix has at most; of more, the most frequent confusions are listed."""
MOST = 10


def answer(record: Record, report: Mapping[str, Any]) -> Sentence:
    """Return the first line of a report: how good the run is."""
    if record.trouble is not None:
        where = f"It diverged at step {record.trouble.step}: {record.trouble.fact}."
        return Sentence(f"{where} There is no model.", role="answer")
    if "score" in report:
        found = report["score"]
        value: Span = "undefined" if found["value"] is None else Number(found["value"], "short")
        name = f"{found['name'][0].upper()}{found['name'][1:]} "
        return Sentence(name, value, f" {_judged(found)}.", role="answer")
    losses = record.history["loss"]
    if not len(losses) and "adopted" in report:
        return _adopted(report["adopted"])
    if not len(losses):
        return Sentence("No step was done.", role="answer")
    first, last = Number(float(losses[0]), "short"), Number(float(losses[-1]), "short")
    return Sentence(
        "L went from ", first, " to ", last, f" in {len(losses):,} steps.", role="answer"
    )


def _adopted(found: Mapping[str, Any]) -> Sentence:
    """Return how good an adopted network is on the rows given."""
    score = found["score"]
    value: Span = "undefined" if score["value"] is None else Number(score["value"], "short")
    name = f"{score['name'][0].upper()}{score['name'][1:]} "
    where = f" on the {found['rows']:,} rows given; a row's loss is "
    return Sentence(name, value, where, Number(found["loss"], "short"), ".", role="answer")


def _judged(found: Mapping[str, Any]) -> str:
    rows = f"{found['rows']:,} row{'' if found['rows'] == 1 else 's'}"
    return {
        "test": f"on {rows} held out",
        "validation": f"on the {rows} that also chose the epoch: expect less on new rows",
        "train": f"on the {rows} of training: it says nothing about new rows",
    }[found["on"]]


def scores(report: Mapping[str, Any]) -> list[Block]:
    """Return what the score is to be compared with, and the confusions."""
    if "score" not in report:
        return []
    blocks: list[Block] = []
    if "confusion" in report:
        words = "Always answering the most frequent class would score "
        blocks.append(Sentence(words, Number(report["baseline"], "short"), "."))
        blocks.append(_confusion(report["confusion"]))
        return [Section("Score", tuple(blocks))]
    target = report["table"]["target"]
    spans: list[Span] = ["Always answering the mean would score 0."]
    if report["mean_absolute_error"] is not None:
        error = Number(report["mean_absolute_error"], "short")
        spans += [" The predictions are off by ", error, f" on average, in units of {target}."]
    blocks.append(Sentence(*spans))
    return [Section("Score", tuple(blocks))]


def _confusion(found: Mapping[str, Any]) -> Table:
    """Return the matrix with the share of each row and column that is right."""
    labels, counts = [str(label) for label in found["labels"]], found["rows"]
    if len(labels) > WIDEST:
        return _list(labels, counts)
    rows: list[tuple[Cell, ...]] = []
    for k, (label, row) in enumerate(zip(labels, counts, strict=True)):
        rows.append((label, *row, _share(row[k], sum(row))))
    columns = list(zip(*counts, strict=True))
    below = tuple(_share(column[k], sum(column)) for k, column in enumerate(columns))
    return Table(
        ("truth", *labels, "recall"),
        tuple(rows),
        "Rows are the truth, columns what was predicted; recall is the share of a row that was "
        "found, precision the share of a column that is right.",
        total=("precision", *below, ""),
    )


def _share(right: int, of: int) -> Cell:
    return Number(right / of, "short") if of else ""


def _list(labels: list[str], counts: list[list[int]]) -> Table:
    """Return the most frequent confusions."""
    wrong = sorted(
        (
            (count, labels[k], labels[j])
            for k, row in enumerate(counts)
            for j, count in enumerate(row)
            if count and j != k
        ),
        key=lambda one: -one[0],
    )
    rows = tuple((true, guess, count) for count, true, guess in wrong[:MOST])
    more = f", the first {MOST} of {len(wrong)} kinds" if len(wrong) > MOST else ""
    return Table(("truth", "taken for", "rows"), rows, f"The most frequent confusions{more}")
