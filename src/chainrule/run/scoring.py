"""Scoring: how good a run made from a table is, on rows that it has not seen.

Knows runs and metrics; knows nothing of how the table was read or the network trained.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.data.arrays import is_stored
from chainrule.executors.threads import one_thread
from chainrule.run.facade import Run
from chainrule.run.held import table_of
from chainrule.train import Validation
from chainrule.train.judging import class_counts, verdict
from chainrule.train.metrics import (
    accuracy,
    classes_of,
    confusion_matrix,
    mean_absolute_error,
    r2,
    true_classes,
)
from chainrule.types import Array


def scored(run: Run) -> Run:
    """Return the run with scores in its report, if it was made from a table; else as it is.

    A branch has none: rows or loss may be others than its table's.
    """
    of_table = run.preparation is not None and "table" in run.report
    if not of_table or run.record.origin is not None:
        return run
    return replace(run, report={**table_of(run.report), **_scores(run)})


def _scores(run: Run) -> dict[str, Any]:
    """Return scores on rows that training did not see, as plain data."""
    report: dict[str, Any] = {}
    setup = run.record.setup
    judged, rows = _judged(run)
    if is_stored(rows.x):
        return _scores_on_disk(run, judged, rows)
    out = run.predict(rows.x)
    if run.preparation.labels is not None:
        labels = [str(label) for label in run.preparation.labels]
        truth = true_classes(rows.y)
        table = confusion_matrix(truth, classes_of(out), len(labels))
        report["confusion"] = {"labels": labels, "rows": table.tolist()}
        counts = np.bincount(true_classes(setup.y), minlength=len(labels))
        report["baseline"] = _number(np.mean(truth == int(np.argmax(counts))))
        name, value = "accuracy", accuracy(rows.y, out)
    else:
        real, guess = _unscaled(run, rows.y), _unscaled(run, out)
        name, value = "R2", r2(real, guess)
        report["mean_absolute_error"] = _number(mean_absolute_error(real, guess))
        report["baseline"] = 0.0
    report["score"] = {"name": name, "value": _number(value), "on": judged, "rows": len(rows.x)}
    return report


def _scores_on_disk(run: Run, judged: str, rows: Validation) -> dict[str, Any]:
    """Return the same for rows that are read and judged piece by piece."""
    labels = run.preparation.labels
    setup, many = run.record.setup, 0 if labels is None else len(labels)
    with one_thread():
        found = verdict(setup, run.record.best, rows.x, rows.y, classes=many)
    report: dict[str, Any] = {}
    if labels is None:
        size = run.preparation.output.size
        report = {"mean_absolute_error": _number(found.absolute * size), "baseline": 0.0}
    elif found.confusion is not None:
        report["confusion"] = {"labels": list(map(str, labels)), "rows": found.confusion.tolist()}
        usual = int(np.argmax(class_counts(setup.y, many)))
        report["baseline"] = _number(found.confusion[usual].sum() / len(rows.x))
    name, value = found.score.name, found.score.value
    if found.confusion is not None:
        name, value = "accuracy", float(np.trace(found.confusion)) / len(rows.x)
    report["score"] = {"name": name, "value": _number(value), "on": judged, "rows": len(rows.x)}
    return report


def _judged(run: Run) -> tuple[str, Validation]:
    """Return the rows for the score: held out, else validation, else training; and which."""
    record = run.record
    if record.held_out is not None:
        return "test", record.held_out
    if record.validation is not None:
        return "validation", record.validation
    return "train", Validation(record.setup.x, record.setup.y)


def _unscaled(run: Run, values: Array) -> Array:
    return np.asarray(run.preparation.decode(values)).reshape(-1, 1)


def _number(value: Any) -> float | None:
    """Return a number for the report, None where it is undefined."""
    return float(value) if np.isfinite(value) else None
