"""A whole training as a script: rows, starting values, and the loop of forward, backward, update.

Knows the parts of a script and their order; knows no formula.
"""

from __future__ import annotations

import textwrap

import numpy as np

from chainrule.errors import SpecError
from chainrule.export.script.backward import Backward
from chainrule.export.script.definitions import definitions
from chainrule.export.script.forward import (
    judging_lines,
    layer_lines,
    loss_lines,
    predict_lines,
)
from chainrule.export.script.layout import WIDTH, commented, dictionary, in_docstring, indented
from chainrule.export.script.program import Program, program_of
from chainrule.export.script.rows import Data, Told, training_data
from chainrule.export.script.update import needs_memory, settings, update_lines
from chainrule.export.script.values import literal, numbers_function, settings_lines
from chainrule.export.script.watching import (
    keeps_best,
    patience_of,
    restoring_lines,
    starting_lines,
    watches,
    watching_lines,
)
from chainrule.train import Record, Setup
from chainrule.train.summary import loss_line

SHOWN = 60
"""Weights are printed at the end if there are at most so many."""
ROWS_SHOWN = 8
"""Outputs are printed of so many rows."""
WIDE = 4
"""More outputs than these are rounded, so that a row of them stands on a line."""


def training_script(record: Record, told: Told | None = None) -> str:
    """Return a training as a program that needs NumPy alone.

    Parameters
    ----------
    record : Record
        The training.
    told : Told, optional
        What inputs and classes are called.

    Raises
    ------
    SpecError
        If the network or its optimizer cannot be said in such a program.

    Examples
    --------
    >>> import chainrule as cr
    >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=50, optimizer=cr.SGD(0.3))
    >>> print(training_script(run.record).splitlines()[0])
    \"\"\"Train a 1-1 network by backpropagation: each link of the chain rule is a line.
    """
    if 0 not in record.snapshots:
        raise SpecError("a script was asked for; this run does not know its starting values.")
    program = program_of(record)
    data = training_data(program, told or Told(record.setup.features or ()))
    body = _loop(program)
    functions = [predict_lines(program)]
    if watches(program):
        functions.append(judging_lines(program))
    used = definitions([line for lines in (body, *functions) for line in lines])
    blocks = [used] if used != [""] else []
    if any("numbers(" in line for line in data.lines):
        data.lines[:0] = ["", *numbers_function(program.setup.dtype), "", ""]
    parts = [
        *_separated([_header(program), _imports(program, data, [*used, *body])]),
        "",
        *data.lines,
        "",
        *_settings(program),
        *_memory(program),
        *(line for lines in (*blocks, *functions) for line in ("", "", *lines)),
        "",
        "",
        *body,
        "",
        *_ending(program),
        *data.arrays.ending(),
    ]
    return "\n".join(parts) + "\n"


def _separated(blocks: list[list[str]]) -> list[str]:
    """Return blocks with an empty line between."""
    found: list[str] = []
    for block in blocks:
        found += ["", *block] if found else block
    return found


def _header(program: Program) -> list[str]:
    setup = program.setup
    rows = "all rows" if setup.full_batch else f"{setup.batch_size} rows"
    same = "to float32's precision" if setup.dtype == np.float32 else "digit for digit"
    told = {
        "The network": setup.network.outline,
        "The training": f"{_count(program)} of {setup.optimizer}, {rows} a step",
        "The loss": loss_line(setup),
        "To run it": "python THIS_FILE (it needs NumPy, and nothing else)",
        "It prints": "L at every tenth of the training, before the update, then what was learnt: "
        f"{same} the run that chainrule wrote it from",
    }
    first = f"Train a {program.shape} network by backpropagation: "
    first += "each link of the chain rule is a line."
    lines = textwrap.wrap(first, WIDTH - 3)
    lines += ["", *(x for name, text in told.items() for x in _entry(name, text)), '"""']
    return ['"""' + lines[0], *lines[1:]]


def _count(program: Program) -> str:
    done, planned = program.record.steps, _steps(program)
    return f"{done:,} steps" + (f" (at most {planned:,})" if planned > done else "")


def _entry(name: str, text: str) -> list[str]:
    """Return a line of the header and what follows it, set off from the left."""
    found = textwrap.wrap(in_docstring(text), WIDTH - 15, break_on_hyphens=False) or [""]
    return [f"{name + ':':<15}{found[0]}", *(" " * 15 + line for line in found[1:])]


def _imports(program: Program, data: Data, lines: list[str]) -> list[str]:
    found = set(data.arrays.imports)
    if any("math." in line for line in lines):
        found.add("import math")
    plain = sorted(line for line in found if line.startswith("import"))
    block = [*plain, *sorted(found - set(plain))]
    ending = ["", "import numpy as np"] if block else ["import numpy as np"]
    quiet = any(line.lstrip().startswith("def chain(") for line in lines)
    told = commented("A slope of this network may be infinite; where it matters, it is dealt with")
    return [*block, *ending, *(["", *told, 'np.seterr(all="ignore")'] if quiet else [])]


def _settings(program: Program) -> list[str]:
    """Return the lines of the numbers that a reader may want to change."""
    setup = program.setup
    found = {**settings(program), "steps": _steps(program)}
    if not setup.full_batch:
        found |= {"batch_size": setup.batch_rows, "batches": setup.steps_per_epoch}
        found |= {"seed": setup.seed} if setup.shuffle else {}
    if patience_of(program) is not None:
        found["patience"] = patience_of(program)
    return settings_lines(found)


def _steps(program: Program) -> int:
    record = program.record
    return record.planned if patience_of(program) is not None else record.steps


def _memory(program: Program) -> list[str]:
    """Return the lines of what the optimizer, and the search for the best, go through by name."""
    if not needs_memory(program) and not keeps_best(program):
        return []
    names = {name: program.called[name] for name in program.trainable}
    found = ["", *dictionary("parameters", names)]
    start = program.record.snapshots[0]
    for slot in program.setup.optimizer.slots:
        begun = {name: start[f"{name}.{slot}"] for name in names}
        if not any(value.any() for value in begun.values()):
            found.append(f"{slot} = {{name: np.zeros_like(w) for name, w in parameters.items()}}")
            continue
        told = {name: f"{slot}_{variable}" for name, variable in names.items()}
        found += [x for name, value in begun.items() for x in literal(told[name], value)]
        found += dictionary(slot, told)
    return found


def _loop(program: Program) -> list[str]:
    """Return the loop over steps."""
    names = program.parts.objective.names
    write = program.writer(names["out"], names["l"])
    forward = layer_lines(program, write, remarks=True) + loss_lines(program, write)
    backward = Backward(program, write).all_lines()
    lines = [
        *_batch(program),
        "# Forward pass: from the inputs to the loss L",
        *forward,
        "losses.append(float(L))",
    ]
    if backward:
        lines += [
            "",
            "# Backward pass: from L to the weights, upstream gradient times local slope",
            *backward,
            "",
            *_update_remark(program),
            *update_lines(program),
        ]
    lines += ["", *_report(program), *watching_lines(program)]
    return ["losses = []", *starting_lines(program), "for step in range(steps):", *indented(lines)]


def _update_remark(program: Program) -> list[str]:
    words = type(program.setup.optimizer).__name__
    return commented(f"Update ({words}): every weight moves against its gradient", 1)


def _batch(program: Program) -> list[str]:
    """Return the lines that choose the rows of a step."""
    setup = program.setup
    if setup.full_batch:
        return []
    ahead = f"step + {setup.first}" if setup.first else "step"
    begun = "k == 0 or step == 0" if setup.first % setup.steps_per_epoch else "k == 0"
    lines = [f"epoch, k = divmod({ahead}, batches)"]
    place = "k * batch_size : (k + 1) * batch_size"
    if setup.shuffle:
        lines += [
            f"if {begun}:  # each epoch has an order of its own",
            *indented(_order_of_epoch(setup)),
            f"rows = order[{place}]",
        ]
    else:
        lines = [f"k = ({ahead}) % batches" if setup.first else "k = step % batches"]
        lines.append(f"rows = slice({place.replace(' :', ',')})")
    names = ["X", "y", *(["w"] if setup.w is not None else [])]
    taken = ", ".join(f"{name}_train[rows]" for name in names)
    return ["# The rows of this step", *lines, f"{', '.join(names)} = {taken}", ""]


def _order_of_epoch(setup: Setup) -> list[str]:
    """Return the lines that draw the order of an epoch; rows on disk came window by window."""
    if setup.windows is None:
        return [
            "rng = np.random.PCG64(np.random.SeedSequence([seed, epoch]))",
            'order = np.argsort(rng.random_raw(len(X_train)), kind="stable")',
        ]
    sizes, together = setup.windows.sizes, setup.windows.together
    count, span = len(sizes), f"blocks[first : first + {together}]"
    blocks = [f"blocks = np.arange({count})"]
    if count > together:
        blocks = [
            "rng = np.random.PCG64(np.random.SeedSequence([seed, 0x5B10C, epoch]))",
            f'blocks = np.argsort(rng.random_raw({count}), kind="stable")',
        ]
    return [
        *textwrap.wrap(f"starts = np.cumsum([0, {', '.join(map(str, sizes))}])", WIDTH - 8),
        *blocks,
        "order = []",
        f"for index, first in enumerate(range(0, {count}, {together})):",
        f"    rows = [np.arange(starts[b], starts[b + 1]) for b in {span}]",
        "    rows = np.concatenate(rows)",
        "    rng = np.random.PCG64(np.random.SeedSequence([seed, 0x5205, epoch, index]))",
        '    order.append(rows[np.argsort(rng.random_raw(len(rows)), kind="stable")])',
        "order = np.concatenate(order)",
    ]


def _report(program: Program) -> list[str]:
    """Return the lines that print the loss at every tenth of the training."""
    steps = _steps(program)
    start = f'print(f"step {{step:>{len(str(steps))}}}: L = {{L:.12f}}'
    lines = [f'{start}")']
    if program.setup.loss.name == "half_squared_error":  # the number that lessons print
        lines = ["mse = np.mean((out - y) ** 2)", f'{start}, mean squared error = {{mse:.12f}}")']
    return [f"if step % {max(1, steps // 10)} == 0:", *indented(lines)]


def _ending(program: Program) -> list[str]:
    """Return the lines that print what came of it."""
    found = restoring_lines(program)
    size = sum(spec.size for spec in _sizes(program))
    if size <= SHOWN:
        for variable in program.called.values():
            found.append(f'print("{variable} =", {variable})')
    every = "" if program.setup.full_batch else "_train"
    some = program.setup.rows > ROWS_SHOWN or not program.setup.rows
    rows = f"X{every}[:{ROWS_SHOWN}]" if some else f"X{every}"
    words = "the first rows" if some else "the rows"
    rounded = ".round(4)" if program.last.units > WIDE else ""
    found += [f'print("Output after training, for {words}:")', f"print(predict({rows}){rounded})"]
    if program.parts.classes:
        found.append(f"right = predict(X{every}).argmax(axis=1) == y{every}")
        found.append('print("Share of all rows told right:", np.mean(right))')
    return found


def _sizes(program: Program) -> list[np.ndarray]:
    return [program.record.final[name] for name in program.called]
