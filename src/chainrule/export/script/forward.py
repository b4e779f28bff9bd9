"""The forward pass of a script: from the rows to the output, and on to the loss.

Knows the parts of a network; knows no gradient.
"""

from __future__ import annotations

from chainrule.export.script.layout import remarked, shape_text
from chainrule.export.script.program import Program
from chainrule.graph import toposort
from chainrule.graph.code import Assignments


def layer_lines(
    program: Program, write: Assignments, *, remarks: bool = False, for_loss: bool = False
) -> list[str]:
    """Return a line for each pre-activation and each activation.

    Parameters
    ----------
    program, write
        What is written, and by what.
    remarks : bool
        Whether shapes are told.
    for_loss : bool
        Whether the output is left out where the loss does not take it.
    """
    found: list[str] = []
    names = program.parts.objective.names
    for layer in program.parts.layers:
        lines = write.lines(layer.z, names[f"z{layer.number}"])
        if remarks:
            lines[-1:] = remarked(lines[-1], _shapes(program, layer.inputs, layer.units))
        found += lines
        if for_loss and layer is program.last and program.parts.on_logits:
            continue
        if not layer.linear:
            out = "out" if layer is program.last else layer.out
            lines = write.lines(out, names[out])
            if remarks and layer.acted is None:
                lines[-1:] = remarked(lines[-1], f"{layer.activation}({layer.z})")
            found += lines
    return found


def _shapes(program: Program, inputs: int, units: int) -> str:
    setup = program.setup
    rows = setup.rows if setup.full_batch and setup.rows else "rows"
    shapes = [shape_text(rows, inputs), shape_text(inputs, units), shape_text(rows, units)]
    return f"{shapes[0]} @ {shapes[1]} gives {shapes[2]}"


def row_loss_lines(program: Program, write: Assignments) -> list[str]:
    """Return the lines to the loss of each row."""
    names, found = program.parts.objective.names, list[str]()
    if program.parts.classes:
        loss = program.parts.objective.loss
        asked = next((node for node in toposort(loss) if node.op == "equal"), None)
        if asked is not None:
            found += write.lines("Y", asked)
            found[-1:] = remarked(found[-1], "whether it is the class of the row")
    return found + write.lines("row_loss", names["l"])


def loss_lines(program: Program, write: Assignments) -> list[str]:
    """Return the lines from the output to L, penalties included."""
    setup = program.setup
    found = row_loss_lines(program, write)
    if setup.w is None:
        word = "sum" if setup.reduction == "sum" else "mean"
        found.append(f"L = row_loss.{word}()")
    elif setup.reduction == "sum":
        found.append("L = (w * row_loss).sum()")
    else:
        found += remarked("total = w.sum() or 1.0", "a batch without weight has loss 0")
        found.append("L = (w * row_loss).sum() / total")
    return found + [line for name in program.called for line in _penalty(program, name)]


def _penalty(program: Program, name: str) -> list[str]:
    """Return the lines that add the penalties of a parameter."""
    (l1, l2), w = program.parts.penalty(name), program.called[name]
    found = []
    if l2:
        found += remarked(f"L += {0.5 * l2!r} * ({w}**2).sum()", f"L2 penalty of {w}")
    if l1:
        found += remarked(f"L += {l1!r} * np.abs({w}).sum()", f"L1 penalty of {w}")
    return found


def predict_lines(program: Program) -> list[str]:
    """Return the function that gives the output of the network."""
    names = program.parts.objective.names
    write = program.writer(names["out"])
    lines = layer_lines(program, write)
    last = lines.pop().removeprefix("out = ")
    return [
        "def predict(X):",
        '    """Return the output of the network for rows of inputs."""',
        *(f"    {line}" for line in lines),
        f"    return {last}",
    ]


def judging_lines(program: Program) -> list[str]:
    """Return the function that gives the loss of rows that training does not see."""
    names = program.parts.objective.names
    write = program.writer(names["l"])
    body = layer_lines(program, write, for_loss=True) + row_loss_lines(program, write)
    rows, mean = program.record.validation, program.setup.reduction == "mean"
    if rows is None or rows.w is None:
        found = f"row_loss.{'mean' if mean else 'sum'}()"
    else:
        found = "(w_validation * row_loss).sum()" + (" / w_validation.sum()" if mean else "")
    return [
        "def judge_rows(X, y):",
        '    """Return the loss of rows that training does not see, without penalties."""',
        *(f"    {line}" for line in body),
        f"    return {found}",
    ]
