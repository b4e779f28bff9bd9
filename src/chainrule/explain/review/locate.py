"""When nothing fits: whether only the size is wrong, where the numbers depart, what follows.

Knows one hand-in that no hypothesis explains.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.review.exercise import LayerForm
from chainrule.explain.review.finding import Block, Finding
from chainrule.explain.review.match import Match
from chainrule.types import Array


def locate(match: Match) -> Finding:
    """Return where a hand-in first departs, and how."""
    factors = _factors(match)
    follows = None if match.space.kind != "gradients" else _follows(match)
    tried = len(match.space.patterns) + len(match.space.singles)
    return Finding(
        "scaled" if factors else "none", match.tier, departs=match.first, factors=factors,
        follows=follows, tried=tried,
    )  # fmt: skip


def _factors(match: Match) -> dict[str, float]:
    """Return the factor of each block that is off, if every one is only wrong in size."""
    found = {}
    for block in match.blocks:
        if not match.wrong[block.name].any():
            continue
        base, data, penalty = match.parts(match.space.right, block)
        data = data if penalty is None else data + penalty
        room = match.room(match.space.right, block)
        if np.count_nonzero(np.abs(data) > room) < 2:
            if block.values.size > 1:
                return {}
            continue
        target = block.values - base
        factor = float((data * target).sum() / np.square(data).sum())
        fit = 2 * room * max(1.0, abs(factor))  # the factor itself is as rough as the numbers
        if not (np.abs(target - factor * data) <= fit).all():
            return {}
        found[block.name] = factor
    return found


def _follows(match: Match) -> tuple[str, ...] | None:
    """Recover the hand-in's own gradient by z at its first wrong layer, and go on from it.

    Possible where a layer has at least as many inputs, its bias counted, as there are rows; None
    where it is not. Empty if no such gradient could give both the weights' and the bias's.
    """
    exercise = match.space.exercise
    layer = exercise.layer(exercise.layer_of[str(match.first)])
    whole = {block.name: block for block in match.blocks if block.index is None}
    if layer.bias is None or not {layer.weights, layer.bias} <= set(whole) or exercise.shared:
        return None
    recovered = _recovered(match, layer, whole[layer.weights], whole[layer.bias])
    if not recovered:
        return None if recovered is None else ()
    gradient, growth = recovered
    space = match.space
    sites = space.right.rewritten({("gz", layer.number): space.program.arena.leaf(gradient)})
    found = []
    for name, block in whole.items():
        if exercise.layer_of[name] < layer.number:
            predicted = match.value(sites, block)
            size = max(1.0, float(np.abs(predicted).max(initial=0.0)))
            unit = float(whole[layer.weights].units.max(initial=0.0))
            room = block.units + 1e-8 * np.abs(block.values).max() + growth * unit * size
            if (np.abs(predicted - block.values) <= room).all():
                found.append(name)
    return tuple(found)


def _recovered(
    match: Match, layer: LayerForm, weights: Block, bias: Block
) -> tuple[Array, float] | tuple[()] | None:
    """Return the gradient by z that gives both, and how much it amplifies rounding."""
    space, arena = match.space, match.space.program.arena
    inputs = arena.value(space.right["h", layer.number - 1])
    rows = len(inputs)
    system = np.vstack([inputs.T, np.ones((1, rows))])
    grad = weights.values.reshape(layer.inputs, layer.units)
    if space.exercise.penalized(layer.weights):
        grad = grad - arena.value(space.right["penalty", layer.weights])
    aim = np.vstack([grad, bias.values.reshape(1, layer.units)])
    gradient, _, rank, sizes = np.linalg.lstsq(system, aim, rcond=1e-9)
    if rank < rows or sizes[-1] < 1e-4 * sizes[0]:
        return None
    unit = max(float(weights.units.max()), float(bias.units.max()))
    if np.abs(system @ gradient - aim).max() > 1e-6 * np.abs(aim).max() + 10 * unit:
        return ()
    return gradient, 3.0 / float(sizes[-1])
