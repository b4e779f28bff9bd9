"""Hand-ins from files: npz, json and csv, read as they are written, digits included.

Knows the three forms and their mishaps; judges nothing.
"""

from __future__ import annotations

import csv
import json
import os
import re
import zipfile
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from chainrule.data.formats.npy import checked_array
from chainrule.data.formats.npz import ZIP_DAMAGES
from chainrule.errors import DataError, FileRefused, shown
from chainrule.files import open_regular

NAME = re.compile(
    r"""\s*["']?\s*(?P<name>[A-Za-z_][\w/]*(?:[ ][A-Za-z_][\w/]*)*(?:\[[^\]]+\])?)"""
    r"""\s*["']?\s*(?=[,;\t=:\s]|$)"""
)
HEADS = ("name", "entry", "parameter", "weight")
"""First words of a header line, which holds no numbers."""

MOST_BYTES, MOST_BYTES_BEYOND_ASCII = 1 << 22, 1 << 18
"""Of a hand-in that is text."""
MOST_NUMBERS = 50_000
"""In a hand-in that is text; each takes much more memory than it has digits."""
MOST_DIGITS = 64
"""Of one number; no float has more that count."""
MOST_UNPACKED = 1 << 22
"""Bytes that a .npz may grow by when it is unpacked."""
LONGEST_NAME = 200

_INSTEAD = "  Write it with np.savez(path, W1=dW1, b1=db1)."


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
    DataError, FileRefused
        If it is missing, no file, or cannot be read so.
    """
    readers: dict[str, Callable[[BinaryIO, str], Any]] = {
        ".npz": _npz, ".json": _json, ".csv": _csv, ".txt": _csv, ".tsv": _csv,
    }  # fmt: skip
    reader = readers.get(Path(path).suffix.lower())
    if reader is None:
        raise DataError(
            f"{path} was handed in; a hand-in is a .npz, .json or .csv file, or a Python function "
            "(--function solution.py:gradients)."
        )
    try:
        with open_regular(path, path) as file:
            return reader(file, path)
    except FileRefused as error:
        raise DataError(str(error)) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def _npz(file: BinaryIO, path: str) -> dict[str, Any]:
    """Read the arrays of an archive; their sizes are known before they are unpacked."""
    if file.read(2) != b"PK":
        raise DataError(
            f"{path} is not a readable .npz file: it does not begin like one.\n{_INSTEAD}"
        )
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_members(members, file, path)
            return {one.filename[:-4]: _array(archive, one, path) for one in members}
    except (*ZIP_DAMAGES, NotImplementedError) as error:
        raise DataError(f"{path} is not a readable .npz file: {error}.\n{_INSTEAD}") from None


def _check_members(members: Sequence[zipfile.ZipInfo], file: BinaryIO, path: str) -> None:
    names = [one.filename for one in members]
    strange = next((name for name in names if not name.endswith(".npy")), None)
    if strange is not None:
        raise DataError(f"{path} holds {shown(strange)}, which is no array.\n{_INSTEAD}")
    if len(set(names)) < len(names):
        raise DataError(f"{path} holds an array of the same name twice.\n{_INSTEAD}")
    size, unpacked = os.fstat(file.fileno()).st_size, sum(one.file_size for one in members)
    if unpacked > size + MOST_UNPACKED or len(members) > MOST_NUMBERS // 10:
        raise DataError(
            f"{path} has {size:,} bytes and would unpack to {unpacked:,} in {len(members):,} "
            f"arrays.\n{_INSTEAD}"
        )


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str) -> Any:
    with archive.open(member) as stream:
        return checked_array(
            cast(BinaryIO, stream), member.file_size, f"{path} ({shown(member.filename)})"
        )


def _text(file: BinaryIO, path: str, marks: bytes) -> str:
    """Return a text that is no larger than what it hands in needs; `marks` part its numbers."""
    data = file.read(MOST_BYTES + 1)
    most = MOST_BYTES if data.isascii() else MOST_BYTES_BEYOND_ASCII
    if len(data) > most:
        raise DataError(f"{path} has more than {most >> 10:,} KiB, too much for text.\n{_INSTEAD}")
    if sum(data.count(mark) for mark in marks) > MOST_NUMBERS:
        raise DataError(f"{path} holds more than {MOST_NUMBERS:,} numbers.\n{_INSTEAD}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text in UTF-8: {error}.") from None


def _json(file: BinaryIO, path: str) -> Any:
    """Read JSON; numbers stay text, so that no trailing zero is lost."""
    text = _text(file, path, b",")
    try:
        found = json.loads(
            text, parse_float=_digits, parse_int=_digits, parse_constant=str,
            object_pairs_hook=_once,
        )  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not valid JSON: {error}.") from None
    if isinstance(found, (dict, str)):
        return found
    raise DataError(
        f"{path} holds a {type(found).__name__}; a hand-in is an object such as "
        '{"W1": [[0.1, 0.2]]}, or a number.'
    )


def _digits(text: str) -> str:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number of {len(text):,} characters stands there")
    return text


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {shown(twice)} stands there twice")
    return found


def _csv(file: BinaryIO, path: str) -> Any:
    """Read lines of a name and its numbers, or a name and the rows of its matrix below."""
    text = _text(file, path, b",;\t \n\r")
    found: dict[str, list[list[str]]] = {}
    current = None
    for number, whole in enumerate(StringIO(text, newline=None), 1):
        line = whole.rstrip("\n")
        if not line.strip(" ,;\t"):
            continue
        named = NAME.match(line, 0, LONGEST_NAME)
        rest = line
        if named and not _is_number(named["name"]):
            if named["name"].lower().split()[0] in HEADS:
                continue
            current, rest = named["name"], line[named.end() :]
            if current in found:
                raise DataError(f"{path}, line {number}: {current} stands there twice.")
            found[current] = []
        if current is None:
            return _bare(path, number, line, text)
        cells = _cells(rest, line)
        _check_cells(path, number, line, cells)
        if cells:
            found[current].append(cells)
    return {name: _block(path, name, rows) for name, rows in found.items()}


def _bare(path: str, number: int, line: str, text: str) -> str:
    """Return the single number of a file that names nothing: the loss."""
    only = text.strip()
    if _is_number(only):
        return only
    raise DataError(
        f"{path}, line {number}: {shown(line[:MOST_DIGITS])} belongs to no parameter.\n"
        "  Begin with a name: W1[0,2],-0.0101, or W1 on a line of its own and its rows below."
    )


def _cells(rest: str, line: str) -> list[str]:
    """Return the numbers of a line, after its name if it has one."""
    mark = next((m for m in (";", "\t", ",") if m in rest), None)
    rest = rest.lstrip(" ,;\t=:") if rest != line else rest
    if mark is None:
        return rest.split()
    try:
        cells = next(csv.reader([rest], delimiter=mark))
    except csv.Error:  # a cell without an end
        return [rest]
    return [cell.strip() for cell in cells if cell.strip()]


def _check_cells(path: str, number: int, line: str, cells: list[str]) -> None:
    bad = next((cell for cell in cells if not _is_number(cell)), None)
    if bad is not None:
        hint = "; write decimals with a point" if _is_number(bad.replace(",", ".")) else ""
        cell, line = shown(bad[:MOST_DIGITS]), shown(line[:MOST_DIGITS])
        raise DataError(f"{path}, line {number}: {cell} is no number{hint}: {line}.")


def _is_number(text: str) -> bool:
    if len(text) > MOST_DIGITS:
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True


def _block(path: str, name: str, rows: list[list[str]]) -> Any:
    if not rows:
        raise DataError(f"{path}: {name} has no numbers.")
    if len({len(row) for row in rows}) > 1:
        lengths = ", ".join(str(len(row)) for row in rows)
        raise DataError(f"{path}: the rows of {name} have different lengths ({lengths}).")
    if len(rows) == 1:
        return rows[0][0] if len(rows[0]) == 1 else rows[0]
    return rows
