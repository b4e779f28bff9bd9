"""A network opened at its output instead of a loss: derivatives of what a neuron says.

Knows networks as graphs; knows no published number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chainrule.autodiff import gradients
from chainrule.executors import evaluate
from chainrule.nn import Network
from chainrule.types import Array, ArrayLike


@dataclass(frozen=True)
class Neuron:
    """The output of a network for one row of inputs, and its derivatives.

    Attributes
    ----------
    out : float
        What it says.
    slopes : mapping of str to numpy.ndarray
        d out / d x, and by each parameter.
    """

    out: float
    slopes: Mapping[str, Array]


def open_neuron(spec: str, values: Mapping[str, ArrayLike]) -> Neuron:
    """Return a one-output network's output and its derivatives at one row.

    Parameters
    ----------
    spec : str
        The network.
    values : mapping of str to array_like
        ``x`` (1, inputs), and each parameter.

    Examples
    --------
    >>> found = open_neuron("1-1:tanh", {"x": [[0.0]], "W1": [[2.0]], "b1": [0.0]})
    >>> found.out, found.slopes["x"].tolist()
    (0.0, [[2.0]])
    """
    forward = Network.from_spec(spec).forward(rows=1)
    wrt = {"x": forward.x, **forward.parameters}
    out = forward.out[0, 0]
    found = gradients(out, list(wrt.values()))
    slopes = dict(zip(wrt, evaluate(found, values), strict=True))
    return Neuron(float(evaluate(out, values)), slopes)
