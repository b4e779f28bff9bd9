"""Polynomials of the native executor: make ``maths/coefficients.py``, the same bytes each time.

    python scripts/coefficients.py [--check]

Each polynomial interpolates its function at the Chebyshev nodes of an interval, in 60 digits,
and is then rounded: within a factor of two of the smallest error that its degree allows. The
error that is stated is the largest one at 2001 points, of the rounded coefficients, relative to
the function of which the polynomial is a part. Knows mpmath; knows nothing of LLVM.
"""

from __future__ import annotations

import argparse
import math
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpmath as mp

TARGET = Path(__file__).parents[1] / "src/chainrule/executors/native/maths/coefficients.py"

mp.mp.dps = 60

Real = Any

TINY = mp.mpf("1e-20")
"""Below this the first coefficient of a series is the function."""

SLACK = mp.mpf("1.0001")
"""Intervals are a little wider than needed: reductions round."""


@dataclass(frozen=True)
class Polynomial:
    """One polynomial to be made.

    Attributes
    ----------
    name : str
        The constant that holds it.
    words : str
        What it is, with the interval.
    function : callable
        What it interpolates.
    weight : callable
        Its error times this is the error relative to what it is a part of.
    low, high : float
        The interval.
    degrees : dict
        The degree for each kind of float.
    """

    name: str
    words: str
    function: Callable[[Real], Real]
    weight: Callable[[Real], Real]
    low: Real
    high: Real
    degrees: dict[str, int]


def interpolated(
    function: Callable[[Real], Real], low: Real, high: Real, degree: int
) -> list[Real]:
    """Return the coefficients, lowest first, of the interpolation at Chebyshev nodes."""
    count = degree + 1
    nodes: list[Real] = [mp.cos(mp.pi * (2 * k + 1) / (2 * count)) for k in range(count)]
    middle, half = (low + high) / 2, (high - low) / 2
    matrix = mp.matrix(count, count)
    for i, node in enumerate(nodes):
        for j in range(count):
            matrix[i, j] = (middle + half * node) ** j
    values = mp.matrix([function(middle + half * node) for node in nodes])
    return list(mp.lu_solve(matrix, values))


def rounded(number: Real, kind: str) -> float:
    """Return the nearest float64, or float32."""
    if kind == "f64":
        return float(number)
    return float(struct.unpack("f", struct.pack("f", float(number)))[0])


def error(polynomial: Polynomial, coefficients: list[float]) -> float:
    """Return the largest weighted error of rounded coefficients."""
    low, high = polynomial.low, polynomial.high
    worst = mp.mpf(0)
    for k in range(2001):
        x = low + (high - low) * (k + mp.mpf(1) / 3) / 2001
        off = mp.polyval(coefficients[::-1], x) - polynomial.function(x)
        worst = max(worst, abs(off * polynomial.weight(x)))
    return float(worst)


def _exp(x: Real) -> Real:
    """Return (exp(x) - 1 - x) / x^2."""
    return mp.mpf(1) / 2 if abs(x) < TINY else (mp.expm1(x) - x) / x**2


def _tanh(w: Real) -> Real:
    """Return (tanh(x) - x) / x^3, w = x^2."""
    x = mp.sqrt(w)
    return -mp.mpf(1) / 3 if w < TINY else (mp.tanh(x) - x) / x**3


def _atanh(w: Real) -> Real:
    """Return (atanh(z) - z) / z^3, w = z^2."""
    z = mp.sqrt(w)
    return mp.mpf(1) / 3 if w < TINY else (mp.atanh(z) - z) / z**3


def _atanh_tail(w: Real) -> Real:
    """Return (atanh(z) - z - z^3 / 3) / z^5, w = z^2."""
    z = mp.sqrt(w)
    return mp.mpf(1) / 5 if w < TINY else (mp.atanh(z) - z - z**3 / 3) / z**5


def _log_cosh(w: Real) -> Real:
    """Return log(cosh(x / 2)) / x^2, w = x^2."""
    x = mp.sqrt(w)
    return mp.mpf(1) / 8 if w < TINY else mp.log(mp.cosh(x / 2)) / w


def _erf(w: Real) -> Real:
    """Return erf(x) / x - 1, w = x^2."""
    x = mp.sqrt(w)
    return 2 / mp.sqrt(mp.pi) - 1 if w < TINY else mp.erf(x) / x - 1


def _erfcx(q: Real) -> Real:
    """Return (1 + 2 a) exp(a^2) erfc(a), a = 4 (1 + q) / (1 - q)."""
    a = 4 * (1 + q) / (1 - q)
    return (1 + 2 * a) * mp.exp(a * a) * mp.erfc(a)


def polynomials() -> list[Polynomial]:
    """Return every polynomial that is made."""
    third = mp.mpf(1) / 9 * SLACK
    narrow = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * SLACK
    half = mp.log(2) / 2 * SLACK
    small = mp.mpf("0.55")
    return [
        Polynomial(
            "EXP", "(exp(x) - 1 - x) / x^2 for |x| <= log(2) / 2, of exp(x)",
            _exp, lambda x: x**2 / mp.exp(x), -half, half, {"f32": 5, "f64": 10},
        ),
        Polynomial(
            "TANH", "(tanh(x) - x) / x^3 by w = x^2 for |x| <= 0.55, of tanh(x)",
            _tanh, lambda w: w, mp.mpf(0), small**2, {"f32": 4, "f64": 10},
        ),
        Polynomial(
            "LOG", "(atanh(z) - z) / z^3 by w = z^2 for |z| <= 0.1716, of atanh(z)",
            _atanh, lambda w: w, mp.mpf(0), narrow, {"f32": 3, "f64": 6},
        ),
        Polynomial(
            "LOG_TAIL",
            "(atanh(z) - z - z^3 / 3) / z^5 by w = z^2 for |z| <= 0.1716, of atanh(z)",
            _atanh_tail, lambda w: w**2, mp.mpf(0), narrow, {"f64": 7},
        ),
        Polynomial(
            "LOG_COSH", "log(cosh(x / 2)) / x^2 by w = x^2 for |x| <= 0.45, of log(1 + exp(x))",
            _log_cosh, lambda w: w / mp.log1p(mp.exp(-mp.sqrt(w))),
            mp.mpf(0), mp.mpf("0.45") ** 2, {"f32": 3, "f64": 6},
        ),
        Polynomial(
            "SOFTPLUS", "(atanh(z) - z) / z^3 by w = z^2 for |z| <= 1/3, of atanh(z)",
            _atanh, lambda w: w, mp.mpf(0), third, {"f32": 5, "f64": 10},
        ),
        Polynomial(
            "ERF", "erf(x) / x - 1 by w = x^2 for |x| <= 1, of erf(x) / x",
            _erf, lambda w: 1 / (1 + _erf(w)), mp.mpf(0), mp.mpf(1), {"f64": 11},
        ),
        Polynomial(
            "ERFCX", "(1 + 2 a) exp(a^2) erfc(a) by q = (a - 4) / (a + 4) for a <= 28, of itself",
            _erfcx, lambda q: 1 / _erfcx(q), mp.mpf(-1), mp.mpf(24) / 32, {"f64": 22},
        ),
    ]  # fmt: skip


def split(number: Real, bits: int, kind: str) -> tuple[float, float]:
    """Return a number in two parts, of which the first has so many bits."""
    unit = mp.mpf(2) ** (mp.floor(mp.log(number, 2)) + 1 - bits)
    high = mp.nint(number / unit) * unit
    return float(high), rounded(number - high, kind)


def _first_rest() -> float:
    """Return what the first coefficient of ERFCX lacks as a float64."""
    (p,) = (p for p in polynomials() if p.name == "ERFCX")
    first = interpolated(p.function, p.low, p.high, p.degrees["f64"])[0]
    return float(first - mp.mpf(float(first)))


HEAD = '''"""Coefficients, lowest power first, and constants. Made by ``scripts/coefficients.py``.

Each table says what it approximates, and how far it is off, relative to the function named last.
Knows numbers only.
"""

'''


def text() -> str:
    """Return the module."""
    parts = [HEAD]
    for p in polynomials():
        tables = {}
        for kind, degree in p.degrees.items():
            exact = interpolated(p.function, p.low, p.high, degree)
            tables[kind] = [rounded(c, kind) for c in exact]
        off = ", ".join(
            f"{kind} degree {len(c) - 1}: 2^{math.log2(error(p, c)):.1f}"
            for kind, c in tables.items()
        )
        parts.append(f"# {p.words}.\n# {off}\n{p.name} = {{\n")
        for kind, c in tables.items():
            rows = "".join(f"        {number!r},\n" for number in c)
            parts.append(f'    "{kind}": (\n{rows}    ),\n')
        parts.append("}\n\n")
    parts.append(
        "# log(2) in two parts: the first times the number of a binade is exact.\nLN2 = {\n"
    )
    for kind, bits in (("f32", 15), ("f64", 41)):
        high, low = split(mp.log(2), bits, kind)
        parts.append(f'    "{kind}": ({high!r}, {low!r}),\n')
    parts.append("}\n\n# What rounding took from the first coefficient of ERFCX.\n")
    parts.append(f"ERFCX_REST = {_first_rest()!r}\n")
    parts.append("\n# Factors of bell curves in two parts, to be added.\n")
    for name, number in (("TWO_BY_ROOT_PI", 2 / mp.sqrt(mp.pi)), ("BELL", 1 / mp.sqrt(2 * mp.pi))):
        high, low = split(number, 53, "f64")
        parts.append(f"{name} = ({high!r}, {low!r})\n")
    return "".join(parts)


def main() -> int:
    """Write the module, or with ``--check`` say whether it is what would be written."""
    parser = argparse.ArgumentParser(description="Make the coefficients of the native executor.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    made, check = text(), parser.parse_args().check
    if check:
        same = TARGET.read_text(encoding="utf-8") == made
        print("coefficients:", "the same" if same else "different; run scripts/coefficients.py")
        return 0 if same else 1
    TARGET.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
