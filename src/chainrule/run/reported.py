"""The form of the report that a run carries beside its record: what of it is shown, by type.

Fields that are not shown may hold anything JSON can say. Knows the names that `chainrule.tables`
writes; computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class Split(msgspec.Struct, frozen=True):
    """How many rows each part of a table has."""

    train: Count
    validation: Count
    test: Count


class Table(msgspec.Struct, frozen=True):
    """What was inferred of a table."""

    source: str
    rows: Count
    columns: Count
    target: str
    task: Literal["classification", "regression"]
    labels: list[str | int | float] | None
    kinds: dict[str, str]
    missing: dict[str, Count]
    split: Split
    notes: list[str]


class Score(msgspec.Struct, frozen=True):
    """How good the run is, and on which rows."""

    name: str
    value: float | None
    on: Literal["train", "validation", "test"]
    rows: Count


class Confusion(msgspec.Struct, frozen=True):
    """What was taken for what."""

    labels: list[str]
    rows: list[list[Count]]


class Figure(msgspec.Struct, frozen=True):
    """A score by its name."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    value: float | None


class Adopted(msgspec.Struct, frozen=True):
    """What is known of a network that was trained elsewhere."""

    score: Figure
    loss: float
    rows: Count
    notes: list[Annotated[str, msgspec.Meta(min_length=1)]]


class Report(msgspec.Struct, frozen=True):
    """All of it."""

    table: Table | None = None
    score: Score | None = None
    confusion: Confusion | None = None
    baseline: float | None = None
    mean_absolute_error: float | None = None
    adopted: Adopted | None = None


def check_report(report: Mapping[str, Any], prepared: bool) -> None:
    """Raise ValueError unless what will be shown of a report has its form.

    Examples
    --------
    >>> check_report({"baseline": "high"}, prepared=False)
    Traceback (most recent call last):
    ...
    ValueError: Expected `float | null`, got `str` - at `$.baseline` of the report
    """
    try:
        found = msgspec.convert(dict(report), Report, strict=True)
    except msgspec.ValidationError as problem:
        raise ValueError(f"{problem} of the report") from None
    if "adopted" in report and found.adopted is None:
        raise ValueError("a report on a network from elsewhere that is null")
    if "table" in report and (found.table is None or not prepared):
        raise ValueError("a report on a table without the table's preparation")
    if "score" in report:
        _check_score(report, found)


def _check_score(report: Mapping[str, Any], found: Report) -> None:
    beside = {"baseline"} if found.confusion else {"mean_absolute_error"}
    if found.score is None or found.table is None or not beside <= report.keys():
        raise ValueError("a report with half a score")
    if found.confusion is not None:
        count = len(found.confusion.labels)
        if [len(row) for row in found.confusion.rows] != [count] * count:
            raise ValueError("a report whose confusion matrix is not square")
