"""The battery of reviews: singles, pairs, right hand-ins and foreign mistakes, at five precisions.

    python -m tests.explain.review_battery --count 50 [--what singles,pairs] [--seed 1]

Prints a table for each, and every wrong name. Knows the review from inside.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict

import numpy as np
from tests.explain.review_exercises import random_run
from tests.explain.review_foreign import SLIPS, student
from tests.explain.review_plain import rounded_pass

from chainrule.explain.review.exercise import exercise_of
from chainrule.explain.review.finding import Suspect
from chainrule.explain.review.handin import read, read_loss
from chainrule.explain.review.judge import judge
from chainrule.explain.review.mistakes import catalogue
from chainrule.explain.review.rewrites import places
from chainrule.explain.review.space import Space

PRECISIONS = {
    "float64": lambda v: v,
    "float32": lambda v: v.astype(np.float32),
    "8 dec": lambda v: np.round(v, 8),
    "6 dec": lambda v: np.round(v, 6),
    "4 dec": lambda v: np.round(v, 4),
}
UNIT = {"float64": 0, "float32": 0, "8 dec": 0.5e-8, "6 dec": 0.5e-6, "4 dec": 0.5e-4}
KINDS = ("gradients", "gradients", "gradients", "updates", "parameters")
FACTORS = 8
"""Wrong constants that are drawn for an exercise."""


def clip(rng):
    """Return the settings of clipping, for one exercise in ten."""
    if rng.random() < 0.1:
        return {"clip_norm": float(f"{rng.uniform(0.05, 1):.2g}")}
    return {}


def space_of(rng, kinds=("gradients",)):
    """Return a random exercise: step 0 or 1 of a short run, and what is handed in."""
    kind = str(rng.choice(kinds))
    run = random_run(rng, steps=2, clip=clip(rng))
    exercise = exercise_of(run.record, int(rng.integers(0, 2)))
    if exercise.clips and kind == "gradients":
        kind = "clipped"
    return Space(exercise, kind)


def handed_in(space, arrays, precision):
    """Return arrays as a student hands them in."""
    shown = {name: PRECISIONS[precision](array) for name, array in arrays.items()}
    return read(space.exercise, shown, None)


def suspects(space, rng):
    """Return a random placement of every mistake, and some wrong constants."""
    found = []
    for mistake in catalogue.values():
        where = places(space.program, mistake)
        if where:
            found.append(Suspect(mistake.name, where[rng.integers(len(where))]))
    factors = [pattern.suspect for pattern in space.patterns]
    chosen = rng.permutation(len(factors))[:FACTORS]
    return found + [factors[i] for i in chosen]


def same(a, b, relative=1e-8):
    """Tell whether two sets of predictions are the same."""
    top = max(max(np.abs(v).max(initial=0) for v in a.values()), 1e-300)
    return all(
        a[q].shape == b[q].shape and bool((np.abs(a[q] - b[q]) <= relative * top).all()) for q in a
    )


def outcome(space, truth, exact, found, precision):
    """Return one word for how well a finding serves the truth."""
    if found.status == "right":
        right = space.predictions(space.right)
        off = max(np.abs(right[q] - exact[q]).max() for q in exact)
        size = max(np.abs(right[q]).max() for q in exact)
        unit = 40 * (UNIT[precision] or (1e-7 if precision == "float32" else 1e-12) * max(size, 1))
        return "below rounding" if off <= unit else "RIGHT?"
    if found.status in ("none", "slip", "scaled"):
        return found.status
    hit = truth in found.explanations
    hit = hit or any(same(exact, space.predictions(space.after(e))) for e in found.explanations)
    if found.status == "too few digits":
        return "too few" if hit or found.interval else "too few, other"
    if not hit:
        return "WRONG"
    if found.status == "mistake":
        return "named" if truth in found.explanations else "named, same numbers"
    return "several"


def of(space):
    """Return what was handed in: gradients, or what an update made of them."""
    return "gradients" if space.kind in ("gradients", "clipped") else "updates"


def singles(count, rng, seconds):
    table, by_name, wrong, times = defaultdict(Counter), defaultdict(Counter), [], []
    start = time.time()
    for _ in range(count):
        if time.time() - start > seconds:
            break
        space = space_of(rng, KINDS)
        right = space.predictions(space.right)
        for suspect in suspects(space, rng):
            exact = space.predictions(space.struck(space.right, suspect))
            finite = all(np.isfinite(v).all() for v in exact.values())
            if not finite or same(exact, right, 1e-7):
                continue
            for precision in PRECISIONS:
                began = time.process_time()
                found = judge(space, handed_in(space, exact, precision), deep=False)
                times.append(time.process_time() - began)
                word = outcome(space, frozenset([suspect]), exact, found, precision)
                table[precision, of(space)][word] += 1
                by_name[suspect.name][word] += 1
                if word in ("WRONG", "RIGHT?", "none", "slip", "too few, other", "scaled"):
                    wrong.append((precision, word, suspect, told(found), about(space)))
    show("singles", table, times)
    for name in sorted(by_name):
        print(f"   {name:28s}", dict(by_name[name]))
    for line in wrong[:60]:
        print("  !", *line)


def told(found):
    return (
        [sorted(map(tuple, e)) for e in found.explanations[:3]],
        round(found.bits, 1),
        found.tier.name,
    )


def about(space):
    e = space.exercise
    acts = [layer.activation for layer in e.layers]
    l2, limit = e.specs["W1"].l2, e.optimizer.clip_norm
    sizes = f"{space.kind} n={e.rows} k={e.outputs} step={e.step}"
    return f"{sizes} {e.loss.name} {acts} l2={l2} clip={limit}"


def right(count, rng, seconds):
    table, wrong, times = defaultdict(Counter), [], []
    start = time.time()
    for _ in range(count):
        if time.time() - start > seconds:
            break
        space = space_of(rng, KINDS)
        exact = space.predictions(space.right)
        for precision in PRECISIONS:
            began = time.process_time()
            found = judge(space, handed_in(space, exact, precision))
            times.append(time.process_time() - began)
            table[precision][found.status] += 1
            if found.status != "right":
                wrong.append((precision, found.status, told(found), about(space)))
        if space.kind == "gradients":
            for way, given in by_hand(space.exercise, exact).items():
                found = judge(space, read(space.exercise, given, None))
                table[way][found.status] += 1
                if found.status != "right":
                    wrong.append((way, found.status, told(found), about(space)))
    show("right", table, times)
    for line in wrong[:30]:
        print("  !", *line)


def by_hand(exercise, exact):
    """Return right gradients computed in other ways than the run's."""
    return {
        "computed in float32": rounded_pass(exercise, None),
        "intermediates to 6 dec": rounded_pass(exercise, 6),
        "intermediates to 4 dec": rounded_pass(exercise, 4),
        "4 significant digits": {q: np.vectorize(four_digits)(v) for q, v in exact.items()},
        "cut off at 6 dec": {q: np.trunc(v * 1e6) / 1e6 for q, v in exact.items()},
    }


def four_digits(x):
    return float(f"{x:.4g}")


def pairs(count, rng, seconds, each=8):
    table, wrong, times = defaultdict(Counter), [], []
    start = time.time()
    for _ in range(count):
        if time.time() - start > seconds:
            break
        space = space_of(rng)
        right = space.predictions(space.right)
        pool = suspects(space, rng)
        for _ in range(each):
            a, b = (pool[i] for i in rng.choice(len(pool), 2, replace=False))
            both = frozenset([a, b])
            exact = space.predictions(space.after(both))
            alone = [space.predictions(space.after([s])) for s in (a, b)]
            shapes = all(exact[q].shape == right[q].shape for q in right)
            finite = shapes and all(np.isfinite(v).all() for v in exact.values())
            if a.name == b.name or not finite or any(same(exact, x, 1e-7) for x in (right, *alone)):
                table["-"]["masked"] += 1
                continue
            for precision in ("float64", "6 dec"):
                began = time.process_time()
                found = judge(space, handed_in(space, exact, precision))
                times.append(time.process_time() - began)
                word = outcome(space, both, exact, found, precision)
                table[precision][word] += 1
                if word not in ("named", "several"):
                    wrong.append((precision, word, a, b, told(found), about(space)))
    show("pairs", table, times)
    for line in wrong[:40]:
        print("  !", *line)


def foreign(count, rng, seconds):
    table, wrong, times = defaultdict(Counter), [], []
    start = time.time()
    for _ in range(count):
        if time.time() - start > seconds:
            break
        run = random_run(rng, steps=2)
        space = Space(exercise_of(run.record, 1))
        right = space.predictions(space.right)
        for slip in SLIPS:
            exact = student(space.exercise, rng, slip)
            if same(exact, right, 1e-7):
                continue
            for precision in ("float64", "6 dec", "4 dec"):
                began = time.process_time()
                found = judge(space, handed_in(space, exact, precision))
                times.append(time.process_time() - began)
                word = found.status
                if word in ("mistake", "several", "too few digits"):
                    hit = any(
                        same(exact, space.predictions(space.after(e))) for e in found.explanations
                    )
                    word = "coincides" if hit else word.upper()
                table[precision, slip][word] += 1
                if word in ("MISTAKE", "SEVERAL"):
                    wrong.append((precision, slip, told(found), about(space)))
    show("foreign", table, times)
    for line in wrong[:30]:
        print("  !", *line)


def parts(count, rng, seconds):
    """Hand in one block, one entry, an updated block, or the loss after the step."""
    table, wrong, times = defaultdict(Counter), [], []
    start = time.time()
    for _ in range(count):
        if time.time() - start > seconds:
            break
        exercise = exercise_of(random_run(rng, steps=2).record, int(rng.integers(0, 2)))
        spaces = {kind: Space(exercise, kind) for kind in ("gradients", "parameters", "loss")}
        for suspect in suspects(spaces["gradients"], rng):
            for case, kind, pieces, decimals in CASES:
                space = spaces[kind]
                if suspect.constant and suspect.constant not in space.table:
                    continue
                given = piece(space, suspect, pieces, decimals, rng)
                if given is None:
                    continue
                handin, exact = given
                began = time.process_time()
                found = judge(space, handin, deep=False)
                times.append(time.process_time() - began)
                word = part_outcome(space, frozenset([suspect]), exact, found)
                table[case][word] += 1
                if word == "WRONG":
                    wrong.append((case, suspect, told(found), about(space)))
    show("parts", table, times)
    for line in wrong[:30]:
        print("  !", *line)


CASES = (
    ("one block, 6 dec", "gradients", "block", 6),
    ("one block, 4 dec", "gradients", "block", 4),
    ("new weights of one block, 6 dec", "parameters", "block", 6),
    ("one entry, 8 dec", "gradients", "entry", 8),
    ("one entry, 6 dec", "gradients", "entry", 6),
    ("one entry, 4 dec", "gradients", "entry", 4),
    ("loss after, 9 dec", "loss", "loss", 9),
    ("loss after, 6 dec", "loss", "loss", 6),
    ("loss after, 4 dec", "loss", "loss", 4),
)


def piece(space, suspect, pieces, decimals, rng):
    """Return a part of a wrong hand-in, and what it would be without rounding."""
    right = space.predictions(space.right)
    exact = space.predictions(space.struck(space.right, suspect))
    changed = [q for q in exact if exact[q].shape == right[q].shape and not same(
        {q: exact[q]}, {q: right[q]}, 1e-7) and np.isfinite(exact[q]).all()]  # fmt: skip
    if not changed:
        return None
    if pieces == "loss":
        return read_loss(f"{exact['L'].item():.{decimals}f}", None), exact
    name = changed[rng.integers(len(changed))]
    if pieces == "block":
        return read(space.exercise, {name: exact[name].round(decimals)}, decimals), {
            name: exact[name]
        }
    i, j = np.unravel_index(np.abs(exact[name] - right[name]).argmax(), exact[name].shape)
    text = f"{exact[name][i, j]:.{decimals}f}"
    return read(space.exercise, {f"{name}[{i},{j}]": text}, None), {name: exact[name][i, j]}


def part_outcome(space, truth, exact, found):
    if found.status in ("right", "none", "slip", "scaled"):
        return found.status
    hit = truth in found.explanations
    for explanation in found.explanations:
        predicted = space.predictions(space.after(explanation))
        for q, v in exact.items():
            if np.ndim(v) and predicted[q].shape == v.shape:
                hit = hit or np.abs(predicted[q] - v).max() <= 1e-7 * np.abs(v).max()
            elif not np.ndim(v):
                hit = hit or np.isclose(predicted[q], v, rtol=1e-7).any()
    if found.status == "too few digits":
        return "too few" if hit or found.interval else "too few, other"
    return ("named" if found.status == "mistake" else "several") if hit else "WRONG"


def show(title, table, times):
    middle, high = 1e3 * np.median(times), 1e3 * np.quantile(times, 0.95)
    print(  # CPU time
        f"{title}: median {middle:.1f} ms, p95 {high:.1f} ms of CPU time"
    )
    for key, counts in table.items():
        total = sum(counts.values())
        print(f"  {key!s:34s} {total:6d}", {k: f"{v} ({v / total:.2%})" for k, v in counts.items()})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--what", default="singles,right,pairs,foreign")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9)
    asked = parser.parse_args()
    known = {"singles": singles, "right": right, "pairs": pairs, "foreign": foreign, "parts": parts}
    for what in asked.what.split(","):
        with np.errstate(all="ignore"):
            known[what](asked.count, np.random.default_rng(asked.seed), asked.seconds)


if __name__ == "__main__":
    main()
