"""Amendments: networks, single weights and single rows changed for a branch, and their refusals.

Knows the arrays and networks of a setup; trains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import DataError, ShapeError, SpecError, shown
from chainrule.nn import Network
from chainrule.train.setup import Setup
from chainrule.types import Array, DType

ENTRY = re.compile(r"(\w+)\[([^\[\]]*)\]")


def amend_network(old: Network, changes: Mapping[str, Any]) -> Network:
    """Return the network of a branch: another one, or other activations or penalties.

    Examples
    --------
    >>> amend_network(Network.from_spec("2-3:tanh-1"), {"activation": "relu"}).spec
    '2-3:relu-1'
    """
    if "network" in changes:
        given = changes["network"]
        found = Network.from_spec(given) if isinstance(given, str) else given
        if not isinstance(found, Network):
            raise SpecError(f"network is {shown(given)}; it is a Network or a spec string.")
        return found
    layers = list(old.layers)
    for name in ("l1", "l2"):
        if name in changes:
            layers = [_replaced(item, name, changes[name]) for item in layers]
    if "activation" in changes:
        for k, name in _activations(changes["activation"], len(layers)).items():
            layers[k - 1] = _replaced(layers[k - 1], "activation", name)
    return Network(layers, old.inputs, old.frozen)


def _replaced(item: Any, name: str, value: Any) -> Any:
    if not hasattr(item, name):
        raise SpecError(f"layer {shown(item)} has no {name} to change.")
    return replace(item, **{name: value})


def _activations(given: Any, layers: int) -> dict[int, str]:
    """Return new activations by layer: one name is meant for every hidden layer."""
    if isinstance(given, str):
        return dict.fromkeys(range(1, layers), given)
    if not isinstance(given, Mapping) or any(k not in range(1, layers + 1) for k in given):
        raise SpecError(
            f"activation is {shown(given)}; it is a name for all hidden layers, or names by layer, "
            f"1 to {layers}: {{1: 'relu'}}."
        )
    return dict(given)


def amend_shapes(old: Network, new: Network) -> None:
    """Raise unless two networks have parameters of the same names and shapes."""
    before = {name: spec.shape for name, spec in old.specs.items()}
    now = {name: spec.shape for name, spec in new.specs.items()}
    if before != now:
        name = next(k for k in (*before, *now) if before.get(k) != now.get(k))
        raise ShapeError(
            f"the branch's network {new.outline} has {name} {now.get(name, 'nowhere')}, the run's "
            f"{old.outline} has it {before.get(name, 'nowhere')}.\n  A branch goes on with the "
            "run's weights, so every shape stays; train a new run for another size."
        )


def told_network(old: Network, new: Network) -> list[str]:
    """Return sentences on what changed between two networks of equal shapes."""
    if old == new:
        return []
    told = []
    if old.outline != new.outline:
        told.append(f"network: {new.outline} instead of {old.outline}")
    for name, spec in new.specs.items():
        for field in ("trainable", "l1", "l2"):
            before, now = getattr(old.specs[name], field), getattr(spec, field)
            if before != now:
                told.append(f"{field} of {name}: {now} instead of {before}")
    return told


def amend_parameters(state: Mapping[str, Array], given: Any, dtype: DType) -> dict[str, Array]:
    """Return the parameters that were changed by hand, whole or entry by entry.

    Examples
    --------
    >>> now = {"W1": np.zeros((1, 3))}
    >>> amend_parameters(now, {"W1[0,2]": 0.5}, np.dtype("float64"))["W1"].tolist()
    [[0.0, 0.0, 0.5]]
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise SpecError(
            f"parameters is {shown(given)}; it is a dict such as {{'W1[0,2]': 0.5}} or "
            "{'W1': array}."
        )
    found: dict[str, Array] = {}
    for key, value in given.items():
        name, place = _place(key)
        if name not in state or "." in name:
            known = ", ".join(k for k in state if "." not in k)
            raise SpecError(f"parameters names {shown(key)}; the network has {known}.")
        array = found.setdefault(name, state[name].copy())
        _put(array, place, value, str(key))
        if not np.isfinite(array).all():
            raise DataError(f"parameters[{key!r}] is {shown(value)}; {dtype} needs a finite one.")
    return found


def _place(key: Any) -> tuple[str, tuple[int | slice, ...] | None]:
    """Return the name and the place of ``W1[0,2]``, ``W1[:,2]`` or ``W1``."""
    if not isinstance(key, str):
        raise SpecError(f"parameters names {shown(key)}; a name is a text such as 'W1[0,2]'.")
    found = ENTRY.fullmatch(key.replace(" ", ""))
    if found is None:
        return key, None
    parts = found[2].split(",")
    if not all(re.fullmatch(r"-?\d{1,9}|:", part) for part in parts):
        raise SpecError(
            f"parameters names {shown(key)}; a place is numbers from 0 on, or : for all, as in "
            "'W1[0,2]' or 'W1[:,2]'."
        )
    return found[1], tuple(slice(None) if part == ":" else int(part) for part in parts)


def _put(array: Array, place: tuple[int | slice, ...] | None, value: Any, key: str) -> None:
    try:
        plain = np.asarray(value, np.float64)
        part = array if place is None else array[place]
        if plain.ndim and plain.shape != part.shape and plain.shape != (1, *part.shape):
            raise ShapeError(
                f"parameters[{key!r}] has shape {plain.shape}; there it is {part.shape}.\n"
                "  Give an array of that shape, or one number for all its entries."
            )
        array[... if place is None else place] = plain.reshape(part.shape) if plain.ndim else plain
    except IndexError:
        name = key.partition("[")[0]
        raise SpecError(
            f"parameters names {key!r}, but {name} has shape {array.shape}; entries are counted "
            f"from 0, the last is {name}[{','.join(str(n - 1) for n in array.shape)}]."
        ) from None
    except (TypeError, ValueError):
        raise DataError(f"parameters[{key!r}] is {shown(value)}; numbers are needed.") from None


def amend_rows(setup: Setup, given: Any) -> tuple[Array, Array]:
    """Return inputs and targets with single rows changed, by the user's own row numbers.

    Parameters
    ----------
    setup : Setup
        Whose rows.
    given : mapping of int to (x, y)
        New inputs and target of a row; None keeps one of them.
    """
    if not isinstance(given, Mapping):
        raise SpecError(f"rows is {shown(given)}; it is a dict {{row number: (x, y)}}.")
    numbers = np.arange(setup.rows) if setup.row_numbers is None else np.asarray(setup.row_numbers)
    x, y = np.array(setup.x), np.array(setup.y)
    for row, pair in given.items():
        at = np.flatnonzero(numbers == row)
        if not len(at):
            raise SpecError(
                f"rows names {shown(row)}; training has {setup.rows} rows, numbered "
                f"{numbers.min()} to {numbers.max()}."
            )
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise SpecError(f"rows[{row}] is {shown(pair)}; it is a pair (x, y), None to keep one.")
        for array, value in zip((x, y), pair, strict=True):
            if value is not None:
                _set_row(array, int(at[0]), value, f"rows[{row}]")
    return x, y


def _set_row(array: Array, at: int, value: Any, said: str) -> None:
    plain = np.asarray(value)
    if plain.size != array[at].size or plain.dtype.kind not in "biuf":
        raise DataError(
            f"{said} holds {shown(value)}; {array[at].size} number(s) are needed there."
        )
    array[at] = plain.reshape(array[at].shape)
    if array.dtype.kind == "i" and not np.array_equal(array[at], plain.reshape(array[at].shape)):
        raise DataError(f"{said} holds {shown(value)}; a class is a whole number from 0 on.")
