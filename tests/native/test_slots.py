"""Every operation with native code, on its examples and on nasty numbers, against NumPy."""

import numpy as np
import pytest
from support import KINDS, Compiled

import chainrule.ops  # noqa: F401
from chainrule.graph import primitives

NATIVE = sorted(name for name, p in primitives.items() if p.native is not None)

UNITS = 4
"""NumPy's own float32 functions are off by two and a half."""

UNITS_OF = {"erfc": 64, "normal_cdf": 64, "gelu": 64}
"""SciPy's tails are off by this much; `test_maths` compares ours with exact values."""

COARSE = {
    # NumPy multiplies by a tail that is rounded to a subnormal number, and cancels near -1.278.
    "silu": lambda x, tiny, grain: np.abs(x) * tiny,
    "silu_slope": lambda x, tiny, grain: np.abs(x) * tiny + 2 * grain,
    "gelu": lambda x, tiny, grain: np.abs(x) * tiny,
    "gelu_slope": lambda x, tiny, grain: np.abs(x) * tiny + 2 * grain,
}

SIZES = (0.0, 5e-324, 1e-310, 1e-45, 1e-40, 1e-9, 0.01, 0.3, 0.5, 1.0, 2.0, 3.0, 7.7, 40.0, 100.0)
NASTY = [*SIZES, 745.0, 1e4, 1e30, 3e38, 1e300, np.inf]
NASTY = np.array([*NASTY, *np.negative(NASTY), np.nan])


BELLS = {"erf_slope", "normal_density", "normal_cdf", "gelu", "gelu_slope"}
"""NumPy's values of these are NaN for some finite numbers beyond 1e9, where 0 would be right."""


def boolean_inputs(name: str) -> set[int]:
    """Return the places of the inputs that are true or false."""
    if name.startswith("logical"):
        return {0, 1}
    return {0} if name == "where" else set()


def inputs(name: str, kind: str) -> list[np.ndarray]:
    """Return arrays of equal shape: every nasty number with every other, and random ones."""
    dtype, rng = KINDS[kind], np.random.default_rng(5)
    arity = primitives[name].arity
    with np.errstate(all="ignore"):
        nasty = np.unique(NASTY.astype(dtype))
        nasty = np.concatenate([nasty, [dtype.type(-0.0)]])
    if arity == 3:
        nasty = nasty[::3]
    if name in BELLS:
        nasty = nasty[~((np.abs(nasty) > 1e9) & np.isfinite(nasty))]
    grids = [g.ravel() for g in np.meshgrid(*[nasty] * arity)]
    drawn = [rng.standard_normal(999).astype(dtype) * dtype.type(3) for _ in range(arity)]
    out = [np.concatenate(pair) for pair in zip(grids, drawn, strict=True)]
    return [x > 0 if i in boolean_inputs(name) else x for i, x in enumerate(out)]


def attributes(name: str) -> list[dict]:
    """Return the attributes that the examples of an operation give it."""
    found = [dict(e.attrs) for e in primitives[name].examples]
    return [a for i, a in enumerate(found) if a not in found[:i]]


def compiled(name: str, kind: str, attrs: dict, fused: bool = True) -> Compiled:
    """Return an operation as machine code; what is true or false comes as a float."""
    flags = boolean_inputs(name)

    def slot(m, *values):
        values = [x.differs(0.0) if i in flags else x for i, x in enumerate(values)]
        return primitives[name].native(m, *values, **attrs)

    return Compiled(slot, kind, primitives[name].arity, fused=fused)


@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize("name", NATIVE)
def test_native_code_agrees_with_the_definition(name, kind):
    given = inputs(name, kind)
    info = np.finfo(KINDS[kind])
    for attrs in attributes(name):
        with np.errstate(all="ignore"):
            want = np.asarray(primitives[name].value(*given, **attrs))
        for fused in (True, False):
            got = compiled(name, kind, attrs, fused)(*given)
            same_class(got, want, given)
            if want.dtype != np.bool_:
                room = COARSE.get(name, lambda x, tiny, grain: 0.0)
                extra = room(given[0].astype(float), float(info.smallest_subnormal), info.eps)
                close(got, want, UNITS_OF.get(name, UNITS), extra, given)


def same_class(got: np.ndarray, want: np.ndarray, given: list) -> None:
    """Check that NaN, infinities and truth are at the same places, and zeros of one sign."""
    if want.dtype == np.bool_:
        np.testing.assert_array_equal(got, want)
        return
    for wrong in (
        np.isnan(got) != np.isnan(want),
        np.isinf(got) & np.isfinite(want) & (np.abs(want) < np.finfo(want.dtype).max / 2),
        np.isinf(want) & (got != want) & (np.abs(got) < np.finfo(want.dtype).max / 2),
        (got == 0) & (want == 0) & (np.signbit(got) != np.signbit(want)),
    ):
        spots = np.flatnonzero(wrong)[:3]
        assert not spots.size, [(tuple(x[i] for x in given), got[i], want[i]) for i in spots]


def close(got: np.ndarray, want: np.ndarray, units: int, extra: np.ndarray, given: list) -> None:
    """Check that finite values are within a few units in the last place."""
    finite = np.isfinite(got) & np.isfinite(want)
    a, b = got.astype(np.float64), want.astype(np.float64)
    with np.errstate(all="ignore"):
        spacing = np.spacing(np.abs(want)).astype(np.float64)
        wrong = finite & ~(np.abs(a - b) <= units * spacing + extra)
    spots = np.flatnonzero(wrong)[:3]
    assert not spots.size, [(tuple(x[i] for x in given), got[i], want[i]) for i in spots]


@pytest.mark.parametrize("name", NATIVE)
def test_native_code_runs_on_the_examples(name):
    for example in primitives[name].examples:
        given = np.broadcast_arrays(*(np.asarray(x, float) for x in example.inputs))
        flags = boolean_inputs(name)
        typed = [x != 0 if i in flags else x for i, x in enumerate(given)]
        want = primitives[name].value(*typed, **example.attrs)
        got = compiled(name, "f64", dict(example.attrs))(*given)
        np.testing.assert_allclose(got, want, rtol=1e-15)
