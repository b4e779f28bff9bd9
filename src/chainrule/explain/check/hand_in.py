"""The gradient under check: an array, a function, or a dict or tuple like the argument.

Knows a subject and what the user handed in; judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, ShapeError, SpecError, shown
from chainrule.executors import evaluate
from chainrule.executors.trees import map_arrays
from chainrule.explain.check.spread import LINES, gradient_noise
from chainrule.explain.check.subject import (
    Leaf,
    Subject,
    is_tensor,
    plain_array,
    random_direction,
    unit_of,
)
from chainrule.graph import Node
from chainrule.types import Array


@dataclass(frozen=True, eq=False)
class HandIn:
    """A gradient, in arrays like the argument's.

    Attributes
    ----------
    arrays : list of numpy.ndarray
        In float64.
    units : list of float
        The rounding unit that each was computed in.
    measure : callable or None
        Measures how far rounding moves each entry, where the gradient can be asked again.
    decimals : int or None
        To how many decimals it was rounded, if it was.
    steady : bool
        Whether two calls at the same x gave the same.
    """

    arrays: list[Array]
    units: list[float]
    measure: Callable[[], list[Array]] | None = None
    decimals: int | None = None
    steady: bool = True

    @cached_property
    def spread(self) -> list[Array]:
        """How far rounding moves each entry; zeros if that is not known."""
        return [np.zeros(a.shape) for a in self.arrays] if self.measure is None else self.measure()

    @property
    def rounded(self) -> float:
        """How far rounding to decimals may have moved an entry."""
        return 0.0 if self.decimals is None else 0.5000001 * 10.0**-self.decimals

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth knowing about the gradient, in sentences."""
        if not self.steady:
            return (
                "The gradient is another at each call with the same x: it is random, or adds up "
                "what earlier calls left. The first call is judged.",
            )
        if self.decimals is None:
            return ()
        return (f"The gradient was given with {self.decimals} decimals and is judged by these.",)


def handed_in(gradient: Any, subject: Subject, rng: np.random.Generator) -> HandIn:
    """Return the gradient at the point.

    Raises
    ------
    ShapeError, SpecError, DTypeError
        If it does not have the form and the shapes of x.
    """
    function = gradient if callable(gradient) and not is_tensor(gradient) else None
    given = _called(function, subject, subject.arrays) if function else gradient
    found = _like(given, subject.form, subject.leaves)
    arrays = [a.astype(np.float64) for a in found]
    units = [max(_unit_of(a), leaf.unit) for a, leaf in zip(found, subject.leaves, strict=True)]
    if function is None:
        return HandIn(arrays, units, decimals=decimals_of(arrays))
    again = _like(_called(function, subject, subject.arrays), subject.form, subject.leaves)
    steady = all(
        bool(np.all(np.abs(a - b) <= 64 * unit * np.abs(a)) or not np.isfinite(a).all())
        for a, b, unit in zip(arrays, again, units, strict=True)
    )
    directions = [random_direction(subject, rng) for _ in range(LINES)]
    return HandIn(
        arrays, units, lambda: _measured(function, subject, max(units), directions), steady=steady
    )


def decimals_of(arrays: list[Array]) -> int | None:
    """Return to how many decimals, 4 to 8, numbers were rounded; None if they were not.

    Examples
    --------
    >>> decimals_of([np.array([0.123457, -1.500012])]), decimals_of([np.array([0.5, 0.25])])
    (6, None)
    """
    numbers = np.concatenate([a.reshape(-1) for a in arrays]) if arrays else np.zeros(0)
    numbers = numbers[np.isfinite(numbers) & (numbers != np.round(numbers))]
    if len(numbers) < 2 or np.abs(numbers).max() > 1e6:
        return None
    for decimals in range(4, 9):
        if _is_rounded(numbers, decimals).all():
            shorter = _is_rounded(numbers, decimals - 1).mean()
            return decimals if shorter <= 0.5 else None
    return None


def _is_rounded(numbers: Array, decimals: int) -> Array:
    return np.abs(numbers - np.round(numbers, decimals)) <= 2 * np.spacing(np.abs(numbers))


def _unit_of(array: Array) -> float:
    """Return the rounding unit that numbers were computed in: float32's, if all are of its kind."""
    unit = unit_of(array.dtype)
    numbers = array[np.isfinite(array) & (array != 0)].astype(np.float64)
    with np.errstate(all="ignore"):
        single = numbers.astype(np.float32)
        mantissas = np.frexp(numbers)[0] * 4096  # whole if 12 bits are enough
    long = mantissas != np.round(mantissas)
    if len(numbers) and (numbers == single).all() and 2 * long.sum() >= len(numbers):
        return max(unit, 2.0**-24)
    return unit


def _called(function: Any, subject: Subject, arrays: list[Array]) -> Any:
    """Return what the user's gradient function gives; its errors are the user's to see."""
    with np.errstate(all="ignore"):
        try:
            return function(subject.argument(arrays))
        except Exception as error:
            raise SpecError(
                f"the gradient raised {type(error).__name__} at x: {error}.\n"
                "  It is called with x alone, in the form that was given."
            ) from error


def _measured(
    function: Any, subject: Subject, unit: float, directions: Sequence[Sequence[Array]]
) -> list[Array]:
    """Return how far rounding moves each entry of a gradient that is a function."""

    def gradient(arrays: list[Array]) -> list[Array] | None:
        try:
            given = _called(function, subject, arrays)
            return _like(given, subject.form, subject.leaves)
        except (SpecError, ShapeError, DTypeError):
            return None

    return gradient_noise(gradient, subject.arrays, directions, unit)


def _like(given: Any, form: Any, leaves: tuple[Leaf, ...]) -> list[Array]:
    """Return the arrays of a gradient in the order of the argument's."""
    ready = iter(leaves)
    return _walk(given, form, ready, "the gradient")


def _walk(given: Any, form: Any, leaves: Any, place: str) -> list[Array]:
    if form is None:
        return []
    if isinstance(form, Mapping):
        _same_keys(given, form, place)
        return [
            a for key in form for a in _walk(given[key], form[key], leaves, f"{place}[{key!r}]")
        ]
    if isinstance(form, (list, tuple)) and not _is_one_array(form):
        if not isinstance(given, (list, tuple)) or len(given) != len(form):
            raise SpecError(
                f"{place} is {shown(given)}; x has {len(form)} arrays, so it needs as many."
            )
        pairs = enumerate(zip(given, form, strict=True))
        return [a for k, (g, f) in pairs for a in _walk(g, f, leaves, f"{place}[{k}]")]
    return [_array(given, next(leaves), place)]


def _is_one_array(form: Any) -> bool:
    return map_arrays(lambda _: True, form) is True


def _same_keys(given: Any, form: Mapping[Any, Any], place: str) -> None:
    if not isinstance(given, Mapping):
        raise SpecError(f"{place} is {shown(given)}; x is a dict, so it needs to be one.")
    missing = [key for key in form if key not in given]
    more = [key for key in given if key not in form]
    if missing or more:
        words = f"lacks {missing[0]!r}" if missing else f"has {more[0]!r}, which x has not"
        raise SpecError(f"{place} {words}; x has {', '.join(map(repr, form))}.")


def _array(given: Any, leaf: Leaf, place: str) -> Array:
    if isinstance(given, Node):
        given = evaluate(given)
    try:
        array = plain_array(given)
    except (TypeError, ValueError):
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        raise DTypeError(f"{place} of {leaf.name} is {shown(given)}; it needs real numbers.")
    wanted = leaf.array.shape
    if array.shape != wanted and array.size == 1 == leaf.array.size:
        array = array.reshape(wanted)
    if array.shape != wanted:
        turned = array.shape == wanted[::-1] and array.ndim == 2
        hint = "transpose it" if turned else "it has an entry for each entry of x"
        raise ShapeError(
            f"{place} of {leaf.name} has shape {array.shape}; {leaf.name} has shape {wanted}.\n"
            f"  A gradient has the shape of x: {hint}."
        )
    return array if array.dtype.kind == "f" else array.astype(np.float64)
