"""A loop of steps in machine code: programs, the state they share, rows and row numbers.

Knows programs and the driver; knows no epochs' meaning and no training.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from chainrule.executors.native.code import Code, compiled, load
from chainrule.executors.native.driver import Field, driver_text
from chainrule.executors.native.layout import aligned_bytes
from chainrule.executors.native.meeting import MOST_THREADS, SLOT_BYTES
from chainrule.executors.native.memory import SLACK, Map
from chainrule.executors.native.program import NativeProgram, state_arrays
from chainrule.executors.native.signals import IO, Stop
from chainrule.executors.native.target import host
from chainrule.types import Array


class Kept(Mapping[str, Array]):
    """A state that was put aside, unpacked when somebody asks for it.

    Parameters
    ----------
    map_ : Map
        How states lie in memory.
    memory : numpy.ndarray
        The bytes.
    """

    def __init__(self, map_: Map, memory: Array) -> None:
        self._map, self._memory = map_, memory
        self._arrays: dict[str, Array] | None = None

    def _unpacked(self) -> dict[str, Array]:
        if self._arrays is None:
            self._arrays = state_arrays(self._map, self._memory)
            self._memory = np.empty(0, np.uint8)
        return self._arrays

    def __getitem__(self, name: str) -> Array:
        return self._unpacked()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._map.state)

    def __len__(self) -> int:
        return len(self._map.state)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (self._unpacked(),)  # a copy needs the numbers, not how they lay


@dataclass(frozen=True, eq=False)
class Advance:
    """What some steps gave.

    Attributes
    ----------
    done : int
        Steps that were completed.
    losses, penalties : numpy.ndarray
        Of those steps, before their updates; one more if the last one was not completed.
    stop : Stop
        Why it ended.
    copies : dict of int to dict of str to numpy.ndarray
        States put aside, by the step that they are before.
    """

    done: int
    losses: Array
    penalties: Array
    stop: Stop
    copies: dict[int, Mapping[str, Array]]


@cache
def driver() -> Code:
    """Return the machine code of the loop, made once."""
    where = host()
    return load([compiled(driver_text(), where)], where)


class NativeLoop:
    """Steps in machine code, over batches of one size and, at the end of an epoch, of another.

    Parameters
    ----------
    main, rest : NativeProgram
        The step for a batch, and for the last one of an epoch (the same if it is as long); they
        are lowered with equal state.
    arrays : mapping of str to numpy.ndarray
        What rows are picked from, by name ("X", "Y", "W"); it must stay as it is.
    rows : tuple of int
        Rows of a batch of each; 0 where nothing is picked.
    per_epoch : int
        Steps of an epoch.
    offsets : tuple of int
        What a step's number is counted from: in what the program is told, and in its epoch.
    """

    def __init__(
        self, main: NativeProgram, rest: NativeProgram, arrays: Mapping[str, Array],
        rows: tuple[int, int], per_epoch: int, offsets: tuple[int, int] = (0, 0),
    ) -> None:  # fmt: skip
        rest.state = main.state
        self.clock, self.first = offsets
        self.main, self.rest, self.arrays, self.rows = main, rest, dict(arrays), rows
        self.state_bytes = main.map.state_bytes - SLACK
        self.per_epoch, self.programs = per_epoch, (main, rest)
        self.threads = MOST_THREADS if main.map.is_threaded and rest.map.is_threaded else 1
        self.counts = aligned_bytes(MOST_THREADS * SLOT_BYTES)
        self.run = driver().function("run", ctypes.c_int64, ctypes.c_void_p)
        self.crew = [_Member(self, n) for n in range(1)]

    def limit(self, value: float) -> None:
        """Set the loss above which a step is not taken."""
        for program in (self.main, self.rest):
            program.io.view(np.float64)[IO.LIMIT] = value

    def point(self, arrays: Mapping[str, Array]) -> None:
        """Pick rows from these arrays from now on; they must stay as they are meanwhile."""
        self.arrays = {**self.arrays, **arrays}
        for member in self.crew:
            member.point()

    def put(self, state: Mapping[str, Array]) -> None:
        """Take this state."""
        for name, array in state.items():
            self.main.write(self.main.map.leaves[name], array)

    def state(self, memory: Array | None = None) -> dict[str, Array]:
        """Return the state, or a copy of it that was put aside."""
        return self.main.state_arrays(memory)

    def advance(
        self, step: int, count: int, numbers: Array, every: int, threads: int = 1
    ) -> Advance:
        """Do some steps.

        Parameters
        ----------
        step, count : int
            The first step, and how many.
        numbers : numpy.ndarray
            The row numbers of all of them (int64), inside the arrays.
        every : int
            The state before each step that this divides is put aside; 0: none.
        threads : int
            Threads that do them together, where the programs allow it. No bit depends on it.
        """
        first = -(-step // every) * every if every else -1
        due = len(range(first, step + count, every)) if every else 0
        block = np.empty((due, self.state_bytes), np.uint8)
        threads = min(threads, self.threads)
        self.crew += [_Member(self, n) for n in range(len(self.crew), threads)]
        self.counts[:] = 0
        for member in self.crew[:threads]:
            member.prepare(step, count, numbers, threads)
        leader = self.crew[0]
        leader.set(Field.NEXT_COPY, self.clock + first if due else -1)
        leader.set(Field.EVERY, every)
        leader.set(Field.COPIES, block.ctypes.data)
        done = self._together(threads)
        stop = Stop(int(leader.job[Field.STOP]))
        self.raise_failure()
        seen = done + (stop != Stop.DONE)
        made = list(range(first, step + seen, every)) if due else []
        return Advance(
            done, leader.losses[:seen], leader.penalties[:seen], stop,
            {k: Kept(self.main.map, block[n].copy()) for n, k in enumerate(made)},
        )  # fmt: skip

    def _together(self, threads: int) -> int:
        """Let so many threads run, this one among them; return the steps that were done."""
        others = [
            threading.Thread(target=self.run, args=(member.job.ctypes.data,), daemon=True)
            for member in self.crew[1:threads]
        ]
        for other in others:
            other.start()
        done = int(self.run(self.crew[0].job.ctypes.data))
        for other in others:
            other.join()
        return done

    def raise_failure(self) -> None:
        """Raise what went wrong in an operation that NumPy computed."""
        programs: Sequence[NativeProgram] = (self.main, self.rest)
        for program in programs:
            if program.failure is not None:
                failure, program.failure = program.failure, None
                raise failure


class _Member:
    """One thread of a loop: its job, and the numbers it tells a step.

    Parameters
    ----------
    loop : NativeLoop
        Whose.
    number : int
        Which thread; 0 leads.
    """

    def __init__(self, loop: NativeLoop, number: int) -> None:
        self.loop, self.number = loop, number
        self.job = np.zeros(len(Field), np.int64)
        self.losses = self.penalties = np.zeros(0)
        self.ios = [p.io if number == 0 else aligned_bytes(p.io.nbytes) for p in loop.programs]
        self.set(Field.STATE, loop.main.state.ctypes.data)
        self.set(Field.STATE_BYTES, loop.state_bytes)
        self.set(Field.PER_EPOCH, loop.per_epoch)
        places = (
            (Field.MAIN, Field.MAIN_ARENA, Field.IO, Field.MAIN_ROWS),
            (Field.REST, Field.REST_ARENA, Field.REST_IO, Field.REST_ROWS),
        )
        for program, fields, io, rows in zip(
            loop.programs, places, self.ios, loop.rows, strict=True
        ):
            values = (program.code.address("step"), program.arena.ctypes.data, io.ctypes.data, rows)
            for field, value in zip(fields, values, strict=True):
                self.set(field, value)
        self.point()

    def point(self) -> None:
        """Tell where the arrays are that rows are picked from."""
        for io in self.ios:
            for name, array in self.loop.arrays.items():
                io.view(np.int64)[IO[name]] = array.ctypes.data

    def set(self, field: Field, value: int) -> None:
        """Write a number of the job."""
        self.job[field] = value

    def prepare(self, step: int, count: int, numbers: Array, threads: int) -> None:
        """Get ready for some steps."""
        self.losses, self.penalties = np.empty(count + 1), np.empty(count + 1)
        for field, value in (
            (Field.STEP, self.loop.clock + step), (Field.COUNT, count), (Field.STOP, 0),
            (Field.POSITION, (self.loop.first + step) % self.loop.per_epoch),
            (Field.NUMBERS, numbers.ctypes.data), (Field.NEXT_COPY, -1),
            (Field.LOSSES, self.losses.ctypes.data), (Field.PENALTIES, self.penalties.ctypes.data),
        ):  # fmt: skip
            self.set(field, value)
        for program, io in zip(self.loop.programs, self.ios, strict=True):
            numbers_ = io.view(np.int64)
            numbers_[IO.THREAD], numbers_[IO.THREADS] = self.number, threads
            numbers_[IO.MEETING], numbers_[IO.YIELD] = self.loop.counts.ctypes.data, others_run()
            io.view(np.float64)[IO.LIMIT] = program.io.view(np.float64)[IO.LIMIT]


@cache
def others_run() -> int:
    """Return the address of the function that lets other threads of the machine run."""
    if sys.platform == "win32":
        library, name = ctypes.WinDLL("kernel32"), "SwitchToThread"
    else:
        library, name = ctypes.CDLL(None), "sched_yield"
    return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
