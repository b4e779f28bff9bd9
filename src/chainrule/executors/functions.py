"""Graphs as functions of arrays: evaluate, grad, value_and_grad.

Knows how a graph is built, differentiated and interpreted; knows no network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.autodiff import gradients
from chainrule.errors import DTypeError, ShapeError, SpecError
from chainrule.executors.interpreter import bind
from chainrule.executors.trees import arrays_in, map_arrays
from chainrule.graph import Node, apply, as_node, constant, substitute, toposort, variable
from chainrule.plan import Plan, make_plan


def evaluate(nodes: Any, values: Mapping[Any, Any] | None = None) -> Any:
    """Return the value of a node, or of each of several.

    Parameters
    ----------
    nodes : Node, or lists, tuples and dicts of them
        What is asked for.
    values : mapping, optional
        Values of variables, by name or node; others keep the value they were made with.

    Returns
    -------
    numpy.ndarray or scalar, or lists, tuples and dicts of them, in the form that was asked for

    Raises
    ------
    SpecError
        If a variable has no value.
    ShapeError, DTypeError
        If a given value has another shape than its variable, or would be changed by its dtype.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> float(evaluate(x ** 2)), float(evaluate(x ** 2, {"x": 5.0}))
    (9.0, 25.0)
    """
    if isinstance(nodes, (list, tuple)) and not nodes:
        return nodes
    several = [as_node(n) for n in ([nodes] if nodes is None else arrays_in(nodes))]
    plan = make_plan({str(i): node for i, node in enumerate(several)})
    program = bind(plan)
    feed = _feed(plan, values or {})
    program.check(feed)
    found = program.values(feed)
    place = {i.node: i.number for i in plan.instructions}
    results = (_result(found[place[node]], node) for node in plan.forward.values())
    return map_arrays(lambda _: next(results), nodes)


def _result(value: Any, node: Node) -> Any:
    """Return a value of our own: an array that may be written to, or a NumPy number."""
    if np.iscomplexobj(value):
        return np.array(value)[()]
    return np.array(value, dtype=node.dtype)[()]


def _feed(plan: Plan, values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a value for every variable of the plan."""
    named = {_name_of(key): value for key, value in values.items()}
    feed: dict[str, Any] = {}
    for instruction in plan.instructions:
        node = instruction.node
        if node.op not in ("variable", "parameter"):
            continue
        assert node.name is not None, "variables and parameters have names"
        if node.name in named:
            feed[node.name] = _converted(node, named[node.name])
        elif node.data is not None:
            _one_of_its_name(feed, node)
            feed[node.name] = node.data
        else:
            raise SpecError(
                f"evaluate needs a value for {node.name!r}, which was made without one.\n"
                f"  Give it: cr.evaluate(f, {{{node.name!r}: ...}})."
            )
    return feed


def _name_of(key: Any) -> str:
    name = key.name if isinstance(key, Node) else key
    if not isinstance(name, str):
        raise SpecError(
            f"evaluate was given a value for {key!r}; values go by a variable or its name."
        )
    return name


def _converted(node: Node, value: Any) -> Any:
    """Return a value in the dtype of its variable, if no number is changed by that."""
    given = np.asarray(value)
    if given.dtype.kind == "c":
        return given
    if given.dtype.kind not in "biuf":
        raise DTypeError(f"{node.name!r} needs numbers; an array of dtype {given.dtype} was given.")
    with np.errstate(all="ignore"):
        array = given.astype(node.dtype)
    lost = array != given if node.dtype.kind in "bi" else np.isinf(array) & np.isfinite(given)
    if np.any(lost):
        raise DTypeError(
            f"{node.name!r} holds {node.dtype}; {given[lost].flat[0]} would be changed by that.\n"
            "  Make the variable with the dtype of its values."
        )
    return array


def _one_of_its_name(feed: Mapping[str, Any], node: Node) -> None:
    if feed.get(str(node.name), node.data) is not node.data:
        raise SpecError(
            f"two different variables are called {node.name!r}; give each a name of its own."
        )


def value_and_grad(
    function: Callable[..., Any], wrt: int | Sequence[int] = 0
) -> Callable[..., Any]:
    """Return a function that gives the value of `function` and its gradient.

    Parameters
    ----------
    function : callable
        Takes arrays (or dicts, lists, tuples of arrays) and returns one number, computed with
        operators, NumPy functions or ours. Python's ``if`` on its values cannot be followed: use
        `cr.where`. A list of numbers is one array; None stays None.
    wrt : int or sequence of int
        The positions of the arguments to differentiate by; -1 is the last.

    Returns
    -------
    callable
        ``(*args) -> (value, gradient)``; the gradient has the form of the argument, and is a
        tuple if `wrt` is a sequence. Called with nodes it returns nodes, so it nests.

    Raises
    ------
    ShapeError
        If the function does not return one number.

    Examples
    --------
    >>> import numpy as np
    >>> value_and_grad(lambda w: np.sum(w ** 2))(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """

    def both(*args: Any, **kwargs: Any) -> Any:
        inputs: list[Node] = []
        traced = list(args)
        positions = _positions(function, wrt, len(args))
        for position in positions:
            traced[position] = map_arrays(lambda array: _traced(array, inputs), args[position])
        out = function(*traced, **kwargs)
        found = _gradient_nodes(function, out, inputs)
        results = [as_node(out), *found]
        given = arrays_in([*args, *kwargs.values()])
        if any(isinstance(a, Node) for a in given) or _is_inside(results, inputs):
            results = substitute(
                results, {x: constant(x.data) for x in inputs if x.data is not None}
            )
        else:
            results = evaluate(results)
        ready = iter(results[1:])
        trees = tuple(map_arrays(lambda _: next(ready), args[p]) for p in positions)
        return results[0], trees[0] if isinstance(wrt, int) else trees

    return both


def grad(function: Callable[..., Any], wrt: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Return the gradient of a function as a function; it can be taken again.

    Parameters
    ----------
    function, wrt
        As for `value_and_grad`.

    Returns
    -------
    callable
        ``(*args) -> gradient``.

    Examples
    --------
    >>> import numpy as np
    >>> slope = grad(np.tanh)
    >>> round(float(slope(2.0)), 8), round(float(grad(slope)(2.0)), 8)
    (0.07065082, -0.13621869)
    """
    both = value_and_grad(function, wrt)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


def _is_inside(results: Sequence[Node], inputs: Sequence[Node]) -> bool:
    """Tell whether a result needs an argument of a trace around this one: it stays a node then."""
    own = set(inputs)
    return any(node.attrs.get("traced", False) and node not in own for node in toposort(*results))


def _positions(function: Callable[..., Any], wrt: Any, count: int) -> tuple[int, ...]:
    """Return the arguments to differentiate by, counted from 0, or say which is not there."""
    asked = (wrt,) if isinstance(wrt, int) else tuple(wrt)
    positions = tuple(i + count if isinstance(i, int) and i < 0 else i for i in asked)
    if not all(i in range(count) for i in positions) or len(set(positions)) < len(positions):
        raise SpecError(
            f"grad of {_called(function)} by wrt={wrt!r}: it was called with {count} arguments by "
            "position.\n  Give different numbers that count those from 0; name no others."
        )
    return positions


def _traced(array: Any, inputs: list[Node]) -> Node:
    """Return a fresh node for an argument, and remember it in `inputs`."""
    if isinstance(array, Node):
        node = apply("alias", array)
    else:
        node = replace(variable(f"argument {len(inputs)}", array), attrs={"traced": True})
    inputs.append(node)
    return node


def _gradient_nodes(function: Callable[..., Any], out: Any, inputs: list[Node]) -> list[Node]:
    node = None if isinstance(out, (list, tuple, dict)) or out is None else as_node(out)
    if node is None or node.shape != ():
        found = f"a {type(out).__name__}" if node is None else f"shape {node.shape}"
        raise ShapeError(
            f"grad of {_called(function)}: it returned {found}; a gradient is that of one number.\n"
            "  Sum it (np.sum) or return one entry."
        )
    return gradients(node, inputs)


def _called(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", "the function")
