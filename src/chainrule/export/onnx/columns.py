"""A table's columns as inputs of an ONNX model, and its preparation as nodes.

Numbers and booleans are float64 tensors (rows, 1), NaN where a cell is missing; categories are
tensors of texts, empty where one is missing. What `predict` refuses is refused. Knows preparations
and nodes; knows no network.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data import Preparation
from chainrule.data.transforms import Flag, OneHot, Standardize
from chainrule.export.onnx.writer import DOUBLE, TABLES, TEXT, WHOLE, Value, Writer
from chainrule.types import DType

Transform = Standardize | OneHot | Flag

MOST_SHOWN = 20
"""Categories that an input's description names."""


def dtype_of(transform: Transform) -> DType:
    """Return the dtype of a column's input: object for texts."""
    return TEXT if isinstance(transform, OneHot) else DOUBLE


def explain(transform: Transform, preparation: Preparation) -> str:
    """Return what an input takes, in words."""
    if isinstance(transform, OneHot):
        words = [word for word in _gap_words(preparation) if word not in transform.categories]
        gap = " or ".join(json.dumps(word, ensure_ascii=False) for word in words)
        what, fill = _known_texts(transform), transform.fill
    elif isinstance(transform, Flag):
        what, gap, fill = "1 for true, 0 for false.", "NaN", str(transform.fill).lower()
    else:
        what, gap, fill = "A number.", "NaN", f"{transform.mean:.6g}"
    if not gap:
        return what
    if preparation.missing == "error":
        return f"{what} {gap}, a missing cell, is refused."
    if isinstance(transform, OneHot) and transform.indicator:
        return f"{what} {gap} is a missing cell, a category of its own."
    return f"{what} {gap} is a missing cell: {'marked, ' * transform.indicator}it counts as {fill}."


def _gap_words(preparation: Preparation) -> tuple[str, ...]:
    """Return the texts that stand for a missing cell, as in a file."""
    return ("", *preparation.reading.missing)


def _known_texts(transform: OneHot) -> str:
    """Return what a column of categories takes, in words."""
    count = len(transform.categories)
    some = json.dumps(transform.categories[:MOST_SHOWN], ensure_ascii=False)
    known = some if count <= MOST_SHOWN else f"{count} texts, {some[:-1]} ...]"
    new = "refused" if transform.unseen == "error" else "none of these"
    numbers = any(_is_number(category) for category in transform.categories)
    hint = " Whole numbers stand without a point." if numbers else ""
    return f"One of {known}; any other is {new}.{hint}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def write_columns(
    writer: Writer, preparation: Preparation, columns: Sequence[Value], dtype: DType
) -> Value:
    """Write the preparation of a table's columns and return the features (rows, features)."""
    parts = []
    for transform, column in zip(preparation.transforms, columns, strict=True):
        with writer.scope(transform.name):
            parts += _features(writer, preparation, transform, column, dtype)
    if len(parts) == 1:
        return writer.label(parts[0], "x")
    return writer.label(parts[0].op("Concat", *parts[1:], axis=1), "x")


def _features(
    writer: Writer, preparation: Preparation, transform: Transform, column: Value, dtype: DType
) -> list[Value]:
    """Return the features of one column, each (rows, some)."""
    if isinstance(transform, OneHot):
        return [_one_hot(writer, preparation, transform, column).cast(dtype)]
    gap = column.is_nan()
    if preparation.missing == "error":
        column = column.refused_unless(~gap, "refused: a missing cell")
    if isinstance(transform, Flag):
        feature = _flag(transform, column, gap).cast(dtype)
    else:
        feature = _standardized(transform, column, gap).cast(dtype)
        feature = feature.refused_unless_finite(
            "refused: a number too far from the training rows, or infinite"
        )
    return [feature, gap.cast(dtype)] if transform.indicator else [feature]


def _standardized(transform: Standardize, column: Value, gap: Value) -> Value:
    """Return numbers in units of the training rows' standard deviation."""
    units = column
    for power in _powers(-transform.exponent):
        units = units * power
    scaled = (units - transform.center) / transform.spread
    fill = (transform.fill - transform.center) / transform.spread
    return gap.choose(fill, scaled)


def _powers(exponent: int) -> list[float]:
    """Return powers of two whose product is two to the exponent; as many as floats can hold."""
    if exponent == 0:
        return []
    if exponent < 1000:
        return [2.0**exponent]
    return [2.0**1000, 2.0 ** (exponent - 1000)]


def _flag(transform: Flag, column: Value, gap: Value) -> Value:
    """Return 0 or 1; other numbers are refused."""
    truth = column.same(1.0)
    column = column.refused_unless(
        truth | column.same(0.0) | gap, "refused: neither 1 (true) nor 0 (false)"
    )
    return gap.choose(float(transform.fill), column)


def _one_hot(writer: Writer, preparation: Preparation, transform: OneHot, column: Value) -> Value:
    """Return whether the cell is of each category: (rows, categories), truths."""
    count = len(transform.categories)
    features = len(transform.features)
    place = {category: number for number, category in enumerate(transform.categories)}
    gap = count if transform.indicator else place.get(transform.fill, features)
    unseen, refused = features, features + 1  # beyond the features: all of them are 0
    if transform.unseen == "error":
        unseen = refused
    if preparation.missing == "error":
        gap = refused
    for word in _gap_words(preparation):
        place.setdefault(word, gap)
    code = writer.node(
        "LabelEncoder",
        [column],
        WHOLE,
        domain=TABLES,
        keys_strings=list(place),
        values_int64s=list(place.values()),
        default_int64=unseen,
    )
    if refused in (unseen, gap):
        code = code.refused_unless(code < refused, _why(transform, preparation))
    return code.same(writer.constant(np.arange(features, dtype=WHOLE).reshape(1, -1)))


def _why(transform: OneHot, preparation: Preparation) -> str:
    """Return what is refused of a column of categories, as far as anything is."""
    reasons = ["a category that no training row has"] if transform.unseen == "error" else []
    reasons += ["a missing cell"] if preparation.missing == "error" else []
    return f"refused: {', or '.join(reasons)}"


def words_of(preparation: Preparation) -> dict[str, Any]:
    """Return what a reader of the model may want to know of the preparation, as plain data."""
    return {
        "target": preparation.target,
        "task": preparation.task,
        "features": list(preparation.feature_names),
        "missing": preparation.missing,
    }
