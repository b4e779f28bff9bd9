"""How parameters begin: one function for each rule, looked up by name.

Knows shapes and a random generator that is handed in; knows no graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from chainrule.errors import SpecError, shown
from chainrule.types import Array, Shape

Initializer = Callable[[Shape, np.random.Generator], Array]

initializers: dict[str, Initializer] = {}
"""Every rule by name."""


def initializer(function: Initializer) -> Initializer:
    """Register a rule under its function's name."""
    initializers[function.__name__] = function
    return function


def fans(shape: Shape) -> tuple[int, int]:
    """Return the number of inputs and outputs of a weight array (inputs, units)."""
    return (shape[0], shape[-1]) if len(shape) > 1 else (1, shape[0] if shape else 1)


@initializer
def zeros(shape: Shape, rng: np.random.Generator) -> Array:
    """Return zeros; for biases, since equal weights stay equal."""
    return np.zeros(shape)


@initializer
def uniform(shape: Shape, rng: np.random.Generator) -> Array:
    """Return draws between -1/sqrt(inputs) and 1/sqrt(inputs).

    LeCun et al., Efficient BackProp (1998), section 4.6: a standard deviation of order
    inputs**-0.5.
    """
    limit = 1 / math.sqrt(fans(shape)[0])
    return rng.uniform(-limit, limit, shape)


@initializer
def normal(shape: Shape, rng: np.random.Generator) -> Array:
    """Return normal draws of standard deviation 1/sqrt(inputs); LeCun et al. (1998), 4.6."""
    return rng.normal(0.0, 1 / math.sqrt(fans(shape)[0]), shape)


@initializer
def glorot(shape: Shape, rng: np.random.Generator) -> Array:
    """Return uniform draws of variance 2/(inputs + units); Glorot and Bengio (2010), eq. 16."""
    limit = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-limit, limit, shape)


@initializer
def he(shape: Shape, rng: np.random.Generator) -> Array:
    """Return normal draws of variance 2/inputs, for relu; He et al. (2015), eq. 10."""
    return rng.normal(0.0, math.sqrt(2 / fans(shape)[0]), shape)


def look_up(name: str) -> Initializer:
    """Return the rule of that name, or say which there are."""
    if not isinstance(name, str) or name not in initializers:
        raise SpecError(
            f"initializer {shown(name)} is not known; there are "
            f"{', '.join(sorted(initializers))}.\n"
            "  Own starting values: train(..., initial={'W1': array})."
        )
    return initializers[name]
