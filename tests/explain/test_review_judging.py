"""Right hand-ins are never accused; foreign mistakes never get a name; precision is respected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.explain import review_battery as battery
from tests.explain.review_exercises import random_run
from tests.explain.review_foreign import SLIPS, student
from tests.explain.review_independent import EXPECTED, reviewed, same, solution
from tests.explain.review_plain import ACTIVATE, SLOPE, backward_error, penalty

import chainrule as cr
from chainrule.explain.review.exercise import exercise_of
from chainrule.explain.review.finding import Suspect
from chainrule.explain.review.handin import read
from chainrule.explain.review.judge import judge
from chainrule.explain.review.match import Match
from chainrule.explain.review.space import Space


@pytest.mark.parametrize("seed", range(25))
def test_right_hand_ins_are_never_accused(seed):
    space = battery.space_of(np.random.default_rng(seed), battery.KINDS)
    exact = space.predictions(space.right)
    for precision in battery.PRECISIONS:
        found = judge(space, battery.handed_in(space, exact, precision))
        assert found.status == "right", precision
    if space.kind == "gradients":
        for way, given in battery.by_hand(space.exercise, exact).items():
            assert judge(space, read(space.exercise, given, None)).status == "right", way


@pytest.mark.parametrize("m", EXPECTED)
def test_a_pass_programmed_independently_is_named(m):
    """Nothing is shared with the review; where it says something, it says the right thing."""
    rng, seen = np.random.default_rng(99), 0
    while seen < 2:
        loss = {"softmax_again": "cross_entropy", "sigmoid_kept": "binary_cross_entropy"}.get(m)
        run = random_run(rng, depth=2, n=5, loss=loss, l2=0.1)
        space = Space(exercise_of(run.record, 1))
        with np.errstate(all="ignore"):
            right, wrong = solution(space.exercise), solution(space.exercise, m)
            if same(right, wrong):
                continue
            seen += 1
            found, hit = reviewed(space, wrong, m)
            assert hit, (found.status, found.explanations)
            found, hit = reviewed(space, {q: v.round(6) for q, v in wrong.items()}, m)
            assert hit or not found.explanations


@pytest.mark.parametrize("slip", SLIPS)
def test_what_is_not_in_the_catalogue_gets_no_name(slip):
    for seed in range(2):
        rng = np.random.default_rng(seed)
        space = Space(exercise_of(random_run(rng, depth=1, steps=2).record, 1))
        exact = student(space.exercise, rng, slip)
        found = judge(space, read(space.exercise, exact, None))
        for explanation in found.explanations:
            assert battery.same(exact, space.predictions(space.after(explanation)))
        if found.status in ("none", "scaled"):
            right = solution(space.exercise)
            off = (q for q in space.exercise.order if not same({q: right[q]}, {q: exact[q]}))
            assert found.departs == next(off)


def exercise_on_paper():
    rng = np.random.default_rng(2)
    return cr.train(
        "3-4:tanh-2:sigmoid", rng.normal(size=(5, 3)), rng.integers(0, 2, (5, 2)) * 1.0,
        loss="half_squared_error", reduction="sum", optimizer=cr.SGD(0.1), steps=1,
    )  # fmt: skip


def test_a_pair_of_mistakes():
    run = exercise_on_paper()
    given = {name: 2 * g for name, g in run.at(0).gradients.items()}
    given["b1"] = 0 * given["b1"]
    verdict = run.review(given)
    assert verdict.status == "mistake"
    assert {m.name for m in verdict.mistakes} == {"factor", "bias_missing"}
    assert "two mistakes together" in str(verdict)


def test_a_slip_of_the_pen_is_not_a_mistake_of_method():
    run = exercise_on_paper()
    given = {name: g.copy() for name, g in run.at(0).gradients.items()}
    given["W1"][1, 2] *= -1
    verdict = run.review(given)
    assert verdict.status == "slip"
    assert not verdict.right
    assert "W1[1,2]" in str(verdict)
    assert "method is right" in str(verdict)


def test_an_odd_factor_is_told_with_its_value():
    run = exercise_on_paper()
    verdict = run.review({name: 0.3777 * g for name, g in run.at(0).gradients.items()})
    assert verdict.status == "scaled"
    assert verdict.data["factors"]["W2"] == pytest.approx(0.3777)


def test_where_it_departs_and_what_follows_from_there():
    """The hand-in's own gradient at layer 2 is odd, everything below it follows rightly."""
    run = exercise_on_paper()
    p, v = run.at(0).parameters, run.at(0).values
    g2 = (v["out"] - v["y"]) * np.sqrt(v["out"] * (1 - v["out"]))
    g1 = g2 @ p["W2"].T * (1 - v["h1"] ** 2)
    given = {"W2": v["h1"].T @ g2, "b2": g2.sum(0), "W1": v["x"].T @ g1, "b1": g1.sum(0)}
    verdict = run.review(given)
    assert verdict.status == "none"
    assert verdict.departs == 2
    assert verdict.data["follows"] == ["b1", "W1"]


def test_a_constant_is_named_only_if_its_neighbours_are_excluded():
    """With few digits 1/15 passes for 2/30 and its neighbours: an interval is told instead."""
    run = exercise_on_paper()
    gradients = run.at(0).gradients
    wrong = {"b1": (gradients["b1"] * 0.2).round(2), "b2": (gradients["b2"] * 0.2).round(2)}
    verdict = run.review(wrong, kind="gradients")
    assert verdict.status == "too few digits"
    if verdict.data["interval"]:
        low, high = verdict.data["interval"]
        assert low < 0.2 < high
        assert high - low > 0.01 * 0.2


def test_numbers_that_are_none_are_told_first():
    run = exercise_on_paper()
    given = {name: g.copy() for name, g in run.at(0).gradients.items()}
    given["W1"][0, 1] = np.nan
    verdict = run.review(given)
    assert verdict.status == "not finite"
    assert "W1[0,1] is nan" in str(verdict)


@pytest.mark.parametrize("kind", ["updates", "parameters"])
def test_updates_and_new_weights_are_known_by_their_size(kind):
    run = exercise_on_paper()
    first, second = run.at(0), run.at(1)
    given = dict(first.updates if kind == "updates" else second.parameters)
    verdict = run.review(given)
    assert verdict.right
    assert verdict.kind == kind
    half = {
        n: first.parameters[n] * (kind == "parameters") + 2 * u for n, u in first.updates.items()
    }
    verdict = run.review(half, kind=kind)
    assert verdict.mistakes[0].says.startswith("every update is multiplied by 2")


def test_clipped_gradients_are_right_and_said_to_be_clipped():
    rng = np.random.default_rng(4)
    run = cr.train("3-4:tanh-2", rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), steps=1,
                   optimizer=cr.SGD(0.1, clip_norm=0.1))  # fmt: skip
    found = run.at(0).gradients
    size = np.sqrt(sum((g**2).sum() for g in found.values()))
    assert size > 0.1
    verdict = run.review({name: g * 0.1 / size for name, g in found.items()})
    assert verdict.right
    assert "after clipping" in str(verdict)
    unclipped = {name: -0.1 * g for name, g in found.items()}
    assert run.review(unclipped, kind="updates").mistakes[0].name == "clipping_forgotten"
    assert run.review(found).right


def test_what_an_exercise_cannot_show():
    rng = np.random.default_rng(4)
    one_row = cr.train("2-2:relu-1", [[0.5, 1.0]], [1.0], steps=1, optimizer=cr.SGD(0.1))
    many = cr.train("3-4:tanh-4:tanh-2", rng.normal(size=(7, 3)), rng.normal(size=(7, 2)), steps=1)
    blind, sharp = one_row.blind(), many.blind()
    assert ["bias_over_units", "2", ""] not in blind.data["hidden"]
    assert len(blind.data["groups"]) > len(sharp.data["groups"])
    assert str(blind).startswith("Of ")


def test_another_mean_of_the_loss_is_right_and_said_to_be_one():
    """The course's listing prints the mean squared error, and descends half the sum."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(4, 3)), rng.integers(0, 2, (4, 1)) * 1.0
    run = cr.train("3-4:sigmoid-1:sigmoid", x, y, loss="half_squared_error", reduction="sum",
                   optimizer=cr.SGD(0.1), steps=2)  # fmt: skip
    printed = float(np.mean((run.at(1).values["out"] - y) ** 2))
    verdict = run.review(printed)
    assert verdict.right
    assert "mean squared error" in str(verdict)
    assert "mean over the rows" in str(run.review(run.at(1).loss / 4))
    assert run.review(run.at(0).loss).mistakes[0].name == "no_step"
    assert not run.review(run.at(1).loss * 1.01).right


def test_one_digit_is_no_evidence():
    run = exercise_on_paper()
    right = run.at(0).gradients["b2"][0]
    assert run.review({"b2[0]": f"{right:.1f}"}).status == "right up to rounding"
    assert "give more to be sure" in str(run.review({"b2[0]": f"{right:.1f}"}))
    assert not run.review({"b2[0]": f"{right - 0.5:.1f}"}).right


def test_large_matrices_are_judged_by_all_their_rows():
    """Their first rows are looked at first; a mistake in the last row is seen all the same."""
    rng = np.random.default_rng(6)
    run = cr.train("90-64:tanh-64:tanh-3", rng.normal(size=(6, 90)), rng.normal(size=(6, 3)),
                   steps=1, optimizer=cr.SGD(0.1))  # fmt: skip
    space = Space(exercise_of(run.record, 0))
    for name, where in (("slope_missing", 1), ("updated_weights", 2), ("result_transposed", 2)):
        wrong = space.predictions(space.after([Suspect(name, where)]))
        assert [m.name for m in run.review(wrong).mistakes] == [name]
        assert run.review({"W1": wrong["W1"]}).right == (name == "result_transposed")
    both = space.after([Suspect("slope_missing", 2), Suspect("updated_weights", 3)])
    found = run.review(space.predictions(both))
    assert {m.name for m in found.mistakes} == {"slope_missing", "updated_weights"}
    wrong = {name: g.copy() for name, g in run.at(0).gradients.items()}
    wrong["W1"][89] *= -1
    assert not run.review(wrong).right


LOSSES = {"half_squared_error": "2:sigmoid", "binary_cross_entropy": "2:sigmoid",
          "cross_entropy": "3:softmax"}  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("rows", "hidden"), [(5, "2:tanh"), (12, "14:tanh-6:sigmoid")])
def test_targets_in_any_order_are_named_with_their_order(loss, rows, hidden):
    """Few rows: every order is tried; many: the order is solved for."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        y = (
            rng.random((rows, 2))
            if loss.startswith("half")
            else rng.integers(0, 2, (rows, 2)) * 1.0
        )
        y = rng.integers(0, 3, rows) if loss == "cross_entropy" else y
        run = cr.train(f"4-{hidden}-{LOSSES[loss]}", rng.normal(size=(rows, 4)), y, loss=loss,
                       steps=1, optimizer=cr.SGD(0.1))  # fmt: skip
        exercise = exercise_of(run.record, 0)
        order = np.concatenate([[2, 0, 1], 3 + rng.permutation(rows - 3)])
        wrong = plain_pass(exercise, exercise.targets[order])
        if (exercise.targets[order] == exercise.targets).all():
            continue
        for given in (wrong, {name: g.round(7) for name, g in wrong.items()}):
            verdict = run.review(given)
            assert verdict.status in ("mistake", "several")
            names = {m.name for m in verdict.mistakes}
            assert names <= {"targets_shuffled", "targets_one_down", "targets_one_up",
                             "targets_reversed", "classes_off_by_one"}  # fmt: skip


def test_some_rows_only_are_named_with_their_numbers():
    run = random_run(np.random.default_rng(3), loss="squared_error", depth=1, n=8)
    space = Space(exercise_of(run.record, 0))
    wrong = plain_pass(space.exercise, space.exercise.targets, rows=[0, 2, 3, 5])
    verdict = run.review(wrong)
    assert [m.name for m in verdict.mistakes] == ["some_rows_only"]
    assert "only 4 of the 8 rows contribute: 0, 2, 3, 5" in str(verdict)


def plain_pass(exercise, targets, rows=None):
    """Return gradients by NumPy alone, with targets of one's own, or of some rows."""
    swapped = replace(exercise, targets=targets)
    h, z = [exercise.x], [None]
    for layer in exercise.layers:
        weights, bias = exercise.parameters[layer.weights], exercise.parameters[layer.bias]
        z.append(h[-1] @ weights + bias)
        h.append(ACTIVATE[layer.activation](z[-1]))
    g, found = backward_error(swapped, h[-1]), {}
    if rows is not None:
        g = np.where(np.isin(np.arange(len(g)), rows)[:, None], g, 0.0)
    for layer in reversed(exercise.layers):
        if not (layer.number == exercise.depth and exercise.fused):
            g = g * SLOPE[layer.activation](z[layer.number])
        found[layer.weights] = h[layer.number - 1].T @ g + penalty(exercise, layer.weights)
        found[layer.bias] = g.sum(0, keepdims=True)
        g = g @ exercise.parameters[layer.weights].T
    return found


def test_zeros_alone_are_no_evidence():
    """Small updates rounded to 4 decimals are zeros; no name may be made of that."""
    run = exercise_on_paper()
    zeros = {name: 0 * g for name, g in run.at(0).gradients.items()}
    for kind in ("gradients", "updates"):
        verdict = run.review(zeros, kind=kind)
        assert not verdict.right
        assert verdict.status == "too few digits"
    assert run.review({**run.at(0).gradients, "b1": zeros["b1"]}).mistakes[0].name == "bias_missing"
    text = {"b1": ["0.000000"] * 4, "b2": ["0.000000"] * 2}
    assert run.review(text).mistakes[0].name == "bias_missing"


def test_numbers_that_are_all_wrong_are_not_listed_one_by_one(monkeypatch):
    rng = np.random.default_rng(0)
    run = cr.train("30-20:tanh-3", rng.normal(size=(9, 30)), rng.normal(size=(9, 3)), steps=1)
    given = {k: g * rng.normal(size=g.shape) for k, g in run.at(0).gradients.items()}
    monkeypatch.setattr(Match, "entries", lambda self: pytest.fail("600 entries were listed"))
    assert run.review(given).status == "none"
