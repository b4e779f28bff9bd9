"""What an engine is: something that trains a workload, if it is installed.

Knows workloads; knows no particular engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chainrule.bench.workloads import Workload
from chainrule.types import Array

Run = Callable[[int], Array]
"""Carries out so many steps and returns their losses; the next call goes on from there."""


def nothing(workload: Workload) -> str:
    """Say nothing against a workload."""
    return ""


def no_threads(threads: int) -> None:
    """Set nothing: its threads, if any, are those of a BLAS, which is limited from outside."""


@dataclass(frozen=True)
class Engine:
    """Something that trains.

    Attributes
    ----------
    name : str
        How a table calls it.
    installed : callable
        Says whether it can be used here.
    prepare : callable
        From a workload to a function that trains it from its starting values.
    lacks : str
        What is needed when it is not installed.
    refuses : callable
        Says why it cannot train a workload, or nothing.
    strays : callable
        Says in which way its training is another one than the workload's, or nothing.
    pin : callable
        Settles how many threads it may use, before it is prepared.
    ours : bool
        Whether it is one of chainrule's own executors.
    """

    name: str
    installed: Callable[[], bool]
    prepare: Callable[[Workload], Run]
    lacks: str
    refuses: Callable[[Workload], str] = nothing
    strays: Callable[[Workload], str] = nothing
    pin: Callable[[int], None] = no_threads
    ours: bool = False


def pieces(done: int, steps: int, length: int) -> Iterator[tuple[int, int]]:
    """Yield (first, count) in the order of rows for the next steps; it begins anew at its end.

    Parameters
    ----------
    done : int
        Steps done so far.
    steps : int
        Steps to do.
    length : int
        Steps until the order begins anew.

    Examples
    --------
    >>> list(pieces(8, 5, 10))
    [(8, 2), (0, 3)]
    """
    while steps > 0:
        first = done % length
        count = min(steps, length - first)
        yield first, count
        done, steps = done + count, steps - count
