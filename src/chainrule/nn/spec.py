"""Spec strings: ``3-4:sigmoid-1:sigmoid`` to layers and back.

Knows the words of a spec; knows no graph.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.errors import SpecError, shown
from chainrule.nn.activations import LINEAR
from chainrule.nn.layers import Layer
from chainrule.nn.layers.dense import Dense

FORM = "Write inputs, then units or units:activation for each layer, such as 3-4:sigmoid-1:sigmoid."
DIGITS = 12
"""More digits than any number of units has."""


def layers_from_spec(spec: str) -> tuple[int, list[Layer]]:
    """Return the number of inputs and the layers of a spec string.

    Raises
    ------
    SpecError
        Naming the part that cannot be read.

    Examples
    --------
    >>> layers_from_spec("3-4:sigmoid-1")
    (3, [Dense(units=4, activation='sigmoid'), Dense(units=1, activation='linear')])
    """
    if not isinstance(spec, str):
        raise SpecError(f"a spec is a string; got {shown(spec)}.\n  {FORM}")
    parts = spec.split("-")
    if len(parts) < 2:
        raise SpecError(f"spec {shown(spec)} names no layer.\n  {FORM}")
    inputs = _number(parts[0], spec)
    layers: list[Layer] = []
    for part in parts[1:]:
        units, colon, name = part.partition(":")
        if colon and not name.strip():
            raise SpecError(f"spec {shown(spec)}: {part!r} names no activation.\n  {FORM}")
        layers.append(Dense(_number(units, spec), name.strip() or LINEAR))
    return inputs, layers


def _number(text: str, spec: str) -> int:
    digits = text.strip()
    if not digits.isascii() or not digits.isdecimal() or len(digits) > DIGITS or int(digits) < 1:
        raise SpecError(
            f"spec {shown(spec)}: {shown(text)} is no number of units, at least 1 and of at most "
            f"{DIGITS} digits.\n  {FORM}"
        )
    return int(digits)


def spec_of(inputs: int, layers: Sequence[Layer]) -> str:
    """Return the spec string of layers, or say which one it cannot say."""
    tokens = [str(inputs)]
    for k, item in enumerate(layers, 1):
        token = item.spec_token
        if token is None:
            raise SpecError(
                f"layer {k}, {shown(item)}, cannot be said in a spec; use to_dict or to_json."
            )
        tokens.append(token)
    return "-".join(tokens)
