"""Training and forward passes in machine code: a setup's plans as native programs.

Knows setups and the native executor, which it imports when it is first needed.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from chainrule.data.batches import rows_of_steps
from chainrule.errors import ValueRefused
from chainrule.train.reuse import reused
from chainrule.train.setup import Engine, Purpose, Setup, State
from chainrule.types import Array

if TYPE_CHECKING:
    from chainrule.executors.native.code import Code
    from chainrule.executors.native.loop import NativeLoop
    from chainrule.executors.native.lowering import Lowered
    from chainrule.executors.native.memory import Map
    from chainrule.executors.native.program import NativeProgram
    from chainrule.graph import Node

SIZES = (1, 8, 64, 512, 4096)
"""Rows of the programs for forward passes: the smallest that holds the rows is used."""

INSTRUCTION_FLOPS = 10_000
"""An instruction of the interpreter takes about as long as so many operations on numbers."""

WORTH_FLOPS = 1e9
"""Less work than this is done before machine code is made: about a third of a second."""

THREADS_FLOPS = 10_000_000
"""A step of less work is done by one thread: where threads meet costs more than it saves."""

MOST_CLASSES = 2**24
"""Class numbers are held as float32 in a float32 plan; whole numbers are exact up to here."""


def is_available() -> bool:
    """Tell whether machine code can be made here.

    Examples
    --------
    >>> is_available() in (True, False)
    True
    """
    return find_spec("llvmlite") is not None


def engine_of(executor: str) -> Engine:
    """Return the engine of a run that this executor trained; NumPy, aloud, without LLVM."""
    if executor == "native" and not is_available():
        warnings.warn(NOT_THE_SAME_BITS, stacklevel=2)
    return "native" if executor == "native" and is_available() else "interpreter"


NOT_THE_SAME_BITS = (
    "llvmlite is not installed, and this run was trained in machine code: its steps are replayed "
    "by the interpreter, whose last digits may differ; pip install llvmlite."
)
"""Said when a run is opened that cannot be replayed bit for bit here."""


def is_worth_it(setup: Setup, steps: int) -> bool:
    """Tell whether a training is long enough for machine code; it depends on the task alone."""
    plan = setup.program(setup.batch_rows, "train").plan
    work = len(plan.instructions) * INSTRUCTION_FLOPS + plan.flops
    return steps * work >= WORTH_FLOPS and setup.network.outputs <= MOST_CLASSES


def native_loop(setup: Setup, state: State) -> NativeLoop:
    """Return the loop that trains a setup, in the given state."""
    from chainrule.executors.native.loop import NativeLoop

    batch, left = batch_sizes(setup)
    main = training_program(setup, batch)
    rest = main if left == batch else training_program(setup, left)
    few = [np.empty((1, *a.shape[1:]), a.dtype) for a in (setup.x, setup.y)]
    stored = setup.windows is not None and not isinstance(setup.x, np.ndarray)
    arrays = dict(zip("XY", few if stored else (setup.x, setup.y), strict=True))
    if setup.w is not None:
        arrays["W"] = setup.w
    rows = (0, 0) if setup.full_batch else (batch, left)
    offsets = (setup.clock, setup.first)
    loop = NativeLoop(main, rest, arrays, rows, setup.steps_per_epoch, offsets)
    if setup.full_batch:
        main.feed({"x": setup.x, "y": setup.y, "w": setup.w})
    loop.put(state)
    return loop


def batch_sizes(setup: Setup) -> tuple[int, int]:
    """Return the rows of a batch, and of the last one of an epoch."""
    batch = setup.batch_rows
    return batch, setup.rows - (setup.steps_per_epoch - 1) * batch


def training_program(setup: Setup, rows: int) -> NativeProgram:
    """Return the step of a training for batches of so many rows, with memory of its own."""
    from chainrule.executors.native.program import NativeProgram

    return NativeProgram(setup.program(rows, "train").plan, *_training_code(setup, rows))


def _training_code(setup: Setup, rows: int) -> tuple[Map, Code]:
    """Return the map and the code of a step, made once."""
    from chainrule.executors.native.code import code_of
    from chainrule.executors.native.target import host

    key: tuple[Purpose, int] = ("train", rows)
    if key not in setup.compiled:
        arrays = {"x": setup.x, "y": setup.y, "w": setup.w}
        kinds = {name: _kind(array) for name, array in arrays.items() if array is not None}
        names = [*setup.network.specs, *setup.slot_names()]
        gathers = {} if setup.full_batch else kinds
        plan = setup.program(rows, "train").plan
        many = setup.program(batch_sizes(setup)[0], "train").plan.flops >= THREADS_FLOPS
        setup.compiled[key] = reused(
            ("code", setup.form(rows, "train"), tuple(kinds.items()), setup.full_batch, many),
            lambda: code_of(plan, host(), names, gathers, rows, [], many),
        )
    found: tuple[Map, Code] = setup.compiled[key]
    return found


def native_bytes(setup: Setup, judged_rows: int) -> int:
    """Return the bytes of the memory of a training's programs."""
    maps = [_training_code(setup, rows)[0] for rows in set(batch_sizes(setup))]
    if judged_rows:
        maps.append(compiled(setup, "score", size_for(min(judged_rows, SIZES[-1]))).map)
    return sum(m.arena_bytes + m.state_bytes for m in maps)


def lowered_step(setup: Setup) -> Lowered:
    """Return a step of a training as machine code sees it: kernels, places and text."""
    from chainrule.executors.native.lowering import lower
    from chainrule.executors.native.target import host

    rows = batch_sizes(setup)[0] if setup.rows else 1
    arrays = {"x": setup.x, "y": setup.y, "w": setup.w}
    kinds = {name: _kind(array) for name, array in arrays.items() if array is not None}
    names = [*setup.network.specs, *setup.slot_names()]
    plan = setup.plan(rows, "train")
    return lower(
        plan, state=names, gathers={} if setup.full_batch else kinds, rows=rows, target=host(),
        threads=plan.flops >= THREADS_FLOPS,
    )  # fmt: skip


def kernel_lines(setup: Setup) -> list[str]:
    """Return the kernels of a step, a line each, and what NumPy computes, if anything."""
    from chainrule.executors.native.lowering import kernel_listing, left_to_numpy

    lowered = lowered_step(setup)
    left = left_to_numpy(lowered)
    note = f"left to NumPy: {', '.join(left)}" if left else "nothing is left to NumPy"
    return [*kernel_listing(lowered).splitlines(), note]


def _kind(array: Array) -> str:
    return {"float32": "f32", "float64": "f64", "int64": "i64"}[array.dtype.name]


def row_numbers(setup: Setup, step: int, count: int) -> Array:
    """Return the numbers of the rows that some steps see, as machine code reads them."""
    if setup.full_batch:
        return np.zeros(1, np.int64)
    number = setup.first + step
    if setup.windows is not None:
        return np.ascontiguousarray(setup.rows_in_order(number, count), np.int64)
    found = rows_of_steps(setup.seed, number, count, setup.rows, setup.batch_size, setup.shuffle)
    return np.ascontiguousarray(found, np.int64)


def native_values(
    setup: Setup, purpose: Purpose, rows: int, feed: Mapping[str, Array]
) -> tuple[NativeProgram, dict[Node, Array]]:
    """Return the values of all results of a plan, computed by machine code.

    Raises
    ------
    ValueRefused
        If a row is refused; the interpreter knows which and why.
    """
    program = compiled(setup, purpose, rows)
    nodes = list(program.plan.results)
    try:
        values = program.values(feed, nodes)
    except ValueRefused:
        setup.program(rows, purpose).values(feed)
        raise
    return program, dict(zip(nodes, values, strict=True))


def compiled(setup: Setup, purpose: Purpose, rows: int) -> NativeProgram:
    """Return a plan of a setup as machine code, made once."""
    from chainrule.executors.native.program import native_program

    key = (purpose, rows)
    if key not in setup.compiled:
        setup.compiled[key] = native_program(setup.plan(rows, purpose))
    found: NativeProgram = setup.compiled[key]
    return found


def padded(array: Array, rows: int) -> Array:
    """Return an array of so many rows: the last one is repeated."""
    if len(array) == rows:
        return array
    return np.concatenate([array, np.repeat(array[-1:], rows - len(array), axis=0)])


def size_for(count: int) -> int:
    """Return the rows of the program for a forward pass over so many.

    Examples
    --------
    >>> size_for(1), size_for(60), size_for(64)
    (1, 64, 64)
    """
    return next(size for size in SIZES if size >= count)


def forward_rows(
    setup: Setup, purpose: Purpose, feed: Mapping[str, Array], names: Sequence[str]
) -> dict[str, Array]:
    """Return named results of a forward pass over any number of rows up to the largest size.

    No row's bits depend on how many others are computed with it.
    """
    count = len(feed["x"])
    rows = size_for(count)
    wide = {k: padded(v, rows) if k in ("x", "y", "w") else v for k, v in feed.items()}
    program, values = native_values(setup, purpose, rows, wide)
    return {name: values[program.plan.forward[name]][:count] for name in names}
