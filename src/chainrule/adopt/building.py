"""From a foreign network to one of ours: activations, loss and penalty.

What the source does not say is asked for, never guessed. Knows foreign networks, layers and
losses; knows no rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chainrule.adopt.foreign import Foreign
from chainrule.errors import SpecError, shown
from chainrule.nn import Dense, Loss, Network, default_loss, find_loss, losses
from chainrule.nn.activations import LINEAR, check_activation
from chainrule.types import Array

Activations = str | Sequence[str] | None
GivenLoss = str | Mapping[str, Any] | Loss | None


def choose_loss(found: Foreign, activations: Activations, loss: GivenLoss) -> Loss:
    """Return the loss that was asked for, else the source's, else that of the last activation."""
    if loss is not None:
        return find_loss(loss)
    if found.loss is not None:
        return find_loss(found.loss)
    last = _told(found, activations)[-1]
    if last in ("softmax", "sigmoid"):
        return default_loss(Network([Dense(found.outputs, last)], found.inputs))
    raise SpecError(
        f"{found.source} does not say which loss it was trained with; give loss= (--loss), one of "
        f"{', '.join(losses)}.\n  Outputs that are logits go with cross_entropy (a class) or "
        "binary_cross_entropy (yes or no)."
    )


def build_network(found: Foreign, activations: Activations, loss: Loss, l2: float) -> Network:
    """Return the network, with the activations that are known, and a penalty on each layer."""
    told = _told(found, activations)
    unknown = [one.name for one, name in zip(found.layers[:-1], told, strict=False) if name is None]
    if unknown:
        raise SpecError(
            f"{found.source} does not say which activation stands behind {shown(unknown[0])}; give "
            "activations= (--activation): one name for all hidden layers, such as 'relu', or a "
            f"list of {len(told) - 1}."
        )
    last = _last(told[-1], loss)
    names = [check_activation(name) for name in (*told[:-1], last)]
    layers = [
        Dense(one.units, name, l2=l2, bias=one.bias is not None)
        for one, name in zip(found.layers, names, strict=True)
    ]
    return Network(layers, found.inputs)


def _last(told: str | None, loss: Loss) -> str:
    """Return the last activation; logits under a loss that takes them get its activation."""
    if told in (None, LINEAR) and loss.logits_of is not None:
        return loss.logits_of
    return told or LINEAR


def _told(found: Foreign, activations: Activations) -> list[str | None]:
    """Return for each layer the activation that the source or the user names, or None."""
    own = [one.activation for one in found.layers]
    if activations is None:
        return own
    if any(name is not None for name in own):
        raise SpecError(
            f"{found.source} says its own activations ({', '.join(map(str, own))}); leave "
            "activations= away."
        )
    hidden = len(own) - 1
    if isinstance(activations, str):
        return [activations] * hidden + [None]
    if not isinstance(activations, list | tuple):
        raise SpecError(f"activations is {shown(activations)}; it is a name or a list of names.")
    if len(activations) not in (hidden, hidden + 1):
        raise SpecError(
            f"{len(activations)} activations were given for {hidden} hidden layers; give "
            f"{hidden}, or {hidden + 1} with that of the last layer."
        )
    return [*activations, *([None] * (len(own) - len(activations)))]


def parameters(found: Foreign) -> dict[str, Array]:
    """Return the weights and biases by our names."""
    named: dict[str, Array] = {}
    for k, one in enumerate(found.layers, 1):
        named[f"W{k}"] = one.weights
        if one.bias is not None:
            named[f"b{k}"] = one.bias
    return named
