"""Rows: which rows of the batch took part, and against which targets.

Whatever happened at the loss, all gradients below are linear in the gradient it starts with. So
that gradient can be solved for, row by row, and compared: in another order, or some rows missing.
There are too many orders to try them; this finds the one. Knows one hand-in and the right pass.
"""

from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np

from chainrule.explain.review.finding import Block, Suspect
from chainrule.explain.review.match import Match
from chainrule.explain.review.space import ORDER_OF_TARGETS, SOME_ROWS, Space
from chainrule.types import Array

MOST_UNKNOWNS = 256
"""Rows times outputs up to which the start is solved for."""

FEW_ROWS = 7
"""Up to so many rows all orders are tried: the numbers may be too few to solve for."""

NEAR = 2.0
"""How many times the room of a number a candidate may be off before it is looked at closely."""

MOST_CANDIDATES = 8

ERRORS = ("half_squared_error", "squared_error", "binary_cross_entropy", "cross_entropy")
"""Losses whose gradient is the error out - y times a number."""


def other_rows(match: Match) -> tuple[list[Suspect], float] | None:
    """Return the mistakes in rows that explain a hand-in, and the bits that finding them cost."""
    space, exercise = match.space, match.space.exercise
    known = exercise.loss.name in ERRORS and ("error",) in space.right
    softmax = exercise.layers[-1].activation == "softmax" and not exercise.fused
    if not known or softmax or exercise.shared or not space.program.is_linear:
        return None
    if exercise.rows < 3 or exercise.rows * exercise.outputs > MOST_UNKNOWNS:
        return None
    candidates, bits = _tried(match) if exercise.rows <= FEW_ROWS else _found(match)
    fitting = [s for s in candidates if match.fits(space.struck(space.right, s))]
    return (fitting, bits) if fitting else None


def _found(match: Match) -> tuple[list[Suspect], float]:
    """Return the candidates that the solved start shows; its unknowns must all be seen."""
    exercise = match.space.exercise
    if exercise.rows * exercise.outputs > match.handin.size:
        return [], 0.0
    start = _solved(match)
    if start is None:
        return [], 0.0
    found = [_order(match.space, start), _some(match.space, start)]
    return [s for s in found if s], math.lgamma(exercise.rows + 1) / math.log(2)


def _tried(match: Match) -> tuple[list[Suspect], float]:
    """Return the candidates among all orders and all choices of a few rows."""
    space, exercise = match.space, match.space.exercise
    arena, right = space.program.arena, space.right
    normal, count = arena.value(right["start",]), exercise.rows
    factors = _factor(space) * np.ones((count, 1))
    out = arena.value(right["h", exercise.depth])
    orders = np.array(list(permutations(range(count))))
    targets = exercise.targets[orders]  # (order, row, output)
    _, first = np.unique(targets.reshape(len(orders), -1), axis=0, return_index=True)
    orders = orders[first]
    starts = factors * (out - exercise.targets[orders])
    chosen = np.array(list(product([False, True], repeat=count)))[1:-1]
    starts = np.concatenate([starts, np.where(chosen[:, :, None], normal, 0.0)])
    system, aim = _system(match)
    near = (np.abs(starts.reshape(len(starts), -1) @ system.T - aim) <= NEAR).all(1)
    found = []
    for number in np.flatnonzero(near)[:MOST_CANDIDATES]:
        is_order = number < len(orders)
        rows = orders[number] if is_order else np.flatnonzero(chosen[number - len(orders)])
        if not is_order or (exercise.targets[rows] != exercise.targets).any():
            name = ORDER_OF_TARGETS if is_order else SOME_ROWS
            found.append(Suspect(name, 0, ",".join(map(str, rows))))
    return found, math.log2(len(starts))


def _factor(space: Space) -> float:
    """Return what the error is multiplied by at the start; NaN if rows have their own weights."""
    arena, right = space.program.arena, space.right
    error, normal = arena.value(right["error",]), arena.value(right["start",])
    factor = float((normal * error).sum() / max(float(np.square(error).sum()), 1e-300))
    return factor if np.allclose(normal, factor * error, rtol=1e-9, atol=0) else math.nan


def _solved(match: Match) -> Array | None:
    """Return the gradient at the start, (rows, outputs), that gives what was handed in."""
    system, aim = _system(match)
    if not np.isfinite(system).all():
        return None
    found, _, rank, _ = np.linalg.lstsq(system, aim, rcond=1e-10)
    if rank < system.shape[1] or np.abs(system @ found - aim).max() > NEAR:
        return None
    return np.asarray(found.reshape(match.space.exercise.rows, -1))


def _system(match: Match) -> tuple[Array, Array]:
    """Return what each number answers to each unknown, and what it has to be, in units of room."""
    space = match.space
    responses = _responses(space)
    columns, aims = [], []
    for block in match.blocks:
        room = match.room(space.right, block)
        base, _, penalty = match.parts(space.right, block)
        aim = block.values - base - (0.0 if penalty is None else penalty)
        response = _of_block(block, responses[block.name]) * space.gain(block.name)
        columns.append((response / room).T)
        aims.append(aim / room)
    return np.concatenate(columns), np.concatenate(aims)


def _of_block(block: Block, responses: Array) -> Array:
    return responses if block.index is None else responses[:, block.index]


def _responses(space: Space) -> dict[str, Array]:
    """Return what each parameter's gradient answers to a 1 at each row and output."""
    exercise, arena, right = space.exercise, space.program.arena, space.right
    rows, outputs = exercise.rows, exercise.outputs
    passing = np.broadcast_to(np.eye(outputs), (rows, outputs, outputs))  # (row, output, unit)
    found = {}
    for layer in reversed(exercise.layers):
        k = layer.number
        if ("slope", k) in right:
            passing = passing * arena.value(right["slope", k])[:, None, :]
        inputs = arena.value(right["h", k - 1])
        weights = np.einsum("ri,rju->rjiu", inputs, passing)
        found[layer.weights] = weights.reshape(rows * outputs, -1)
        if layer.bias is not None:
            found[layer.bias] = passing.reshape(rows * outputs, -1)
        passing = passing @ arena.value(right["parameter", layer.weights]).T
    return found


def _order(space: Space, start: Array) -> Suspect | None:
    """Return the order of targets that fits the start best."""
    from scipy.optimize import linear_sum_assignment

    exercise = space.exercise
    out = space.program.arena.value(space.right["h", exercise.depth])
    targets = out - start / _factor(space)
    distance = np.square(targets[:, None, :] - exercise.targets[None, :, :]).sum(2)
    if not np.isfinite(distance).all():
        return None
    _, order = linear_sum_assignment(distance)
    if (exercise.targets[order] == exercise.targets).all():
        return None
    return Suspect(ORDER_OF_TARGETS, 0, ",".join(map(str, order)))


def _some(space: Space, start: Array) -> Suspect | None:
    """Return the rows that took part, if the others are missing."""
    normal = space.program.arena.value(space.right["start",])
    there = np.abs(start - normal).sum(1) < np.abs(start).sum(1)
    if there.all() or not there.any():
        return None
    return Suspect(SOME_ROWS, 0, ",".join(str(i) for i in np.flatnonzero(there)))
