"""What training descends: the loss of a network's output on a batch, plus penalties.

Knows networks and losses; knows no optimizer and no values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chainrule.errors import SpecError
from chainrule.graph import Node, constant, named, variable
from chainrule.nn.activations import LINEAR
from chainrule.nn.losses import Loss, losses
from chainrule.nn.network import Forward, Network
from chainrule.ops.arithmetic import chain
from chainrule.ops.compare import absolute, where
from chainrule.ops.transcendental import square

Reduction = Literal["mean", "sum"]


@dataclass(frozen=True)
class Objective:
    """The forward graph up to the loss.

    Attributes
    ----------
    forward : Forward
        The network's part.
    y, w : Node
        The targets; the weights of rows, or None.
    loss : Node
        ``L``: what is descended, a scalar.
    penalty : Node or None
        The part of it that is L1 and L2.
    names : mapping of str to Node
        The forward names, and ``y``, ``l`` (loss of each row), ``L``, ``penalty``.
    """

    forward: Forward
    y: Node
    w: Node | None
    loss: Node
    penalty: Node | None
    names: Mapping[str, Node]


def check_pairing(network: Network, loss: Loss) -> None:
    """Raise if the last activation and the loss do not go together."""
    last = network.last_activation
    if loss.logits_of is not None and last not in (LINEAR, loss.logits_of):
        fitting = ", ".join(
            sorted(n for n, item in losses.items() if item.logits_of in (None, last))
        )
        raise SpecError(
            f"loss {loss.name!r} was asked for after a last layer with activation {last!r}; it is "
            f"computed from logits.\n  Use {loss.logits_of!r} or 'linear' as last activation, or "
            f"one of the losses {fitting}."
        )
    if loss.targets == "class" and network.outputs < 2:
        raise SpecError(
            f"loss {loss.name!r} needs an output for each class; the network has one output.\n"
            "  Use binary_cross_entropy, or a last layer with as many units as classes."
        )


def default_loss(network: Network) -> Loss:
    """Return the loss that goes with the last activation: cross-entropies, else squared error."""
    by_activation = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}
    return losses[by_activation.get(network.last_activation, "squared_error")]


def build_objective(
    network: Network,
    loss: Loss,
    reduction: Reduction,
    rows: int,
    *,
    soft_labels: bool = False,
    weighted: bool = False,
    dtype: Any = np.float64,
) -> Objective:
    """Return the graph from inputs to the scalar loss for a number of rows.

    Parameters
    ----------
    network, loss, reduction
        What is trained; "mean" divides by the sum of the rows' weights, "sum" does not divide.
    rows : int
        Rows of the batch.
    soft_labels : bool
        For class targets: y holds distributions (rows, classes), not class numbers (rows,).
    weighted : bool
        Whether rows have weights.
    dtype : optional
        float64 or float32.
    """
    forward = network.forward(rows, dtype, ending=loss.logits_of or LINEAR)
    class_numbers = loss.targets == "class" and not soft_labels
    y = variable(
        "y",
        shape=(rows,) if class_numbers else (rows, network.outputs),
        dtype=np.int64 if class_numbers else dtype,
    )
    w = variable("w", shape=(rows,), dtype=dtype) if weighted else None
    each = loss.of_rows(forward.logits if loss.logits_of else forward.out, y)  # (rows,)
    each = each if each.name else named(each, "l")
    total = _reduced(each, w, reduction)
    penalty = _penalty(forward)
    descended = named(total if penalty is None else total + penalty, "L")
    names = {**forward.names, "y": y, "l": each, "L": descended}
    if w is not None:
        names["w"] = w
    if penalty is not None:
        names["penalty"] = penalty
    return Objective(forward, y, w, descended, penalty, names)


def _reduced(each: Node, w: Node | None, reduction: Reduction) -> Node:
    """Return the sum or mean over rows; a batch whose weights are all 0 has loss 0."""
    if w is None:
        return each.mean() if reduction == "mean" else each.sum()
    weighted: Node = chain(w, each)
    if reduction == "sum":
        return weighted.sum()
    weight = w.sum()
    divisor: Node = where(weight > 0, weight, constant(1.0, w.dtype))
    return weighted.sum() / divisor


def _penalty(forward: Forward) -> Node | None:
    """Return l1 * sum |W| + l2/2 * sum W^2 over parameters, or None if there is no penalty."""
    parts: list[Node] = []
    for name, spec in forward.specs.items():
        weights = forward.parameters[name]
        if spec.l2:
            parts.append(0.5 * spec.l2 * square(weights).sum())
        if spec.l1:
            parts.append(spec.l1 * absolute(weights).sum())
    if not parts:
        return None
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return named(total, "penalty")
