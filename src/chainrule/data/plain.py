"""Plain forms: frozen records to JSON types and back, strictly.

Knows dataclasses and their annotations; knows nothing of what the records mean. A field that is
unknown, absent or of another type is refused; floats keep every bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from chainrule.errors import DataError

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Return a record as dicts, lists, texts and numbers; records carry their class's name.

    Examples
    --------
    >>> from chainrule.data.formats import Reading
    >>> to_plain(Reading(missing=("NA",)))["missing"]
    ['NA']
    """
    if is_dataclass(value):
        content = {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
        return {"type": type(value).__name__, **content}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(wanted: type[T], value: Any, place: str = "preparation") -> T:
    """Return the record that a plain form stands for.

    Parameters
    ----------
    wanted : type
        The class of the record.
    value : object
        What `to_plain` returned, perhaps after a journey through JSON.
    place : str
        Where the value stands, for messages.
    """
    record: T = _read(wanted, value, place)
    return record


def _read(wanted: Any, value: Any, place: str) -> Any:
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        return _read_union(get_args(wanted), value, place)
    if origin is tuple:
        return _read_tuple(get_args(wanted), value, place)
    if origin is Literal:
        return value if value in get_args(wanted) else _refuse(wanted, value, place)
    if is_dataclass(wanted):
        return _read_record(wanted, value, place)
    if wanted is float and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if wanted in (int, str, bool, type(None)) and type(value) is wanted:
        return value
    return _refuse(wanted, value, place)


def _read_union(options: tuple[Any, ...], value: Any, place: str) -> Any:
    if isinstance(value, Mapping):
        named = [kind for kind in options if getattr(kind, "__name__", "") == value.get("type")]
        return _read(named[0], value, place) if named else _refuse(options, value, place)
    for option in options:
        if option is type(value):
            return _read(option, value, place)
    remaining = [option for option in options if get_origin(option) is not None]
    return _read(remaining[0], value, place) if remaining else _refuse(options, value, place)


def _read_tuple(items: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        _refuse(tuple, value, place)
    if items[-1] is Ellipsis:
        items = (items[0],) * len(value)
    if len(items) != len(value):
        _refuse(tuple, value, place)
    return tuple(
        _read(item, part, f"{place}[{i}]")
        for i, (item, part) in enumerate(zip(items, value, strict=True))
    )


def _read_record(wanted: Any, value: Any, place: str) -> Any:
    if not isinstance(value, Mapping):
        return _refuse(wanted, value, place)
    names = [field.name for field in fields(wanted)]
    unknown = sorted(map(str, set(value) - {"type", *names}))
    absent = [name for name in names if name not in value]
    if unknown or absent or value.get("type") != wanted.__name__:
        raise DataError(
            f"{place} is no {wanted.__name__}: unknown fields {unknown}, absent {absent}, "
            f"type {value.get('type')!r}.\n  It was written by another version, or changed."
        )
    hints = _hints(wanted)
    return wanted(**{name: _read(hints[name], value[name], f"{place}.{name}") for name in names})


@lru_cache
def _hints(wanted: Any) -> dict[str, Any]:
    return get_type_hints(wanted)


def _refuse(wanted: Any, value: Any, place: str) -> Any:
    shown = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:60]}..."
    raise DataError(f"{place} is {shown}, not {getattr(wanted, '__name__', wanted)}.")
