"""NumPy functions on nodes: which of our functions stands for which of NumPy's.

The table is filled by the operations when they are declared; here it is only looked up, so that
``np.exp(node)`` builds a node. Knows NumPy's protocols; knows no operation.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, TypeVar

from chainrule.errors import UnsupportedError

Function = TypeVar("Function", bound=Callable[..., Any])

functions: dict[Any, Callable[..., Any]] = {}
"""NumPy function (or "getitem") to the function of ours that takes nodes."""

VALUES_ONLY = "it looks at values, which a graph being built has not: apply it to cr.evaluate(node)"
WAYS_OUT = {
    "arctan": "use np.tanh or another activation",
    "prod": "use np.exp(np.sum(np.log(x))) for positive x, or multiply its entries",
    "round": "rounding has derivative 0 everywhere: round the evaluated result instead",
    "sort": "use np.maximum and np.minimum, or x[order] with an order computed from values",
    **dict.fromkeys(
        ["all", "allclose", "any", "argmax", "argmin", "argsort", "array_equal", "isclose"],
        VALUES_ONLY,
    ),
    **dict.fromkeys(["isnan", "nonzero", "unique", "median", "percentile"], VALUES_ONLY),
}
"""What to use instead of a NumPy function that no operation of ours stands for."""


def implements(*numpy_functions: Any) -> Callable[[Function], Function]:
    """Register a function of ours as the one that stands for these functions of NumPy."""

    def remember(function: Function) -> Function:
        functions.update(dict.fromkeys(numpy_functions, function))
        return function

    return remember


def call_function(key: Any, *args: Any, **kwargs: Any) -> Any:
    """Call what stands for NumPy function `key`, or say what to use instead."""
    if key in functions:
        return _called(key, functions[key], args, kwargs)
    name = _full_name(key)
    way_out = WAYS_OUT.get(name, "chainrule.ops lists the operations there are")
    raise UnsupportedError(
        f"np.{name} was called on a node; it has no place in a graph.\n  Instead: {way_out}."
    )


def _full_name(key: Any) -> str:
    """Return the name of a NumPy function below ``np.``."""
    module = getattr(key, "__module__", None) or "numpy"
    return f"{module}.{getattr(key, '__name__', key)}".removeprefix("numpy.")


def _called(key: Any, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Call a function of ours; arguments that only NumPy's has are refused."""
    wanted = signature(function)
    try:
        wanted.bind(*args, **kwargs)
    except TypeError as problem:
        known = ", ".join(map(_without_type, wanted.parameters.values()))
        raise UnsupportedError(
            f"np.{_full_name(key)} was called on a node with arguments it does not take: {problem}."
            f"\n  In a graph it takes ({known})."
        ) from None
    return function(*args, **kwargs)


def _without_type(parameter: Parameter) -> str:
    return str(parameter.replace(annotation=Parameter.empty)).replace(" = ", "=")


def array_ufunc(node: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """Build a node for ``ufunc(*inputs)``: NumPy's protocol, a method of `Node`."""
    name = ufunc.__name__
    if "out" in kwargs:
        raise UnsupportedError(
            f"np.{name} was asked to write a node into an array (`a += node`, `out=`): "
            "arrays hold numbers.\n  Write a = a + node instead."
        )
    if method != "__call__":
        raise UnsupportedError(
            f"np.{name}.{method} was called on a node; only plain calls build a graph.\n"
            "  Use the function form, such as np.sum(x) for np.add.reduce(x)."
        )
    if kwargs:
        raise UnsupportedError(
            f"np.{name} was called on a node with {', '.join(kwargs)}=; only plain calls build a "
            "graph.\n  Use cr.where for where=, node.astype for dtype=."
        )
    return call_function(ufunc, *inputs)


def array_function(node: Any, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Build a node for ``function(*args)``: NumPy's protocol, a method of `Node`."""
    return call_function(function, *args, **kwargs)
