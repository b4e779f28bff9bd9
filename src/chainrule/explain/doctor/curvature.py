"""Curvature: how sharply the loss bends along its sharpest direction.

Plain gradient descent with a rate above 2 / curvature overshoots further with each step; with
momentum mu the bound is 2 (1 + mu) / curvature. Knows opened states; judges nothing.
"""

from __future__ import annotations

import numpy as np

from chainrule.executors import Program
from chainrule.explain.doctor.opened import Opened, open_state
from chainrule.types import Array

STEP = 1e-5
"""Of the size of the weights: half the digits of a double for each side of the difference."""
ROUNDS = 15
"""Rounds of the power method; the largest eigenvalue is then right to a few percent."""


def sharpest(program: Program, opened: Opened, x: Array, y: Array, names: list[str]) -> float:
    """Return the largest eigenvalue (by size) of the Hessian of the loss by some parameters.

    Hessian times direction is a difference of two gradients, a small step apart.
    """
    state = {name: np.asarray(opened.state[name], np.float64) for name in names}
    size = np.sqrt(sum(float(np.sum(value**2)) for value in state.values()))
    rng = np.random.default_rng(0)
    direction = {name: rng.normal(size=value.shape) for name, value in state.items()}
    found = 0.0
    for _ in range(ROUNDS):
        length = _length(direction)
        if not 0 < length < np.inf:
            return 0.0 if length == 0 else np.inf
        direction = {name: part / length for name, part in direction.items()}
        small = STEP * max(size, 1.0)
        ahead, behind = (
            _gradients(program, opened, state, direction, sign * small, x, y) for sign in (1, -1)
        )
        direction = {name: (ahead[name] - behind[name]) / (2 * small) for name in names}
        found = _length(direction)
    return found


def _length(direction: dict[str, Array]) -> float:
    return float(np.sqrt(sum(float(np.sum(part**2)) for part in direction.values())))


def _gradients(
    program: Program, opened: Opened, state: dict[str, Array], direction: dict[str, Array],
    small: float, x: Array, y: Array,
) -> dict[str, Array]:  # fmt: skip
    moved = {
        name: (value + small * direction[name]).astype(opened.state[name].dtype)
        for name, value in state.items()
    }
    found = open_state(program, {**opened.state, **moved}, x, y).gradients
    return {name: np.asarray(found[name], np.float64) for name in state}
