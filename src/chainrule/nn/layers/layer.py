"""What every layer has: a place in the registry, a dict form, a spec token.

Knows the form of layers; knows no particular one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any, Protocol, TypeVar

from chainrule.errors import SpecError, shown
from chainrule.graph import Node
from chainrule.nn.scope import Scope
from chainrule.types import Shape


class Layer(Protocol):
    """A step of a network's forward pass; a frozen dataclass registered with `layer`."""

    @property
    def has_weights(self) -> bool:
        """Whether the layer is counted in the numbering of parameters (W1, W2 ...)."""

    @property
    def spec_token(self) -> str | None:
        """The layer in a spec string (``4:sigmoid``), or None if it cannot be said there."""

    @property
    def outline(self) -> str:
        """The layer in a few characters, for people; settings may be left out."""

    def forward(self, x: Node, scope: Scope, *, last: bool) -> Node:
        """Return the output node for input `x`; parameters and names go through `scope`."""

    def output_shape(self, inputs: Shape) -> Shape:
        """Return the shape of one row of output for one row of input."""


L = TypeVar("L", bound=type)

layers: dict[str, Callable[..., Layer]] = {}
"""Every layer class by its name in files."""


def layer(name: str) -> Callable[[L], L]:
    """Register a layer class under a name."""

    def remember(cls: L) -> L:
        layers[name] = cls
        cls.kind = name  # type: ignore[attr-defined]
        return cls

    return remember


def layer_to_dict(item: Any) -> dict[str, Any]:
    """Return a layer as plain data: its kind and the fields that are not at their default."""
    defaults = {f.name: f.default for f in fields(item)}
    data = {key: value for key, value in asdict(item).items() if value != defaults[key]}
    return {"kind": item.kind, **data}


def layer_from_dict(data: Mapping[str, Any]) -> Layer:
    """Return the layer that `layer_to_dict` wrote down."""
    if not isinstance(data, Mapping):
        raise SpecError(f"a layer's dict was needed; got {shown(data)}.")
    values = dict(data)
    kind = values.pop("kind", None)
    if not isinstance(kind, str) or kind not in layers:
        raise SpecError(
            f"layer kind {shown(kind)} is not known; there are {', '.join(sorted(layers))}."
        )
    known = {f.name: f.default for f in fields(layers[kind])}  # type: ignore[arg-type]
    unknown = [key for key in values if key not in known]
    if unknown:
        raise SpecError(f"layer {kind!r} has no setting {unknown[0]!r}; it has {sorted(known)}.")
    lacking = [k for k, default in known.items() if default is MISSING and k not in values]
    if lacking:
        raise SpecError(f"layer {shown(kind)} was given without {lacking[0]!r}, which it needs.")
    return layers[kind](**values)
