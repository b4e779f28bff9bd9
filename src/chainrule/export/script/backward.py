"""The backward pass of a script: from L to every parameter, a statement for each link.

Knows the parts of a network and what losses and activations declare; knows no optimizer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chainrule.autodiff import gradients
from chainrule.export.script.layout import remarked
from chainrule.export.script.program import STYLE, Program
from chainrule.graph import Node, apply, primitives, simplify, toposort
from chainrule.graph.code import (
    PRODUCT,
    Assignments,
    Piece,
    has_book_slope,
    piece,
    slope_of,
)
from chainrule.train.anatomy import Layer

SHORT = 40
"""Formulas up to here stand in a remark."""
SOFTMAX_SLOPE = "out * ({g} - ({g} * out).sum(axis=1, keepdims=True))"


def loss_slope(program: Program) -> Node:
    """Return the derivative of a row's loss by what the loss takes."""
    loss, names = program.setup.loss, program.parts.objective.names
    place = program.parts.objective.forward.logits if program.parts.on_logits else names["out"]
    cancels = program.exact and loss.targets == "binary"
    slope = None if cancels else loss.slope_of_rows(place, names["y"])
    if slope is None:
        (slope,) = simplify([gradients(names["l"].sum(), place)])
    return slope


@dataclass
class Backward:
    """Writes the backward pass.

    Attributes
    ----------
    program : Program
        The run.
    write : Assignments
        Knows the names of the forward pass.
    lines : list of str
        What was written.
    """

    program: Program
    write: Assignments
    lines: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def all_lines(self) -> list[str]:
        """Return the lines from L to the parameters of the first layer that is trained."""
        trained = [layer.number for layer in self.program.parts.layers if self._trains(layer)]
        if not trained:
            return []
        upstream = self._from_loss()
        for layer in reversed(self.program.parts.layers):
            upstream = self._through(layer, upstream)
            self._to_parameters(layer, upstream)
            if layer.number == min(trained):
                break
            upstream = self._to_inputs(layer, upstream)
        return self.lines + [x for name in dict.fromkeys(self.done) for x in self._penalties(name)]

    def _trains(self, layer: Layer) -> bool:
        """Tell whether updates change a layer."""
        names = [name for name in (layer.weights, layer.bias) if name is not None]
        return any(self.program.parts.trainable(name) for name in names)

    def _say(self, code: str, remark: str) -> None:
        self.lines += remarked(code, remark)

    def _from_loss(self) -> str:
        """Write the slope of L by what the loss takes, with the run's reduction."""
        parts, setup = self.program.parts, self.program.setup
        slope = loss_slope(self.program)
        name = f"dL_d{parts.last.z if parts.on_logits else 'out'}"
        if setup.w is not None:
            text = f"{self._factor(slope)} * w[:, None]"
            text += " / total" if setup.reduction == "mean" else ""
        else:
            text = piece(slope, self.write.known, STYLE).text
            text = f"{self._factor(slope)} / len(X)" if setup.reduction == "mean" else text
        self._say(f"{name} = {text}", f"link: {self._loss_words()}")
        return name

    def _loss_words(self) -> str:
        """Return what L is to what the loss takes."""
        loss, reduction = self.program.setup.loss, self.program.setup.reduction
        if self.program.parts.on_logits:
            return f"{loss.name.replace('_', ' ')} of {loss.logits_of}({self.program.last.z})"
        told = loss.formula if len(loss.formula) < SHORT else loss.name.replace("_", " ")
        return f"L is the {reduction} over rows of {told}"

    def _factor(self, slope: Node) -> str:
        """Return a slope as the first factor of a product, by a name if it is long."""
        found = piece(slope, self.write.known, STYLE)
        if len(found.text) <= 44:
            return found.leading()
        self.lines += self.write.lines("slope", slope)
        return "slope"

    def _through(self, layer: Layer, upstream: str) -> str:
        """Write the link through an activation; return the name of the derivative behind it."""
        parts = self.program.parts
        if layer.linear or (layer is parts.last and parts.on_logits):
            return upstream
        name, out = f"dL_d{layer.z}", "out" if layer is parts.last else layer.out
        link = f"link: {out} = {layer.activation}({layer.z})"
        if layer.acted is None:
            self._say(f"{name} = {SOFTMAX_SLOPE.format(g=upstream)}", f"{link}, all outputs")
            return name
        slope = self._slope(layer.acted)
        if self.program.exact and has_book_slope(layer.acted):
            plain = piece(slope_of(layer.acted), self.write.known, STYLE).text
            link += f"; {plain} to its last digit" if len(plain) < SHORT else ""
        if blows_up(slope):
            link += "; 0 where the upstream gradient is 0"
            text = f"chain({upstream}, {piece(slope, self.write.known, STYLE).text})"
        else:
            text = _times(upstream, piece(slope, self.write.known, STYLE))
        self._say(f"{name} = {text}", link)
        return name

    def _slope(self, acted: Node) -> Node:
        """Return the local derivative: as books write it, or in the form that keeps its digits."""
        if not self.program.exact or not has_book_slope(acted):
            return slope_of(acted)
        rule = primitives[acted.op]
        assert rule.local is not None, "an activation declares its local derivative"
        found = rule.local(acted, *acted.inputs, **acted.attrs)[0]
        return found if isinstance(found, Node) else apply("expand", float(found), shape=())

    def _to_parameters(self, layer: Layer, upstream: str) -> None:
        """Write the gradients of weights and bias; those of shared ones are added up."""
        before = "X" if layer.before == "x" else layer.before
        link = f"link: {layer.z} = {before} @ {self.program.called[layer.weights]}"
        if layer.bias:
            link += f" + {self.program.called[layer.bias]}"
        self._add(layer.weights, f"{before}.T @ {upstream}", f"{link}, a sum over rows")
        if layer.bias:
            told = self.program.called[layer.bias]
            self._add(layer.bias, f"{upstream}.sum(axis=0)", f"the same link, by {told}")

    def _add(self, name: str, text: str, link: str) -> None:
        if not self.program.parts.trainable(name):
            return
        sign = "+=" if name in self.done else "="
        again = "; a second path to it is added" if name in self.done else ""
        self._say(f"dL_d{self.program.called[name]} {sign} {text}", link + again)
        self.done.append(name)

    def _to_inputs(self, layer: Layer, upstream: str) -> str:
        """Write the link to what goes into a layer."""
        name = f"dL_d{layer.before}"
        weights = self.program.called[layer.weights]
        self._say(f"{name} = {upstream} @ {weights}.T", f"the same link, by {layer.before}")
        return name

    def _penalties(self, name: str) -> list[str]:
        """Return the lines that add the slopes of a parameter's penalties."""
        (l1, l2), w = self.program.parts.penalty(name), self.program.called[name]
        found = []
        if l2:
            found += remarked(f"dL_d{w} += {l2!r} * {w}", "link: the L2 penalty")
        if l1:
            found += remarked(f"dL_d{w} += {l1!r} * np.sign({w})", "link: the L1 penalty")
        return found


def blows_up(slope: Node) -> bool:
    """Tell whether a slope may be infinite somewhere."""
    return any(node.op in ("div", "log", "power", "reciprocal") for node in toposort(slope))


def _times(upstream: str, local: Piece) -> str:
    """Return upstream times local."""
    return f"{upstream} * {local.within(PRODUCT)}" if local.text != "1" else upstream
