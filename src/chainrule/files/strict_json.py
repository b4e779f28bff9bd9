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
_NO_BRACKET = re.compile(
    rb"""(?: "[^"\\]*+(?:\\.[^"\\]*+)*+ (?:"|\\?\Z)  # a string, or one that never ends
      | [^\[\]{}"]++ )++                         # anything else that is no bracket""",
    re.DOTALL | re.VERBOSE,
)


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
    """Read JSON strictly, building at most about `budget` bytes of objects."""
    try:
        _check_depth_and_cost(data, budget)
        return json.loads(
            data.decode("ascii"),
            object_pairs_hook=_Objects(budget).build,
            parse_float=_finite,
            parse_constant=_no_literal,
        )
    except _Unfit as problem:
        raise refused(where, str(problem)) from None
    except (ValueError, RecursionError) as problem:
        raise refused(where, f"is not valid JSON ({problem})") from None


def _check_depth_and_cost(data: bytearray, budget: int) -> None:
    """Refuse, before any object is built, what would need too much memory or be too deep."""
    if not data.isascii():
        raise _Unfit("holds bytes that are not ASCII")
    if _least_cost(data) > budget:
        raise _Unfit(f"would need more than {budget / 2**20:,.0f} MiB of memory to open")
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and _too_deep(data):
        raise _Unfit(f"is nested deeper than {MAX_DEPTH}")


def _least_cost(data: bytearray) -> int:
    """Bound the memory of lists, numbers and strings by counting; dicts are counted as built."""
    wide = 4 if b"\\ud" in data or b"\\uD" in data else 2 if b"\\u" in data else 1
    strings = max(0, data.count(b'"') // 2 - data.count(b":"))
    numbers = max(0, data.count(b",") + data.count(b":") + data.count(b"[") - strings)
    brackets = data.count(b"[") + data.count(b"{")
    return wide * len(data) + 80 * brackets + 64 * strings + 40 * numbers


def _too_deep(data: bytearray) -> bool:
    """Take away strings, then the innermost brackets `MAX_DEPTH` times: too deep if any is left."""
    brackets = _NO_BRACKET.sub(b"", data)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


class _Objects:
    """Builds the objects of one text: no duplicate keys, and no more memory than allowed."""

    def __init__(self, budget: int) -> None:
        self.left, self.keys = budget, set[str]()

    def build(self, pairs: list[tuple[str, Any]]) -> Any:
        """Make one object, or the float that stands behind `$float`."""
        built = dict(pairs)
        if len(built) != len(pairs):
            raise _Unfit(f"has a duplicate key among {sorted(built)[:8]}")
        self._pay(built)
        reserved = [key for key in built if key.startswith("$")]
        return _not_finite(built) if reserved else built

    def _pay(self, built: dict[str, Any]) -> None:
        fresh = [key for key in built if key not in self.keys]
        self.keys.update(fresh)
        self.left -= sys.getsizeof(built) + 16 + sum(sys.getsizeof(key) + 112 for key in fresh)
        if self.left < 0:
            raise _Unfit("would need too much memory to open")


def _not_finite(built: dict[str, Any]) -> float:
    text = built.get(_FLOAT)
    if len(built) != 1 or not isinstance(text, str) or text not in _NOT_FINITE:
        raise _Unfit(f"has a reserved key among {sorted(built)[:8]}")
    return _NOT_FINITE[text]


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _Unfit(f"holds the number {text[:40]}, which is too large for a float")
    return value


def _no_literal(text: str) -> Any:
    raise _Unfit(f"holds the literal {text}, which is not JSON")
