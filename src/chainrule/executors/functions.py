"""Graphs as functions of arrays: evaluate, grad, value_and_grad.

Knows how a graph is built, differentiated and interpreted; knows no network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.autodiff import gradients
from chainrule.errors import ShapeError, SpecError
from chainrule.executors.interpreter import bind
from chainrule.graph import Node, apply, as_node, constant, substitute, toposort, variable
from chainrule.plan import Plan, make_plan


def evaluate(nodes: Any, values: Mapping[Any, Any] | None = None) -> Any:
    """Return the value of a node, or of each of several.

    Parameters
    ----------
    nodes : Node, or list, tuple or dict of them
        What is asked for.
    values : mapping, optional
        Values of variables, by name or node; others keep the value they were made with.

    Returns
    -------
    numpy.ndarray or scalar, or list, tuple or dict of them

    Raises
    ------
    SpecError
        If a variable has no value.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> float(evaluate(x ** 2)), float(evaluate(x ** 2, {"x": 5.0}))
    (9.0, 25.0)
    """
    if isinstance(nodes, dict):
        return dict(zip(nodes, evaluate(list(nodes.values()), values), strict=True))
    several = [as_node(n) for n in (nodes if isinstance(nodes, (list, tuple)) else [nodes])]
    plan = make_plan({str(i): node for i, node in enumerate(several)})
    program = bind(plan)
    feed = _feed(plan, values or {})
    program.check(feed)
    found = program.values(feed, keep=True)
    place = {i.node: i.number for i in plan.instructions}
    results = [_result(found[place[node]], node) for node in plan.forward.values()]
    if isinstance(nodes, (list, tuple)):
        return type(nodes)(results)
    return results[0]


def _result(value: Any, node: Node) -> Any:
    """Return a value of our own: an array that may be written to, or a NumPy number."""
    if np.iscomplexobj(value):
        return np.array(value)[()]
    return np.array(value, dtype=node.dtype)[()]


def _feed(plan: Plan, values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a value for every variable of the plan."""
    named = {(key.name if isinstance(key, Node) else key): value for key, value in values.items()}
    feed: dict[str, Any] = {}
    for instruction in plan.instructions:
        node = instruction.node
        if node.op not in ("variable", "parameter"):
            continue
        assert node.name is not None, "variables and parameters have names"
        if node.name in named:
            given = np.asarray(named[node.name])
            feed[node.name] = given if given.dtype.kind == "c" else given.astype(node.dtype)
        elif node.data is not None:
            _one_of_its_name(feed, node)
            feed[node.name] = node.data
        else:
            raise SpecError(
                f"evaluate needs a value for {node.name!r}, which was made without one.\n"
                f"  Give it: cr.evaluate(f, {{{node.name!r}: ...}})."
            )
    return feed


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
        `cr.where`.
    wrt : int or sequence of int
        The positions of the arguments to differentiate by.

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
    positions = (wrt,) if isinstance(wrt, int) else tuple(wrt)

    def both(*args: Any, **kwargs: Any) -> Any:
        inputs: list[Node] = []
        traced = list(args)
        for position in positions:
            traced[position] = _traced(args[position], inputs)
        out = function(*traced, **kwargs)
        found = _gradient_nodes(function, out, inputs)
        results = [as_node(out), *found]
        given = list(_flat(list(args) + list(kwargs.values())))
        if any(isinstance(a, Node) for a in given) or _is_inside(results, inputs):
            results = substitute(
                results, {x: constant(x.data) for x in inputs if x.data is not None}
            )
        else:
            results = evaluate(results)
        ready = iter(results[1:])
        trees = tuple(_rebuilt(args[position], ready) for position in positions)
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


def _gradient_nodes(function: Callable[..., Any], out: Any, inputs: list[Node]) -> list[Node]:
    node = as_node(out)
    if node.shape != ():
        name = getattr(function, "__name__", "the function")
        raise ShapeError(
            f"grad of {name}: it returned shape {node.shape}; a gradient is that of one number.\n"
            "  Sum it (np.sum) or return one entry."
        )
    return gradients(node, inputs)


def _flat(tree: Any) -> Any:
    """Yield the arrays of nested dicts, lists and tuples in order."""
    if isinstance(tree, Mapping):
        for value in tree.values():
            yield from _flat(value)
    elif isinstance(tree, (list, tuple)) and not _is_numbers(tree):
        for value in tree:
            yield from _flat(value)
    else:
        yield tree


def _is_numbers(tree: Any) -> bool:
    """Tell whether a list is one array written out, not a list of arrays."""
    return all(
        isinstance(v, (int, float)) or (isinstance(v, list) and _is_numbers(v)) for v in tree
    )


def _traced(tree: Any, inputs: list[Node]) -> Any:
    """Return the tree with a fresh node for each array, appended to `inputs`."""
    if isinstance(tree, Mapping):
        return {key: _traced(value, inputs) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)) and not _is_numbers(tree):
        return type(tree)(_traced(value, inputs) for value in tree)
    if isinstance(tree, Node):
        node = apply("alias", tree)
    else:
        node = replace(variable(f"argument {len(inputs)}", tree), attrs={"traced": True})
    inputs.append(node)
    return node


def _rebuilt(tree: Any, ready: Any) -> Any:
    """Return the results in the form of the argument they belong to."""
    if isinstance(tree, Mapping):
        return {key: _rebuilt(value, ready) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)) and not _is_numbers(tree):
        return type(tree)(_rebuilt(value, ready) for value in tree)
    return next(ready)
