"""The alphabet: one declaration for each primitive, and composites built from them.

Every function takes nodes, and builds a node, or plain numbers and arrays, and gives the value.
Importing this package declares every primitive. A family is a file; a new operation is one
declaration in it, and its function is then an attribute here by its name.
"""

from importlib import import_module
from typing import Any

from chainrule.graph import primitives
from chainrule.ops.declare import call

FAMILIES = (
    "arithmetic",
    "compare",
    "transcendental",
    "activations",
    "reduction",
    "shape",
    "index",
    "products",
    "composite",
    "borrowed",
)

_modules = [import_module(f"chainrule.ops.{family}") for family in FAMILIES]


def function(name: str) -> Any:
    """Return the public function of that name: a composite's, or a primitive's.

    Examples
    --------
    >>> float(function("relu")(-2.0))
    0.0
    """
    for module in _modules:
        found = getattr(module, name, None)
        if getattr(found, "__module__", "").startswith("chainrule.ops") and callable(found):
            return found
    raise AttributeError(f"chainrule.ops has no operation {name!r}")


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return function(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *primitives})


__all__ = ["FAMILIES", "call", "function"]
