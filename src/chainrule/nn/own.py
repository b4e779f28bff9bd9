"""Activations and losses of one's own: registered by name, so that files can name them.

A run folder holds no code. It names an activation or a loss, and whoever loads the run registers
the function again before. Knows networks and the two
registries; builds nothing itself.
"""

from __future__ import annotations

import hashlib
import keyword
from collections.abc import Callable, Mapping

import numpy as np

from chainrule.errors import ChainruleError, SpecError, shown
from chainrule.graph import Node, primitives, toposort, variable
from chainrule.nn.activations import LINEAR, known_activations, own_activations
from chainrule.nn.losses import Loss, losses
from chainrule.nn.losses.loss import TargetKind, own_losses
from chainrule.nn.network import Network


def register_activation(name: str, function: Callable[[Node], Node]) -> str:
    """Register an activation built from our operations, and return its name.

    Parameters
    ----------
    name : str
        What layers and files call it. A name that is taken is refused; one of your own may be
        given a new function.
    function : callable
        Of a node, to a node of the same shape; each entry by itself. Its derivative follows.

    Returns
    -------
    str

    Raises
    ------
    SpecError
        If the name cannot be had, or the function gives something else.

    Examples
    --------
    >>> import chainrule as cr
    >>> register_activation("tanh_shrink", lambda z: z - cr.tanh(z))
    'tanh_shrink'
    >>> cr.Network.from_spec("2-3:tanh_shrink-1").outline
    '2-3:tanh_shrink-1'
    """
    _check_name("activation", name, name in known_activations() or name in primitives)
    x = variable("z", shape=(2, 3))
    out = _called(function, name, x)
    if not isinstance(out, Node) or out.shape != (2, 3) or out.dtype != np.float64:
        raise SpecError(
            f"the activation {name!r} made {_told(out)} of a node of shape (2, 3), float64.\n"
            "  Return a node of the same shape and dtype, built from chainrule's operations."
        )
    own_activations[name] = function
    return name


def register_loss(
    name: str,
    function: Callable[..., Node],
    *,
    targets: TargetKind = "real",
    logits_of: str | None = None,
    formula: str = "",
    latex: str = "",
) -> Loss:
    """Register a loss built from our operations, and return it.

    Parameters
    ----------
    name : str
        What `train` and files call it. A name that is taken is refused; one of your own may be
        given a new function.
    function : callable
        Of ``(out, y)``, nodes of shape (rows, outputs), to the loss of each row, (rows,). Further
        arguments that have a number as default are its settings. Its derivative follows.
    targets : {"real", "binary", "class"}
        What y may hold: numbers; values from 0 to 1; class numbers, with y of shape (rows,).
    logits_of : {"sigmoid", "softmax"}, optional
        The last activation that the loss computes itself: ``out`` is then before it.
    formula, latex : str
        The formula of a row, for people; by default the name.

    Returns
    -------
    Loss

    Raises
    ------
    SpecError
        If the name cannot be had, or the function gives something else.

    Examples
    --------
    >>> import chainrule as cr
    >>> def log_cosh(out, y):
    ...     error = out - y
    ...     return (error + cr.softplus(-2.0 * error) - cr.log(2.0)).mean(axis=1)
    >>> register_loss("log_cosh", log_cosh).name
    'log_cosh'
    >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], loss="log_cosh", steps=3)
    """
    _check_name("loss", name, name in losses)
    if targets not in ("real", "binary", "class"):
        raise SpecError(f"targets is {shown(targets)}; it is 'real', 'binary' or 'class'.")
    if logits_of not in (None, "sigmoid", "softmax"):
        raise SpecError(f"logits_of is {shown(logits_of)}; it is 'sigmoid', 'softmax' or None.")
    found = Loss(name, function, formula or name, latex or name, targets, logits_of)
    out = variable("out", shape=(2, 3))
    y = (
        variable("y", shape=(2,), dtype=np.int64)
        if targets == "class"
        else variable("y", shape=(2, 3))
    )
    made = _called(function, name, out, y)
    if not isinstance(made, Node) or made.shape != (2,):
        raise SpecError(
            f"the loss {name!r} made {_told(made)} of out with shape (2, 3).\n"
            "  Return the loss of each row, here a node of shape (2,): sum or average over axis 1."
        )
    own_losses[name] = found
    return found


def own_functions(network: Network) -> tuple[Callable[[Node], Node], ...]:
    """Return the registered functions that a network's layers name, in their order."""
    names = [getattr(item, "activation", LINEAR) for item in network.layers]
    return tuple(own_activations[name] for name in names if name in own_activations)


def fingerprints(network: Network, loss: Loss) -> dict[str, str]:
    """Return a mark of each function of one's own that a training uses, by what it is called.

    The mark is made of the graph that the function builds. It is written into a run folder, so
    that another function under the same name is noticed when the run is loaded.

    Examples
    --------
    >>> import chainrule as cr
    >>> _ = register_activation("tanh_shrink", lambda z: z - cr.tanh(z))
    >>> net = cr.Network.from_spec("2-3:tanh_shrink-1")
    >>> found = fingerprints(net, cr.loss("squared_error"))
    >>> list(found), len(found["activation tanh_shrink"])
    (['activation tanh_shrink'], 16)
    """
    names = [getattr(item, "activation", LINEAR) for item in network.layers]
    x = variable("z", shape=(2, 3))
    marks = {
        f"activation {name}": _mark(own_activations[name](x))
        for name in names
        if name in own_activations
    }
    if loss.name in own_losses:
        whole = loss.targets == "class"
        y = variable("y", shape=(2,), dtype=np.int64) if whole else variable("y", shape=(2, 3))
        made = loss.rows(variable("out", shape=(2, 3)), y, **loss.options)
        marks[f"loss {loss.name}"] = _mark(made)
    return marks


def check_fingerprints(found: Mapping[str, str], network: Network, loss: Loss) -> None:
    """Raise unless the functions registered now are those that a run was trained with.

    Raises
    ------
    SpecError
        If one builds another graph.
    """
    present = fingerprints(network, loss)
    for called, mark in found.items():
        if present.get(called) != mark:
            what, _, name = called.partition(" ")
            raise SpecError(
                f"the {what} {name!r} registered here is another function than the run was trained "
                f"with.\n  Register that one before: chainrule.nn.register_{what}({name!r}, ...)."
            )


def _mark(out: Node) -> str:
    """Return a text that is equal for equal graphs, constants included."""
    order = toposort(out)
    places = {node: k for k, node in enumerate(order)}
    digest = hashlib.sha256()
    for node in order:
        inputs = [places[x] for x in node.inputs]
        attrs = sorted(node.attrs.items())
        facts = (node.op, inputs, attrs, node.shape, node.dtype.str, node.name)
        digest.update(repr(facts).encode())
        if node.op == "constant" and node.data is not None:
            digest.update(node.data.tobytes())
    return digest.hexdigest()[:16]


def _check_name(what: str, name: object, taken: bool) -> None:
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise SpecError(f"an {what} was named {shown(name)}; use letters, digits and _.")
    if taken:
        raise SpecError(f"the name {name!r} is taken: chainrule has an own {what} of that name.")


def _called(function: object, name: str, *nodes: Node) -> object:
    if not callable(function):
        raise SpecError(f"{name!r} was registered with {shown(function)}; a function is needed.")
    try:
        return function(*nodes)
    except ChainruleError:
        raise
    except Exception as error:
        raise SpecError(
            f"the function of {name!r} failed on nodes: {type(error).__name__}: {error}.\n"
            "  Build it from chainrule's operations (cr.tanh, cr.where ...), as for any graph."
        ) from error


def _told(value: object) -> str:
    if isinstance(value, Node):
        return f"a node of shape {value.shape}, {value.dtype}"
    return f"a {type(value).__name__}"
