"""Timing: several engines train a workload in turns, so that a busy minute hits all of them.

In each round every engine has its turn, a piece of as many steps as fill its time; ratios are
taken within rounds. Knows engines and clocks; knows nothing of tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from chainrule.bench.engines import Engine, Run, all_engines
from chainrule.bench.machine import load
from chainrule.bench.workloads import Workload
from chainrule.errors import SpecError, shown
from chainrule.types import Array

ROUNDS = 11
CHECKED = 4
"""Steps whose losses are compared with those of the interpreter, which defines every result."""

REST = 0.05
"""Seconds before a turn with several threads: those of the last engine may wait for work awake."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Ratio:
    """How many times as long something takes: the median over rounds, and the quartiles.

    Examples
    --------
    >>> Ratio.of([2.0, 4.0, 6.0], [1.0, 2.0, 2.0])
    Ratio(median=2.0, low=2.0, high=2.5)
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, times: list[float], others: list[float]) -> Ratio:
        """Return the ratio of times to others, round by round."""
        low, median, high = np.percentile(np.divide(times, others), [25, 50, 75])
        return cls(float(median), float(low), float(high))


@dataclass(frozen=True)
class Measured:
    """An engine's times on a workload.

    Attributes
    ----------
    key, name : str
        Which engine.
    ours : bool
        Whether it is one of chainrule's own.
    ready : float
        Seconds of the clock from nothing to the first step done: imports, compiling, copies.
    steps : int
        Steps of a piece.
    cpu, wall : list of float
        Microseconds a step, round by round: of all threads of the process, and of the clock.
    threads : int
        Threads it was allowed; with one, CPU time counts, with more the clock.
    difference : float
        The largest relative difference of its first losses from the interpreter's.
    strays : str
        In which way its training is another one, or nothing.
    """

    key: str
    name: str
    ours: bool
    ready: float
    steps: int
    cpu: list[float]
    wall: list[float]
    threads: int
    difference: float
    strays: str

    @property
    def times(self) -> list[float]:
        """Microseconds a step, by the clock that counts."""
        return self.cpu if self.threads == 1 else self.wall

    @property
    def best(self) -> float:
        """The fastest round."""
        return min(self.times)

    @property
    def median(self) -> float:
        """The round in the middle."""
        return float(np.median(self.times))


@dataclass(frozen=True)
class Result:
    """What was measured on a workload.

    Attributes
    ----------
    workload, title : str
        Which.
    measured : tuple of Measured
        Engine by engine.
    absent : dict of str to str
        Engines that did not take part, and why.
    load : tuple of float
        The machine's load after it.
    """

    workload: str
    title: str
    measured: tuple[Measured, ...]
    absent: dict[str, str]
    load: tuple[float, ...]

    @property
    def ours(self) -> Measured | None:
        """The one that others are compared with: machine code if it is there."""
        found = {one.key: one for one in self.measured if one.ours}
        return found.get("chainrule_native", next(iter(found.values()), None))

    def ratio(self, one: Measured) -> Ratio | None:
        """Return how many times as long as ours an engine takes."""
        return None if self.ours is None else Ratio.of(one.times, self.ours.times)


def measure(
    workload: Workload,
    engines: Mapping[str, Engine] | None = None,
    *,
    seconds: float = 1.0,
    threads: int = 1,
    rounds: int = ROUNDS,
    tell: Tell = lambda said: None,
) -> Result:
    """Return the times of engines on a workload.

    Parameters
    ----------
    workload : Workload
        What is trained.
    engines : mapping of str to Engine, optional
        By key; all of them unless given.
    seconds : float
        How long each engine is timed in all; a piece has one step at least.
    threads : int
        For numeric libraries.
    rounds : int
        Turns of each engine.
    tell : callable
        Told what is being done.

    Raises
    ------
    SpecError
        If a number makes no sense.

    Examples
    --------
    >>> from chainrule.bench.engines import chosen_engines
    >>> from chainrule.bench.workloads import workload
    >>> result = measure(workload("W1"), chosen_engines(["numpy_by_hand"]), seconds=0.01)
    >>> [one.name for one in result.measured]
    ['NumPy, by hand']
    """
    _check(seconds, threads, rounds)
    chosen = all_engines() if engines is None else engines
    absent = {one.name: why for one in chosen.values() if (why := _why_not(one, workload))}
    present = {key: one for key, one in chosen.items() if one.name not in absent}
    expected = _reference(workload)
    ready: dict[str, _Ready] = {}
    for key, engine in present.items():
        tell(f"{workload.name}: {engine.name} gets ready")
        ready[key] = _prepared(workload, engine, expected, seconds / rounds, threads)
    tell(f"{workload.name}: {len(ready)} engines in turns")
    with limited(threads):
        times = _rounds(ready, rounds, REST if threads > 1 else 0.0)
    measured = tuple(
        Measured(
            key, one.engine.name, one.engine.ours, one.seconds, one.steps, *times[key], threads,
            one.difference, one.engine.strays(workload),
        )
        for key, one in ready.items()
    )  # fmt: skip
    return Result(workload.name, workload.title, measured, absent, load())


def _check(seconds: float, threads: int, rounds: int) -> None:
    if not 0 < seconds < 3600:
        raise SpecError(f"seconds is {shown(seconds)}; it is above 0 and at most an hour.")
    if threads < 1 or rounds < 1:
        raise SpecError(f"threads {threads} and rounds {rounds} were asked for; at least 1 each.")


def _why_not(engine: Engine, workload: Workload) -> str:
    """Return why an engine takes no part, or nothing."""
    return engine.refuses(workload) if engine.installed() else engine.lacks


def _reference(workload: Workload) -> Array:
    run = all_engines()["chainrule_interpreter"].prepare(workload)
    return run(CHECKED)


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Limit the threads of every numeric library that is loaded by now.

    `executors.threads.one_thread` looks at the libraries once and for all; here engines load more.

    Examples
    --------
    >>> with limited(1):
    ...     pass
    """
    from threadpoolctl import ThreadpoolController

    with ThreadpoolController().limit(limits=threads):
        yield


@dataclass(frozen=True)
class _Ready:
    """An engine that has done its first steps, and how many fill its turn."""

    engine: Engine
    run: Run
    steps: int
    seconds: float
    difference: float


def _prepared(
    workload: Workload, engine: Engine, expected: Array, turn: float, threads: int
) -> _Ready:
    with limited(threads):
        started = time.perf_counter()
        engine.pin(threads)
        run = engine.prepare(workload)
        first = run(1)
        seconds = time.perf_counter() - started
    with limited(threads):
        losses = np.concatenate([first, *(run(1) for _ in range(CHECKED - 1))])
        steps = _steps_in(turn, run)
    difference = float(np.max(np.abs(losses / expected - 1)))
    return _Ready(engine, run, steps, seconds, difference)


def _steps_in(turn: float, run: Run) -> int:
    """Return how many steps fill a turn, at least 1."""
    steps = 1
    while True:
        started = time.perf_counter()
        run(steps)
        passed = time.perf_counter() - started
        if passed > turn / 4 or passed > 1.0:
            return max(1, round(steps * turn / passed))
        steps *= 4


def _rounds(
    ready: Mapping[str, _Ready], rounds: int, rest: float
) -> dict[str, tuple[list[float], list[float]]]:
    """Return CPU and wall microseconds a step; each round begins with another engine."""
    keys = list(ready)
    times: dict[str, tuple[list[float], list[float]]] = {key: ([], []) for key in keys}
    for k in range(rounds):
        first = k % max(1, len(keys))
        for key in [*keys[first:], *keys[:first]]:
            time.sleep(rest)
            for kept, seconds in zip(times[key], _timed(ready[key]), strict=True):
                kept.append(seconds / ready[key].steps * 1e6)
    return times


def _timed(one: _Ready) -> tuple[float, float]:
    """Return CPU and wall seconds of a turn."""
    wall, cpu = time.perf_counter(), time.process_time()
    one.run(one.steps)
    return time.process_time() - cpu, time.perf_counter() - wall
