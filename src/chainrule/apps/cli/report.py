"""Reports: what was inferred of a table, what is trained, and how good it became.

Knows the plain data that runs carry; knows nothing of where it is shown but its width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from chainrule.apps.cli.curve import Line, draw
from chainrule.apps.cli.figures import count, number, score
from chainrule.apps.cli.page import LABEL, gap, item, plain, table, words
from chainrule.apps.cli.screen import Screen
from chainrule.data import Preparation
from chainrule.data.columns import some, word
from chainrule.data.transforms import Standardize
from chainrule.run import Run
from chainrule.train import Setup
from chainrule.train.epochs import by_epoch
from chainrule.train.summary import loss_line

MOST_COLUMNS = 30
"""Columns of a table that are listed."""
MOST_CONFUSIONS = 10
"""Confusions that are listed where the matrix is too wide."""
CURVE_HEIGHT = 8
FILLED = "missing cells filled in"
"""Begins the note on what the list of columns shows anyway."""
MARKED = "gaps marked: a missing number takes the mean, and an input of its own says so"


def show_table(out: Screen, report: Mapping[str, Any], preparation: Preparation) -> None:
    """Show what was inferred of a table: its columns, its gaps, its task, its parts."""
    gaps = report["missing"]
    rows: list[Sequence[str]] = [
        (one.name, _gaps(gaps.get(one.name)), one.describe().removeprefix(f"{one.name}: "))
        for one in preparation.transforms
    ]
    rows += [(one.name, _gaps(gaps.get(one.name)), f"left out: {one.reason}")
             for one in preparation.left_out]  # fmt: skip
    item(out, "Target", _target(report))
    header = ("column", "missing", "taken as")
    table(out, header, rows[:MOST_COLUMNS], label="Columns", right=(1,))
    if any(isinstance(one, Standardize) and one.indicator for one in preparation.transforms):
        item(out, "", Text(MARKED, "dim"))
    if len(rows) > MOST_COLUMNS:
        item(out, "", f"and {len(rows) - MOST_COLUMNS:,} more; --json lists them all")
    item(out, "Rows", _parts(report["split"]))
    shown = (FILLED, f"{report['task']}: ")
    item(out, "Notes", *(note for note in report["notes"] if not note.startswith(shown)))


def _gaps(how_many: int | None) -> str:
    return f"{how_many:,}" if how_many else ""


def _target(report: Mapping[str, Any]) -> str:
    labels, task = report["labels"], f"{report['task']}: "
    reasons = [note.removeprefix(task) for note in report["notes"] if note.startswith(task)]
    why = f" ({reasons[0]})" if reasons else ""
    if labels is None:
        return f"{report['target']}: regression, a number is predicted{why}"
    classes = f"{len(labels)} classes, {some(labels)}"
    return f"{report['target']}: classification into {classes}{why}"


def _parts(split: Mapping[str, int]) -> str:
    parts = [f"{split['train']:,} to train on"]
    if split["validation"]:
        parts.append(f"{split['validation']:,} to stop early by")
    if split["test"]:
        parts.append(f"{split['test']:,} for the score")
    return ", ".join(parts)


def show_network(out: Screen, setup: Setup) -> None:
    """Show what is trained, by what."""
    network, rule = setup.network, setup.optimizer
    item(out, "Network", f"{network.outline}, {count(network.size, 'parameter')}")
    item(out, "Loss", f"{setup.loss.name}: {loss_line(setup)}")
    rate = rule.learning_rate
    told = f"{rate:g}" if isinstance(rate, int | float) else str(rate)
    batch = "all rows" if setup.full_batch else count(int(setup.batch_size or setup.rows), "row")
    item(out, "Optimizer", f"{rule.kind}, learning rate {told}, {batch} a step, seed {setup.seed}")


def show_adopted(out: Screen, found: Mapping[str, Any]) -> None:
    """Show where an adopted network came from, and how good it is on the rows given."""
    item(out, "Adopted", f"from {found['source']}", *found["notes"])
    judged, rows = found["score"], count(found["rows"], "row")
    line = words(f"{judged['name']} ") + Text(score(judged["value"]), "bold green")
    item(out, "Score", line + words(f" on the {rows} given; loss {number(found['loss'], 6)}"))


def show_score(out: Screen, report: Mapping[str, Any]) -> None:
    """Show how good the run is, a baseline beside it, and where it errs."""
    found = report["score"]
    value = Text(score(found["value"]), "bold green")
    line = words(f"{found['name']} ") + value + words(f" {_judged(found)}")
    if found["value"] is None:
        line += words("; it needs two rows whose targets differ")
    item(out, "Score", line, *_beside(report))
    if "confusion" in report:
        _show_confusion(out, report["confusion"])


def _judged(found: Mapping[str, Any]) -> str:
    rows = count(found["rows"], "row")
    return {
        "test": f"on {rows} held out",
        "validation": f"on the {rows} that also chose the epoch: expect less on new rows",
        "train": f"on the {rows} of training: it says nothing about new rows",
    }[found["on"]]


def _beside(report: Mapping[str, Any]) -> list[str]:
    if "confusion" in report:
        return [f"always answering the most frequent class: {score(report['baseline'])}"]
    error, target = number(report["mean_absolute_error"]), report["table"]["target"]
    return ["always answering the mean: 0", f"mean absolute error {error}, in units of {target}"]


def _show_confusion(out: Screen, confusion: Mapping[str, Any]) -> None:
    labels, rows = [plain(word(label)) for label in confusion["labels"]], confusion["rows"]
    widths = [max(len(label), 5) + 2 for label in labels]
    if LABEL + max(len("true"), *map(len, labels)) + sum(widths) > out.width:
        _list_confusions(out, labels, rows)
        return
    cells = [
        [words(label), *(_cell(value, k == j) for j, value in enumerate(row))]
        for k, (label, row) in enumerate(zip(labels, rows, strict=True))
    ]
    item(out, "Confusion", words("rows: the truth; columns: what was predicted"))
    table(out, ("", *labels), cells, label="", right=range(1, len(labels) + 1))


def _cell(value: int, right: bool) -> Text:
    if not value:
        return Text("0", "dim")
    return Text(f"{value:,}", "green" if right else "red")


def _list_confusions(out: Screen, labels: Sequence[str], rows: Sequence[Sequence[int]]) -> None:
    """Show the most frequent confusions, where the matrix is too wide for the screen."""
    wrong = sorted(
        ((value, labels[k], labels[j]) for k, row in enumerate(rows)
         for j, value in enumerate(row) if value and j != k),
        key=lambda one: -one[0],
    )  # fmt: skip
    lines = [f"{value:,} x {true} taken for {guess}" for value, true, guess in wrong]
    more = len(lines) - MOST_CONFUSIONS
    lines = lines[:MOST_CONFUSIONS] + ([f"and {more} more kinds"] if more > 0 else [])
    item(out, "Confusion", *(lines or ["none"]))


def show_curve(out: Screen, run: Run) -> None:
    """Draw the losses of training and validation over the epochs."""
    epochs = by_epoch(run.history)
    lines = [Line("training", epochs["loss"].tolist(), "cyan", "*")]
    validation = epochs["validation_loss"].tolist()
    if any(value == value for value in validation):
        lines.append(Line("validation", validation, "yellow", "o"))
    width = min(out.width - LABEL, 90)
    picture = draw(lines, width=width, height=CURVE_HEIGHT, braille=out.unicode)
    if len(epochs["loss"]) < 2 or not picture:
        return
    gap(out)
    item(out, "Loss", Text(f"by epoch, {epochs['epoch'][0]:,} to {epochs['epoch'][-1]:,}", "dim"))
    for line in picture:
        line.rstrip()
        out.print(line, soft_wrap=True)
