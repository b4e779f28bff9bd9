"""The function under check, at arm's length: its argument as arrays, its value as one number.

Every call gets a fresh argument in the form the user gave (number, array, dict, tuple, tensor), so
that a function that changes its argument does no harm. Knows callables and arrays; knows no
derivative.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import DataError, DTypeError, ShapeError, SpecError, ValueRefused, shown
from chainrule.executors import evaluate
from chainrule.executors.trees import map_arrays
from chainrule.graph import Node
from chainrule.types import Array, DType


@dataclass(frozen=True, eq=False)
class Leaf:
    """One array of the argument.

    Attributes
    ----------
    name : str
        ``x``, a dict's key, or a place in a tuple.
    array : numpy.ndarray
        Its numbers, in the float dtype that the user gave.
    given : object
        What the user gave: a number, an array, a tensor.
    """

    name: str
    array: Array
    given: Any

    @property
    def unit(self) -> float:
        """The rounding unit of its dtype."""
        return unit_of(self.array.dtype)

    @property
    def typical(self) -> float:
        """The usual size of an entry that is not 0; 1 if there is none."""
        sizes = np.abs(self.array[self.array != 0]).astype(np.float64)
        return float(np.median(sizes)) if sizes.size else 1.0

    def entry(self, index: int) -> str:
        """Return the name of an entry, by its place in the flat array."""
        if not self.array.ndim:
            return self.name
        place = np.unravel_index(index, self.array.shape)
        return f"{self.name}[{','.join(str(int(i)) for i in place)}]"


@dataclass(frozen=True)
class Value:
    """What one call gave.

    Attributes
    ----------
    number : complex
        The number.
    unit : float
        The rounding unit of the dtype it came in.
    is_complex : bool
        Whether it came as a complex number.
    """

    number: complex
    unit: float
    is_complex: bool


@dataclass(frozen=True, eq=False)
class Subject:
    """A function and the point where its gradient is checked.

    Attributes
    ----------
    function : callable
        The user's.
    form : object
        The argument in the user's form.
    leaves : tuple of Leaf
        Its arrays.
    """

    function: Callable[[Any], Any]
    form: Any
    leaves: tuple[Leaf, ...]

    @property
    def size(self) -> int:
        """Number of entries of all arrays."""
        return sum(leaf.array.size for leaf in self.leaves)

    @property
    def arrays(self) -> list[Array]:
        """The arrays of the point; not to be written to."""
        return [leaf.array for leaf in self.leaves]

    def argument(self, arrays: Sequence[Array]) -> Any:
        """Return the argument in the user's form, made of these arrays; all its own."""
        ready = iter([_in_form(leaf, a) for leaf, a in zip(self.leaves, arrays, strict=True)])
        return map_arrays(lambda _: next(ready), self.form)

    def value(self, arrays: Sequence[Array]) -> Value:
        """Return the function's value; errors of the function come through."""
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            return number_of(self.function(self.argument(arrays)))

    def real(self, arrays: Sequence[Array]) -> float:
        """Return the function's value as a float; NaN where it has none, or raises."""
        try:
            return self.value(arrays).number.real
        except Exception:
            return math.nan


def subject_of(function: Any, x: Any) -> Subject:
    """Return a function and a point, checked.

    Raises
    ------
    SpecError, DTypeError, DataError
        If there is no function, or the point is not made of finite floats.
    """
    if not callable(function):
        raise SpecError(
            f"check needs a function of x that returns one number; got {shown(function)}.\n"
            "  cr.check(f, gradient, x)"
        )
    leaves: list[Leaf] = []
    names = leaf_names(x)
    map_arrays(lambda given: leaves.append(_leaf(next(names), given)), x)
    return Subject(function, x, tuple(leaves))


def leaf_names(tree: Any, root: str = "") -> Iterator[str]:
    """Yield a name for each array of a tree, in the order of `map_arrays`.

    Examples
    --------
    >>> list(leaf_names({"W1": [1.0], "b1": [2.0]})), list(leaf_names((np.ones(2), np.ones(3))))
    (['W1', 'b1'], ['x0', 'x1'])
    """
    inner = map_arrays(lambda _: True, tree)
    if inner is True:
        yield root or "x"
    elif isinstance(tree, Mapping):
        for key, branch in tree.items():
            yield from leaf_names(branch, f"{root}.{key}" if root else str(key))
    elif tree is not None:
        for k, branch in enumerate(tree):
            yield from leaf_names(branch, f"{root}.{k}" if root else f"x{k}")


def unit_of(dtype: DType) -> float:
    """Return the rounding unit of a dtype: half the distance from 1 to the next number.

    Examples
    --------
    >>> unit_of(np.dtype(np.float32)) == 2.0**-24
    True
    """
    return float(np.finfo(dtype).eps) / 2 if dtype.kind in "fc" else 2.0**-53


def is_tensor(given: Any) -> bool:
    """Tell whether this is a PyTorch tensor, without importing PyTorch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(given, torch.Tensor)


def plain_array(given: Any) -> Array:
    """Return the numbers of an array, a tensor or nested lists."""
    if is_tensor(given):
        moved = given.detach().cpu()
        try:
            return np.array(moved.numpy())
        except TypeError:  # bfloat16 has no counterpart
            return np.array(moved.float().numpy())
    return np.array(given)


def _leaf(name: str, given: Any) -> Leaf:
    try:
        array = plain_array(given)
    except (TypeError, ValueError):
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        what = "complex numbers" if array.dtype.kind == "c" else f"dtype {array.dtype}"
        raise DTypeError(
            f"check needs real numbers; {name} has {what}: {shown(given)}.\n"
            "  Give x as a number, an array, or a dict or tuple of arrays."
        )
    if array.dtype not in (np.float16, np.float32, np.float64):
        array = array.astype(np.float64)
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise DataError(f"{name} is {array[place]} at {list(place)}; a gradient needs finite x.")
    return Leaf(name, array, given)


def _in_form(leaf: Leaf, array: Array) -> Any:
    """Return an array as the user's function expects it; a copy."""
    if is_tensor(leaf.given):
        torch = sys.modules["torch"]
        return torch.from_numpy(np.array(array)).to(leaf.given.device)
    if isinstance(leaf.given, (int, float)) and not isinstance(leaf.given, np.generic):
        return complex(array[()]) if array.dtype.kind == "c" else float(array[()])
    if not array.ndim:
        return array[()]
    return np.array(array, order="C")


def number_of(found: Any) -> Value:
    """Return the one number that a function returned.

    Raises
    ------
    ShapeError, DTypeError
        If it returned several, or none.
    """
    if isinstance(found, Node):
        found = evaluate(found)
    try:
        array = plain_array(found)
    except (TypeError, ValueError):
        array = np.array(None)
    if array.dtype.kind not in "biufc":
        raise DTypeError(
            f"the function returned {shown(found)}, which is no number; a gradient is that of one."
        )
    if array.size != 1:
        raise ShapeError(
            f"the function returned an array of shape {array.shape}; a gradient is that of one "
            "number.\n  Sum it, or return one entry."
        )
    return Value(complex(array.reshape(())[()]), unit_of(array.dtype), array.dtype.kind == "c")


def value_here(subject: Subject) -> Value:
    """Return the function's value at the point itself.

    Raises
    ------
    ValueRefused
        If it is not finite, or the function raises.
    """
    try:
        found = subject.value(subject.arrays)
    except (ShapeError, DTypeError):
        raise
    except Exception as error:
        raise ValueRefused(
            f"the function raised {type(error).__name__} at x: {error}.\n"
            "  Call f(x) yourself to see where; a gradient can be checked where it has a value."
        ) from error
    if found.is_complex and found.number.imag != 0:
        raise ValueRefused(
            f"the function returned the complex number {found.number} at a real x; a gradient is "
            "that of a real number."
        )
    if not math.isfinite(found.number.real):
        raise ValueRefused(
            f"the function is {found.number.real} at x; a gradient exists only where it is finite."
        )
    return found


def random_direction(subject: Subject, rng: np.random.Generator) -> list[Array]:
    """Return a direction through all entries, each scaled like its entry or its array."""
    found = []
    for leaf in subject.leaves:
        size = np.maximum(np.abs(leaf.array.astype(np.float64)), leaf.typical / 16)
        drawn = rng.uniform(0.5, 1.0, leaf.array.shape) * rng.choice([-1.0, 1.0], leaf.array.shape)
        found.append(np.asarray(size * drawn))
    return found
