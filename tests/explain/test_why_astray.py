"""Why, where a number on the way is no number: it says so, and names the first one."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain.document import Sentence, flat


def warnings_of(page):
    """The sentences that begin with Careful, as text."""
    blocks = flat(page.document.blocks)
    found = [b for b in blocks if isinstance(b, Sentence) and b.role == "warning"]
    return ["".join(getattr(s, "text", s) for s in b.spans) for b in found]


def test_a_slope_without_a_value_is_not_told_as_if_nothing_were_wrong():
    (told,) = warnings_of(cr.why(np.log, -1.0))
    assert told.startswith("f = log(x) is nan at x = -1.")
    assert "where the function itself has no value" in told


def test_an_infinite_slope_is_told():
    (told,) = warnings_of(cr.why(lambda x: np.sqrt(x) * 2, 0.0))
    assert told.startswith("df/dx is inf")


def test_one_entry_of_many_is_named():
    first, second = warnings_of(cr.why(lambda x: np.log(x).sum(), np.array([1.0, 0.0, -1.0])))
    assert first.startswith("a[1] = log(x) is -inf, and 1 more of its 3 are not finite")
    assert second.startswith("df/dx[1] is inf")


def test_an_operation_between_is_named_by_its_inputs():
    page = cr.why(lambda x: 1 / (x - 2) * x, 2.0)
    assert any(" is inf at a = 0" in told for told in warnings_of(page)), warnings_of(page)


@pytest.mark.parametrize("f", [np.sin, lambda x: x * x, lambda x: np.maximum(x, 0)])
def test_finite_functions_have_no_such_warning(f):
    assert warnings_of(cr.why(f, 3.0)) == []


@pytest.mark.parametrize("asked", ["W1[0,0]", "out[5]", "L"])
def test_a_run_that_went_astray_says_where(asked):
    with pytest.raises(cr.DivergenceError) as refused:
        cr.train(
            "1-2:relu-1", [[1.0], [3.0]], [1e200, -1e200], steps=9, seed=1, optimizer=cr.SGD(0.9)
        )
    run = refused.value.run
    asked = asked.replace("[5]", "[0]")
    told = warnings_of(run.why(asked, 0))
    assert told[0].startswith("l[0] = mean((out - y)^2) is inf, and 1 more of its 2")
    if asked == "W1[0,0]":
        assert math.isfinite(run.why(asked, 0).data["gradient"])
        assert warnings_of(run.why(asked, 0, row=1)) == told


def test_a_run_in_order_has_none():
    run = cr.train("1-2:tanh-1", [[1.0], [3.0]], [1.0, -1.0], steps=3, seed=1)
    for asked in ("W1[0,0]", "out[0]", "L"):
        assert not any("is nan" in told or "is inf" in told for told in warnings_of(run.why(asked)))
