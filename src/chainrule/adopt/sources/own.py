"""Ours: arrays called W1, b1, W2, b2 ..., such as the weights that a run folder or an export holds.

Knows names of parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chainrule.adopt.foreign import Foreign, layer
from chainrule.adopt.registry import source
from chainrule.errors import SpecError

NAME = re.compile(r"([Wb])([1-9]\d*)")


def _is_ours(given: Any) -> bool:
    """Tell arrays all of which are called as we call parameters."""
    if not isinstance(given, Mapping) or not given:
        return False
    return all(isinstance(name, str) and NAME.fullmatch(name) for name in given)


@source(
    "chainrule",
    takes="arrays called W1, b1, W2, b2 ... with W of shape (inputs, units)",
    recognises=_is_ours,
)
def read(given: Mapping[str, Any]) -> Foreign:
    """Return the network of arrays in our own form."""
    numbers = sorted({int(name[1:]) for name in given})
    if numbers != list(range(1, len(numbers) + 1)):
        raise SpecError(f"the layers are numbered {numbers}; they are counted from 1 without gaps.")
    layers = []
    for k in numbers:
        if f"W{k}" not in given:
            raise SpecError(f"'b{k}' has no 'W{k}' beside it.")
        called = (f"W{k}", f"b{k}")
        layers.append(layer(f"W{k}", given[f"W{k}"], given.get(f"b{k}"), called))
    return Foreign("arrays in chainrule's form", tuple(layers))
