"""Composites: softmax, log_softmax, logsumexp, var, std, norm.

Functions built from primitives, without a rule of their own, that are numerically right.
Knows primitives by name; knows no executor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, ValueRefused
from chainrule.graph import Example, implements
from chainrule.ops.compare import absolute, boolean, equal, stop_gradient, where
from chainrule.ops.declare import broadcast, call, elementwise, general, linear, offered
from chainrule.ops.reduction import Axis, checked_axes, max, mean, reduction_rule, sum
from chainrule.ops.transcendental import exp, log, sqrt, square
from chainrule.types import Array, Shape


def _shift(x: Array, y: Array) -> Array:
    if np.iscomplexobj(x) or np.iscomplexobj(y):
        return np.asarray(x - y)
    return np.where(x == y, np.zeros((), np.result_type(x, y)), x - y)


elementwise(
    "shift",
    "The first array minus the second, and 0 where they are equal (inf minus inf too).",
    value=_shift,
    local=lambda out, x, y: (1, -1),
    latex="{0} - {1}",
    examples=[(2.0, 3.0), ([1.0, 3.0], 3.0)],
    native=lambda m, x, y: m.shift(x, y),
)


def _guard(x: Array, ok: Array, message: str) -> Array:
    if not np.all(ok):
        index = [int(i) for i in np.argwhere(~np.atleast_1d(ok))[0]]
        raise ValueRefused(message.format(row=index[0], index=index))
    return x


def _guard_shape(x: Shape, ok: Shape, message: str) -> Shape:
    if broadcast(x, ok, op="guard") != x:
        raise ShapeError(f"guard: a condition of shape {ok} does not fit into shape {x}.")
    return x


linear(
    "guard",
    "The first array, unless the condition is false somewhere: then the message names the row.",
    value=_guard,
    shape=_guard_shape,
    dtype=lambda x, ok, message: x,
    adjoint=lambda g, out, x, ok, message: (g, None),
    joint=False,
    latex="{0}",
    examples=[Example(([1.0, 2.0], [True, True]), {"message": "row {row} is refused"})],
)


def _shifted(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Return x minus its largest entry, and that entry, as no gradient need pass it."""
    top = stop_gradient(max(x, axes, keepdims=True))
    return call("shift", x, top), top


@offered
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return log(sum(exp(x))) over axes, without overflow.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(logsumexp(np.array([1000.0, 1000.0]))), 6)
    1000.693147
    """
    axes = checked_axes("logsumexp", np.shape(x), axis)
    shifted, top = _shifted(x, axes)
    out = top + log(sum(exp(shifted), axes, keepdims=True))
    return out if keepdims else sum(out, axes)


def _decided(x: Array, axes: tuple[int, ...]) -> Array:
    """Return where a row has a finite largest entry, or exactly one that is +inf."""
    top = np.max(np.real(x), axis=axes, keepdims=True)
    finite = np.asarray(np.isfinite(top))
    if finite.all():
        return finite
    peaks = np.sum(np.real(x) == top, axis=axes, keepdims=True)
    return np.asarray(finite | ((top > 0) & (peaks == 1)) | np.isnan(top))


general(
    "decided",
    "Whether each row of logits has a largest entry that is finite, or exactly one that is +inf.",
    why="It answers yes or no and has no slope.",
    value=_decided,
    shape=lambda x, axes: reduction_rule("decided")(x, axes, keepdims=True),
    dtype=boolean,
    vjp=lambda g, out, x, axes: (None,),
    latex=r"\mathrm{{decided}}({0})",
    examples=[Example(([[1.0, -2.0], [0.0, 3.0]],), {"axes": (1,)})],
)


def _checked_logits(x: Any, name: str, axes: tuple[int, ...], empty: Any = False) -> Any:
    """Return the logits, guarded: a row needs a finite logit or exactly one that is +inf."""
    column = np.ndim(x) == 2 and axes == (0,)
    message = (
        f"{name} of {'column {index[1]}' if column else 'row {row}'}: its logits have no single "
        "largest entry (all are -inf, or several are +inf).\n"
        "  At least one logit must be finite; has the network diverged?"
    )
    fine = call("logical_or", call("decided", x, axes=axes), empty)
    return call("guard", x, fine, message=message)


@offered
def softmax(x: Any, axis: int = -1, *, masked: bool = False) -> Any:
    """Return exp(x) / sum(exp(x)) along an axis, without overflow.

    Parameters
    ----------
    x : Node or array_like
        The logits.
    axis : int
        Along which the result sums to 1.
    masked : bool
        Where all logits are -inf give zeros, with gradient zero, instead of an error.

    Raises
    ------
    ValueRefused
        When evaluated on a row of only -inf (unless masked), or with several +inf.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    axes = checked_axes("softmax", np.shape(x), axis)
    empty = equal(max(x, axes, keepdims=True), -np.inf) if masked else False
    shifted, _ = _shifted(_checked_logits(x, "softmax", axes, empty), axes)
    e = exp(shifted)
    shares = e / sum(e, axes, keepdims=True)
    return where(empty, 0.0, shares) if masked else shares


@offered
def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return log(softmax(x)) along an axis, exact where softmax itself would round to 0.

    Raises
    ------
    ValueRefused
        As for `softmax`.

    Examples
    --------
    >>> import numpy as np
    >>> log_softmax(np.array([1e4, 0.0, -1e4]))
    array([     0., -10000., -20000.])
    """
    shifted, log_total = log_softmax_parts(x, axis)
    return shifted - log_total


def log_softmax_parts(x: Any, axis: int = -1) -> tuple[Any, Any]:
    """Return two arrays of which the difference is `log_softmax`; the second has length 1 there.

    Examples
    --------
    >>> import numpy as np
    >>> shifted, log_total = log_softmax_parts(np.array([1e4, 0.0]))
    >>> shifted, log_total
    (array([     0., -10000.]), array([0.]))
    """
    axes = checked_axes("log_softmax", np.shape(x), axis)
    shifted, _ = _shifted(_checked_logits(x, "log_softmax", axes), axes)
    return shifted, log(sum(exp(shifted), axes, keepdims=True))


def _binade(x: Array) -> Array:
    x = np.asarray(np.real(x))
    scale = np.ldexp(x.dtype.type(1), np.frexp(x)[1] - 1)
    return np.asarray(np.where((x == 0) | ~np.isfinite(x), x.dtype.type(1), scale))


elementwise(
    "binade",
    "The power of two at or below each entry's size, 1 for 0, inf and NaN; its derivative is 0.",
    value=_binade,
    local=lambda out, x: (None,),
    latex=r"2^{{\lfloor \log_2 |{0}| \rfloor}}",
    examples=[([3.0, -0.3],)],
    native=lambda m, x: m.binade(x),
)


def _count(name: str, x: Any, axes: tuple[int, ...], ddof: int) -> int:
    count: int = math.prod(np.shape(x)[a] for a in axes) - ddof
    if count <= 0:
        raise ShapeError(
            f"{name} with ddof={ddof} of shape {np.shape(x)} over axes {axes}: too few entries."
        )
    return count


def _centred(x: Any, axes: tuple[int, ...]) -> Any:
    """Return x less its mean; twice, as the rounded mean of a large offset is a little off."""
    rest = x - mean(x, axes, keepdims=True)
    return rest - mean(rest, axes, keepdims=True)


@offered
@implements(np.var)
def var(x: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """Return the variance over axes; of a constant it is exactly 0.

    The sum of squared distances from the mean is divided by the number of entries less `ddof`;
    an offset that is large beside the spread costs no digits.

    Examples
    --------
    >>> float(var([1.0, 3.0])), float(var([1.0, 3.0], ddof=1))
    (1.0, 2.0)
    """
    axes = checked_axes("var", np.shape(x), axis)
    count = _count("var", x, axes, ddof)
    spread = mean(square(_centred(x, axes)), axes, keepdims)
    return spread * ((count + ddof) / count) if ddof else spread


@offered
@implements(np.std)
def std(x: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """Return the standard deviation over axes; of a constant it is 0, and so is its gradient.

    It does not overflow where the squares would.

    Examples
    --------
    >>> float(std([1.0, 3.0])), float(std([14.62, 14.62, 14.62]))
    (1.0, 0.0)
    """
    axes = checked_axes("std", np.shape(x), axis)
    count = _count("std", x, axes, ddof)
    scale = _scale(x, axes)
    spread = _length(_centred(x / scale, axes), axes) / math.sqrt(count) * scale
    return spread if keepdims else sum(spread, axes)


@offered
def norm(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the Euclidean length over axes, without overflow; at 0 its gradient is 0.

    Examples
    --------
    >>> import numpy as np
    >>> f"{norm(np.array([3e200, 4e200])):.9g}"
    '5e+200'
    """
    axes = checked_axes("norm", np.shape(x), axis)
    if not all(np.shape(x)[a] for a in axes):
        return sum(absolute(x), axes, keepdims)
    scale = _scale(x, axes)
    length = _length(x / scale, axes) * scale
    return length if keepdims else sum(length, axes)


def _scale(x: Any, axes: tuple[int, ...]) -> Any:
    """Return the power of two at the largest entry, by which to divide without rounding.

    It stays above the subnormal numbers, as one over it is a local derivative.
    """
    scale = call("binade", max(absolute(x), axes, keepdims=True))
    return call("maximum", scale, 2.0 * float(np.finfo(scale.dtype).tiny))


def _length(x: Any, axes: tuple[int, ...]) -> Any:
    """Return the root of the sum of squares, kept axes; 0 with gradient 0 where all are 0."""
    squares = sum(square(x), axes, keepdims=True)
    nothing = squares <= 0
    return where(nothing, 0.0, sqrt(where(nothing, 1.0, squares)))
