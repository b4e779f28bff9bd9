"""Wrong backward passes, each programmed by hand in plain NumPy, as a student would.

    python -m tests.explain.review_independent --count 24

Shares neither the graph nor a rule with the review: what it names here it has not been told.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict

import numpy as np
from tests.explain.review_exercises import random_run
from tests.explain.review_plain import ACTIVATE, SLOPE

from chainrule.explain.review.exercise import exercise_of
from chainrule.explain.review.handin import read
from chainrule.explain.review.judge import judge
from chainrule.explain.review.space import Space

EXPECTED = {
    "sign": {"every gradient", "start"},
    "rate_inside": {"every gradient"},
    "not_divided": {"start", "every gradient"},
    "half_lost": {"start", "every gradient"},
    "no_slope_in_hidden": {"slope_missing"},
    "slope_of_z_formula": {"slope_form_at_z"},
    "slope_at_output": {"slope_at_output"},
    "updated_in_place": {"updated_weights"},
    "no_bias_gradient": {"bias_missing"},
    "bias_averaged": {"biases", "gradient"},
    "bias_of_first_row": {"bias_first_row"},
    "bias_scalar": {"bias_over_units"},
    "weights_not_transposed": {"weights_not_transposed"},
    "gradient_transposed": {"result_transposed"},
    "not_reset": {"accumulated"},
    "penalty_doubled": {"penalties", "penalty", "start"},
    "penalty_forgotten": {"penalties", "penalty"},
    "penalty_on_bias": {"penalty_on_biases"},
    "sum_overwritten": {"last_row_only"},
    "first_row": {"first_row_only"},
    "labels_shifted": {"targets_one_down", "targets_reversed", "targets_one_up"},
    "sigmoid_kept": {"slope_kept"},
    "softmax_again": {"softmax_twice"},
    "tanh_formula": {"formula_of_tanh"},
    "one_matrix_doubled": {"gradient", "data part"},
    "after_the_update": {"one_step_late"},
    "error_is_output": {"output_for_error"},
    "z_instead_of_h": {"z_for_input"},
    "printed_loss": {"start", "every gradient"},
}


def solution(exercise, m=None):
    """Return the gradients of a plain pass with one mistake programmed into it."""
    W = [exercise.parameters[layer.weights] for layer in exercise.layers]
    b = [exercise.parameters[layer.bias] for layer in exercise.layers]
    acts = [layer.activation for layer in exercise.layers]
    if m == "after_the_update":
        g = solution(exercise)
        W = [w - exercise.rate * g[s.weights] for w, s in zip(W, exercise.layers)]
        b = [c - exercise.rate * g[s.bias] for c, s in zip(b, exercise.layers)]
    return backward(exercise, m, W, b, acts, *forward(exercise.x, W, b, acts))


def forward(x, W, b, acts):
    a, z = [x], [x]
    for w, c, act in zip(W, b, acts):
        z.append(a[-1].dot(w) + c)
        a.append(ACTIVATE[act](z[-1]))
    return a, z


def first_error(exercise, m, out):
    y = exercise.targets
    if m == "labels_shifted":
        y = np.concatenate([y[-1:], y[:-1]])
    n, k = y.shape
    err = out - y if m != "error_is_output" else out.copy()
    if m == "sign":
        err = -err
    if exercise.loss.name == "squared_error":
        err = err * 2 / k
    if not np.all(exercise.plain_factors == 1) and m != "not_divided":
        err = err / n
    if m == "half_lost":
        err = err * 2
    if m == "printed_loss":
        err = err * 2 / (n * k)
    keep = {"sum_overwritten": n - 1, "first_row": 0}.get(m)
    if keep is not None:
        err = np.where(np.arange(n)[:, None] == keep, err, 0.0)
    return err


def local_slope(m, act, z, a):
    if m == "slope_of_z_formula" and act in ("sigmoid", "tanh"):
        return z * (1 - z) if act == "sigmoid" else 1 - z**2
    if m == "slope_at_output":
        return SLOPE[act](a)
    if m == "tanh_formula" and act == "sigmoid":
        return 1 - a**2
    return SLOPE[act](z)


def backward(exercise, m, W, b, acts, a, z):
    depth, n = len(W), len(exercise.x)
    up, found = first_error(exercise, m, a[-1]), {}
    for i in range(depth, 0, -1):
        layer = exercise.layers[i - 1]
        d = up
        if i == depth and exercise.fused:
            if m == "sigmoid_kept":
                d = d * a[i] * (1 - a[i])
            if m == "softmax_again":
                d = np.stack([(np.diag(p) - np.outer(p, p)) @ e for p, e in zip(a[i], d)])
        elif not (m == "no_slope_in_hidden" and i < depth):
            d = d * local_slope(m, acts[i - 1], z[i], a[i])
        x = z[i - 1] if m == "z_instead_of_h" else a[i - 1]
        dw = sum(np.outer(x[r], d[r]) for r in range(n))
        db = sum(d[r] for r in range(n))[None]
        dw, db = spoilt(exercise, m, layer, dw, db, d, W, b)
        found[layer.weights], found[layer.bias] = dw, db
        w = W[i - 1] - exercise.rate * dw if m == "updated_in_place" else W[i - 1]
        straight = m == "weights_not_transposed" and w.shape[0] == w.shape[1]
        up = d @ (w if straight else w.T)
    return {q: v * exercise.rate for q, v in found.items()} if m == "rate_inside" else found


def spoilt(exercise, m, layer, dw, db, d, W, b):
    i, l2 = layer.number, exercise.specs[layer.weights].l2
    if m == "one_matrix_doubled" and i == min(2, len(W)):
        dw = 2 * dw
    if m == "gradient_transposed" and dw.shape[0] == dw.shape[1]:
        dw = dw.T
    times = {"penalty_doubled": 2, "penalty_forgotten": 0}.get(m, 1)
    dw = dw + times * l2 * W[i - 1]
    if m == "penalty_on_bias":
        db = db + l2 * b[i - 1]
    if m == "no_bias_gradient":
        db = 0 * db
    if m == "bias_averaged":
        db = db / len(d)
    if m == "bias_of_first_row":
        db = d[:1]
    if m == "bias_scalar":
        db = np.full_like(db, d.sum())
    if m == "not_reset" and exercise.previous:
        dw = dw + exercise.previous.gradients[layer.weights]
        db = db + exercise.previous.gradients[layer.bias]
    return dw, db


def same(a, b, relative=1e-7):
    top = max(np.abs(v).max() for v in a.values())
    return all((np.abs(a[q] - b[q]) <= relative * top).all() for q in a)


def reviewed(space, given, m):
    """Return the finding on a wrong pass, and whether one of its names is right."""
    found = judge(space, read(space.exercise, given, None), deep=False)
    hit = any({s.name for s in e} & EXPECTED[m] for e in found.explanations)
    return found, hit


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=99)
    asked = parser.parse_args()
    rng, table, bad = np.random.default_rng(asked.seed), defaultdict(Counter), []
    for _ in range(asked.count):
        space = Space(exercise_of(random_run(rng, steps=2).record, 1))
        right = solution(space.exercise)
        for m in EXPECTED:
            if m == "softmax_again" and space.exercise.loss.name != "cross_entropy":
                continue
            with np.errstate(all="ignore"):
                wrong = solution(space.exercise, m)
                if same(right, wrong):
                    continue
                for decimals in (None, 6):
                    given = wrong if decimals is None else {q: v.round(6) for q, v in wrong.items()}
                    found, hit = reviewed(space, given, m)
                    word = found.status if hit or not found.explanations else "WRONG"
                    table[m][word] += 1
                    table["together"][word] += 1
                    if not hit:
                        names = [sorted(map(tuple, e)) for e in found.explanations[:3]]
                        acts = [layer.activation for layer in space.exercise.layers]
                        bad.append((m, decimals, found.status, names, right["W1"].shape, acts))
    for m, counts in table.items():
        print(f"{m:26s}", dict(counts))
    for line in bad[:30]:
        print("  !", *line)


if __name__ == "__main__":
    main()
