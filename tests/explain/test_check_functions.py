"""`cr.check` on functions whose gradients are known: the right ones pass, the wrong ones do not."""

import check_functions
import numpy as np
import pytest
from check_functions import FUNCTIONS, MISTAKES
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr

NAMES = [name for name, *_ in FUNCTIONS]
SEEDS = range(2)


def item(name):
    _, function, gradient, where = FUNCTIONS[NAMES.index(name)]
    return function, check_functions.silent(gradient), where


@pytest.mark.parametrize("name", NAMES)
def test_right_gradients_pass(name):
    function, gradient, where = item(name)
    for seed in SEEDS:
        x = where(np.random.default_rng([seed, *name.encode()]))
        for given_ in (gradient, gradient(x)):
            check = cr.check(function, given_, x, seed=seed)
            assert check.passed, str(check)
            assert check.wrong == ()


@pytest.mark.parametrize("how", MISTAKES)
@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("flat", "cancellation")])
def test_wrong_gradients_are_found(name, how):
    function, gradient, where = item(name)
    rng = np.random.default_rng([*how.encode(), *name.encode()])
    x = where(rng)
    wrong = check_functions.changed(gradient(x), rng, how)
    if wrong is None:
        pytest.skip("this would be no mistake here")
    check = cr.check(function, wrong, x)
    assert check.wrong, str(check)
    assert not check.passed


def test_a_cancelling_function_shows_half_of_what_it_could():
    """1e8 + x**2 has 8 digits of x**2 left: a factor is found, a part in a million need not be."""
    function, gradient, where = item("cancellation")
    x = where(np.random.default_rng(3))
    assert cr.check(function, 2 * gradient(x), x).wrong
    assert all(e.status != "wrong" for e in cr.check(function, gradient(x) * (1 + 1e-9), x).entries)


UNARY = {
    "tanh": np.tanh,
    "sin": np.sin,
    "exp": lambda x: np.exp(-x * x),
    "relu": cr.relu,
    "abs": abs,
    "sigmoid": cr.sigmoid,
    "square": lambda x: x * x,
    "softplus": cr.softplus,
    "gelu": cr.gelu,
    "leaky_relu": cr.leaky_relu,
}


def random_function(names, weights):
    """A function of an array through a few operations, with a matrix between them."""

    def function(x):
        h = x
        for name, w in zip(names, weights, strict=True):
            h = UNARY[name](h @ w)
        return np.sum(h * h) + np.sum(x)

    return function


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(st.sampled_from(sorted(UNARY)), min_size=1, max_size=4),
    seed=st.integers(0, 10**6),
    scale=st.sampled_from([1e-3, 1.0, 10.0]),
)
def test_our_gradients_of_random_graphs_pass_and_changed_ones_do_not(names, seed, scale):
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((3, 3)) / 2 for _ in names]
    function = random_function(names, weights)
    x = rng.standard_normal(3) * scale
    gradient = cr.grad(function)
    check = cr.check(function, gradient, x, seed=seed)
    assert check.passed, str(check)
    wrong = check_functions.changed(gradient(x), rng, "one entry")
    if wrong is not None:
        assert cr.check(function, wrong, x).wrong


@settings(max_examples=30, deadline=None)
@given(
    power=st.integers(-280, 280),
    slope=st.floats(0.1, 10.0),
    x=st.floats(0.1, 3.0),
    sign=st.sampled_from([-1.0, 1.0]),
)
def test_scales_of_values_do_not_matter(power, slope, x, sign):
    scale = 10.0**power
    found = cr.check(lambda v: scale * np.sin(slope * v), scale * slope * np.cos(slope * x), x)
    assert found.wrong == ()
    assert found.entries[0].status == "agrees"
    assert cr.check(lambda v: scale * sign * v**3, 6.1 * sign * scale * x**2, x).wrong


def test_float32_is_judged_by_its_own_error():
    rng = np.random.default_rng(1)
    data = rng.standard_normal((500, 20)).astype(np.float32)
    w = rng.standard_normal(20).astype(np.float32)

    def loss(w):
        return np.mean(np.tanh(data @ w) ** 2)

    def gradient(w):
        h = np.tanh(data @ w)
        return data.T @ (2 * h * (1 - h * h)) / np.float32(len(data))

    assert gradient(w).dtype == np.float32
    for given_ in (gradient, gradient(w)):
        assert cr.check(loss, given_, w).passed
    assert cr.check(loss, 1.001 * gradient(w), w).wrong
    assert cr.check(lambda w: float(loss(w.astype(np.float32))), gradient, w).wrong == ()
    assert cr.check(loss, gradient(w).astype(float), w.astype(float)).wrong == ()


def test_every_array_has_its_share_of_a_sample_and_the_rest_is_seen_along_a_direction():
    rng = np.random.default_rng(0)
    at = {"W": rng.standard_normal((30, 40)), "b": rng.standard_normal(2)}

    def function(p):
        return np.sum(np.sin(p["W"])) + np.sum(p["b"] ** 2)

    g = {"W": np.cos(at["W"]), "b": 2 * at["b"]}
    check = cr.check(function, g, at, entries=20)
    assert check.passed
    assert {e.name for e in check.entries} >= {"b[0]", "b[1]"}
    assert (len(check.entries), check.findings.total) == (20, 1202)
    assert "20 of 1,202 entries" in str(check)
    for place in ((0, 0), (29, 39), (13, 7)):
        wrong = {**g, "W": g["W"].copy()}
        wrong["W"][place] *= 1.0001
        found = cr.check(function, wrong, at, entries=5)
        assert [e.name for e in found.wrong] == [f"W[{place[0]},{place[1]}]"]


def test_the_sample_is_settled_by_its_seed():
    x = np.linspace(0.1, 2.0, 300)
    names = [
        [e.name for e in cr.check(lambda v: np.sum(v**2), 2 * x, x, entries=9, seed=s).entries]
        for s in (1, 1, 2)
    ]
    assert names[0] == names[1] != names[2]


def test_one_wrong_entry_is_found_beside_kinks():
    rng = np.random.default_rng(4)
    x = rng.standard_normal(400)
    x[[3, 250]] = 0.0

    def function(v):
        return float(np.sum(np.abs(v)) + np.sum(np.sin(v)))

    g = np.sign(x) + np.cos(x)
    assert cr.check(function, g, x, entries=10).passed
    for place in (17, 333, 399):
        wrong = g.copy()
        wrong[place] += 0.1
        assert [e.name for e in cr.check(function, wrong, x, entries=10).wrong] == [f"x[{place}]"]
