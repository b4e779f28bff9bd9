"""Arguments made of arrays: dicts, lists and tuples of them, in any depth.

Knows containers; knows nothing of nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def arrays_in(tree: Any) -> Iterator[Any]:
    """Yield the arrays of a tree in order; a list of numbers is one array, None is none.

    Examples
    --------
    >>> list(arrays_in({"W": [1.0, 2.0], "b": (3.0, None)}))
    [[1.0, 2.0], 3.0]
    """
    if _is_inner(tree):
        for branch in tree.values() if isinstance(tree, Mapping) else tree:
            yield from arrays_in(branch)
    elif tree is not None:
        yield tree


def map_arrays(function: Callable[[Any], Any], tree: Any) -> Any:
    """Return a tree of the same form with the function's result for each array, in order.

    Examples
    --------
    >>> map_arrays(len, {"W": [1.0, 2.0], "b": None})
    {'W': 2, 'b': None}
    """
    if not _is_inner(tree):
        return None if tree is None else function(tree)
    if isinstance(tree, Mapping):
        return {key: map_arrays(function, branch) for key, branch in tree.items()}
    branches = [map_arrays(function, branch) for branch in tree]
    return type(tree)(*branches) if _has_fields(tree) else type(tree)(branches)


def _is_inner(tree: Any) -> bool:
    """Tell whether a tree has branches, and is not one array written out as a list."""
    if isinstance(tree, (list, tuple)):
        return _has_fields(tree) or not _is_numbers(tree)
    return isinstance(tree, Mapping)


def _has_fields(tree: Any) -> bool:
    return hasattr(tree, "_fields")


def _is_numbers(tree: Any) -> bool:
    return all(
        isinstance(v, (int, float)) or (isinstance(v, list) and _is_numbers(v)) for v in tree
    )
