"""The registry of loggers: which adapter goes with what a user hands in, or names.

Knows what an object can do and the names of kinds; imports none of their packages.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from chainrule.errors import MissingExtraError, SpecError, shown
from chainrule.train.loggers.json_lines import JsonLines
from chainrule.train.loggers.logger import Logger, Send


@dataclass(frozen=True)
class Target:
    """Something that figures can be sent to.

    Attributes
    ----------
    name : str
        What it is called: ``tensorboard`` in ``tensorboard:DIR``.
    fits : callable
        Whether an object is one, seen from what it can do.
    send : callable
        From such an object to a function of figures and a step.
    opens : callable
        From what stands after the colon to such an object, and a function that closes it.
    """

    name: str
    fits: Callable[[Any], bool]
    send: Callable[[Any], Send]
    opens: Callable[[str], tuple[Any, Callable[[], object]]]


targets: dict[str, Target] = {}
"""Every target by its name; the first one that fits an object is taken."""


def register(target: Target) -> Target:
    """Add a target."""
    targets[target.name] = target
    return target


def can(writer: Any, method: str, *arguments: str) -> bool:
    """Say whether an object has a method that takes arguments of these names.

    Examples
    --------
    >>> import logging
    >>> can(logging.getLogger(), "log", "step"), can(logging.getLogger(), "log", "level")
    (False, True)
    """
    function = getattr(writer, method, None)
    if not callable(function):
        return False
    try:
        taken = inspect.signature(function).parameters
    except (TypeError, ValueError):  # written in C, or it does not say
        return True
    anything = any(one.kind is one.VAR_KEYWORD for one in taken.values())
    is_text = "msg" in taken  # a logger of sentences
    return set(arguments) <= taken.keys() or (anything and not is_text)


def to(writer: Any, every: int | None = None) -> Logger:
    """Return the callback that sends a training's figures to a writer.

    ``callbacks=[writer]`` does the same as ``callbacks=[to(writer)]``.

    Parameters
    ----------
    writer : object or path
        A TensorBoard ``SummaryWriter``, a Weights & Biases or trackio run, mlflow or what else
        has ``log_metrics``; or a path that ends in ``.jsonl``.
    every : int, optional
        Also send the loss of every so many steps, as ``step_loss``.

    Raises
    ------
    SpecError
        If nothing can be sent there.

    Examples
    --------
    >>> import chainrule as cr
    >>> class Writer:
    ...     def add_scalar(self, tag, value, step):
    ...         if tag == "step_loss":
    ...             print(tag, step)
    >>> logger = to(Writer(), every=2)
    >>> _ = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=4, callbacks=[logger])
    step_loss 0
    step_loss 2
    """
    if isinstance(writer, JsonLines) and every is None:
        return writer
    if isinstance(writer, (str, os.PathLike)) and str(writer).endswith(".jsonl"):
        return JsonLines(writer, every=every)
    for target in targets.values():
        if target.fits(writer):
            return Logger(target.send(writer), type(writer).__name__, every)
    raise SpecError(
        f"{shown(writer)} is no logger: it has neither add_scalar (TensorBoard), log with step= "
        "(Weights & Biases, trackio) nor log_metrics (MLflow).\n  A function of a Progress, or a "
        "path that ends in .jsonl, works too."
    )


def opened(place: str, every: int | None = None) -> Logger:
    """Return a logger for a place that is named: ``tensorboard:DIR``, or a path of JSON lines.

    Parameters
    ----------
    place : str
        A path that ends in ``.jsonl``; ``tensorboard:DIR``, ``wandb:PROJECT``,
        ``trackio:PROJECT``, ``mlflow:EXPERIMENT``.
    every : int, optional
        As in `to`.

    Raises
    ------
    SpecError, MissingExtraError
        If there is no such kind, or its package is not installed.
    """
    if place.endswith(".jsonl"):
        return JsonLines(place, every=every)
    kind, colon, where = place.partition(":")
    target = targets.get(kind)
    if target is None or not colon or not where:
        kinds = ", ".join(f"{name}:..." for name in sorted(targets))
        raise SpecError(
            f"{shown(place)} is no place for figures; there are {kinds}, and FILE.jsonl."
        )
    try:
        writer, close = target.opens(where)
    except ImportError as error:
        raise MissingExtraError(
            f"logging to {kind} needs a package that is not installed ({error}).\n"
            f"  Install it: pip install {_PACKAGES.get(kind, kind)}"
        ) from None
    return Logger(target.send(writer), place, every, close)


_PACKAGES = {"tensorboard": "tensorboardX"}


@contextmanager
def logging_to(places: Sequence[str], every: int | None = None) -> Iterator[list[Logger]]:
    """Open the loggers of some places for as long as the block runs; see `opened`."""
    with ExitStack() as stack:
        found = []
        for place in places:
            logger = opened(place, every)
            stack.callback(logger.close)
            found.append(logger)
        yield found
