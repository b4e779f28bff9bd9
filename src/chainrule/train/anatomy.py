"""The parts of a network as its graph shows them: layer after layer, and what is descended.

Knows the graph of an objective; knows no notation and no value.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.errors import SpecError
from chainrule.graph import Node, primitives
from chainrule.nn import Objective
from chainrule.nn.activations import LINEAR
from chainrule.train.setup import Setup

LETTERS = "ijkmpqsuv"
"""What counts the inputs, and the units of layer 1, 2, 3 ...; r counts rows."""


@dataclass(frozen=True)
class Layer:
    """One layer: ``z = before @ weights + bias``, ``out = activation(z)``.

    Attributes
    ----------
    number : int
        Counted from 1.
    weights, bias : str or None
        Names of its parameters.
    before, z, out : str
        Names of what goes in, of the pre-activation and of what comes out; the last two are the
        same for a linear layer.
    activation : str
        Its name; "linear" if there is none.
    inputs, units : int
        Lengths of a row before and after.
    acted : Node or None
        The node of an activation that acts entry by entry.
    """

    number: int
    weights: str
    bias: str | None
    before: str
    z: str
    out: str
    activation: str
    inputs: int
    units: int
    acted: Node | None

    @property
    def linear(self) -> bool:
        """Whether there is no activation."""
        return self.activation == LINEAR

    @property
    def from_index(self) -> str:
        """What counts the entries of a row before the layer; 0 if there is only one."""
        return _letter(self.number - 1, self.inputs)

    @property
    def to_index(self) -> str:
        """What counts the units of the layer; 0 if there is only one."""
        return _letter(self.number, self.units)


def _letter(place: int, length: int) -> str:
    if length == 1:
        return "0"
    turn, which = divmod(place, len(LETTERS))
    return LETTERS[which] + (str(turn + 1) if turn else "")


@dataclass(frozen=True)
class Anatomy:
    """A network and its objective, taken apart.

    Attributes
    ----------
    setup : Setup
        What is trained.
    rows : int
        Rows of a step.
    objective : Objective
        Its graph.
    layers : tuple of Layer
        From the inputs on.
    """

    setup: Setup
    rows: int
    objective: Objective
    layers: tuple[Layer, ...]

    @property
    def count(self) -> str:
        """The number of rows of a step as a word: n where the rows are not at hand."""
        return str(self.rows) if self.setup.rows or self.setup.batch_size else "n"

    @property
    def last(self) -> Layer:
        """The layer that gives the output."""
        return self.layers[-1]

    @property
    def on_logits(self) -> bool:
        """Whether the loss takes the last pre-activation and computes the activation itself."""
        return self.setup.loss.logits_of is not None

    @property
    def classes(self) -> bool:
        """Whether targets are class numbers."""
        return self.setup.loss.targets == "class" and not self.setup.soft_labels

    def penalty(self, name: str) -> tuple[float, float]:
        """Return l1 and l2 of a parameter."""
        spec = self.setup.network.specs[name]
        return spec.l1, spec.l2

    def trainable(self, name: str) -> bool:
        """Tell whether updates change a parameter."""
        return self.setup.network.specs[name].trainable

    def users(self, name: str) -> list[Layer]:
        """Return the layers that use a parameter."""
        return [layer for layer in self.layers if name in (layer.weights, layer.bias)]


def take_apart(setup: Setup) -> Anatomy:
    """Return the parts of what a setup trains.

    Raises
    ------
    SpecError
        If a layer is not of the form ``activation(x @ W + b)``.
    """
    rows = setup.batch_rows if setup.rows else (setup.batch_size or 1)
    objective = setup.objective(rows)
    count = sum(layer.has_weights for layer in setup.network.layers)
    return Anatomy(setup, rows, objective, tuple(_layers(setup, objective, count)))


def _layers(setup: Setup, objective: Objective, count: int) -> list[Layer]:
    names, found, before = objective.names, list[Layer](), "x"
    for k in range(1, count + 1):
        z, last = names[f"z{k}"], k == count
        out = "out" if last else f"h{k}"
        activation, acted = _activation(z, names[out])
        weights, bias = _affine(z, names[before], objective, k)
        inputs, units = objective.forward.specs[weights].shape
        name = out if activation == LINEAR else f"z{k}"
        found.append(Layer(k, weights, bias, before, name, out, activation, inputs, units, acted))
        before = out
    return found


def _activation(z: Node, out: Node) -> tuple[str, Node | None]:
    """Return the name of what is between a pre-activation and the output, and its node."""
    if out is z:
        return LINEAR, None
    single = len(out.inputs) == 1 and out.inputs[0] is z
    if single and primitives[out.op].kind == "elementwise":
        return out.op, out
    return "softmax", None  # the only activation that looks at more than one entry


def _affine(z: Node, before: Node, objective: Objective, number: int) -> tuple[str, str | None]:
    """Return the names of the weights and the bias of ``z = before @ W + b``."""
    names = {node: name for name, node in objective.forward.parameters.items()}
    product, bias = (z.inputs[0], names.get(z.inputs[1])) if z.op == "add" else (z, None)
    fits = product.op == "matmul" and product.inputs[0] is before and product.inputs[1] in names
    if not fits or (z.op == "add" and bias is None):
        raise SpecError(
            f"layer {number} is not of the form activation(x W + b), which derivations and scripts "
            "need.\n"
            "  chainrule info RUN --plan lists every operation of a step, and run.why opens one."
        )
    return names[product.inputs[1]], bias
