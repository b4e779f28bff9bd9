"""Fitting: a preparation from what one pass over a table told.

Knows surveys and transforms; reads nothing. The rules and the words are those of `data.fitting`
and `data.tasks`, which have the rows at hand.
"""

from __future__ import annotations

from typing import Literal

from chainrule.data.columns import counted, some
from chainrule.data.fitting import (
    Choices,
    LeftOut,
    gap_refusal,
    no_inputs,
    reason_to_leave_out,
)
from chainrule.data.formats import Reading
from chainrule.data.preparation import Preparation
from chainrule.data.stream.division import NONE, TRAIN
from chainrule.data.stream.survey import Survey
from chainrule.data.stream.surveyed import Surveyed
from chainrule.data.tasks import KINDS, classes_from, rule_for_numbers
from chainrule.data.transforms import Classes, Flag, OneHot, Standardize
from chainrule.data.typed import number_text
from chainrule.errors import DataError, SpecError

Settled = Literal["classification", "regression"]


def fit_survey(
    survey: Survey, choices: Choices, reading: Reading, missing_target: str
) -> tuple[Preparation, str]:
    """Return the preparation of a table, and the rule that decided the task.

    Parameters
    ----------
    survey : Survey
        What is known of the table.
    choices : Choices
        What the user decided.
    reading : Reading
        How the table is read.
    missing_target : {"error", "drop"}
        Whether rows without a target are refused.
    """
    source, target = survey.files.source, survey.column(survey.target)
    _check_target(survey, target, missing_target)
    task, why = _decide(survey, target, choices)
    transforms: list[Standardize | OneHot | Flag] = []
    left_out: list[LeftOut] = []
    for column in survey.columns:
        if column.name == survey.target:
            continue
        if reason := _reason(column, choices):
            left_out.append(LeftOut(column.name, reason))
        else:
            transforms.append(_transform(source, column, choices))
    if not transforms:
        raise DataError(no_inputs(source, survey.target, left_out))
    preparation = Preparation(
        target=survey.target,
        task=task,
        transforms=tuple(transforms),
        output=_output(source, target, task, int(survey.parts[TRAIN]), choices),
        left_out=tuple(left_out),
        missing="error" if choices.missing == "error" else "impute",
        reading=reading,
        notes=(f"{task}: {why}", *_notes(survey, target, transforms, left_out)),
    )
    return preparation, why


def _check_target(survey: Survey, column: Surveyed, missing_target: str) -> None:
    if missing_target not in ("error", "drop"):
        raise SpecError(f"missing_target must be 'error' or 'drop', got {missing_target!r}.")
    source, name = survey.files.source, column.name
    if column.doubt:
        raise DataError(f"{source}: {column.doubt}")
    without = int(survey.parts[NONE])
    if without == survey.rows:
        raise DataError(f"{source}: target {name!r} has no value at all; nothing to learn.")
    if without and missing_target == "error":
        raise DataError(
            f"{source}: target {name!r} is missing in {survey.no_target}"
            f" ({without} of {survey.rows} rows).\n"
            "  Fill the cells in; or say missing_target='drop' (--missing-target drop) "
            "to leave these rows out."
        )


def _decide(survey: Survey, column: Surveyed, choices: Choices) -> tuple[Settled, str]:
    """Return the task, and why."""
    task, declared = choices.task, column.name in choices.categorical
    source, rows = survey.files.source, survey.rows - int(survey.parts[NONE])
    if task not in ("auto", "classification", "regression"):
        raise SpecError(f"task must be auto, classification or regression, got {task!r}.")
    if task == "regression":
        if declared:
            raise SpecError(
                f"target {column.name!r} is declared categorical, but task is regression."
            )
        _check_numbers(source, column)
        return "regression", "as asked"
    if column.kind != "number":
        return "classification", f"the target holds {KINDS.get(column.kind, column.kind)}"
    assert column.seen is not None, "the values of a target are counted"
    if task == "classification":
        _check_whole(source, column)
        return "classification", "as asked"
    return rule_for_numbers(column.whole, len(column.seen.counts), rows)


def _check_numbers(source: str, column: Surveyed) -> None:
    if column.kind == "number":
        return
    first = ""
    if column.counted is not None and column.counted.counts:
        text, word = next(iter(column.counted.counts.items()))
        first = f" {text!r} in {word.place}"
    raise DataError(
        f"{source}: a regression needs numbers, but target {column.name!r} has{first or ' texts'}."
        "\n  Say task='classification' (--task classification), or choose another target."
    )


def _check_whole(source: str, column: Surveyed) -> None:
    if column.fraction:
        raise DataError(
            f"{source}: classification was asked for, but target {column.name!r} has "
            f"{column.fraction}, a number with a fraction.\n"
            f"  Say task='regression' (--task regression); or categorical=[{column.name!r}] "
            f"(--categorical {column.name}) if these numbers are labels."
        )
    if column.seen is not None and column.seen.overflowed:
        raise DataError(
            f"{source}: target {column.name!r} has more than {len(column.seen.counts):,} different "
            "numbers, too many for classes.\n  Say task='regression' (--task regression)."
        )


def _reason(column: Surveyed, choices: Choices) -> str:
    """Return why a column is no input; "" if it is one."""
    counts = column.counted
    declared = {*choices.drop, *choices.text, *choices.categorical}
    if counts is not None and counts.overflowed and column.name not in declared:
        if column.doubt or column.kind == "date":
            return reason_to_leave_out(column, choices)
        return f"more than {counted(100_000, 'different text')} in {counts.present} cells"
    return reason_to_leave_out(column, choices)


def _transform(source: str, column: Surveyed, choices: Choices) -> Standardize | OneHot | Flag:
    if column.doubt:
        raise DataError(f"{source}: {column.doubt}")
    if column.gap and _refuses_gaps(column, choices):
        raise DataError(gap_refusal(source, column.name, column.gap))
    declared = column.name in choices.categorical
    if declared or column.kind in ("category", "text", "date"):
        return _one_hot(source, column, choices)
    if column.kind == "boolean":
        return _flag(column)
    assert column.moments is not None, "a column of numbers has moments"
    return column.moments.transform(column.name, scale=choices.scale)


def _refuses_gaps(column: Surveyed, choices: Choices) -> bool:
    return choices.missing == "error" or (choices.missing is None and column.nans > 0)


def _one_hot(source: str, column: Surveyed, choices: Choices) -> OneHot:
    found = column.counted
    assert found is not None, "a category is a column of words"
    if found.overflowed:
        raise DataError(
            f"{source}: column {column.name!r} is declared categorical, but has more than "
            f"{counted(100_000, 'different text')}.\n  Leave it out: --drop {column.name} (drop=)."
        )
    counts = {word: found.counts[word].trained for word in sorted(found.counts)}
    seen = tuple(word for word, count in counts.items() if count)
    fill = max(counts, key=counts.__getitem__) if seen else ""
    return OneHot(column.name, seen, fill, found.gaps > 0, choices.unseen)


def _flag(column: Surveyed) -> Flag:
    found = column.counted
    assert found is not None, "a boolean is a column of words"
    true = sum(one.trained for word, one in found.counts.items() if word.casefold() == "true")
    present = sum(one.trained for one in found.counts.values())
    return Flag(column.name, 2 * true > present, found.gaps > 0)


def _output(
    source: str, column: Surveyed, task: Settled, rows: int, choices: Choices
) -> Classes | Standardize:
    if task == "regression":
        assert column.moments is not None, "a regression has a target of numbers"
        return column.moments.transform(column.name, scale=choices.scale)
    if column.kind == "number":
        assert column.seen is not None, "the values of a target are counted"
        used = [number_text(v) for v in sorted(column.seen.counts) if column.seen.counts[v][1]]
        return classes_from(source, column.name, column.kind, used, rows)
    assert column.counted is not None, "a target of words has counts"
    counts = column.counted.counts
    if column.counted.overflowed:
        raise DataError(
            f"{source}: target {column.name!r} has more than {counted(100_000, 'different text')}, "
            "too many for classes.\n  Choose another target."
        )
    words = [word for word in sorted(counts) if counts[word].trained]
    return classes_from(source, column.name, column.kind, words, rows)


def _notes(
    survey: Survey,
    target: Surveyed,
    transforms: list[Standardize | OneHot | Flag],
    left_out: list[LeftOut],
) -> tuple[str, ...]:
    inputs = [survey.column(transform.name) for transform in transforms]
    names = {column.name for column in inputs}
    groups = [[n for n in group if n in names or n == target.name] for group in survey.twins]
    copies: dict[str, str] = {}
    leaks: list[str] = []
    for group in groups:
        first, *others = [name for name in group if name in names] or [""]
        copies |= {name: f"{name} of {first}" for name in others}
        if target.name in group:
            leaks += [name for name in group if name in names]
    train = int(survey.parts[TRAIN])
    gaps = [f"{c.name} ({c.missing + c.nans})" for c in inputs if c.missing or c.nans]
    found = [
        ("left out", [f"{item.name} ({item.reason})" for item in left_out]),
        ("missing cells filled in", gaps),
        ("constant in the training rows", [c.name for c in inputs if _is_constant(c, train)]),
        ("constant target", [target.name] if _is_constant(target, train) else []),
        ("copies of another column", [copies[c.name] for c in inputs if c.name in copies]),
        (f"the target {target.name} itself, under another name", sorted(leaks)),
        ("may be row numbers or ids; drop=[...] (--drop) leaves them out", _ids(inputs)),
    ]
    return tuple(f"{fact}: {some(items)}" for fact, items in found if items)


def _is_constant(column: Surveyed, rows: int) -> bool:
    if rows < 2:
        return False
    if column.moments is not None and column.kind == "number":
        return column.moments.is_constant
    found = column.counted
    return found is not None and sum(one.trained > 0 for one in found.counts.values()) < 2


def _ids(columns: list[Surveyed]) -> list[str]:
    return [
        column.name
        for column in columns
        if column.kind == "number" and column.whole and column.rows >= 20
        if not (column.missing or column.nans or column.doubt) and column.is_range
    ]
