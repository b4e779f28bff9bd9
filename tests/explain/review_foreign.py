"""Mistakes that are not in the catalogue, in plain NumPy: a name given to one is a false name.

Knows nothing of the review's graph.
"""

from __future__ import annotations

import numpy as np
from tests.explain.review_plain import ACTIVATE, SLOPE, backward_error, penalty

SLIPS = (
    "random_entry", "divided_by_units", "rows_shuffled", "abs_derivative", "dropout_left_in",
    "weight_misread", "units_permuted", "momentum", "error_normalised", "leaky", "noise",
    "odd_factor", "error_clipped", "column_dropped", "wrong_bias_used", "derivative_smoothed",
)  # fmt: skip


def student(exercise, rng, slip):
    """Return the gradients of a plain backward pass with one odd slip."""
    W = {k: exercise.parameters[layer.weights].copy() for k, layer in enumerate(exercise.layers, 1)}
    b = {k: exercise.parameters[layer.bias].copy() for k, layer in enumerate(exercise.layers, 1)}
    depth = len(W)
    hit = int(rng.integers(1, depth + 1))
    if slip == "weight_misread":
        W[hit][tuple(rng.integers(0, s) for s in W[hit].shape)] *= -1
    if slip == "wrong_bias_used":
        b[hit] = b[hit] + 0.1
    h, z = [exercise.x], [None]
    for k, layer in enumerate(exercise.layers, 1):
        z.append(h[-1] @ W[k] + b[k])
        out = ACTIVATE[layer.activation](z[-1])
        if slip == "dropout_left_in" and k < depth:
            out = out * (rng.random(out.shape) < 0.8) / 0.8
        h.append(out)
    g = backward_error(exercise, h[-1])
    if slip == "error_clipped":
        g = np.clip(g, -np.abs(g).mean(), np.abs(g).mean())
    found = {}
    for k in range(depth, 0, -1):
        layer = exercise.layers[k - 1]
        if not (k == depth and exercise.fused):
            g = g * odd_slope(slip, layer.activation, z[k], h[k])
        if slip == "divided_by_units" and k == hit:
            g = g / g.shape[1]
        if slip == "units_permuted" and k == hit:
            g = g[:, rng.permutation(g.shape[1])]
        x = h[k - 1][rng.permutation(len(g))] if slip == "rows_shuffled" and k == 1 else h[k - 1]
        found[layer.weights] = x.T @ g + penalty(exercise, layer.weights)
        found[layer.bias] = g.sum(0, keepdims=True)
        g = g @ W[k].T
        if slip == "error_normalised":
            g = g / max(np.linalg.norm(g), 1e-12)
    return spoilt(exercise, rng, slip, found)


def odd_slope(slip, activation, z, h):
    """Return the derivative of an activation, or something like it."""
    slope = SLOPE[activation](z)
    if slip == "abs_derivative" and activation == "tanh":
        return 1 - np.abs(h)
    if slip == "abs_derivative" and activation == "sigmoid":
        return np.minimum(h, 1 - h)
    if slip == "leaky":
        return np.maximum(slope, 0.01) if activation == "relu" else slope * 0.9 + 0.05
    if slip == "derivative_smoothed":
        return (SLOPE[activation](z + 0.1) + SLOPE[activation](z - 0.1)) / 2
    return slope


def spoilt(exercise, rng, slip, found):
    """Return gradients after a slip in the results."""
    name = list(found)[rng.integers(len(found))]
    if slip == "random_entry":
        found[name][tuple(rng.integers(0, s) for s in found[name].shape)] *= rng.uniform(1.2, 3)
    if slip == "column_dropped":
        found[name][:, rng.integers(found[name].shape[1])] = 0.0
    if slip == "noise":
        return {q: v * (1 + 0.01 * rng.normal(size=v.shape)) for q, v in found.items()}
    if slip == "momentum" and exercise.previous:
        return {q: v + 0.9 * exercise.previous.gradients[q] for q, v in found.items()}
    if slip == "odd_factor":
        return {q: v * 0.3777 for q, v in found.items()}
    return found
