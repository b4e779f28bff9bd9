"""Rows and starting values of a script: as numbers to be read, packed, or drawn by their rule.

Knows setups and records; knows no formula.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data.arrays import is_stored
from chainrule.export.script.layout import commented, remarked
from chainrule.export.script.program import Program, program_of
from chainrule.export.script.values import READABLE, READABLE_START, Arrays, literal
from chainrule.train import Record
from chainrule.types import Array

MOST_NAMES = 24
"""Names are listed up to here."""
DRAWN = {
    "zeros": ("np.zeros({shape})",),
    "uniform": ("limit = 1 / np.sqrt({inputs})", "rng.uniform(-limit, limit, {shape})"),
    "normal": ("rng.normal(0, 1 / np.sqrt({inputs}), {shape})",),
    "glorot": (
        "limit = np.sqrt(6 / ({inputs} + {units}))",
        "rng.uniform(-limit, limit, {shape})",
    ),
    "he": ("rng.normal(0, np.sqrt(2 / {inputs}), {shape})",),
}
"""The rules of `nn.initializers` as code; the last line is the value."""


@dataclass(frozen=True)
class Told:
    """What people call inputs and classes.

    Attributes
    ----------
    inputs : sequence of str
        Names of the inputs; empty if they have none.
    labels : sequence
        Names of the classes, in their order; empty if they have none.
    """

    inputs: Sequence[str] = ()
    labels: Sequence[Any] = ()


@dataclass(frozen=True, eq=False)
class Data:
    """The numbers that a script begins with.

    Attributes
    ----------
    lines : list of str
        Rows, targets, weights of rows, and starting values.
    arrays : Arrays
        What is not to be read.
    """

    lines: list[str]
    arrays: Arrays


def training_data(program: Program, told: Told) -> Data:
    """Return rows and starting values of a training.

    Parameters
    ----------
    program : Program
        What is written.
    told : Told
        What inputs and classes are called.
    """
    rows = rows_of(program, full=program.setup.full_batch)
    size = sum(math.prod(array.shape) for array in rows.values())
    many = not program.setup.rows or size > READABLE
    packed = rows_of(program, full=False) if many else {}
    arrays = Arrays("rows", {**packed, **_given(program)}, beside=not program.setup.rows)
    lines = _rows(program, rows, arrays if many else None, told)
    return Data([*lines, "", *_start(program, arrays)], arrays)


def archive(record: Record) -> dict[str, Array]:
    """Return the arrays that a script may read from a file beside it."""
    program = program_of(record)
    start = program.record.snapshots[0]
    return rows_of(program, full=False) | {told: start[k] for k, told in program.called.items()}


def rows_of(program: Program, *, full: bool) -> dict[str, Array]:
    """Return the arrays of rows by variable; `full` calls those of all batches X, y, w."""
    setup, rows = program.setup, program.record.validation
    end = "" if full else "_train"
    found = {f"X{end}": setup.x, f"y{end}": setup.y}
    if setup.w is not None:
        found[f"w{end}"] = setup.w
    if rows is not None and len(rows.x):
        found |= {"X_validation": rows.x, "y_validation": rows.y}
        if rows.w is not None:
            found["w_validation"] = rows.w
    return {name: a[:] if is_stored(a) else a for name, a in found.items()}


def _rows(
    program: Program, rows: Mapping[str, Array], arrays: Arrays | None, names: Told
) -> list[str]:
    """Return the lines of the rows: as numbers, or from the archive if there is one."""
    told = _told(program, names)
    if arrays is not None:
        return arrays.take(dict(zip(rows, rows_of(program, full=False), strict=True)), told)
    return [*commented(told), *(line for k, array in rows.items() for line in literal(k, array))]


def _told(program: Program, names: Told) -> str:
    """Return what the rows are, in words."""
    setup = program.setup
    count = f"{setup.rows} examples" if setup.rows else "examples"
    inputs = f"{setup.network.inputs} input{'s' if setup.network.inputs > 1 else ''}"
    many = "the number of its class" if program.parts.classes else "what the network should say"
    labels = f" ({_some([f'{k} {x}' for k, x in enumerate(names.labels)])})" if names.labels else ""
    listed = f" ({_some(names.inputs)})" if names.inputs else ""
    return f"The rows: {count} of {inputs}{listed}, and for each {many}{labels}"


def _some(names: Sequence[str]) -> str:
    """Return the first of some names, as one line of text."""
    listed = ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")
    return " ".join(listed.split())


def _drawn(program: Program) -> dict[str, Array]:
    """Return the parameters that begin as their rules and the seed say; {} if that is not known."""
    specs, setup = program.setup.network.specs, program.setup
    if any(spec.initializer not in DRAWN for spec in specs.values()):
        return {}
    drawn, start = setup.initial_state({}), program.record.snapshots[0]
    return {name: start[name] for name in start if np.array_equal(drawn[name], start[name])}


def _given(program: Program) -> dict[str, Array]:
    """Return the starting values that are too many to be read, and that no rule draws."""
    start = program.record.snapshots[0]
    if sum(start[name].size for name in program.called) <= READABLE_START:
        return {}
    drawn = _drawn(program)
    return {told: start[name] for name, told in program.called.items() if name not in drawn}


def _start(program: Program, arrays: Arrays) -> list[str]:
    """Return the lines of the starting values."""
    start = program.record.snapshots[0]
    if sum(start[name].size for name in program.called) <= READABLE_START:
        lines = commented("Starting values: a column of W for each unit, the inputs down the rows")
        return lines + [x for k, v in program.called.items() for x in literal(v, start[k])]
    given = _given(program)
    lines = _drawing(program) if len(given) < len(program.called) else []
    return lines + (arrays.take({name: name for name in given}, "Starting values") if given else [])


def _drawing(program: Program) -> list[str]:
    """Return the lines that draw the starting values."""
    setup = program.setup
    lines = commented("Starting values, drawn from the seed")
    lines.append(f"rng = np.random.default_rng(np.random.SeedSequence([{setup.seed}, 0]))")
    for name, spec in setup.network.specs.items():
        shape = str(spec.shape[0]) if len(spec.shape) == 1 else str(spec.shape)
        *before, value = DRAWN[spec.initializer]
        told = {"shape": shape, "inputs": spec.shape[0], "units": spec.shape[-1]}
        ending = f".astype(np.{setup.dtype.name})" if setup.dtype != np.float64 else ""
        lines += [line.format(**told) for line in before]
        lines.append(f"{program.called[name]} = {value.format(**told)}{ending}")
    return [*lines, *_same_draws(program)]


def _same_draws(program: Program) -> list[str]:
    """Return the line that notices a NumPy whose generator draws other numbers."""
    drawn = _drawn(program)
    for name, variable in program.called.items():
        if name not in drawn:
            continue
        first = tuple(0 for _ in drawn[name].shape)
        if drawn[name][first]:
            place, number = ", ".join(map(str, first)), drawn[name][first]
            test = f"assert {variable}[{place}] == {number.item()!r}"
            return remarked(test, "else this NumPy draws other numbers", depth=0)
    return []
