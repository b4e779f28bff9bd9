"""The alphabet: one declaration for each primitive, and composites built from them.

Every function takes nodes, and builds a node, or plain numbers and arrays, and gives the value.
Importing this package declares every primitive. A family is a file; a new operation is one
declaration in it, and its function is then an attribute here by its name.
"""

from difflib import get_close_matches
from importlib import import_module
from typing import Any

from chainrule.ops.declare import call, functions

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

for _family in FAMILIES:
    import_module(f"chainrule.ops.{_family}")


def function(name: str) -> Any:
    """Return the public function of that name: a composite's, or a primitive's.

    Examples
    --------
    >>> float(function("relu")(-2.0))
    0.0
    """
    if name not in functions:
        near = get_close_matches(name, functions, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "see dir(chainrule.ops)"
        raise AttributeError(f"chainrule.ops has no operation {name!r}; {hint}")
    return functions[name]


def __getattr__(name: str) -> Any:
    return function(name)


def __dir__() -> list[str]:
    return sorted({*functions, *FAMILIES, "call", "function"})


__all__ = ["FAMILIES", "call", "function"]
