"""Predictions: writing columns of results to a file, whole or not at all.

Knows columns, CSV and Parquet; knows nothing of models.
"""

from __future__ import annotations

import csv
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from chainrule.data.columns import some
from chainrule.errors import DataError
from chainrule.types import Array, ArrayLike

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ROWS = 10_000

Writer = Callable[[BinaryIO, dict[str, Array]], None]


def write_predictions(path: str | os.PathLike[str], columns: Mapping[str, ArrayLike]) -> Path:
    """Write columns to a CSV or Parquet file, by the ending of its name.

    The file appears complete or not at all. In CSV, a text that a spreadsheet would run as a
    formula (it begins with = + - @ or a tab, and is no number) is preceded by an apostrophe.

    Parameters
    ----------
    path : path
        Ending in .csv, .tsv or .parquet; an existing file is replaced.
    columns : mapping of str to array
        Columns of one length.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_predictions(folder + "/out.csv", {"label": ["a", "=b"], "p": [0.5, 1]})
    ...     print(path.read_text(), end="")
    label,p
    a,0.5
    '=b,1.0
    """
    target, writer = Path(path), _writer_of(path)
    arrays = _arrays(columns)
    _write_whole(target, lambda file: writer(file, arrays))
    return target


def write_pieces(path: Path, pieces: Iterator[Mapping[str, Array]]) -> Path:
    """Write columns that come piece by piece, as `write_predictions` does.

    Parameters
    ----------
    path : path
        Ending in .csv, .tsv or .parquet; an existing file is replaced.
    pieces : iterator of mapping of str to array
        Pieces with the same columns.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pieces = iter([{"p": np.array([0.5])}, {"p": np.array([1.5])}])
    ...     print(write_pieces(Path(folder, "out.csv"), pieces).read_text(), end="")
    p
    0.5
    1.5
    """
    writer = _writer_of(path)

    def write(file: BinaryIO) -> None:
        if writer is _write_parquet:
            _parquet_pieces(file, pieces)
            return
        for number, piece in enumerate(pieces):
            _write_text(file, _arrays(piece), _DELIMITERS[path.suffix.lower()], header=not number)

    _write_whole(path, write)
    return path


def check_place(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Refuse a place to which predictions cannot be written, before any are made.

    Parameters
    ----------
    path : path
        Where they are to go.
    overwrite : bool
        Whether a file that is there may be replaced.

    Examples
    --------
    >>> check_place("predictions.csv")
    """
    _writer_of(path)
    if Path(path).is_dir() or (os.path.lexists(path) and not overwrite):
        raise DataError(
            f"{path} is there already; predictions were to be written to it.\n"
            "  Choose another name, or ask for overwriting (--overwrite)."
        )


def stream_predictions(file: BinaryIO, columns: Mapping[str, ArrayLike]) -> None:
    r"""Write columns as CSV in UTF-8 to an open file or pipe.

    Parameters
    ----------
    file : binary file
        Where.
    columns : mapping of str to array
        As for `write_predictions`.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> stream_predictions(file, {"label": ["a"], "p": [0.5]})
    >>> file.getvalue()
    b'label,p\na,0.5\n'
    """
    _write_csv(file, _arrays(columns))


def _writer_of(path: str | os.PathLike[str]) -> Writer:
    writer = _writers.get(Path(path).suffix.lower())
    if writer is None:
        raise DataError(
            f"Predictions cannot be written to {path}: the ending {Path(path).suffix!r} is unknown."
            f"\n  Use one of {some(sorted(_writers))}."
        )
    return writer


def _arrays(columns: Mapping[str, ArrayLike]) -> dict[str, Array]:
    arrays = {str(name): np.asarray(values) for name, values in columns.items()}
    lengths = {name: array.shape for name, array in arrays.items()}
    if len(set(lengths.values())) > 1 or any(len(shape) != 1 for shape in lengths.values()):
        raise DataError(f"Columns to write must be of one axis and one length, got {lengths}.")
    return arrays


def _write_whole(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write into a new file beside the path, then put it in its place."""
    temporary = ""
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_text(
    file: BinaryIO, arrays: dict[str, Array], delimiter: str, *, header: bool = True
) -> None:
    lines = _Lines(file)
    writer = csv.writer(lines, delimiter=delimiter, lineterminator="\n")
    if header:
        writer.writerow([harmless(name) for name in arrays])
    rows = len(next(iter(arrays.values()), ()))
    for start in range(0, rows, _ROWS):
        cells = [_cells(array[start : start + _ROWS]) for array in arrays.values()]
        writer.writerows(zip(*cells, strict=True))


class _Lines:
    """What csv.writer writes to: text that goes to a binary file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write a line as UTF-8."""
        return self._file.write(text.encode("utf-8"))


def _cells(array: Array) -> list[Any]:
    if array.dtype.kind == "f":
        return [str(value) for value in array] if array.dtype.itemsize < 8 else array.tolist()
    return [harmless(cell) if isinstance(cell, str) else cell for cell in array.tolist()]


def harmless(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula.

    Examples
    --------
    >>> harmless("=1+1"), harmless("-5"), harmless("plain")
    ("'=1+1", '-5', 'plain')
    """
    if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _write_csv(file: BinaryIO, arrays: dict[str, Array]) -> None:
    _write_text(file, arrays, ",")


def _write_tsv(file: BinaryIO, arrays: dict[str, Array]) -> None:
    _write_text(file, arrays, "\t")


def _write_parquet(file: BinaryIO, arrays: dict[str, Array]) -> None:
    import pyarrow.parquet as pq

    pq.write_table(_arrow_table(arrays), file)


def _parquet_pieces(file: BinaryIO, pieces: Iterator[Mapping[str, Array]]) -> None:
    import pyarrow.parquet as pq

    first = _arrow_table(_arrays(next(pieces)))
    with pq.ParquetWriter(file, first.schema) as out:
        out.write_table(first)
        for piece in pieces:
            out.write_table(_arrow_table(_arrays(piece)))


def _arrow_table(arrays: dict[str, Array]) -> Any:
    import pyarrow as pa

    columns = {
        name: pa.array(array.tolist() if array.dtype.kind in "OU" else array)
        for name, array in arrays.items()
    }
    return pa.table(columns)


_DELIMITERS = {".csv": ",", ".tsv": "\t"}

_writers: dict[str, Writer] = {".csv": _write_csv, ".tsv": _write_tsv, ".parquet": _write_parquet}
