"""JSON without surprises: what is read is what was meant, within a stated memory.

Strict where the usual readers are lenient: no duplicate keys, no NaN literals, no number that
overflows, no byte outside ASCII, no nesting deeper than `MAX_DEPTH`. A float that JSON cannot
say is written as ``{"$float": "inf"}``. Knows JSON; knows nothing of runs.
"""

from __future__ import annotations

import json
import math
import re
import sys
from typing import Any

from chainrule.files.refusals import refused

MAX_DEPTH = 64
"""How deep lists and objects may be nested."""

_MAX_INT_BITS = 1024
_FLOAT = "$float"
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_BRACKETS = re.compile(
    rb"""(?: "[^"\\]*+(?:\\.[^"\\]*+)*+ (?:"|\\?\Z)  # a string, or one that never ends
      | [^\[\]{}"]++ )*+                         # anything else that is no bracket
      ( [\[\]{}]++ | \Z )                        # brackets side by side, or the end""",
    re.DOTALL | re.VERBOSE,
)
_KEY = re.compile(rb'"([^"\\]*+)":')
_FEW_KEYS, _MANY_KEYS = 4_000, 40_000


class _Unfit(Exception):
    """What is wrong with a text or a value; becomes an error of ours at the door."""


def encode(value: Any, where: str) -> str:
    """Write a value as ASCII JSON in one line; floats come back bit for bit.

    Refuses what would not come back equal (keys that are not strings, NumPy scalars, ...);
    a tuple comes back as a list.
    """
    try:
        plain = _plain(value, "manifest", MAX_DEPTH)
    except _Unfit as problem:
        way = "Use dict, list, str, int, float, bool or None (a NumPy scalar has .item())."
        raise refused(where, str(problem), way) from None
    return json.dumps(plain, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def _plain(value: Any, at: str, depth: int) -> Any:
    """Return `value` as JSON's own types, checking each part of it."""
    if depth < 0:
        raise _Unfit(f"{at[:80]}... is nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        return {
            _key(key, at): _plain(item, f"{at}.{key}", depth - 1) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(item, f"{at}[{k}]", depth - 1) for k, item in enumerate(value)]
    if isinstance(value, float):
        return _float(float(value))
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int and value.bit_length() <= _MAX_INT_BITS:
        return value
    raise _Unfit(f"{at} is {_short(value)}, which JSON cannot hold as it is")


def _key(key: Any, at: str) -> str:
    if type(key) is not str or key.startswith("$"):
        raise _Unfit(f"{at} has the key {_short(key)}; keys are strings that do not begin with $")
    return key


def _float(value: float) -> Any:
    return value if math.isfinite(value) else {_FLOAT: repr(value)}


def _short(value: Any) -> str:
    """Say a value and its type in a few words."""
    kind = f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")
    if isinstance(value, int) and value.bit_length() > 64:
        return f"an {kind} of {value.bit_length()} bits"
    return f"{repr(value)[:40]} ({kind})"


def decode(data: bytearray, budget: int, where: str) -> Any:
    """Read JSON strictly, building at most about `budget` bytes of objects; empties `data`."""
    try:
        left = budget - _check_depth_and_cost(data, budget)
        text = str(data, "ascii")
        data.clear()
        purse = _Purse(left)
        return json.loads(
            text,
            object_pairs_hook=purse.object,
            parse_float=purse.float,
            parse_int=purse.int,
            parse_constant=_no_literal,
        )
    except _Unfit as problem:
        raise refused(where, str(problem)) from None
    except (ValueError, RecursionError) as problem:
        raise refused(where, f"is not valid JSON ({problem})") from None


def _check_depth_and_cost(data: bytearray, budget: int) -> int:
    """Refuse, before any object is built, what would be too deep or too large; returns its cost."""
    if not data.isascii():
        raise _Unfit("holds bytes that are not ASCII")
    cost = _least_cost(data)
    if cost > budget:
        raise _Unfit(f"would need more than {budget / 2**20:,.0f} MiB of memory to open")
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and _too_deep(data):
        raise _Unfit(f"is nested deeper than {MAX_DEPTH}")
    return cost


def _least_cost(data: bytearray) -> int:
    """Bound the memory of lists and strings by counting; the rest is counted as it is built."""
    wide = 4 if b"\\ud" in data or b"\\uD" in data else 2 if b"\\u" in data else 1
    strings = max(0, data.count(b'"') // 2 - data.count(b":"))
    lists = 80 * data.count(b"[") + 10 * data.count(b",")
    return wide * len(data) + lists + 64 * strings + 250 * _distinct_keys(data)


def _distinct_keys(data: bytearray) -> int:
    """Bound the number of different keys, and with it the entries of any one object."""
    colons = data.count(b":")
    if colons <= _FEW_KEYS:
        return colons
    found, matched = set[bytes](), 0
    for match in _KEY.finditer(data):
        found.add(bytes(match[1]))
        matched += 1
        if len(found) > _MANY_KEYS:
            return colons
    return len(found) + colons - matched


def _too_deep(data: bytearray) -> bool:
    """Follow the brackets outside strings; in JSON, those side by side open first, then close."""
    depth = 0
    for match in _BRACKETS.finditer(data):
        opening = match[1].count(b"[") + match[1].count(b"{")
        if depth + opening > MAX_DEPTH:
            return True
        depth += 2 * opening - len(match[1])
    return False


class _Purse:
    """Builds the objects and numbers of one text, and pays for each with memory that is left."""

    def __init__(self, left: int) -> None:
        self.left = left

    def pay(self, size: int) -> None:
        """Refuse to go on where the memory does not suffice."""
        self.left -= size
        if self.left < 0:
            raise _Unfit("would need too much memory to open")

    def object(self, pairs: list[tuple[str, Any]]) -> Any:
        """Make one object, or the float that stands behind `$float`; no key may come twice."""
        built = dict(pairs)
        if len(built) != len(pairs):
            raise _Unfit(f"has a duplicate key among {sorted(built)[:8]}")
        self.pay(sys.getsizeof(built) + 16)
        reserved = [key for key in built if key.startswith("$")]
        return _not_finite(built) if reserved else built

    def float(self, text: str) -> float:
        """Make one number with a point or an exponent."""
        self.pay(32)
        value = float(text)
        if math.isinf(value):
            raise _Unfit(f"holds the number {text[:40]}, which is too large for a float")
        return value

    def int(self, text: str) -> int:
        """Make one number without; Python keeps the small ones anyway."""
        self.pay(32 + len(text) // 2 if len(text) > 2 else 0)
        return int(text)


def _not_finite(built: dict[str, Any]) -> float:
    text = built.get(_FLOAT)
    if len(built) != 1 or not isinstance(text, str) or text not in _NOT_FINITE:
        raise _Unfit(f"has a reserved key among {sorted(built)[:8]}")
    return _NOT_FINITE[text]


def _no_literal(text: str) -> Any:
    raise _Unfit(f"holds the literal {text}, which is not JSON")
