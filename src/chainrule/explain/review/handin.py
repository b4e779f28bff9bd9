"""Reading a hand-in: names, shapes and digits, as people write them.

Takes arrays, nested lists and text; transposed matrices and bias rows are recognised. Knows
parameters and their shapes; judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import DataError, ShapeError, SpecError, shown
from chainrule.explain.entries import parts_of, resolved
from chainrule.explain.review.digits import Digits, digits_of, digits_of_array, units
from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.finding import Block, HandIn
from chainrule.explain.review.program import LOSS
from chainrule.types import Array, Shape

ENTRY = re.compile(r"\s*(?P<name>[^\[]+?)\s*\[(?P<index>.+)\]\s*")
DERIVATIVE = re.compile(
    r"(dl/d|de/d|dj/d|d|grad[_ ]?|gradient[_ ]of[_ ]|delta[_ ]?|new[_ ]?)", re.I
)
ENOUGH = 400
"""Numbers of an array whose digits are looked at, at most about twice so many."""

LOSSES = ("l", "loss", "e", "error", "j", "cost")
"""Names under which the loss after the step is handed in."""


@dataclass
class _Raw:
    """A value as it was given: its numbers, and the text of each."""

    values: Array
    digits: list[Digits]


def names_loss(given: Any) -> bool:
    """Tell whether a loss was handed in: a bare number, or one called L, E or loss."""
    if isinstance(given, Mapping):
        return len(given) == 1 and str(next(iter(given))).strip().lower() in LOSSES
    return isinstance(given, (int, float, str, np.number)) or np.shape(given) == ()


def read_loss(given: Any, decimals: int | None) -> HandIn:
    """Return a loss that was handed in."""
    value = next(iter(given.values())) if isinstance(given, Mapping) else given
    raw = _raw(value, LOSS)
    if raw.values.size != 1:
        raise ShapeError(f"a loss is one number; got shape {raw.values.shape}.")
    return _handed_in({LOSS: (raw, None)}, [LOSS], decimals, ())


def read(exercise: Exercise, given: Any, decimals: int | None) -> HandIn:
    """Return gradients, updates or parameters that were handed in, counted from the loss.

    Raises
    ------
    SpecError, ShapeError, DataError
        If a name is not known, a shape does not fit, or something is no number.
    """
    if not isinstance(given, Mapping) or not given:
        raise SpecError(
            f"a hand-in is a dict such as {{'{exercise.order[-1]}': ...}}, or one number for the "
            f"loss after the step; got {shown(given)}."
        )
    entries: dict[str, dict[int, Any]] = {}
    whole: dict[str, Any] = {}
    for key, value in given.items():
        name, index = _key(exercise, key)
        if index is None:
            _refuse_twice(name, whole, entries)
            whole[name] = value
        else:
            entries.setdefault(name, {})[index] = value
    for name in entries:
        _refuse_twice(name, whole, {})
    raws = {name: _raw(value, name) for name, value in whole.items()}
    found, notes = _shaped(exercise, raws)
    for name, some in entries.items():
        found[name] = _raw(list(some.values()), name), np.array(list(some))
    return _handed_in(found, list(exercise.order), decimals, notes)


def _refuse_twice(name: str, whole: Mapping[str, Any], entries: Mapping[str, Any]) -> None:
    if name in whole or name in entries:
        raise SpecError(f"{name} was handed in twice; hand it in once.")


def _key(exercise: Exercise, key: Any) -> tuple[str, int | None]:
    """Return the parameter that a key names, and the entry if it names one."""
    text = str(key)
    entry = ENTRY.fullmatch(text)
    name = _parameter(exercise, entry["name"] if entry else text.strip(), text)
    if entry is None:
        return name, None
    parts = parts_of(entry["index"])
    if parts is None:
        raise SpecError(f"{text!r} was handed in; an entry is written such as W1[0,2].")
    index = resolved(text, parts, exercise.axes.get(name, ()))
    shape = exercise.parameters[name].shape
    if exercise.is_bias(name) and len(index) == 1:
        index = (0, *index)
    if len(index) != 2 or not all(0 <= i < size for i, size in zip(index, shape, strict=True)):
        spoken = shape[1:] if exercise.is_bias(name) else shape
        raise ShapeError(f"{text!r} was handed in; {name} has shape {spoken}, counted from 0.")
    return name, int(np.ravel_multi_index(index, shape))


def _parameter(exercise: Exercise, given: str, text: str) -> str:
    by_case = {name.lower(): name for name in exercise.order}
    bare = DERIVATIVE.sub("", given, count=1) if DERIVATIVE.match(given) else given
    for candidate in (given, bare, given.lower(), bare.lower()):
        if candidate in exercise.order:
            return candidate
        if candidate in by_case:
            return by_case[candidate]
    known = ", ".join(reversed(exercise.order))
    raise SpecError(f"{text!r} was handed in; the parameters of this run are {known}.")


def _raw(value: Any, name: str) -> _Raw:
    """Return a value as numbers, with the digits of each, or of enough of them."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "fiuSUO" or (array.dtype.hasobject and _is_ragged(array)):
            raise ValueError(f"values of type {array.dtype}")
    except ValueError as error:
        raise DataError(
            f"{name} cannot be read as numbers: {error}.\n  Hand in an array, nested lists of "
            "equal length, or text such as '0.0123'."
        ) from None
    flat = array.ravel()
    if array.dtype.kind in "fiu":
        some = flat[:: max(1, flat.size // ENOUGH)]
        return _Raw(array.astype(np.float64), digits_of_array(some))
    numbers = np.array([_number(x, name) for x in flat], np.float64)
    digits = [digits_of(_spoken(x), keep_zeros=isinstance(x, (str, bytes))) for x in flat]
    return _Raw(numbers.reshape(array.shape), digits)


def _number(x: Any, name: str) -> float:
    try:
        return float(_spoken(x))
    except ValueError:
        raise DataError(f"{name} holds {shown(x)}, which is no number.") from None


def _is_ragged(array: Array) -> bool:
    return any(isinstance(x, (list, tuple, np.ndarray)) for x in array.ravel())


def _spoken(x: Any) -> str:
    """Return the text of a number: its own, or the shortest that gives it."""
    if isinstance(x, bytes):
        return x.decode("ascii", "replace").strip()
    return x.strip() if isinstance(x, str) else str(x)


def _shaped(
    exercise: Exercise, raws: dict[str, _Raw]
) -> tuple[dict[str, tuple[_Raw, Array | None]], tuple[str, ...]]:
    """Return whole parameters in our shapes; a course's row = neuron is turned as a whole."""
    turned = {
        name
        for name, raw in raws.items()
        if not exercise.is_bias(name) and _is_transposed(raw.values.shape, exercise, name)
    }
    if turned:
        shapes = {name: exercise.parameters[name].shape for name in raws}
        turned |= {n for n, (a, b) in shapes.items() if a == b > 1 and not exercise.is_bias(n)}
    found = {
        name: (_fitted(exercise, name, raw, name in turned), None) for name, raw in raws.items()
    }
    notes = (
        (f"{', '.join(sorted(turned))} transposed: here a column is a neuron",) if turned else ()
    )
    return dict(found), notes


def _is_transposed(shape: Shape, exercise: Exercise, name: str) -> bool:
    inputs, units = exercise.parameters[name].shape
    return inputs != units and shape == (units, inputs)


def _fitted(exercise: Exercise, name: str, raw: _Raw, turn: bool) -> _Raw:
    """Return a parameter's numbers in our shape, or say which shape is needed."""
    shape, given = exercise.parameters[name].shape, raw.values.shape
    if turn:
        return _Raw(raw.values.T, raw.digits)
    vector = 1 in shape and raw.values.size == max(shape) and len(given) <= 2
    if given != shape and not vector:
        spoken = shape[1:] if exercise.is_bias(name) else shape
        raise ShapeError(
            f"{name} was handed in with shape {given}; it has shape {spoken}.\n  A weight is "
            "(inputs, units), or transposed; a bias (units,)."
        )
    return _Raw(raw.values.reshape(shape), raw.digits)


def _handed_in(
    found: dict[str, tuple[_Raw, Array | None]],
    order: list[str],
    decimals: int | None,
    notes: tuple[str, ...],
) -> HandIn:
    """Return the blocks in order, each number with half a unit of its last place."""
    names = [name for name in order if name in found]
    values = {name: found[name][0].values.ravel() for name in names}
    digits = {name: found[name][0].digits for name in names}
    room = units(values, digits, decimals)
    blocks = tuple(Block(name, values[name], room[name], found[name][1]) for name in names)
    with np.errstate(all="ignore"):
        single = all((v == v.astype(np.float32)).all() for v in values.values())
    most = max((d.significant for each in digits.values() for d in each), default=0)
    return HandIn(blocks, single, most, notes)
