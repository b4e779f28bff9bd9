"""run.json: the record of a run, and the integrity sum over it.

The first line of the file is ``{"integrity":"<SHA-256 of every byte after this line>",`` and
nothing else. The rest lists each file of the run with its length and SHA-256, then the manifest:
so one sum covers every name and every byte of the run. Knows bytes; opens nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from chainrule.files import layout, strict_json
from chainrule.files.refusals import DAMAGED, FOREIGN, refused

if TYPE_CHECKING:
    from chainrule.files.schema import Record

FORMAT: Literal["chainrule run"] = "chainrule run"
VERSION = 2
"""The version that is written. Every version from 1 on is read, for ever."""

UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda tree: {**tree, "version": 2},  # 2 may list history.jsonl beside history.parquet
}
"""For each old version, the function that turns its record into one of the next version."""

RECORD_LIMIT = 64 * 2**20
"""No run.json is longer; a longer one is refused unread."""

_SLACK = 13 * 2**20
_FIRST_LINE = re.compile(rb'\{"integrity":"([0-9a-f]{64})",\n')
_FIRST_LINE_LENGTH = len('{"integrity":"' + 64 * "0" + '",\n')


def encode(record: Record, where: str) -> bytes:
    """Write a record as the bytes of run.json."""
    files = {name: {"bytes": e.bytes, "sha256": e.sha256} for name, e in record.files.items()}
    source = record.source and {name: getattr(record.source, name) for name in _SOURCE_FIELDS}
    fields = {"format": record.format, "version": record.version, "written_by": record.written_by}
    fields |= {"files": files, "source": source, "manifest": record.manifest}
    lines = [f'"{name}":{strict_json.encode(value, where)}' for name, value in fields.items()]
    rest = (",\n".join(lines) + "}\n").encode("ascii")
    return b'{"integrity":"%s",\n' % hashlib.sha256(rest).hexdigest().encode() + rest


_SOURCE_FIELDS = ("path", "sha256", "bytes", "rows")


def decode(data: bytearray, others: int, where: str) -> Record:
    """Read the bytes of run.json, refusing anything that `encode` could not have written.

    `others` is the length of the run's other files together: memory is bounded by the whole run.
    `data` is empty afterwards.
    """
    _verify(data, where)
    tree = strict_json.decode(data, _budget(len(data), others), where)
    return _checked(_upgraded(tree, where), where)


def _budget(length: int, others: int) -> int:
    """Return how much the objects of a run.json of this length may take.

    While they are built its text stands beside them, afterwards the other files do; either way
    all of it stays below twice the run and 16 MiB.
    """
    return min(length + 2 * others, 2 * length + others) + _SLACK


def looks_like_ours(data: bytes) -> bool:
    """Say whether these first bytes of a file could begin a run.json of ours, intact or not."""
    return _FIRST_LINE.match(data) is not None


def _verify(data: bytearray, where: str) -> None:
    """Refuse unless the sum in the first line is the sum of what follows the line."""
    first = _FIRST_LINE.match(bytes(data[:_FIRST_LINE_LENGTH]))
    if first is None:
        fact = "does not begin with an integrity sum, so it is damaged or not of ours"
        raise refused(where, fact, FOREIGN)
    with memoryview(data)[_FIRST_LINE_LENGTH:] as rest:
        found = hashlib.sha256(rest).hexdigest().encode()
    if found != first[1]:
        raise refused(where, "was changed or damaged (its integrity sum does not match)")


def _upgraded(tree: Any, where: str) -> dict[str, Any]:
    """Bring a record of an older version to the present form."""
    version = tree.get("version") if isinstance(tree, dict) else None
    if type(version) is not int or version < 1 or tree.get("format") != FORMAT:
        raise refused(where, "is not the record of a chainrule run", FOREIGN)
    if version > VERSION:
        fact = f"has format {version}, this chainrule reads formats up to {VERSION}"
        raise refused(where, fact, "Install a newer chainrule: pip install -U chainrule")
    for older in range(version, VERSION):
        tree = UPGRADES[older](tree)
    return {str(key): value for key, value in tree.items() if key != "integrity"}


def _checked(tree: dict[str, Any], where: str) -> Record:
    """Turn the tree into a `Record`, or say what does not fit."""
    import msgspec

    from chainrule.files.schema import Record

    manifest = tree.get("manifest")
    try:
        # the manifest may be anything, and converting would copy it
        record = msgspec.convert(tree | {"manifest": {}}, Record, strict=True)
    except (msgspec.ValidationError, RecursionError) as problem:
        raise refused(where, f"does not have the form of a run ({problem})") from None
    if type(manifest) is not dict:
        raise refused(where, "does not have the form of a run (its manifest is not an object)")
    _check_names(record, where)
    return msgspec.structs.replace(record, manifest=manifest)


def _check_names(record: Record, where: str) -> None:
    strange = next((name for name in record.files if not layout.is_ours(name)), None)
    if strange is not None:
        raise refused(where, f"lists {strange[:80]!r}, which no run contains", DAMAGED)
    if layout.WEIGHTS not in record.files:
        raise refused(where, f"does not list {layout.WEIGHTS}", DAMAGED)
    if record.source is not None and layout.ROWS in record.files:
        raise refused(where, f"names a source of rows beside {layout.ROWS}", DAMAGED)


@cache
def written_by() -> str:
    """Name the program and its version, for people who read run.json."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"chainrule {version('chainrule')}"
    except PackageNotFoundError:
        return "chainrule"
