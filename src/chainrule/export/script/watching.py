"""Validation in a script: judging after each epoch, the best weights, and when to stop.

Knows records; knows no formula.
"""

from __future__ import annotations

import numpy as np

from chainrule.export.script.program import Program


def watches(program: Program) -> bool:
    """Tell whether rows were set aside to judge by."""
    rows = program.record.validation
    return rows is not None and len(rows.x) > 0


def keeps_best(program: Program) -> bool:
    """Tell whether the weights that a user gets are those of the lowest validation loss."""
    record = program.record
    early = record.stopped == "early stopping"
    return watches(program) and (early or record.best_step < record.steps)


def patience_of(program: Program) -> int | None:
    """Return the epochs without improvement that ended the training; None if none did."""
    record = program.record
    if record.stopped != "early stopping" or not watches(program):
        return None
    return int(np.sum(~np.isnan(record.history["validation_loss"][record.best_step :])))


def watching_lines(program: Program) -> list[str]:
    """Return the lines at the end of each epoch."""
    if not watches(program):
        return []
    setup = program.setup
    number = f"step + {setup.first + 1}"
    whole = setup.steps_per_epoch == 1
    end = "" if whole else f"if ({number}) % batches == 0 or step + 1 == steps:"
    lines = ["validation = judge_rows(X_validation, y_validation)"]
    if keeps_best(program):
        lines += [
            "if validation < best_loss:",
            "    best_loss, best_step, waited = validation, step + 1, 0",
            "    best = {name: w.copy() for name, w in parameters.items()}",
        ]
        if patience_of(program) is not None:
            lines += [
                "else:",
                "    waited += 1",
                "    if waited == patience:  # no improvement for so many epochs",
                "        break",
            ]
    told = "# End of an epoch: judge by rows that training does not see"
    body = lines if whole else [end, *(f"    {line}" for line in lines)]
    return ["", told, *body]


def starting_lines(program: Program) -> list[str]:
    """Return the lines before the loop."""
    return ["best_loss = np.inf"] if keeps_best(program) else []


def restoring_lines(program: Program) -> list[str]:
    """Return the lines after the loop: the best weights are put back."""
    if not watches(program):
        return []
    if not keeps_best(program):
        return ['print(f"validation loss {validation:.12f}")'] if program.record.steps else []
    return [
        "for name, w in best.items():",
        "    parameters[name][:] = w",
        'print(f"best validation loss {best_loss:.12f}, after step {best_step}")',
    ]
