"""Hand-ins from files: npz, json and csv, read as they are written, digits included.

Knows the three forms and their mishaps; judges nothing.
"""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import DataError, shown

NAME = re.compile(
    r"""\s*["']?\s*(?P<name>[A-Za-z_][\w/]*(?:[ ][A-Za-z_][\w/]*)*(?:\[[^\]]+\])?)"""
    r"""\s*["']?\s*(?=[,;\t=:\s]|$)"""
)
HEADS = ("name", "entry", "parameter", "weight")
"""First words of a header line, which holds no numbers."""

LARGEST = 1 << 28
"""Bytes of a hand-in at most."""


def read_file(path: str) -> Any:
    """Return what a file hands in: a mapping of names to numbers, or one number.

    Parameters
    ----------
    path : str
        ``.npz`` with an array for each name; ``.json`` with an object of nested lists, or a
        number; ``.csv`` with lines ``W1[0,2],-0.0101``, or a name on a line of its own and the rows
        of its matrix below.

    Raises
    ------
    DataError
        If it is missing, or cannot be read so.
    """
    readers: dict[str, Callable[[Path], Any]] = {
        ".npz": _npz, ".json": _json, ".csv": _csv, ".txt": _csv, ".tsv": _csv,
    }  # fmt: skip
    place = Path(path)
    reader = readers.get(place.suffix.lower())
    if reader is None:
        raise DataError(
            f"{path} was handed in; a hand-in is a .npz, .json or .csv file, or a Python function "
            "(--function solution.py:gradients)."
        )
    try:
        if place.stat().st_size > LARGEST:
            raise DataError(f"{path} is larger than {LARGEST >> 20} MiB; no hand-in is.")
        return reader(place)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def _npz(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it holds one array without a name")
            return {name: archive[name] for name in archive.files}
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} is not a readable .npz file: {error}.\n"
            "  Write it with np.savez(path, W1=dW1, b1=db1)."
        ) from None


def _json(path: Path) -> Any:
    """Read JSON; numbers stay text, so that no trailing zero is lost."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = json.loads(
            text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not valid JSON: {error}.") from None
    if isinstance(found, (dict, str)):
        return found
    raise DataError(
        f"{path} holds a {type(found).__name__}; a hand-in is an object such as "
        '{"W1": [[0.1, 0.2]]}, or a number.'
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {shown(twice)} stands there twice")
    return found


def _csv(path: Path) -> Any:
    """Read lines of a name and its numbers, or a name and the rows of its matrix below."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text in UTF-8: {error}.") from None
    found: dict[str, list[list[str]]] = {}
    current = None
    for number, line in enumerate(lines, 1):
        if not line.strip(" ,;\t"):
            continue
        named = NAME.match(line)
        rest = line
        if named and not _is_number(named["name"]):
            if named["name"].lower().split()[0] in HEADS:
                continue
            current, rest = named["name"], line[named.end() :]
            if current in found:
                raise DataError(f"{path}, line {number}: {current} stands there twice.")
            found[current] = []
        if current is None:
            return _bare(path, number, lines)
        cells = _cells(rest, line)
        _check_cells(path, number, line, cells)
        if cells:
            found[current].append(cells)
    return {name: _block(path, name, rows) for name, rows in found.items()}


def _bare(path: Path, number: int, lines: list[str]) -> str:
    """Return the single number of a file that names nothing: the loss."""
    left = [line.strip() for line in lines if line.strip()]
    if len(left) == 1 and _is_number(left[0]):
        return left[0]
    raise DataError(
        f"{path}, line {number}: {shown(lines[number - 1])} belongs to no parameter.\n"
        "  Begin with a name: W1[0,2],-0.0101, or W1 on a line of its own and its rows below."
    )


def _cells(rest: str, line: str) -> list[str]:
    """Return the numbers of a line, after its name if it has one."""
    mark = next((m for m in (";", "\t", ",") if m in rest), None)
    rest = rest.lstrip(" ,;\t=:") if rest != line else rest
    if mark is None:
        return rest.split()
    return [cell.strip() for cell in next(csv.reader([rest], delimiter=mark)) if cell.strip()]


def _check_cells(path: Path, number: int, line: str, cells: list[str]) -> None:
    bad = next((cell for cell in cells if not _is_number(cell)), None)
    if bad is not None:
        hint = "; write decimals with a point" if _is_number(bad.replace(",", ".")) else ""
        raise DataError(f"{path}, line {number}: {shown(bad)} is no number{hint}: {shown(line)}.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _block(path: Path, name: str, rows: list[list[str]]) -> Any:
    if not rows:
        raise DataError(f"{path}: {name} has no numbers.")
    if len({len(row) for row in rows}) > 1:
        lengths = ", ".join(str(len(row)) for row in rows)
        raise DataError(f"{path}: the rows of {name} have different lengths ({lengths}).")
    if len(rows) == 1:
        return rows[0][0] if len(rows[0]) == 1 else rows[0]
    return rows
