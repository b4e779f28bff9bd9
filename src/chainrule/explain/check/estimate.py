"""The numeric derivative of a function: complex step where it is allowed, else a sweep of steps.

Knows a subject (a function and a point); knows nothing of the gradient under check.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from chainrule.autodiff.noise import rounding_noise
from chainrule.autodiff.numeric import imaginary_step
from chainrule.autodiff.sweep import Slope, slope_along
from chainrule.executors.trees import arrays_in
from chainrule.explain.check.subject import (
    Subject,
    Value,
    plain_array,
    random_direction,
    value_here,
)
from chainrule.explain.check.trace import traced
from chainrule.types import Array

Method = Literal["complex step", "central differences"]
Complex = Callable[[Sequence[Array]], Value]

CALLS = 5
"""Calls at one point that tell whether a function gives the same number twice."""
FAINT = 2.0**-664
"""A step whose square is 0 in floating point: at a kink no real part is moved off it."""
NOISE_SPACING = 2.0**-46
QUICK = (2.0**-7, 2.0**-11, 2.0**-15, 2.0**-19)
"""Steps that a derivative from the complex step has to be compatible with."""
SHARP = 1e-7
"""The relative error that those steps must reach to say anything."""
ROUGH = 1e4
"""Noise of so many roundings is worth a note."""
SAFETY = 2.0
"""What error bars of a sweep are widened by before anybody is blamed."""


@dataclass(frozen=True)
class Numeric:
    """A derivative found from values alone.

    Attributes
    ----------
    value, error : float
        It lies within `error` of `value`.
    method : str
        How it was found.
    slope : Slope or None
        The sweep, if one was made.
    """

    value: float
    error: float
    method: Method
    slope: Slope | None = None

    @property
    def kind(self) -> str:
        """What happens at the point: smooth, kink, jump, steep, edge, none."""
        return "smooth" if self.slope is None else self.slope.kind


@dataclass(frozen=True, eq=False)
class Estimator:
    """Derivatives of a subject, with what was found out about its function.

    Attributes
    ----------
    subject : Subject
        With arrays of the dtype it is evaluated in.
    center : float
        The function's value at the point.
    unit : float
        The rounding unit of its values.
    noise : float
        How far a value may be off.
    spread : float
        How far values of repeated calls are apart; 0 unless the function is random.
    mutates : bool
        Whether it writes into its argument.
    complex_value : callable or None
        The function for complex arrays, where the probe allowed it.
    kinks : bool
        Whether that is a graph of ours at a kink: it follows the conventions that gradients do.
    quantum : float
        By how much values jump, if they were rounded to few digits on the way.
    rough : bool
        Whether the noise is far more than rounding, though the function is smooth here.
    """

    subject: Subject
    center: float
    unit: float
    noise: float
    spread: float
    mutates: bool
    complex_value: Complex | None
    kinks: bool = False
    quantum: float = 0.0
    rough: bool = False

    @cached_property
    def arrays(self) -> list[Array]:
        """The point, in the dtype of evaluation."""
        return self.subject.arrays

    def entry(self, leaf: int, index: int, *, sweep: bool = False) -> Numeric:
        """Return the derivative by one entry; with the whole sweep if asked for."""
        array = self.arrays[leaf]
        at = float(array.reshape(-1)[index])
        typical = self.subject.leaves[leaf].typical
        direction = self.unit_direction(leaf, index)
        step = imaginary_step(at)
        starts = _starts(max(abs(at), typical / 16), abs(at), typical, 1.0)
        least = 16 * float(np.spacing(np.abs(array.reshape(-1)[index])))
        return self._along(direction, step, starts, least, sweep=sweep)

    def along(self, direction: Sequence[Array], *, sweep: bool = False) -> Numeric:
        """Return the derivative along a direction whose entries are scaled like the point's."""
        least = 64 * max((leaf.unit for leaf in self.subject.leaves), default=0.0)
        return self._along(direction, 2.0**-80, [1.0, 2.0**-10], least, sweep=sweep)

    def by_convention(self, direction: Sequence[Array]) -> float | None:
        """Return the derivative that the conventions at kinks give; None if there are none."""
        found = self._complex(direction, FAINT) if self.kinks else None
        return None if found is None else found.value

    def unit_direction(self, leaf: int, index: int) -> list[Array]:
        """Return the direction of one entry."""
        direction = [np.zeros(a.shape) for a in self.arrays]
        direction[leaf].reshape(-1)[index] = 1.0
        return direction

    def _along(
        self,
        direction: Sequence[Array],
        step: float,
        starts: Sequence[float],
        least: float,
        *,
        sweep: bool,
    ) -> Numeric:
        def line(t: float) -> float:
            return self.subject.real(_moved(self.arrays, direction, t))

        found = self._complex(direction, step)
        if found is not None and not sweep and self._confirms(line, found.value, starts[0]):
            return found
        slope = slope_along(line, starts, least=least, noise=self.noise, unit=self.unit)
        slope = replace(slope, error=SAFETY * slope.error)
        if found is not None and abs(found.value - slope.value) <= slope.error:
            return replace(found, slope=slope)
        return Numeric(slope.value, slope.error, "central differences", slope)

    def _complex(self, direction: Sequence[Array], step: float) -> Numeric | None:
        if self.complex_value is None:
            return None
        try:
            found = self.complex_value(_moved(self.arrays, direction, step * 1j))
        except Exception:
            return None
        value = found.number.imag / step
        if not math.isfinite(value):
            return None
        return Numeric(value, 16 * found.unit * abs(value), "complex step")

    def _confirms(self, line: Callable[[float], float], value: float, start: float) -> bool:
        """Tell whether a few central differences agree with the complex step's derivative.

        The complex step is blind to what is not analytic (abs, conjugates, real parts).
        """
        h = [math.ldexp(part, math.frexp(start)[1]) for part in QUICK]
        ups, downs = [line(t) for t in h], [line(-t) for t in h]
        slopes = [(u - d) / (2 * t) for u, d, t in zip(ups, downs, h, strict=True)]
        noise = [
            2 * max(self.noise, 2 * self.unit * max(abs(u), abs(d))) / t
            for u, d, t in zip(ups, downs, h, strict=True)
        ]
        bars = [
            1.1 * abs(slopes[k] - slopes[k + 1]) + noise[k] + noise[k + 1] / 16
            for k in range(len(h) - 1)
        ]
        near = all(abs(s - value) <= bar for s, bar in zip(slopes, bars, strict=False))
        even = abs((ups[-1] - self.center) - (self.center - downs[-1]))
        is_smooth = even <= 4 * noise[-1] * h[-1] + 1e-3 * abs(value) * h[-1]
        return near and is_smooth and min(bars) <= SHARP * abs(value)


def _moved(arrays: Sequence[Array], direction: Sequence[Array], t: complex) -> list[Array]:
    """Return the arrays moved along a direction, in their own dtype unless `t` is complex."""
    if isinstance(t, complex):
        return [a.astype(np.complex128) + t * d for a, d in zip(arrays, direction, strict=True)]
    return [(a + t * d).astype(a.dtype) for a, d in zip(arrays, direction, strict=True)]


def _starts(*sizes: float) -> list[float]:
    """Return the sizes that differ by much from those before them, zeros left out."""
    kept: list[float] = []
    for size in sizes:
        if size > 0 and all(not 2.0**-6 < size / other < 2.0**6 for other in kept):
            kept.append(size)
    return kept


def estimator_of(subject: Subject, rng: np.random.Generator) -> Estimator:
    """Return the estimator of a subject, after finding out what its function allows.

    Raises
    ------
    ValueRefused, ShapeError, DTypeError
        If the function has no finite number at the point.
    """
    center = value_here(subject)
    mutates = _mutates(subject)
    repeated = [subject.real(subject.arrays) for _ in range(CALLS - 1)] + [center.number.real]
    spread = max(repeated) - min(repeated)
    spread = spread if spread > 64 * center.unit * abs(center.number.real) else 0.0
    wide = None if spread else _widened(subject, center)
    subject = wide or subject
    found = value_here(subject)
    value, unit = found.number.real, found.unit
    working = max([unit, *(leaf.unit for leaf in subject.leaves)])
    direction = random_direction(subject, rng)
    noise = rounding_noise(
        lambda t: subject.real(_moved(subject.arrays, direction, t)),
        max(NOISE_SPACING, 64 * working),
        unit,
    )
    complex_value, kinks = (None, False) if spread else _complex_of(subject, found)
    plain = Estimator(
        subject, value, unit, max(noise, 2 * spread), spread, mutates, complex_value, kinks
    )
    probe = plain.along(direction, sweep=True).slope
    assert probe is not None, "a sweep was asked for"
    least = max(plain.noise, probe.quantum)
    rough = probe.kind == "smooth" and least > ROUGH * unit * abs(value) > 0
    return replace(plain, noise=least, quantum=probe.quantum, rough=rough)


def _mutates(subject: Subject) -> bool:
    """Tell whether the function writes into its argument."""
    given = subject.argument(subject.arrays)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        subject.function(given)
    after = [plain_array(a) for a in arrays_in(given)]
    pairs = list(zip(after, subject.arrays, strict=False))
    same = len(after) == len(subject.arrays) and all(
        a.shape == b.shape and np.array_equal(a, b) for a, b in pairs
    )
    return not same


def _widened(subject: Subject, center: Value) -> Subject | None:
    """Return the subject in float64, if the function computes in it when asked to."""
    if all(leaf.array.dtype == np.float64 for leaf in subject.leaves):
        return None
    leaves = tuple(replace(leaf, array=leaf.array.astype(np.float64)) for leaf in subject.leaves)
    wide = replace(subject, leaves=leaves)
    try:
        found = wide.value(wide.arrays)
    except Exception:
        return None
    here = center.number.real
    if found.unit > 2.0**-53 or not abs(found.number.real - here) <= 1e-2 * abs(here):
        return None
    return wide


def _complex_of(subject: Subject, center: Value) -> tuple[Complex | None, bool]:
    """Return the function for complex arrays, and whether it is a graph at a kink."""
    if _takes_complex(subject.value, subject, center):
        return subject.value, False
    graph = traced(subject)
    if graph is not None and _takes_complex(graph.value, subject, center):
        return graph.value, graph.at_kink
    return None, False


def _takes_complex(function: Complex, subject: Subject, center: Value) -> bool:
    """Tell whether complex arguments are taken, come out complex, and change nothing."""
    try:
        found = function([a.astype(np.complex128) for a in subject.arrays])
    except Exception:
        return False
    allowed = 256 * max(found.unit, center.unit) * abs(center.number.real)
    same = abs(found.number - center.number) <= allowed
    return found.is_complex and same and found.number.imag == 0
