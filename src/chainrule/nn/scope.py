"""What a layer is given while it builds its forward graph: parameters and names.

Knows parameters and their wishes; knows no layer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from chainrule.errors import ShapeError, SpecError
from chainrule.graph import Node, named, parameter
from chainrule.types import DType, Shape


@dataclass(frozen=True)
class ParameterSpec:
    """What a layer says of one of its parameters.

    Attributes
    ----------
    name : str
        ``W1``, ``b1`` ..., or a name of the user's, which shares it.
    shape : tuple of int
        Its shape.
    initializer : str
        How it begins.
    trainable : bool
        Whether updates change it.
    l1, l2 : float
        Its penalties: l1 * sum |w| and l2/2 * sum w^2.
    """

    name: str
    shape: Shape
    initializer: str
    trainable: bool = True
    l1: float = 0.0
    l2: float = 0.0


@dataclass
class Scope:
    """Collects the parameters and named nodes of a forward graph while layers build it.

    Attributes
    ----------
    dtype : numpy.dtype
        The dtype of parameters.
    number : int
        The layer's number k: layers that have weights are counted from 1.
    frozen : frozenset of str
        Parameters that updates never change, whatever their layers say.
    specs, parameters, names : dict
        What was asked for so far, by name.
    """

    dtype: DType = field(default_factory=lambda: np.dtype(np.float64))
    number: int = 0
    frozen: frozenset[str] = frozenset()
    specs: dict[str, ParameterSpec] = field(default_factory=dict)
    parameters: dict[str, Node] = field(default_factory=dict)
    names: dict[str, Node] = field(default_factory=dict)

    def parameter(self, spec: ParameterSpec) -> Node:
        """Return the node of a parameter; the same one if the name was used before."""
        if spec.name in self.frozen:
            spec = replace(spec, trainable=False)
        known = self.specs.get(spec.name)
        if known is None:
            self.specs[spec.name] = spec
            self.parameters[spec.name] = parameter(spec.name, spec.shape, self.dtype)
        elif known.shape != spec.shape:
            raise ShapeError(
                f"parameter {spec.name!r} is shared by layers that want shapes {known.shape} and "
                f"{spec.shape}.\n  Shared parameters need one shape; rename one of them."
            )
        elif known != spec:
            raise SpecError(
                f"parameter {spec.name!r} is shared by layers that disagree about it: {known} and "
                f"{spec}.\n  Give both the same trainable, l1, l2 and initializer."
            )
        return self.parameters[spec.name]

    def name(self, role: str, node: Node) -> Node:
        """Return the node under the name of its role (``z1``), unless it has a name."""
        labelled = node if node.name else named(node, role)
        self.names[role] = labelled
        return labelled
