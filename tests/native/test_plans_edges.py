"""Plans at the edges: empty arrays, ends of the range, refused rows, mixed dtypes, odd layouts."""

import numpy as np
import plans_judge
import plans_training
import pytest

import chainrule as cr
from chainrule.executors.native.program import native_program
from chainrule.graph import apply, constant, variable
from chainrule.plan import make_plan


@pytest.fixture(autouse=True)
def no_cache(monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", "")


def judged(results, **feed):
    """Judge a plan of these results."""
    return plans_judge.judge(make_plan(results), {k: np.asarray(v) for k, v in feed.items()})


RNG = np.random.default_rng(0)
ENDS = [5e-324, 1e-310, 1e308, -1e308, 0.0, -0.0, np.inf, -np.inf, np.nan]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_reductions_at_the_ends_of_the_range(dtype):
    x = variable("x", shape=(7, 9), dtype=dtype)
    results = {
        f"{op}{axes}": apply(op, x, axes=axes)
        for op in ("sum", "mean", "max", "min")
        for axes in ((0,), (1,), (0, 1))
    }
    for value in ENDS:
        with np.errstate(all="ignore"):
            judged(results, x=np.full((7, 9), value).astype(dtype))


def test_reductions_of_rows_with_infinities_and_nan():
    x = variable("x", shape=(5, 9))
    value = RNG.normal(size=(5, 9))
    value[0, 3], value[1, 2], value[2, 1], value[3, 0], value[3, 8] = (
        np.inf, -np.inf, np.nan, np.inf, -np.inf,
    )  # fmt: skip
    for op in ("sum", "mean", "max", "min"):
        judged({str(axes): apply(op, x, axes=axes) for axes in ((0,), (1,), (0, 1))}, x=value)


def test_means_that_would_overflow():
    value = np.full((5, 9), 1.5e308)
    value[::2] *= -1
    x = variable("x", shape=(5, 9))
    judged({str(axes): apply("mean", x, axes=axes) for axes in ((0,), (1,), (0, 1))}, x=value)


def test_results_that_are_leaves_or_constants():
    x, y = variable("x", shape=(3, 17)), variable("y", shape=())
    n, b = variable("n", shape=(3,), dtype="int64"), variable("b", shape=(3, 9), dtype="bool")
    judged(
        {"x": x, "y": y, "n": n, "b": b, "c": constant(np.arange(6.0).reshape(2, 3)),
         "d": constant([[2.0]])},
        x=RNG.normal(size=(3, 17)), y=2.0, n=[2**53 - 1, 2**24 + 1, -5],
        b=RNG.random((3, 9)) < 0.5,
    )  # fmt: skip


EMPTY = {
    "a sum over nothing": lambda: variable("x", shape=(3, 0)).sum(axis=1),
    "a sum of everything": lambda: variable("x", shape=(3, 0)).sum() + 1.0,
    "a product over nothing": lambda: variable("x", shape=(3, 0)) @ constant(np.zeros((0, 4))),
    "logits of no rows": lambda: cr.log_softmax(variable("x", shape=(0, 4)), 1),
    "a gradient": lambda: cr.gradients(((x := variable("x", shape=(0, 5))) * x).sum(), [x])[0],
    "a choice": lambda: cr.where((x := variable("x", shape=(0, 5))) > 0, x, 1.0),
}


@pytest.mark.parametrize("name", EMPTY)
def test_arrays_without_entries(name):
    plan = make_plan({"out": EMPTY[name]()})
    x = plan.instructions[0].node
    plans_judge.judge(plan, {"x": np.zeros(x.shape)})


LOGITS = {
    "one +inf": [np.inf, 0.0, 1.0],
    "two +inf": [np.inf, np.inf, 1.0],
    "all -inf": [-np.inf] * 3,
    "nan": [np.nan, 1.0, 2.0],
    "nan and +inf": [np.inf, np.nan, np.inf],
    "huge": [1e308, -1e308, 0.0],
}


@pytest.mark.parametrize("name", LOGITS)
def test_rows_of_logits_are_refused_or_right(name):
    one, wide = variable("u", shape=(1, 3)), variable("v", shape=(4, 70))
    value = RNG.normal(size=(4, 70))
    value[2, :3] = LOGITS[name]
    judged({"s": cr.softmax(one, 1), "l": cr.log_softmax(one, 1)}, u=[LOGITS[name]])
    judged({"s": cr.softmax(wide, 1)}, v=value)
    judged({"s": cr.softmax(wide, 0)}, v=value)
    masked = cr.softmax(one, 1, masked=True)
    slope = cr.gradients((masked * np.arange(3.0)).sum(), [one])[0]
    judged({"s": masked, "g": slope}, u=[LOGITS[name]])


def test_an_index_outside_is_refused():
    x, i = variable("x", shape=(4,)), variable("i", shape=(2,), dtype="int64")
    for index in ([3, 0], [0, 9], [-1, 2]):
        judged({"out": cr.gather(x, i, 0) * 2.0}, x=RNG.normal(size=4), i=index)


def test_float32_meets_float64():
    a, b = variable("a", shape=(3, 5), dtype="float32"), variable("b", shape=(3, 5))
    s, m = variable("s", shape=()), variable("m", shape=(5, 4))
    judged(
        {"o": a * b, "p": (a + 1.0) * b, "q": a.astype("float64") * 2.0, "t": a * s,
         "r": b.astype("float32") + a, "u": a.sum().astype("float64") + b.sum(), "w": a @ m,
         "v": apply("greater", a, constant(np.float64(0.1)))},
        a=np.full((3, 5), 0.1, np.float32), b=RNG.normal(size=(3, 5)), s=0.1,
        m=RNG.normal(size=(5, 4)),
    )  # fmt: skip


def test_numbers_meet_booleans_and_whole_numbers():
    x, c = variable("x", shape=(5,)), variable("c", shape=(5,), dtype="bool")
    n = variable("n", shape=(5,), dtype="int64")
    whole, true = apply("cast", x, dtype="int64"), apply("cast", x, dtype="bool")
    judged(
        {"a": x > c, "b": apply("equal", x, c), "d": cr.where(c, x, true), "e": whole * 1.5,
         "f": cr.where(true, x, 0.0), "g": x * n, "h": apply("equal", n, whole)},
        x=[5.7, -2.5, 0.0, -0.5, 3.0], c=[True, False, True, False, True], n=[5, -2, 0, 0, 2],
    )  # fmt: skip


@pytest.mark.parametrize("width", [1, 4, 8, 15, 16])
def test_shapes_that_lie_differently_without_an_axis_of_one(width):
    x = variable("x", shape=(2, width, 1))
    flat = x.sum(axis=2)
    judged({"o": apply("equal", flat, flat.max()), "p": flat * 2.0}, x=RNG.normal(size=x.shape))


def test_a_loss_that_is_no_number_leaves_no_result_out():
    x = variable("x", shape=(4, 3))
    loss = cr.log(x).sum()
    slope = cr.gradients(loss, [x])[0]
    plan = make_plan({"L": loss}, {"x": slope}, {"x": x - 0.5 * slope})
    feed = {"x": np.full((4, 3), -1.0)}
    program = native_program(plan)
    program.arena[:] = 0x41
    found = program.values(feed, list(plan.results))
    assert np.isnan(found[0])
    assert found[1].tolist() == np.full((4, 3), -1.0).tolist()
    assert found[2].tolist() == np.full((4, 3), -0.5).tolist()


def test_results_stay_when_the_program_runs_again():
    for width in (1, 4, 8, 16, 17):
        x = variable("x", shape=(3, width))
        program = native_program(make_plan({"out": x * 2.0}))
        nodes = list(program.plan.results)
        (first,) = program.values({"x": np.ones((3, width))}, nodes)
        program.values({"x": np.zeros((3, width))}, nodes)
        assert (first == 2.0).all()


@pytest.mark.parametrize("shape", [(100,), (100, 33)])
def test_more_totals_than_a_group_has_room_for(shape):
    x = variable("x", shape=shape)
    judged({f"o{k}": (x * float(k)).sum() for k in range(40)}, x=RNG.normal(size=shape))


def test_new_values_that_read_each_others_old_ones():
    a, b, c = (variable(name, shape=(3, 5)) for name in "abc")
    updates = {"a": b, "b": a - 0.5 * c, "c": c * a - 0.5 * b}
    plan = make_plan({"r": a + b}, {}, updates)
    feed = {name: RNG.normal(size=(3, 5)) for name in "abc"}
    assert plans_training.judge_state(plan, feed, ["a", "b", "c"]) == {"states": 1}


def native_sum(values, axes):
    """The sum of an array in machine code."""
    x = variable("x", shape=values.shape)
    plan = make_plan({"out": apply("sum", x, axes=axes)})
    (found,) = native_program(plan).values({"x": values}, [plan.forward["out"]])
    return np.asarray(found)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((40_000,), (0,)), ((3, 30_001), (1,)), ((30_001, 3), (0,)), ((300, 301), (0, 1))],
)
def test_long_sums_of_equal_numbers_do_not_drift(shape, axes):
    """Found by 10,000 random plans: equal terms are all rounded one way (seeds 7073 and 7673)."""
    found = native_sum(np.full(shape, 18.275), axes)
    count = int(np.prod([shape[a] for a in axes]))
    assert np.abs(found / (count * 18.275) - 1).max() <= 4e-16


def test_long_sums_that_overflow_are_infinite_and_no_nan():
    assert native_sum(np.full(2_000, 1e308), (0,)) == np.inf
    assert native_sum(np.full(2_000, -np.inf), (0,)) == -np.inf
    assert np.isnan(native_sum(np.r_[np.inf, -np.inf, np.ones(1_998)], (0,)))
