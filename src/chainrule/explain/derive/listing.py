"""The derivation as NumPy: a short listing that runs and gives this run's gradients.

Every expression is written from the graph of the network, the loss and the activations. Knows the
parts of a network; knows no notation.
"""

from __future__ import annotations

from chainrule.autodiff import gradients
from chainrule.explain.derive.anatomy import Anatomy, Layer
from chainrule.explain.derive.dialects import ATOM, QUOTIENT, Python, slope_of
from chainrule.explain.derive.writing import PASSED, Writer, seen
from chainrule.graph import Node, simplify

NOTE_AT = 44
"""The column at which remarks stand, where the code leaves room."""


def listing(parts: Anatomy) -> str:
    """Return the lines: forward, backward from L to W1, and the names of the gradients.

    Examples
    --------
    >>> import chainrule as cr
    >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], loss="half_squared_error", steps=1)
    >>> from chainrule.explain.derive.anatomy import take_apart
    >>> print(listing(take_apart(run.record.setup)))
    n = len(x)
    out = x @ W1 + b1
    L = (0.5 * ((out - y) ** 2).sum(axis=1)).mean()
    <BLANKLINE>
    g1 = (out - y) / n                          # dL/dout
    dW1 = x.T @ g1
    db1 = g1.sum(axis=0)
    """
    forward = _Forward(parts)
    lines = [*forward.lines(), "", *_backward(parts, forward.writer)]
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
        leaves: dict[Node, str] = dict(
            (node, name) for name, node in parts.objective.forward.parameters.items()
        )
        leaves |= {parts.objective.names["x"]: "x", parts.objective.names["y"]: "y"}
        if parts.objective.w is not None:
            leaves[parts.objective.w] = "w"
        self.writer = Writer(Python(), leaves)
        self.count = 0

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
        return found + self.assign("L", names["L"])

    def assign(self, name: str, node: Node) -> list[str]:
        """Return the lines that give a node its name; what is used twice in it gets one first."""
        found = []
        for part in self._twice(node):
            self.count += 1
            told = ("e" if part.op == "exp" else "t") + (str(self.count) if self.count > 1 else "")
            found.append(f"{told} = {self.writer.write(part)}")
            self.writer.call(part, told)
        found.append(f"{name} = {self.writer.write(node)}")
        self.writer.call(node, name)
        return found

    def _twice(self, node: Node) -> list[Node]:
        """Return the unnamed parts that are written more than once, inner ones first."""
        counts: dict[object, int] = {}
        order: list[Node] = []

        def visit(one: Node) -> None:
            one = seen(one)
            if one.op == "constant" or self.writer.knows(one):
                return
            instead = self.writer.dialect.instead(one)
            if instead is not None:
                visit(instead)
                return
            key = self.writer.key(one)
            counts[key] = counts.get(key, 0) + 1
            if counts[key] == 1:
                for parent in one.inputs[: 1 if one.op in PASSED else None]:
                    visit(parent)
                order.append(one)

        visit(node)
        return [one for one in order if counts[self.writer.key(one)] > 1]


def _backward(parts: Anatomy, writer: Writer) -> list[str]:
    """Return the lines from L to the gradients of every parameter."""
    lines: list[str] = []
    done: set[str] = set()
    upstream = _at_loss(parts, writer)
    for layer in reversed(parts.layers):
        g = f"g{layer.number}"
        if layer.acted is not None and not (layer is parts.last and parts.on_logits):
            upstream = _times(upstream, writer, slope_of(layer.acted))
        elif layer is parts.last and not layer.linear and not parts.on_logits:
            lines.append(_remarked(f"g = {upstream}", "dL/dout"))
            upstream = "out * (g - (g * out).sum(axis=1, keepdims=True))"
        lines.append(_remarked(f"{g} = {upstream}", f"dL/d{layer.z}"))
        lines += _parameters(parts, layer, g, done)
        upstream = f"(g{layer.number} @ {layer.weights}.T)"
    return lines


def _remarked(code: str, remark: str) -> str:
    return f"{code.ljust(NOTE_AT - 2)}  # {remark}"


def _at_loss(parts: Anatomy, writer: Writer) -> str:
    """Return the derivative of L by what the loss takes, with this run's reduction."""
    setup, names = parts.setup, parts.objective.names
    place = parts.objective.forward.logits if parts.on_logits else names["out"]
    slope = setup.loss.slope_of_rows(place, names["y"])
    if slope is None:
        (slope,) = simplify([gradients(names["l"].sum(), place)])
    piece = writer.piece(slope)
    if setup.w is not None:
        divided = " / w.sum()" if setup.reduction == "mean" else ""
        return f"{piece.within(QUOTIENT)} * w[:, None]{divided}"
    return f"{piece.within(QUOTIENT)} / n" if setup.reduction == "mean" else piece.text


def _times(upstream: str, writer: Writer, local: Node) -> str:
    """Return upstream times local; a local derivative of 1 is not written."""
    piece = writer.piece(local)
    if piece.text == "1":
        return upstream
    simple = upstream.startswith("(") and upstream.endswith(")") or " " not in upstream
    factor = upstream if simple else f"({upstream})"
    product = piece.text if _is_product(piece.text) else piece.within(ATOM)
    return f"{factor} * {product}"


def _is_product(text: str) -> bool:
    """Tell whether a text is a product that needs no brackets behind another factor."""
    first, sign, rest = text.partition(" * ")
    whole = rest.startswith("(") and rest.endswith(")") and rest.count("(") == 1
    return bool(sign) and first.isidentifier() and (whole or rest.isidentifier())


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
