"""The prediction of a run as a script: weights and a forward pass; for tables, the preparation too.

Knows the parts of a script and their order; knows no formula.
"""

from __future__ import annotations

import textwrap
from typing import Any

from chainrule.export.script.columns import table_lines, table_main
from chainrule.export.script.definitions import definitions
from chainrule.export.script.forward import predict_lines
from chainrule.export.script.layout import WIDTH, commented, in_docstring
from chainrule.export.script.program import Program, program_of
from chainrule.export.script.values import (
    READABLE,
    Arrays,
    literal,
    numbers_function,
)
from chainrule.train import Record

ROWS = """\
if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(f"usage: python {sys.argv[0]} ROWS.csv")
    X = np.loadtxt(sys.argv[1], delimiter=",", ndmin=2)
    for row in predict(X):
        print(*row, sep=",")
"""


def prediction_script(record: Record, preparation: Any = None) -> str:
    """Return a run's prediction as a program that needs NumPy alone.

    Parameters
    ----------
    record : Record
        The run.
    preparation : Preparation, optional
        How a table becomes inputs, and outputs become labels: the program reads such tables.

    Examples
    --------
    >>> import chainrule as cr
    >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=3)
    >>> print(prediction_script(run.record).splitlines()[0])
    \"\"\"Predict with a 1-1 network that was trained by backpropagation.
    """
    program = program_of(record)
    arrays = Arrays("npz")
    weights = _weights(program, arrays)
    functions = predict_lines(program)
    table = [] if preparation is None else table_lines(preparation, record.setup.dtype)
    main = table_main(preparation) if preparation is not None else ROWS.splitlines()
    used = definitions(functions)
    text = [*_header(program, preparation), "", *_imports(arrays, [*used, *table, *main]), ""]
    if any("numbers(" in line for line in weights):
        text += ["", *numbers_function(record.setup.dtype), "", ""]
    text += weights
    for block in (used if used != [""] else [], functions, table, main):
        text += ["", "", *block] if block else []
    return "\n".join([*text, *arrays.ending()]) + "\n"


def _header(program: Program, preparation: Any) -> list[str]:
    setup = program.setup
    shape = "-".join(
        str(n) for n in (setup.network.inputs, *(x.units for x in program.parts.layers))
    )
    if preparation is None:
        names = f" ({', '.join(setup.features)})" if setup.features else ""
        told = (
            f"Run it with `python THIS_FILE ROWS.csv`: rows of {setup.network.inputs} numbers"
            f"{names}, without a header. Or import it and call predict(X). It needs NumPy only."
        )
    else:
        told = (
            "Run it with `python THIS_FILE TABLE.csv`: a table with a header and the columns of "
            "the training, in UTF-8; their order does not matter, and others are not looked at. "
            f"It prints {preparation.target} for each row, as CSV. "
            "Or import it and call predict(X) with prepared rows. It needs NumPy only."
        )
    first = f"Predict with a {shape} network that was trained by backpropagation."
    lines = [*textwrap.wrap(first, WIDTH - 3), "", *textwrap.wrap(in_docstring(told), WIDTH), '"""']
    return ['"""' + lines[0], *lines[1:]]


def _imports(arrays: Arrays, lines: list[str]) -> list[str]:
    found = set(arrays.imports)
    for module in ("csv", "math", "re", "sys"):
        if any(f"{module}." in line for line in lines):
            found.add(f"import {module}")
    plain = sorted(line for line in found if line.startswith("import"))
    return [*plain, *sorted(found - set(plain)), "", "import numpy as np"]


def _weights(program: Program, arrays: Arrays) -> list[str]:
    """Return the lines of the weights: to be read if they are few."""
    values = {name: program.record.best[name] for name in program.called}
    if sum(value.size for value in values.values()) <= READABLE:
        lines = commented("What was learnt: a column of W for each unit, the inputs down the rows")
        return lines + [x for k, v in values.items() for x in literal(program.called[k], v)]
    arrays.held |= values
    return arrays.take({program.called[name]: name for name in values}, "What was learnt")
