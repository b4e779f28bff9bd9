"""The names of a run folder; the only ones a run may list.

Knows names; opens nothing.
"""

from __future__ import annotations

import re

RECORD = "run.json"
WEIGHTS = "model.safetensors"
HISTORY = "history.parquet"
LINES = "history.jsonl"
"""The history again, as lines for people and scripts; made from the columns, never read here."""
ROWS = "rows.safetensors"
REPORT = "report.html"
CHECKPOINTS = "checkpoints"
STAGING = ".next"
"""Folder inside a run where its next state is put together, see publish.py."""
OWNER = ".owner"
"""File inside a run that says which process is training in it, see ownership.py."""

_CHECKPOINT = re.compile(r"checkpoints/step-([0-9]{10,19})\.safetensors", re.ASCII)


def checkpoint_name(step: int) -> str:
    """Name of the checkpoint of the state before update `step`."""
    return f"{CHECKPOINTS}/step-{step:010d}.safetensors"


def step_of(name: str) -> int | None:
    """Return the step of a checkpoint's name; None where it is not such a name."""
    found = _CHECKPOINT.fullmatch(name)
    step = int(found[1]) if found else None
    return step if step is not None and checkpoint_name(step) == name else None


def place_of(name: str) -> tuple[int, int]:
    """Return where a name stands in the record, so that equal runs have equal records.

    Examples
    --------
    >>> sorted([ROWS, checkpoint_name(9), WEIGHTS, checkpoint_name(0)], key=place_of)[0]
    'model.safetensors'
    """
    step = step_of(name)
    order = (WEIGHTS, HISTORY, LINES, CHECKPOINTS, REPORT, ROWS)
    return (order.index(name), 0) if step is None else (order.index(CHECKPOINTS), step)


def is_ours(name: str) -> bool:
    """Say whether a run's record may list a file of this name."""
    return name in (WEIGHTS, HISTORY, LINES, ROWS, REPORT) or step_of(name) is not None
