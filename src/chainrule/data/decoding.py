"""Decoding: the bytes of a text file, checked and turned into UTF-8 without any loss.

Knows encodings and byte offsets; knows nothing of lines, cells or numbers.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from chainrule.errors import DataError, SpecError

CHUNK = 1 << 20
_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


_UTF16 = "It looks like UTF-16 without a mark: say --encoding utf-16-le (encoding=) or utf-16-be."


def find_encoding(head: bytes, asked: str | None) -> tuple[str, int, tuple[str, ...]]:
    r"""Return the encoding, how many bytes its mark takes, and what to say about it.

    Examples
    --------
    >>> find_encoding(b"\xef\xbb\xbfa,b", None)
    ('utf-8', 3, ('byte order mark: utf-8',))
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            note = f"byte order mark: {encoding}"
            if asked is not None and codecs.lookup(_known(asked)).name not in (
                encoding,
                encoding[:-3],
                "utf-8-sig",
            ):
                note += f" (so not {asked}, as asked)"
            return encoding, len(mark), (note,)
    return ("utf-8", 0, ()) if asked is None else (_known(asked), 0, (f"encoding: {asked}",))


def _known(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, TypeError, ValueError) as error:
        raise SpecError(
            f"encoding {encoding!r} is not known; try utf-8, latin-1, cp1252 or utf-16."
        ) from error
    return name


def utf8_chunks(file: BinaryIO, encoding: str, offset: int, source: str) -> Iterator[bytes]:
    """Yield the rest of the file as valid UTF-8, cut between characters.

    Parameters
    ----------
    file : binary file
        Positioned behind the byte order mark.
    encoding : str
        What the bytes are.
    offset : int
        Where the file stands, for messages.
    source : str
        Name of the file, for messages.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    while True:
        chunk = file.read(CHUNK)
        kept = decoder.getstate()[0]
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            place = offset - len(kept) + error.start
            line = lines + _text_before(error, encoding).count("\n")
            raise DataError(_not_decodable(error, encoding, place, line, source)) from error
        if "\0" in text:
            raise DataError(_has_nul(text, lines, encoding, source))
        if text:
            yield text.encode("utf-8")
        if not chunk:
            return
        offset += len(chunk)
        lines += text.count("\n")


def _text_before(error: UnicodeDecodeError, encoding: str) -> str:
    return error.object[: error.start].decode(encoding, "replace")


def _not_decodable(
    error: UnicodeDecodeError, encoding: str, place: int, line: int, source: str
) -> str:
    found = error.object[error.start : error.start + 1].hex().upper()
    fact = f"{source}: byte 0x{found} at offset {place} (line {line}) is not {encoding}"
    if encoding == "utf-8" and b"\0" in error.object:
        return f"{fact}.\n  {_UTF16}"
    if encoding == "utf-8":
        return (
            f"{fact}.\n  If the file is Western European say encoding='latin-1' or 'cp1252' "
            "(--encoding latin-1); else name its encoding, or save it as UTF-8."
        )
    return f"{fact}: {error.reason}.\n  Name the encoding the file was written in (--encoding)."


def _has_nul(text: str, lines: int, encoding: str, source: str) -> str:
    place = text.index("\0")
    line = lines + text.count("\n", 0, place)
    hint = "A text has none: the file is damaged, or no table."
    if encoding == "utf-8" and text.count("\0") > len(text) // 4:
        hint = _UTF16
    return f"{source}: line {line} holds a NUL byte.\n  {hint}"
