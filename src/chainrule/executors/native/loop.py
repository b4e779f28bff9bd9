"""A loop of steps in machine code: programs, the state they share, rows and row numbers.

Knows programs and the driver; knows no epochs' meaning and no training.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from chainrule.executors.native.code import Code, compiled, load
from chainrule.executors.native.driver import Field, driver_text
from chainrule.executors.native.program import NativeProgram
from chainrule.executors.native.signals import IO, Stop
from chainrule.executors.native.target import host
from chainrule.types import Array


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
    copies: dict[int, dict[str, Array]]


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
    """

    def __init__(
        self, main: NativeProgram, rest: NativeProgram, arrays: Mapping[str, Array],
        rows: tuple[int, int], per_epoch: int,
    ) -> None:  # fmt: skip
        rest.state = main.state
        self.main, self.rest, self.arrays = main, rest, dict(arrays)
        self.job = np.zeros(len(Field), np.int64)
        self.per_epoch = per_epoch
        self.set(Field.STATE, main.state.ctypes.data)
        self.set(Field.STATE_BYTES, main.state.nbytes)
        self.set(Field.PER_EPOCH, per_epoch)
        for program, fields in (
            (main, (Field.MAIN, Field.MAIN_ARENA, Field.IO)),
            (rest, (Field.REST, Field.REST_ARENA, Field.REST_IO)),
        ):
            values = (program.code.address("step"), program.arena.ctypes.data,
                      program.io.ctypes.data)  # fmt: skip
            for field, value in zip(fields, values, strict=True):
                self.set(field, value)
            for name, array in self.arrays.items():
                program.io.view(np.int64)[IO[name]] = array.ctypes.data
        self.set(Field.MAIN_ROWS, rows[0])
        self.set(Field.REST_ROWS, rows[1])
        self.run = driver().function("run", ctypes.c_int64, ctypes.c_void_p)

    def set(self, field: Field, value: int) -> None:
        """Write a number of the job."""
        self.job[field] = value

    def limit(self, value: float) -> None:
        """Set the loss above which a step is not taken."""
        for program in (self.main, self.rest):
            program.io.view(np.float64)[IO.LIMIT] = value

    def put(self, state: Mapping[str, Array]) -> None:
        """Take this state."""
        for name, array in state.items():
            self.main.write(self.main.map.leaves[name], array)

    def state(self, memory: Array | None = None) -> dict[str, Array]:
        """Return the state, or a copy of it that was put aside."""
        return self.main.state_arrays(memory)

    def advance(self, step: int, count: int, numbers: Array, every: int) -> Advance:
        """Do some steps.

        Parameters
        ----------
        step, count : int
            The first step, and how many.
        numbers : numpy.ndarray
            The row numbers of all of them (int64), inside the arrays.
        every : int
            The state before each step that this divides is put aside; 0: none.
        """
        first = -(-step // every) * every if every else -1
        due = len(range(first, step + count, every)) if every else 0
        copies = np.empty((due, self.main.state.nbytes), np.uint8)
        losses, penalties = np.zeros(count + 1), np.zeros(count + 1)
        for field, value in (
            (Field.STEP, step), (Field.COUNT, count), (Field.POSITION, step % self.per_epoch),
            (Field.NUMBERS, numbers.ctypes.data), (Field.LOSSES, losses.ctypes.data),
            (Field.PENALTIES, penalties.ctypes.data), (Field.NEXT_COPY, first if due else -1),
            (Field.EVERY, every), (Field.COPIES, copies.ctypes.data), (Field.STOP, 0),
        ):  # fmt: skip
            self.set(field, value)
        done = self.run(self.job.ctypes.data)
        stop = Stop(int(self.job[Field.STOP]))
        self.raise_failure()
        seen = done + (stop != Stop.DONE)
        made = list(range(first, step + seen, every)) if due else []
        return Advance(
            done, losses[:seen], penalties[:seen], stop,
            {k: self.state(copies[n]) for n, k in enumerate(made)},
        )  # fmt: skip

    def raise_failure(self) -> None:
        """Raise what went wrong in an operation that NumPy computed."""
        programs: Sequence[NativeProgram] = (self.main, self.rest)
        for program in programs:
            if program.failure is not None:
                failure, program.failure = program.failure, None
                raise failure
