"""The derivation as NumPy: a short listing that runs and gives this run's gradients.

Every expression is written from the graph of the network, the loss and the activations. Knows the
parts of a network; knows no notation.
"""

from __future__ import annotations

from chainrule.autodiff import gradients
from chainrule.graph import Node, simplify, toposort
from chainrule.graph.code import PRODUCT, QUOTIENT, SUM, Assignments, Names, Piece, piece, slope_of
from chainrule.train.anatomy import Anatomy, Layer

NOTE_AT = 44
"""The column at which remarks stand, where the code leaves room."""


def listing(parts: Anatomy) -> str:
    """Return the lines: forward, backward from L to W1, and the names of the gradients.

    Examples
    --------
    >>> import chainrule as cr
    >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], loss="half_squared_error", steps=1)
    >>> from chainrule.train.anatomy import take_apart
    >>> print(listing(take_apart(run.record.setup)))
    n = len(x)
    out = x @ W1 + b1
    l = 0.5 * ((out - y) ** 2).sum(axis=1)
    L = l.mean()
    <BLANKLINE>
    g1 = (out - y) / n                          # dL/dout
    dW1 = x.T @ g1
    db1 = g1.sum(axis=0)
    """
    forward = _Forward(parts)
    lines = [*forward.lines(), "", *_backward(parts, forward.known)]
    text = "\n".join(lines)
    used = [f"import {what}" for what, sign in IMPORTS if sign in text]
    counted = ["n = len(x)"] if parts.setup.reduction == "mean" and parts.setup.w is None else []
    head = [*used, *([""] if used else []), *counted]
    return "\n".join([*head, text])


IMPORTS = (("numpy as np", "np."), ("chainrule as cr", "cr."))


class _Forward:
    """Writes the forward pass and remembers what has a name."""

    def __init__(self, parts: Anatomy) -> None:
        self.parts = parts
        parameters = parts.objective.forward.parameters
        leaves: dict[Node, str] = {node: name for name, node in parameters.items()}
        leaves |= {parts.objective.names["x"]: "x", parts.objective.names["y"]: "y"}
        if parts.objective.w is not None:
            leaves[parts.objective.w] = "w"
        self.known = Names(leaves)
        names = parts.objective.names
        self.assign = Assignments(self.known, [names["out"], names["L"]]).lines

    def lines(self) -> list[str]:
        """Return the lines from x to L."""
        found: list[str] = []
        names = self.parts.objective.names
        for layer in self.parts.layers:
            z = names[f"z{layer.number}"]
            found += self.assign(layer.z, z)
            if not layer.linear:
                out = names["out"] if layer is self.parts.last else names[layer.out]
                found += self.assign(layer.out, out)
        return [
            *found,
            *self._classes(),
            *self.assign("l", names["l"]),
            *self.assign("L", names["L"]),
        ]

    def _classes(self) -> list[str]:
        """Return the line that turns class numbers into rows of true and false."""
        if not self.parts.classes:
            return []
        asked = next(node for node in toposort(self.parts.objective.loss) if node.op == "equal")
        return self.assign("Y", asked)


def _backward(parts: Anatomy, known: Names[str]) -> list[str]:
    """Return the lines from L to the gradients of every parameter."""
    lines: list[str] = []
    done: set[str] = set()
    upstream = _at_loss(parts, known)
    for layer in reversed(parts.layers):
        g = f"g{layer.number}"
        if layer.acted is not None and not (layer is parts.last and parts.on_logits):
            upstream = _times(upstream, known, slope_of(layer.acted))
        elif layer is parts.last and not layer.linear and not parts.on_logits:
            lines.append(_remarked(f"g = {upstream.text}", "dL/dout"))
            upstream = Piece("out * (g - (g * out).sum(axis=1, keepdims=True))", PRODUCT)
        lines.append(_remarked(f"{g} = {upstream.text}", f"dL/d{layer.z}"))
        lines += _parameters(parts, layer, g, done)
        upstream = Piece(f"{g} @ {layer.weights}.T", SUM)
    return lines


def _remarked(code: str, remark: str) -> str:
    return f"{code.ljust(NOTE_AT - 2)}  # {remark}"


def _at_loss(parts: Anatomy, known: Names[str]) -> Piece:
    """Return the derivative of L by what the loss takes, with this run's reduction."""
    setup, names = parts.setup, parts.objective.names
    place = parts.objective.forward.logits if parts.on_logits else names["out"]
    slope = setup.loss.slope_of_rows(place, names["y"])
    if slope is None:
        (slope,) = simplify([gradients(names["l"].sum(), place)])
    local = piece(slope, known)
    if setup.w is not None:
        divided = " / w.sum()" if setup.reduction == "mean" else ""
        return Piece(f"{local.leading()} * w[:, None]{divided}", QUOTIENT)
    return Piece(f"{local.leading()} / n", QUOTIENT) if setup.reduction == "mean" else local


def _times(upstream: Piece, known: Names[str], local: Node) -> Piece:
    """Return upstream times local; a local derivative of 1 is not written."""
    factor = piece(local, known)
    if factor.text == "1":
        return upstream
    return Piece(f"{upstream.leading()} * {factor.within(PRODUCT)}", QUOTIENT)


def _parameters(parts: Anatomy, layer: Layer, g: str, done: set[str]) -> list[str]:
    """Return the gradients of a layer's parameters; those of shared ones are added up."""
    terms = [(layer.weights, f"{layer.before}.T @ {g}")]
    if layer.bias:
        terms.append((layer.bias, f"{g}.sum(axis=0)"))
    lines = []
    for name, value in terms:
        if name in done:
            lines.append(f"d{name} = d{name} + {value}")
            continue
        done.add(name)
        l1, l2 = parts.penalty(name)
        value += f" + {l2!r} * {name}" if l2 else ""
        value += f" + {l1!r} * np.sign({name})" if l1 else ""
        lines.append(f"d{name} = {value}")
    return lines
