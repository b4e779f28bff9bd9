"""NumPy functions on nodes: which of our functions stands for which of NumPy's.

The table is filled by the operations when they are declared; here it is only looked up, so that
``np.exp(node)`` builds a node. Knows NumPy's protocols; knows no operation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.errors import UnsupportedError

functions: dict[Any, Callable[..., Any]] = {}
"""NumPy function (or "getitem") to the function of ours that takes nodes."""

WAYS_OUT = {
    "argmax": "an index has no derivative: use cr.evaluate(node) and take its argmax",
    "argmin": "an index has no derivative: use cr.evaluate(node) and take its argmin",
    "argsort": "an index has no derivative: use cr.evaluate(node) and take its argsort",
    "average": "use np.sum(x * w) / np.sum(w)",
    "cbrt": "use x ** (1 / 3) for positive x",
    "cosh": "use (np.exp(x) + np.exp(-x)) / 2",
    "cumsum": "multiply with a triangular matrix: x @ np.triu(np.ones((n, n)))",
    "hypot": "use np.sqrt(x ** 2 + y ** 2)",
    "linalg.norm": "use cr.norm(x, axis)",
    "log10": "use np.log(x) / np.log(10)",
    "log2": "use np.log(x) / np.log(2)",
    "prod": "use np.exp(np.sum(np.log(x))) for positive x, or a product of its entries",
    "round": "rounding has derivative 0 everywhere: round the evaluated result instead",
    "sinh": "use (np.exp(x) - np.exp(-x)) / 2",
    "sort": "use np.maximum and np.minimum, or x[order] with an order computed from values",
    "tan": "use np.sin(x) / np.cos(x)",
    "vstack": "use np.concatenate or np.stack",
}


def implements(*numpy_functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of ours as the one that stands for these functions of NumPy."""

    def remember(function: Callable[..., Any]) -> Callable[..., Any]:
        functions.update(dict.fromkeys(numpy_functions, function))
        return function

    return remember


def call_function(key: Any, *args: Any, **kwargs: Any) -> Any:
    """Call what stands for NumPy function `key`, or say what to use instead."""
    if key in functions:
        return functions[key](*args, **kwargs)
    name = getattr(key, "__name__", str(key))
    module = getattr(key, "__module__", None) or "numpy"
    full = f"{module}.{name}".removeprefix("numpy.")
    way_out = WAYS_OUT.get(full, "chainrule.ops lists the operations; evaluate(node) gives arrays")
    raise UnsupportedError(f"np.{full} was called on a node; it has no derivative here: {way_out}.")


def array_ufunc(node: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """Build a node for ``ufunc(*inputs)``: NumPy's protocol, a method of `Node`."""
    if "out" in kwargs:
        raise UnsupportedError(
            f"np.{ufunc.__name__} was asked to write a node into an array (`a += node`, `out=`): "
            "arrays hold numbers.\n  Write a = a + node instead."
        )
    if method != "__call__" or kwargs:
        asked = f".{method}" if method != "__call__" else f" with {', '.join(kwargs)}="
        raise UnsupportedError(
            f"np.{ufunc.__name__}{asked} was called on a node; only plain calls build a graph.\n"
            "  Use the function form: np.sum(x) for np.add.reduce(x), cr.where for where=."
        )
    return call_function(ufunc, *inputs)


def array_function(node: Any, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Build a node for ``function(*args)``: NumPy's protocol, a method of `Node`."""
    return call_function(function, *args, **kwargs)
