"""What differs in the set-up of two runs: network, loss, optimizer, rows, seed, dtype, engine.

Knows records as plain settings and arrays; replays nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.train import Record, Setup
from chainrule.types import Array


@dataclass(frozen=True)
class Difference:
    """One thing that two runs do not have in common.

    Attributes
    ----------
    what : str
        ``optimizer.learning_rate``.
    left, right : object
        What each run has there.
    """

    what: str
    left: Any
    right: Any


def setting_differences(left: Record, right: Record) -> tuple[Difference, ...]:
    """Return what differs in what was trained, how, and on which rows."""
    one, other = left.setup, right.setup
    found = [
        *_network(one, other),
        *_mappings("loss", one.loss.to_dict(), other.loss.to_dict()),
        *_mappings("optimizer", one.optimizer.to_dict(), other.optimizer.to_dict()),
    ]
    for name in ("reduction", "batch_size", "seed", "shuffle", "engine"):
        a, b = getattr(one, name), getattr(other, name)
        if a != b:
            found.append(Difference(name.replace("_", " "), _word(a), _word(b)))
    if one.dtype != other.dtype:
        found.append(Difference("dtype", one.dtype.name, other.dtype.name))
    return (*found, *_rows(one, other))


def _word(value: Any) -> Any:
    return "all rows" if value is None else value


def _network(one: Setup, other: Setup) -> Iterator[Difference]:
    """Yield the outlines if they differ, else the settings of layers that do."""
    if one.network.outline != other.network.outline:
        yield Difference("network", one.network.outline, other.network.outline)
        return
    a, b = one.network.to_dict(), other.network.to_dict()
    for k, (x, y) in enumerate(zip(a["layers"], b["layers"], strict=True), 1):
        yield from _mappings(f"layer {k}", x, y)
    if a.get("frozen") != b.get("frozen"):
        none = "none"
        yield Difference(
            "frozen", ", ".join(a.get("frozen", [])) or none, ", ".join(b.get("frozen", [])) or none
        )


def _mappings(what: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield the keys whose values differ; all of them count as one if the name does."""
    if one.get("name") != other.get("name"):
        yield Difference(what, one.get("name"), other.get("name"))
        return
    for key in dict.fromkeys([*one, *other]):
        a, b = one.get(key, "default"), other.get(key, "default")
        if a != b:
            yield Difference(f"{what}.{key}", a, b)


def _rows(one: Setup, other: Setup) -> Iterator[Difference]:
    """Yield what differs in the rows: their number, or the first entry that is not the same."""
    if not one.rows or not other.rows:
        return
    if one.rows != other.rows:
        yield Difference("rows", one.rows, other.rows)
    if one.features != other.features:
        a, b = (", ".join(s.features or ("no names",)) for s in (one, other))
        yield Difference("features", a, b)
    a, b = data_hash(one), data_hash(other)
    if a != b:
        yield Difference("data (SHA-256)", a, b)
    for name, x, y in (("x", one.x, other.x), ("y", one.y, other.y), ("w", one.w, other.w)):
        yield from _arrays(name, x, y, one)


def _arrays(name: str, x: Array | None, y: Array | None, setup: Setup) -> Iterator[Difference]:
    if x is None or y is None:
        if x is not y:
            yield Difference("row weights", *("none" if a is None else "given" for a in (x, y)))
        return
    if x.shape[1:] != y.shape[1:]:
        yield Difference(f"shape of {name}", str(x.shape), str(y.shape))
        return
    count = min(len(x), len(y))
    apart = np.argwhere(~same(x[:count], y[:count]))
    if len(apart):
        place = tuple(int(i) for i in apart[0])
        row = place[0] if setup.row_numbers is None else int(setup.row_numbers[place[0]])
        entry = f"{name}[{','.join(map(str, (row, *place[1:])))}]"
        more = f" and {len(apart) - 1:,} more" if len(apart) > 1 else ""
        yield Difference(f"{entry}{more}", float(x[place]), float(y[place]))


def same(x: Array, y: Array) -> Array:
    """Return where two arrays of one shape hold the same numbers; NaN is the same as NaN."""
    both = (x != x) & (y != y)
    return np.asarray((x == y) | both)


def data_hash(setup: Setup) -> str:
    """Return a short hash of the rows that were trained on, in their order."""
    digest = hashlib.sha256()
    for array in (setup.x, setup.y, setup.w):
        if array is not None:
            digest.update(repr((array.shape, array.dtype.str)).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:12]
