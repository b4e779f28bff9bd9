"""The page of a report: score, curves, findings, data, network, opened weights.

Knows the order of the page; each part is made in the files beside it or handed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.errors import SpecError
from chainrule.explain.asking import spelled
from chainrule.explain.curves import Curve, draw
from chainrule.explain.derive.forward import loss_lines
from chainrule.explain.derive.notation import Notation
from chainrule.explain.document import (
    Block,
    Code,
    Document,
    Figure,
    Formula,
    Section,
    Sentence,
    Steps,
    Table,
)
from chainrule.explain.explanation import Explanation
from chainrule.explain.report.data import data_section
from chainrule.explain.report.scores import answer, scores
from chainrule.train import Record
from chainrule.train.anatomy import take_apart
from chainrule.train.epochs import by_epoch
from chainrule.train.setup import Setup
from chainrule.train.summary import logits_line, loss_line


def report_page(
    record: Record,
    report: Mapping[str, Any],
    *,
    findings: Sequence[Section] = (),
    opened: Sequence[Section] = (),
    called: str = "RUN",
) -> Explanation:
    """Return the report of a run: one page on what was trained and how good it is.

    Parameters
    ----------
    record : Record
        The training.
    report : mapping
        Plain data that the maker of the run wrote beside it (table, scores); may be empty.
    findings : sequence of Section
        What is wrong with the training; stands behind the curves.
    opened : sequence of Section
        Weights and their chain rule; stands behind the network.
    called : str
        What the commands that it suggests call the run.

    Examples
    --------
    >>> import chainrule as cr
    >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=50, initial={"W1": [[0.0]]})
    >>> print(report_page(run.record, run.report).text().splitlines()[0])
    L went from 5 to 4.664 in 50 steps.
    """
    blocks: list[Block] = [answer(record, report), _ending(record, report), *scores(report)]
    blocks += [*_curves(record), *findings, data_section(record, report)]
    blocks += [_network(record.setup), *opened, _next(record, called)]
    table = report.get("table")
    title = f"Report on {record.setup.network.outline}"
    title += f", {table['target']}" if table is not None else ""
    return Explanation(Document("report", title, tuple(blocks), _facts(record, report)))


def _ending(record: Record, report: Mapping[str, Any]) -> Sentence:
    """Return how the training ended, or where the network was adopted from."""
    if record.stopped == "adopted" and "adopted" in report:
        notes = "".join(f" {note[0].upper()}{note[1:]}." for note in report["adopted"]["notes"])
        return Sentence(f"Adopted from {report['adopted']['source']}; no step was done.{notes}")
    epochs = len(np.unique(record.history["epoch"]))
    words = f"Training: {record.stopped} after {record.steps:,} steps ({epochs:,} epochs)"
    if record.best_step != record.steps and record.trouble is None:
        words += f"; the weights are those of step {record.best_step:,}, the best on validation"
    return Sentence(words + ".")


def _curves(record: Record) -> list[Block]:
    """Return the pictures of the losses and of the validation score, by epoch."""
    epochs = by_epoch(record.history)
    kept = None
    if record.best_step != record.steps:
        kept = int(record.history["epoch"][max(record.best_step - 1, 0)]) + 1
    curves = [Curve("training", epochs["loss"].tolist())]
    validation = epochs["validation_loss"]
    if np.isfinite(validation).any():
        curves.append(Curve("validation", validation.tolist(), "second"))
    figures = _figure(curves, "Loss by epoch, without penalties", kept)
    if np.isfinite(epochs["validation_score"]).any():
        score = [Curve("validation", epochs["validation_score"].tolist(), "second")]
        figures += _figure(score, "Score on the validation rows by epoch", kept)
    return [Section("Curves", tuple(figures))] if figures else []


def _figure(curves: list[Curve], words: str, kept: int | None) -> list[Block]:
    picture = draw(curves, "epoch", kept)
    marked = "; marked: the epoch whose weights were kept" if kept is not None else ""
    return [Figure(picture, f"{words}{marked}.")] if picture else []


def _network(setup: Setup) -> Section:
    """Return the layers, the loss and the optimizer."""
    blocks: list[Block] = [_layers(setup), Sentence("What is descended:")]
    try:
        blocks.append(Formula(tuple(loss_lines(take_apart(setup), Notation()))))
    except SpecError:  # a layer that is no weighted sum
        blocks.append(Sentence(Code(loss_line(setup))))
    note = logits_line(setup)
    if note:
        blocks.append(Sentence(note, role="note"))
    batch = "all rows" if setup.full_batch else f"{setup.batch_size} rows"
    words = (f", {batch} a step, seed {setup.seed}, {setup.dtype.name}.",)
    blocks.append(Sentence("Optimizer: ", Code(repr(setup.optimizer)), *words))
    return Section("Network", tuple(blocks))


def _layers(setup: Setup) -> Table:
    """Return a row for each parameter."""
    rows = []
    for name, spec in setup.network.specs.items():
        special = [] if spec.trainable else ["frozen"]
        special += [f"{k} {v:g}" for k, v in (("l1", spec.l1), ("l2", spec.l2)) if v]
        shape = " x ".join(map(str, spec.shape))
        rows.append((name, shape, int(np.prod(spec.shape)), ", ".join(special)))
    return Table(
        ("parameter", "shape", "weights", ""),
        tuple(rows),
        f"The network {setup.network.outline}",
        total=("", "", setup.network.size, ""),
    )


def _next(record: Record, called: str) -> Steps:
    weights = next(iter(record.setup.network.specs))
    return Steps(
        "Next (RUN is this folder)" if called == "RUN" else "Next",
        (
            (spelled(called, "why", f"{weights}[0,0]"), "the chain rule behind one weight"),
            (spelled(called, "derive"), "the derivation for this network"),
            (f"chainrule info {called} --plan", "every operation of a step"),
        ),
    )


def _facts(record: Record, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report as plain data."""
    return {
        "network": record.setup.network.outline,
        "parameters": record.setup.network.size,
        "loss": record.setup.loss.to_dict(),
        "reduction": record.setup.reduction,
        "optimizer": record.setup.optimizer.to_dict(),
        "seed": record.setup.seed,
        "steps": record.steps,
        "stopped": record.stopped,
        "best_step": record.best_step,
        **{key: value for key, value in report.items() if key != "table"},
    }
