"""Elementary functions of the native executor, against mpmath: digits, ends, order, lanes."""

import functools
import math
import subprocess
import sys
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from support import KINDS, Compiled

from chainrule.executors.native.maths.formats import FORMATS
from chainrule.executors.native.target import lanes_of
from chainrule.graph import primitives

mp.mp.dps = 40


def _log1pexp(x):
    return mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x))


def _sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def _slope(x):
    return mp.exp(-abs(x)) / (1 + mp.exp(-abs(x))) ** 2


FUNCTIONS = {
    # name: (reference, lowest, highest, units with fused multiply-add)
    "exp": (mp.exp, -745.2, 709.7, 1),
    "expm1": (mp.expm1, -60.0, 709.7, 1),
    "log": (mp.log, 0.0, 1e300, 1),
    "log1p": (mp.log1p, -1.0, 1e300, 1),
    "sigmoid": (_sigmoid, -745.2, 746.0, 1),
    "sigmoid_slope": (_slope, -745.2, 745.2, 1),
    "tanh": (mp.tanh, -60.0, 60.0, 1),
    "tanh_slope": (lambda x: 4 * _slope(2 * x), -373.2, 373.2, 1),
    "softplus": (_log1pexp, -745.2, 1e300, 1),
    "log_sigmoid": (lambda x: -_log1pexp(-x), -1e300, 745.2, 1),
    "silu": (lambda x: x * _sigmoid(x), -750.0, 1e300, 2),
    "elu": (lambda x: x if x > 0 else mp.expm1(x), -60.0, 1e300, 2),
    "elu_slope": (lambda x: mp.exp(min(x, 0)), -745.2, 1e300, 2),
    "erf": (mp.erf, -6.0, 6.0, 2),
    "erfc": (mp.erfc, -6.0, 27.2, 2),
    "erf_slope": (lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x), -27.2, 27.2, 2),
    "normal_density": (lambda x: mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi), -38.5, 38.5, 2),
    "normal_cdf": (lambda x: mp.erfc(-x / mp.sqrt(2)) / 2, -38.4, 9.0, 2),
    "gelu": (lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2, -38.5, 40.0, 2),
}
PLAIN_UNITS = {"erfc": 2.5, "normal_cdf": 2.5, "gelu": 2.5}
"""What is allowed without fused multiply-add, where it is not 2."""
COUNT = 150


def points(name: str, kind: str, count: int = COUNT) -> np.ndarray:
    """Return points of every size and sign in the range of a function, and around its seams."""
    _, low, high, _ = FUNCTIONS[name]
    rng = np.random.default_rng(3)
    most = 100.0 if kind == "f32" else 800.0
    sizes = 10.0 ** rng.uniform(-44 if kind == "f32" else -322, math.log10(most), count)
    huge = 10.0 ** rng.uniform(2, 37 if kind == "f32" else 300, count)
    parts = [sizes, -sizes, huge, -huge, seams()]
    parts += [rng.uniform(-w, w, count) for w in (0.6, 3.0, 40.0, most)]
    x = np.concatenate(parts).astype(KINDS[kind]).astype(np.float64)
    top = 88.7 if name in ("exp", "expm1") and kind == "f32" else high
    x = x[(x > low) & (x <= top)] if name in ("log", "log1p") else x[(x >= low) & (x <= top)]
    return np.unique(x).astype(KINDS[kind])


def seams() -> np.ndarray:
    """Return where a reduction or a choice changes over."""
    halves = (np.arange(-5, 6) + 0.5) * math.log(2)
    roots = math.sqrt(0.5) * 2.0 ** np.arange(-3, 4)
    far = [0.5493061443340549, 708.396, 745.13, 87.336, 103.97, 17.33, 36.74]
    return np.concatenate([halves, halves / 2, roots, roots - 1, far, np.negative(far)])


@functools.cache
def expected(name: str, kind: str) -> tuple[np.ndarray, list]:
    """Return points and exact values there."""
    x = points(name, kind)
    return x, [FUNCTIONS[name][0](mp.mpf(float(v))) for v in x]


def units(got: np.ndarray, want: list, kind: str) -> np.ndarray:
    """Return how far values are from exact ones, in units in the last place of those."""
    nearest = np.array([float(w) for w in want]).astype(KINDS[kind])
    spacing = np.spacing(np.abs(nearest)).astype(np.float64)
    return np.array(
        [float(abs(mp.mpf(float(g)) - w) / s) for g, w, s in zip(got, want, spacing, strict=True)]
    )


@functools.cache
def compiled(name: str, kind: str, lanes: int = 0, fused: bool = True) -> Compiled:
    """Return a function of one input as machine code."""
    return Compiled(lambda m, x: getattr(m, name)(x), kind, lanes=lanes, fused=fused)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_values_are_right_to_the_last_digit(name, kind, fused):
    x, want = expected(name, kind)
    off = units(compiled(name, kind, fused=fused)(x), want, kind)
    allowed = FUNCTIONS[name][3] if fused else PLAIN_UNITS.get(name, 2)
    worst = int(np.argmax(off))
    assert off[worst] <= allowed, f"{name}({x[worst]!r}) is {off[worst]:.3f} units off"


@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_one_lane_gives_the_bits_of_a_vector(name, kind):
    x = np.concatenate([points(name, kind), np.array(ENDS, KINDS[kind])])
    for fused in (True, False):
        vector = compiled(name, kind, fused=fused)(x)
        for lanes in (1, 2 * lanes_of(kind)):
            alone = compiled(name, kind, lanes=lanes, fused=fused)(x)
            np.testing.assert_array_equal(vector, alone)
            real = ~np.isnan(vector)
            np.testing.assert_array_equal(np.signbit(vector[real]), np.signbit(alone[real]))


ENDS = (0.0, -0.0, np.inf, -np.inf, np.nan, 1e38, -1e38, 1e-45, -1e-45)


@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_ends_are_those_of_numpy(name, kind):
    x = np.array(ENDS, KINDS[kind])
    with np.errstate(all="ignore"):
        want = primitives[name].value(x)
    got = compiled(name, kind)(x)
    np.testing.assert_array_equal(got, want)
    real = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(got[real]), np.signbit(want[real]))


NASTY = [
    ("sigmoid", "f64", 1000.0, 1.0),
    ("sigmoid", "f64", -1000.0, 0.0),
    ("sigmoid", "f64", -708.0, 3.307553003638408e-308),
    ("sigmoid", "f64", -745.0, 5e-324),
    ("sigmoid", "f32", -100.0, np.float32(3.8e-44)),
    ("sigmoid_slope", "f64", 40.0, 4.248354255291589e-18),
    ("sigmoid_slope", "f64", -100.0, 3.720075976020836e-44),
    ("tanh_slope", "f64", 20.0, 1.6993417021166355e-17),
    ("softplus", "f64", 1000.0, 1000.0),
    ("softplus", "f64", -1000.0, 0.0),
    ("softplus", "f64", -40.0, 4.248354255291589e-18),
    ("log_sigmoid", "f64", -1000.0, -1000.0),
    ("elu", "f64", -1000.0, -1.0),
    ("elu_slope", "f64", 1000.0, 1.0),
    ("relu", "f64", -0.0, 0.0),
    ("relu", "f64", np.nan, np.nan),
    ("exp", "f64", 709.782712893384, 1.7976931348622732e308),
    ("exp", "f64", 709.79, np.inf),
    ("exp", "f64", -745.1332191019412, 0.0),
    ("log", "f64", 5e-324, -744.4400719213812),
    ("log1p", "f64", -1.0, -np.inf),
    ("log1p", "f64", -1.5, np.nan),
    ("log", "f64", 0.0, -np.inf),
]


@pytest.mark.parametrize(("name", "kind", "x", "want"), NASTY)
def test_nasty_inputs_have_their_answers(name, kind, x, want):
    got = compiled(name, kind)([x])[0]
    assert got == want or (math.isnan(got) and math.isnan(want))
    assert math.copysign(1.0, got) == math.copysign(1.0, want) or math.isnan(want)


def neighbours(x: float, kind: str, count: int = 300) -> np.ndarray:
    """Return floats next to each other, upwards, around a number that is not 0."""
    form, dtype = FORMATS[kind], KINDS[kind]
    whole = np.dtype("i4" if form.whole == "i32" else "i8")
    around = np.arange(-count, count, dtype=whole) * (1 if x > 0 else -1)
    return (np.array([x], dtype).view(whole) + around).view(dtype)


RISING = ("exp", "expm1", "log", "log1p", "sigmoid", "tanh", "softplus", "log_sigmoid", "elu")


@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize("name", RISING)
def test_values_rise_across_every_seam(name, kind):
    _, low, high, _ = FUNCTIONS[name]
    for seam in [*seams(), 0.02, -0.02, 0.45, -0.45]:
        x = neighbours(float(seam), kind)
        x = x[(x.astype(np.float64) > low) & (x.astype(np.float64) < min(high, 88.7))]
        rises = np.diff(compiled(name, kind)(x)) >= 0 if x.size > 1 else np.array([True])
        assert rises.all(), f"{name} falls after {x[np.argmin(rises)]!r}"


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("kind", ["f32", "f64"])
def test_powers_are_right_to_the_last_digits(kind, fused):
    x, y, want = powers(kind)
    got = Compiled(lambda m, a, b: m.power(a, b), kind, 2, fused=fused)(x, y)
    off = units(got, want, kind)
    worst = int(np.argmax(off))
    assert off[worst] <= 2, f"{x[worst]!r} to the {y[worst]!r} is {off[worst]:.3f} units off"


@functools.cache
def powers(kind: str) -> tuple[np.ndarray, np.ndarray, list]:
    """Return bases, exponents and exact powers, large and small ones."""
    rng, most = np.random.default_rng(4), 80.0 if kind == "f32" else 700.0
    spread = 10.0 ** rng.uniform(-30, 30, COUNT)
    x = np.concatenate([spread, rng.uniform(0.6, 1.6, 3 * COUNT), 1 + rng.normal(0, 1e-4, COUNT)])
    x = x.astype(KINDS[kind])
    y = (rng.uniform(-most, most, x.size) / np.log(x.astype(float) + 1e-9)).astype(KINDS[kind])
    y[::4] = np.round(y[::4])
    keep = np.abs(y * np.log(x.astype(float))) < most
    x, y = x[keep], y[keep]
    return x, y, [mp.mpf(float(a)) ** mp.mpf(float(b)) for a, b in zip(x, y, strict=True)]


@pytest.mark.slow
def test_coefficients_are_those_of_the_script():
    script = Path(__file__).parents[2] / "scripts/coefficients.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_values_of_one_input_share_their_instructions():
    both = Compiled(lambda m, x: m.sigmoid(x) + m.sigmoid_slope(x), "f64").text.count("\n")
    one = Compiled(lambda m, x: m.sigmoid(x), "f64").text.count("\n")
    other = Compiled(lambda m, x: m.sigmoid_slope(x), "f64").text.count("\n")
    assert both < one + other - 30


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize(("name", "wanted"), [("floor", np.floor), ("trunc", np.trunc)])
def test_whole_numbers_are_exact_on_processors_without_an_instruction_for_it(
    name, wanted, kind, fused
):
    rng = np.random.default_rng(0)
    near = np.arange(-40, 41) / 4.0
    steps = [0.0, -0.0, np.inf, -np.inf, np.nan, 2.0**22 + 0.5, -(2.0**23), 2.0**51 + 0.5, 1e300]
    with np.errstate(over="ignore"):
        x = np.concatenate([near, steps, rng.normal(size=99) * 1e6, np.nextafter(near, 9)]).astype(
            KINDS[kind]
        )
    found = Compiled(lambda m, v: getattr(m, name)(v), kind, fused=fused)(x)
    np.testing.assert_array_equal(found, wanted(x))
    np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted(x)))


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sine_and_cosine_are_within_one_and_a_half_units_up_to_their_bound(name):
    rng = np.random.default_rng(0)
    quarters = np.arange(-60, 61) * (np.pi / 2)
    x = np.concatenate([rng.uniform(-1e5, 1e5, 2000), rng.uniform(-4, 4, 2000), quarters,
                        np.nextafter(quarters, 99), [0.0, -0.0, 1e-300, 5e-324]])  # fmt: skip
    found = Compiled(lambda m, v: getattr(m, name)(v), "f64")(x)
    for angle, ours in zip(x, found, strict=True):
        right = getattr(mp, name)(mp.mpf(float(angle)))
        unit = np.spacing(max(abs(float(right)), 5e-324))
        assert abs(mp.mpf(float(ours)) - right) <= 1.5 * unit, angle
    if name == "sin":
        np.testing.assert_array_equal(np.signbit(found[x == 0]), np.signbit(x[x == 0]))
