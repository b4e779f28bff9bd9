"""Independent references: mpmath functions by name, differentiated numerically at 480 digits.

Knows numbers and mpmath; knows no rule of ours. A primitive that is not elementwise, or whose name
is not in the table, is judged by the complex step on its own value instead.
"""

import math
from functools import cache

import mpmath
from mpmath import mp, mpf

DIGITS = 480
LEVELS = ((DIGITS, 130, 190), (1250, 400, 460), (1600, 700, 900))
"""Digits, and the steps of two differences in bits below the input: until both agree."""

NO_ANSWER = (None, None, None)


def _real(function):
    """Refuse what mpmath answers with a complex number: there is no real answer."""

    def real(*numbers, **attrs):
        found = function(*numbers, **attrs)
        if isinstance(found, mpmath.mpc):
            raise ValueError("not real")
        return mpf(found)

    return real


def _sigmoid(x):
    return 1 / (1 + mp.exp(-x)) if x >= 0 else mp.exp(x) / (1 + mp.exp(x))


def _tanh_slope(x):
    e = mp.exp(-2 * abs(x))
    return 4 * e / (1 + e) ** 2


def _sigmoid_slope(x):
    e = mp.exp(-abs(x))
    return e / (1 + e) ** 2


def _softplus(x):
    return max(x, mpf(0)) + mp.log1p(mp.exp(-abs(x)))


def _erfc(x):
    return mp.erfc(x) if x < 1e6 else mpf(0)


def _normal_cdf(x):
    return _erfc(-x / mp.sqrt(2)) / 2


def _normal_density(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi) if abs(x) < 1e6 else mpf(0)


def _log1p(x):
    return mp.log1p(x) if abs(x) < 0.001 else mp.log(1 + x)


def _power(x, y):
    if x == 0 and y < 0:
        raise ValueError("0 to a negative power")
    if x == 0 or (y == int(y) and abs(y) < 9):
        return x ** (int(y) if y == int(y) else y)
    if x < 0 and y != int(y):
        raise ValueError("a broken power of a negative number")
    return (-1 if x < 0 and int(y) % 2 else 1) * mp.exp(y * mp.log(abs(x)))


def _power_slope(x, y, order=1, by=0):
    factor = mp.fprod(y - by - j for j in range(order))
    return mpf(0) if factor == 0 else factor * _power(x, y - by - order)


def _no_sign(x):
    return mpf(0) if x == 0 else mp.sign(x)


def _clip(x, low, high):
    return min(max(x, low), high)


def _silu_slope(x):
    s = _sigmoid(x)
    return s + x * _sigmoid_slope(x)


def _binade(x):
    return mpf(1) if x == 0 else mp.ldexp(1, mp.frexp(x)[1] - 1)


ELEMENTWISE = {
    "binade": _binade,
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "shift": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "chain": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "neg": lambda x: -x,
    "power": _power,
    "power_slope": _power_slope,
    "exp": mp.exp,
    "log": mp.log,
    "log1p": _log1p,
    "expm1": mp.expm1,
    "sqrt": mp.sqrt,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "sin": mp.sin,
    "cos": mp.cos,
    "erf": mp.erf,
    "erfc": _erfc,
    "erf_slope": lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x) if abs(x) < 1e6 else mpf(0),
    "normal_cdf": _normal_cdf,
    "normal_density": _normal_density,
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
    "equal": lambda x, y: x == y,
    "not_equal": lambda x, y: x != y,
    "logical_and": lambda x, y: bool(x) and bool(y),
    "logical_or": lambda x, y: bool(x) or bool(y),
    "logical_not": lambda x: not x,
    "is_finite": lambda x: True,
    "maximum": max,
    "minimum": min,
    "clip": _clip,
    "sign": _no_sign,
    "floor": mp.floor,
    "abs": abs,
    "alias": lambda x: x,
    "stop_gradient": lambda x: x,
    "where": lambda condition, x, y: x if condition else y,
    "sigmoid": _sigmoid,
    "sigmoid_slope": _sigmoid_slope,
    "tanh": lambda x: mp.tanh(x) if abs(x) < 1e6 else mp.sign(x),
    "tanh_slope": _tanh_slope,
    "relu": lambda x: max(x, mpf(0)),
    "leaky_relu": lambda x, alpha=0.01: x if x >= 0 else mpf(alpha) * x,
    "elu": lambda x, alpha=1.0: x if x >= 0 else mpf(alpha) * mp.expm1(x),
    "elu_slope": lambda x, alpha=1.0: mpf(1) if x >= 0 else mpf(alpha) * mp.exp(x),
    "softplus": _softplus,
    "log_sigmoid": lambda x: -_softplus(-x),
    "silu": lambda x: x * _sigmoid(x),
    "silu_slope": _silu_slope,
    "gelu": lambda x: x * _normal_cdf(x),
    "gelu_slope": lambda x: _normal_cdf(x) + x * _normal_density(x),
}
"""Primitive to its mathematical function of real numbers."""

FLAT = {"stop_gradient"}
"""Primitives whose derivative is 0 by decree, whatever their value does."""


GROUPS = {
    "max": max,
    "min": min,
    "decided": lambda row: math.isfinite(max(row)) or row.count(math.inf) == 1,
}
"""Primitives that choose within groups of entries, as functions of a list."""


class Point:
    """The right answers at one point: value, first and second derivatives, one-sided ones."""

    def __init__(self, name, numbers, attrs):
        self.function = _real(lambda *x: ELEMENTWISE[name](*x, **attrs))
        self.numbers = numbers
        self.value = self._at(DIGITS, *(mpf(x) for x in numbers))
        self.first, self.second = {}, {}

    def _at(self, digits, *numbers):
        with mp.workdps(digits):
            try:
                found = self.function(*numbers)
            except (ValueError, ZeroDivisionError, OverflowError, TypeError):
                return None
            return found if mp.isfinite(found) else None

    def _moved(self, digits, step, by):
        """Return the value where inputs are moved by so many of their own small steps."""
        numbers = [mpf(x) for x in self.numbers]
        for k, count in by:
            numbers[k] += count * self._step(step, k)
        return self._at(digits, *numbers)

    def _step(self, bits, k):
        x = self.numbers[k]
        exponent = 0 if x == 0 else min(0, math.frexp(x)[1])
        return mp.ldexp(1, exponent - bits)

    def d1(self, k):
        """Return the derivative by input k, or None where there is none."""
        if k not in self.first:
            self.first[k] = self._agreed(lambda *how: self._d1(k, *how))
        return self.first[k]

    def d2(self, k, m):
        """Return the second derivative by inputs k and m, or None."""
        key = (min(k, m), max(k, m))
        if key not in self.second:
            self.second[key] = self._agreed(lambda *how: self._d2(*key, *how))
        return self.second[key]

    def _d1(self, k, digits, bits):
        up, down = (self._moved(digits, bits, [(k, s)]) for s in (1, -1))
        return None if up is None or down is None else (up - down) / (2 * self._step(bits, k))

    def _d2(self, k, m, digits, bits):
        if k == m:
            up, mid, down = (self._moved(digits, bits, [(k, s)]) for s in (1, 0, -1))
            if None in (up, mid, down):
                return None
            return (up - 2 * mid + down) / self._step(bits, k) ** 2
        signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
        found = [self._moved(digits, bits, [(k, a), (m, b)]) for a, b in signs]
        if None in found:
            return None
        rise = sum(a * b * f for (a, b), f in zip(signs, found, strict=True))
        return rise / (4 * self._step(bits, k) * self._step(bits, m))

    def _plain(self):
        """Tell whether a difference of 0 at the coarse steps means 0 in float64 too."""
        return all(abs(x) > 1e-9 for x in self.numbers) and abs(self.value or 0) < 1e50

    def _agreed(self, difference):
        """Return what two steps agree on, a coarse pair first, then finer ones."""
        for digits, coarse, fine in LEVELS:
            with mp.workdps(digits):
                a, b = difference(digits, coarse), difference(digits, fine)
                if a is None or b is None:
                    return None
                if b == 0 and digits == DIGITS and not self._plain():
                    continue
                if abs(a - b) <= mp.ldexp(abs(b), -83) + mp.ldexp(1, -1110):
                    return to_float(b)
        return None

    def one_sided(self, k):
        """Return the derivatives from the left and from the right by input k, as far as defined."""
        sides = []
        with mp.workdps(DIGITS):
            for s in (-1, 1):
                there = self._moved(DIGITS, 130, [(k, s)])
                if there is not None and self.value is not None:
                    sides.append(to_float((there - self.value) / (s * self._step(130, k))))
        return sides


def to_float(number):
    """Return the nearest float64, infinite where it overflows."""
    if mp.isinf(number) or abs(number) >= mp.ldexp(1, 1024):
        return math.inf if number > 0 else -math.inf
    return float(number)


@cache
def point(name, numbers, attrs):
    """Return the right answers of an elementwise primitive at a point (cached)."""
    return Point(name, numbers, dict(attrs))
