"""What `cr.check` says: kinks, jumps, noise, few digits, and hand-ins that make no sense."""

import itertools
import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import (
    DataError,
    DTypeError,
    MissingExtraError,
    ShapeError,
    SpecError,
    ValueRefused,
)

X = np.array([-0.12, 0.46, 0.21, -0.96])


def squares(x):
    return np.sum(x**2)


def only(check):
    (entry,) = check.entries
    return entry


@pytest.mark.parametrize(
    ("yours", "words"),
    [
        (6.0, "agrees to all digits"),
        (12.0, "wrong: yours 12 is twice 6"),
        (3.0, "wrong: yours 3 is half of 6"),
        (-6.0, "wrong: yours -6 is minus 6"),
        (24.0, "wrong: yours 24 is 4 times 6"),
        (0.0, "wrong: yours is 0, it should be 6"),
        (math.nan, "wrong: yours is nan, the derivative is 6"),
        (7.0, "wrong: yours 7, the derivative is 6: off by 1, a relative error of 0.1429"),
    ],
)
def test_a_verdict_is_a_sentence(yours, words):
    entry = only(cr.check(lambda x: x**2, yours, 3.0))
    assert entry.verdict == words
    assert entry.method == "complex step"


def test_digits_of_agreement_are_counted():
    assert only(cr.check(np.exp, math.exp(1.0) * (1 + 3e-13), 1.0)).short == "agrees to 12 digits"


KINKS = [
    (lambda x: np.maximum(x, 0), 0.0, (0.0, 1.0)),
    (abs, 0.0, (-1.0, 1.0)),
    (lambda x: max(2 * x, x + 1), 1.0, (1.0, 2.0)),
    (lambda x: abs(np.sin(x)) + x, math.pi * 0, (0.0, 2.0)),
    (lambda x: float(np.max([x, 0.3, 2 * x - 0.3])), 0.3, (0.0, 2.0)),
]


@pytest.mark.parametrize(("function", "at", "sides"), KINKS)
def test_a_kink_is_told_with_both_slopes_and_not_failed(function, at, sides):
    for yours in (*sides, sum(sides) / 2):
        entry = only(cr.check(function, yours, at))
        assert entry.status == "kink"
        assert entry.slope.left.value == pytest.approx(sides[0], abs=1e-7)
        assert entry.slope.right.value == pytest.approx(sides[1], abs=1e-7)
        assert "slope from the left" in entry.verdict
    outside = only(cr.check(function, sides[1] + 1.0, at))
    assert outside.status == "wrong"
    assert "is neither, nor between them" in outside.verdict


def test_ties_of_a_maximum_are_kinks_and_ours_share():
    x = np.array([1.0, 1.0, 0.0])
    found = cr.check(np.max, cr.grad(np.max), x)
    assert [e.status for e in found.entries] == ["kink", "kink", "agrees"]
    assert found.passed


def test_a_kink_that_only_the_graph_knows_is_settled_by_its_convention():
    """relu(x) - relu(-x) is x; the rules say 0 at 0, and that is said, not failed."""

    def function(x):
        return cr.relu(x) - cr.relu(-x)

    entry = only(cr.check(function, cr.grad(function), 0.0))
    assert entry.status == "kink"
    assert entry.verdict == (
        "at a kink: differences give 1; yours, 0, is what the conventions at kinks give"
    )
    assert only(cr.check(function, 0.5, 0.0)).status == "wrong"


@pytest.mark.parametrize("beside", [1e-3, 1e-6, -1e-3, -1e-6])
def test_a_kink_beside_the_point_is_no_excuse(beside):
    right = float(beside > 0)
    assert only(cr.check(lambda x: float(max(x, 0.0)), right, beside)).status == "agrees"
    assert only(cr.check(lambda x: float(max(x, 0.0)), 1 - right, beside)).status == "wrong"


def test_a_jump_and_a_vertical_slope_are_told():
    found = cr.check(lambda x: np.sum(np.floor(x)), np.zeros(3), np.array([1.0, 2.5, -0.5]))
    assert [e.short for e in found.entries] == ["jumps here", "both are 0", "both are 0"]
    entry = only(cr.check(lambda x: np.sqrt(np.abs(x)), 0.0, 0.0))
    assert entry.short == "no finite slope"
    assert not cr.check(lambda x: np.sqrt(np.abs(x)), 0.0, 0.0).passed


def test_the_edge_of_a_domain_has_one_slope():
    entry = only(cr.check(lambda x: x * math.sqrt(x) + x, 1.0, 0.0))
    assert entry.status == "kink"
    assert "at the edge of where the function has values" in entry.verdict
    assert only(cr.check(lambda x: x * math.sqrt(x) + x, 2.0, 0.0)).status == "wrong"


def noisy(size):
    """A function whose values differ from call to call by up to a size."""
    rng = np.random.default_rng(3)
    return lambda x: np.sum(x**2) + size * rng.random()


def test_a_random_function_is_told_and_judged_by_its_noise():
    found = cr.check(noisy(1e-6), 2 * X, X)
    assert found.passed
    assert "The function is random" in found.notes[0]
    assert cr.check(noisy(1e-6), 2.1 * X, X).wrong
    hopeless = cr.check(noisy(10.0), 2 * X, X)
    assert len(hopeless.unclear) == len(X)
    assert not hopeless.passed
    assert hopeless.wrong == ()
    assert str(hopeless).startswith("Cannot tell for any entry whether the gradient is right")


def test_a_value_rounded_on_the_way_is_told():
    found = cr.check(lambda x: round(float(np.sum(x**2)), 4), 2 * X, X)
    assert found.wrong == ()
    assert "moves in jumps of about 0.0001" in found.notes[0]
    assert cr.check(lambda x: round(float(np.sum(x**2)), 4), 3 * X, X).wrong


def test_a_function_that_changes_its_argument_is_told():
    def greedy(x):
        x *= 2
        return np.sum(x**2)

    x = X.copy()
    found = cr.check(greedy, 8 * X, x)
    assert found.passed
    assert "writes into its argument" in found.notes[0]
    assert (x == X).all()


def test_a_gradient_that_adds_up_is_told():
    kept = np.zeros(4)

    def adding(x):
        kept[:] += 2 * x
        return kept

    found = cr.check(squares, adding, X)
    assert "another at each call" in found.notes[0]


def test_a_gradient_given_with_few_decimals_is_judged_by_these():
    given = np.round(np.cos(X), 6)
    found = cr.check(lambda x: np.sum(np.sin(x)), given, X)
    assert found.passed
    assert "given with 6 decimals" in found.notes[0]
    given[1] = round(given[1] + 2e-6, 6)
    assert [e.name for e in cr.check(lambda x: np.sum(np.sin(x)), given, X).wrong] == ["x[1]"]


def test_parts_that_are_not_analytic_do_not_mislead():
    """The complex step is blind to abs; central differences see it."""

    def function(x):
        return np.sum(x**2) + 1e-3 * np.sum(np.abs(x)) + np.real(np.vdot(x, x))

    right = 4 * X + 1e-3 * np.sign(X)
    assert cr.check(function, right, X).passed
    assert cr.check(function, 4 * X, X).wrong
    assert cr.check(function, 2 * X, X).wrong


def test_nothing_to_check_passes_and_says_so():
    found = cr.check(np.sum, np.zeros((0, 3)), np.zeros((0, 3)))
    assert found.passed
    assert found.entries == ()
    assert str(found) == "Nothing to check: x has no entries."


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((lambda x: x**2, 2 * X, X), ShapeError, r"returned an array of shape \(4,\)"),
        ((squares, np.ones((4, 1)), X), ShapeError, r"shape \(4, 1\); x has shape \(4,\)"),
        ((np.sum, np.ones((3, 2)), np.ones((2, 3))), ShapeError, "transpose it"),
        ((lambda x: np.sum(np.log(x)), 1 / X, X), ValueRefused, "is nan at x"),
        ((lambda x: np.inf, X, X), ValueRefused, "is inf at x"),
        ((lambda x: 1 / 0, X, X), ValueRefused, "raised ZeroDivisionError at x"),
        ((lambda x: None, X, X), DTypeError, "returned None"),
        ((lambda x: "0.5", X, X), DTypeError, "which is no number"),
        (("f", X, X), SpecError, "check needs a function"),
        ((squares, X, X + 1j), DTypeError, "complex numbers"),
        ((squares, X, np.array([1.0, np.nan])), DataError, r"x is nan at \[1\]"),
        ((squares, X, ["a"]), DTypeError, "real numbers"),
        ((lambda p: np.sum(p["a"]), {"b": X}, {"a": X}), SpecError, "lacks 'a'"),
        ((lambda p: np.sum(p["a"]), {"a": X, "b": X}, {"a": X}), SpecError, "has 'b'"),
        ((lambda p: np.sum(p[0]), (X,), (X, X)), SpecError, "x has 2 arrays"),
        ((squares, lambda x: 1 / 0, X), SpecError, "the gradient raised ZeroDivisionError"),
        ((squares, lambda x: None, X), DTypeError, "it needs real numbers"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(arguments, error, words):
    with pytest.raises(error, match=words):
        cr.check(*arguments)


@pytest.mark.parametrize("entries", [0, -1, 2.5, True, "all"])
def test_how_many_entries_is_a_number(entries):
    with pytest.raises(SpecError, match="how many entries are looked at"):
        cr.check(squares, 2 * X, X, entries=entries)


def test_numbers_lists_dicts_and_tuples_are_taken():
    assert cr.check(lambda x: x**2, 6, 3)
    assert cr.check(squares, [2, 4], [1, 2])
    assert cr.check(lambda p: np.sum(p[0] ** 2) * p[1], (2 * X * 2.0, np.sum(X**2)), (X, 2.0))
    nested = {"layer": {"W": X}, "b": 0.5}
    found = cr.check(
        lambda p: np.sum(p["layer"]["W"] ** 2) + p["b"],
        {"b": 1.0, "layer": {"W": 2 * X}},
        nested,
    )
    assert [e.name for e in found.entries] == [*(f"layer.W[{k}]" for k in range(4)), "b"]


def test_a_factor_that_all_have_in_common_is_said_once():
    text = cr.check(squares, 2 * X / 7, X).text(200)
    assert "Each of these is the right one divided by 7." in text


def test_the_page_has_a_picture_of_the_error_against_h():
    found = cr.check(lambda x: np.sum(np.sin(x)), np.cos(X), X)
    html = found.html()
    assert "<svg" in html
    assert "Error of the central difference of" in str(found)


def test_a_plot_needs_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    found = cr.check(squares, 2 * X, X)
    with pytest.raises(MissingExtraError, match=r"pip install 'chainrule\[plot\]'"):
        found.plot(tmp_path / "check.png")
    with pytest.raises(SpecError, match="a plot of 'W'"):
        found.plot(tmp_path / "check.png", ["W"])


def test_a_plot_is_a_file(tmp_path):
    pytest.importorskip("matplotlib")
    found = cr.check(lambda x: float(np.sum(np.sin(x))), np.cos(X), X)
    found.plot(tmp_path / "check.png")
    assert (tmp_path / "check.png").read_bytes().startswith(b"\x89PNG")
    for place in (tmp_path / "check.xyz", tmp_path / "no" / "check.png"):
        with pytest.raises(SpecError, match="cannot be written"):
            found.plot(place)
    with pytest.raises(SpecError, match="no entry has a slope"):
        cr.check(lambda x: float(x > 0), 0.0, 0.0).plot(tmp_path / "none.png")


def test_jax_functions_in_float32_are_judged_by_float32():
    jax = pytest.importorskip("jax")

    def function(x):
        return jax.numpy.sum(jax.numpy.tanh(x) ** 2)

    assert cr.check(function, jax.grad(function), X)
    assert cr.check(function, lambda x: 1.001 * jax.grad(function)(x), X).wrong


def test_the_function_is_called_with_arguments_of_its_own():
    seen = []

    def function(x):
        seen.append(x)
        return np.sum(x**2)

    cr.check(function, 2 * X, X)
    real = [x for x in seen if x.dtype.kind == "f"]
    assert all(a is not b for a, b in itertools.pairwise(real))
    assert all(x.flags.writeable for x in real)


class Tensor:
    """As much of PyTorch's tensor as a check uses."""

    device = "cpu"

    def __init__(self, array):
        self.array = np.asarray(array)

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return self.array

    def to(self, device):
        return self


def test_tensors_are_handed_over_and_taken_back_without_importing_torch(monkeypatch):
    torch = SimpleNamespace(Tensor=Tensor, from_numpy=Tensor)
    monkeypatch.setitem(sys.modules, "torch", torch)

    def function(x):
        assert isinstance(x, Tensor)
        return Tensor(np.sum(np.tanh(x.array)))

    x = Tensor(X)
    assert cr.check(function, Tensor(1 / np.cosh(X) ** 2), x)
    assert cr.check(function, lambda x: Tensor(1 / np.cosh(x.array) ** 2), x)
    assert cr.check(function, Tensor(2 / np.cosh(X) ** 2), x).wrong


def test_a_kink_behind_a_bend_is_settled_by_the_convention():
    """gelu(1e-30 i) is not purely imaginary: only a step whose square is 0 stays at the kink."""

    def function(x):
        h = cr.gelu(x)
        return cr.relu(2.0 * h) - 3.0 * cr.relu(-h) + cr.sin(x)

    entry = only(cr.check(function, cr.grad(function), np.array(0.0)))
    assert entry.status == "kink"
    assert only(cr.check(function, 9.0, np.array(0.0))).status == "wrong"
