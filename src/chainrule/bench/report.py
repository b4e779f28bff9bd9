"""Reports: what was measured, as a table of plain text and as plain data.

Knows results; measures nothing and prints nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chainrule.bench.machine import Machine
from chainrule.bench.measure import Measured, Ratio, Result
from chainrule.errors import FileRefused

HEADER = ("engine", "best us", "median us", "ready s", "x ours", "quartiles", "losses", "")
LOST, LEVEL = "ours is slower", "level"
EXPLAINED = """\
Times are of one step; "x ours" is the median over rounds of its time over ours, so below 1 ours is
slower. "ready s" is what passes before the first step is done; "losses" is the largest relative
difference of its first losses from the interpreter's."""


def verdict(ratio: Ratio) -> str:
    """Return what a ratio of a time over ours says: lost, level, or nothing if ours is faster.

    Examples
    --------
    >>> verdict(Ratio(0.5, 0.4, 0.6)), verdict(Ratio(1.0, 0.9, 1.1)), verdict(Ratio(3, 2, 4))
    ('ours is slower', 'level', '')
    """
    if ratio.low <= 1 <= ratio.high:
        return LEVEL
    return LOST if ratio.median < 1 else ""


def figure(value: float) -> str:
    """Return a time or a ratio with three digits that count, or more before the point.

    Examples
    --------
    >>> figure(0.081234), figure(36.54), figure(36402.4)
    ('0.0812', '36.5', '36402')
    """
    if value >= 100:
        return f"{value:.0f}"
    for digits, least in enumerate((10, 1, 0.1, 0.01), 1):
        if value >= least:
            return f"{value:.{digits}f}"
    return f"{value:.2g}"


def result_text(result: Result) -> str:
    """Return the table of a workload, the fastest engine first, with its notes."""
    found = sorted(result.measured, key=lambda one: one.median)
    lines = [f"{result.workload}  {result.title}", *_aligned([HEADER, *_rows(result, found)])]
    lines += [f"  {one.name}: another training; {one.strays}" for one in found if one.strays]
    lines += [f"  not measured: {name} ({why})" for name, why in result.absent.items()]
    return "\n".join(lines) + "\n"


def _rows(result: Result, found: Sequence[Measured]) -> list[tuple[str, ...]]:
    return [_row(one, result.ratio(one), one is result.ours) for one in found]


def _row(one: Measured, ratio: Ratio | None, is_ours: bool) -> tuple[str, ...]:
    times = (figure(one.best), figure(one.median), f"{one.ready:.2f}")
    losses = "-" if one.strays else f"{one.difference:.0e}" if one.difference else "same"
    if ratio is None:
        return (one.name, *times, "-", "", losses, "")
    if is_ours:
        return (one.name, *times, "1", "", losses, "ours")
    quartiles = f"{figure(ratio.low)} to {figure(ratio.high)}"
    said = "" if one.ours else verdict(ratio)
    return (one.name, *times, figure(ratio.median), quartiles, losses, said)


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows as lines: the first and the last column to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        first, *figures, last = row
        cells = [f.rjust(w) for f, w in zip(figures, widths[1:-1], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells, last]).rstrip())
    return lines


def closing_text(machine: Machine, threads: int) -> str:
    """Return what a reader needs to know beside the tables: the machine, and what columns mean."""
    clock = "CPU time of one thread" if threads == 1 else f"time of the clock, {threads} threads"
    loads = ", ".join(map(str, machine.load)) or "not known"
    told = ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    return (
        f"{machine.processor}, {machine.cores} cores, {machine.system}; load {loads}; {clock}\n"
        f"{told}\n\n{EXPLAINED}\n"
    )


def table_text(results: Sequence[Result], machine: Machine, threads: int = 1) -> str:
    """Return everything as text: a table a workload, the machine, what the columns mean."""
    return "\n".join([*map(result_text, results), closing_text(machine, threads)])


def as_json(results: Sequence[Result], machine: Machine, threads: int = 1) -> dict[str, Any]:
    """Return everything as plain data, the text among it."""
    return {
        "command": "bench",
        "threads": threads,
        "clock": "cpu" if threads == 1 else "wall",
        "machine": machine.to_dict(),
        "workloads": [_result_json(one) for one in results],
        "table": table_text(results, machine, threads).splitlines(),
    }


def _result_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.workload,
        "title": result.title,
        "ours": None if result.ours is None else result.ours.key,
        "load": list(result.load),
        "engines": [_measured_json(one, result.ratio(one)) for one in result.measured],
        "absent": result.absent,
    }


def _measured_json(one: Measured, ratio: Ratio | None) -> dict[str, Any]:
    return {
        "engine": one.key,
        "name": one.name,
        "ours": one.ours,
        "best_us": one.best,
        "median_us": one.median,
        "ready_s": one.ready,
        "steps": one.steps,
        "cpu_us": one.cpu,
        "wall_us": one.wall,
        "difference": one.difference if one.difference == one.difference else None,
        "strays": one.strays,
        "over_ours": None if ratio is None else vars(ratio),
        "verdict": "" if ratio is None or one.ours else verdict(ratio),
    }


def check_place(path: str) -> None:
    """Raise unless a report can be written there; before any time is spent on measuring.

    Raises
    ------
    FileRefused
        If its folder is missing, or it is a folder itself.
    """
    place = Path(path)
    if place.is_dir() or not place.parent.is_dir():
        raise FileRefused(
            f"the report cannot be written to {path}: "
            f"{'that is a folder' if place.is_dir() else f'there is no folder {place.parent}'}.\n"
            "  Name a file in a folder that is there."
        )


def write_json(path: str, plain: dict[str, Any]) -> None:
    """Write a report as JSON.

    Raises
    ------
    FileRefused
        If the system does not let it.
    """
    try:
        Path(path).write_text(json.dumps(plain, indent=1, allow_nan=False) + "\n", "utf-8")
    except OSError as error:
        raise FileRefused(
            f"the report cannot be written to {path}: {error.strerror or error}."
        ) from error
