"""Adopted runs: rows in the terms of the network's first owner, and a line on where it came from.

A run made from a table takes a bare array for rows that are prepared already. An adopted network
is asked as it was asked where it was trained: in plain rows, whether they have names or not.
Knows reports and preparations; computes nothing of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.data.arrays import check_inputs
from chainrule.errors import ShapeError


def in_columns(preparation: Any, report: Mapping[str, Any], X: Any) -> Any:
    """Return an adopted run's rows as columns by name; rows of any other run as they are."""
    if preparation is None or "adopted" not in report:
        return X
    if not isinstance(X, np.ndarray | list | tuple):
        return X
    plain, names = check_inputs(X, dtype="float64"), preparation.input_names
    if plain.shape[1] != len(names):
        raise ShapeError(
            f"the network takes {len(names)} inputs, got {plain.shape[1]} (X has shape "
            f"{plain.shape}).\n  Give the columns that it was trained on, in their order."
        )
    return dict(zip(names, plain.T, strict=True))


def in_its_terms(preparation: Any, report: Mapping[str, Any], X: Any, y: Any) -> tuple[Any, Any]:
    """Return inputs and targets as an adopted network takes them; of any other run as they are."""
    if preparation is None or "adopted" not in report:
        return X, y
    table = preparation.read(in_columns(preparation, report, X))
    x = preparation.inputs(table, extra="ignore")
    if preparation.labels is None or np.ndim(y) != 1:
        return x, y
    own = {preparation.target: y, **dict(zip(preparation.input_names, x.T, strict=True))}
    return x, preparation.targets(preparation.read(own))


def adopted_lines(report: Mapping[str, Any]) -> list[str]:
    """Return where an adopted network came from, as lines of a summary."""
    if "adopted" not in report:
        return []
    found = report["adopted"]
    return [f"adopted    {found['source']}", *(f"           {note}" for note in found["notes"])]
