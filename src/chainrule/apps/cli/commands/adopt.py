"""``chainrule adopt``: a network trained elsewhere, opened on rows of a table, as a run folder.

Knows the order of the work and what is said; the work is done in `chainrule.adopt`.
"""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter
from rich.text import Text

import chainrule
from chainrule.apps.cli.commands.train import free_place
from chainrule.apps.cli.flags import READING, Columns, RunFlags, TableFlags, Words
from chainrule.apps.cli.page import gap, item, steps
from chainrule.apps.cli.progress import busy
from chainrule.apps.cli.report import show_adopted, show_network
from chainrule.apps.cli.screen import Screen, error_screen, screen
from chainrule.data import Reading
from chainrule.data.columns import some
from chainrule.files import check_place
from chainrule.files.layout import REPORT
from chainrule.nn import losses
from chainrule.optim import optimizers
from chainrule.run import Run

NETWORK = Group("The network", sort_key=3)


def adopt(
    weights: str,
    data: str,
    /,
    *,
    target: Annotated[str, Parameter(group=READING)],
    drop: Annotated[Columns, Parameter(group=READING)] = (),
    table: TableFlags = TableFlags(),  # noqa: B008 (frozen)
    activation: Annotated[Words, Parameter(group=NETWORK)] = (),
    loss: Annotated[str | None, Parameter(choices=sorted(losses), group=NETWORK)] = None,
    labels: Annotated[Words, Parameter(group=NETWORK)] = (),
    l2: Annotated[float | None, Parameter(group=NETWORK)] = None,
    dtype: Annotated[Literal["float64", "float32"], Parameter(group=NETWORK)] = "float64",
    optimizer: Annotated[str, Parameter(choices=sorted(optimizers), group=NETWORK)] = "adam",
    learning_rate: Annotated[float | None, Parameter(group=NETWORK)] = None,
    output: RunFlags = RunFlags(),  # noqa: B008
) -> int:
    """Open a network trained elsewhere, with its gradients on your rows, as a run of step 0.

    Parameters
    ----------
    weights : str
        A PyTorch state dict of Linear layers (.safetensors), or Keras weights or arrays W1, b1 ...
        (.npz). Nothing is unpickled.
    data : str
        The rows: CSV, TSV, Parquet, NPZ or NPY; - is standard input.
    target : str
        The column with the targets; the others are the inputs, in their order.
    drop : tuple of str
        Columns to leave out.
    activation : tuple of str
        Of all hidden layers, or of each: relu, or relu,tanh; the last layer's may follow.
    loss : str
        What the network was trained on; the last activation follows from it.
    labels : tuple of str
        The classes in the order of the outputs.
    l2 : float
        Penalty l2/2 sum W^2 on the weights.
    dtype : str
        Precision of all numbers.
    optimizer : str
        The update rule of a branch.
    learning_rate : float
        Its rate.
    """
    out = error_screen() if output.common.json else screen()
    screen().needless = True
    out.quiet = output.quiet
    place = Path(output.out) if output.out else free_place(weights)
    check_place(place, overwrite=output.overwrite)
    with busy(out, f"opening {weights} on {data}"):
        run = chainrule.adopt(
            weights,
            data,
            target,
            activations=_activations(activation),
            loss=loss,
            labels=labels or None,
            l2=l2,
            dtype=dtype,
            optimizer=_optimizer(optimizer, learning_rate),
            drop=drop,
            reading=_reading(table),
        )
        run.save(place, overwrite=output.overwrite, page=True)
    _show(out, run, data, place)
    if output.common.json:
        screen().write_json(_as_json(run, place))
    elif output.quiet:
        screen().write(f"{place}\n")
    return 0


def _activations(words: tuple[str, ...]) -> Any:
    """Return one name for all hidden layers, or a list; None leaves it to the file."""
    return (list(words) if len(words) > 1 else words[0]) if words else None


def _optimizer(name: str, rate: float | None) -> dict[str, Any]:
    return {"name": name} if rate is None else {"name": name, "learning_rate": rate}


def _reading(table: TableFlags) -> Reading:
    return Reading(
        delimiter=table.delimiter,
        encoding=table.encoding,
        header=not table.no_header,
        missing=table.missing,
        ragged=table.ragged,
        decimal=table.decimal,
        thousands=table.thousands,
    )


def _show(out: Screen, run: Run, data: str, place: Path) -> None:
    """Show what was adopted, how good it is on these rows, and what can be asked of it."""
    table = run.report["table"]
    inputs = ", ".join(run.preparation.input_names[:12])
    more = len(run.preparation.input_names) - 12
    item(out, "Rows", f"{data}: {table['rows']:,} rows")
    item(out, "Inputs", inputs + (f" and {more} more" if more > 0 else "") + ", as they are")
    labels = table["labels"]
    classes = "a number" if labels is None else f"{len(labels)} classes: {some(labels)}"
    item(out, "Target", f"{table['target']}, {classes}")
    gap(out)
    show_network(out, run.record.setup)
    gap(out)
    show_adopted(out, run.report["adopted"])
    item(out, "Saved", Text(str(place), "bold"))
    item(out, "Report", str(place / REPORT))
    name = quote(str(place))
    steps(out, "Next", [
        (f'chainrule why {name} "W1[0,0]"', "the chain rule behind any number of it"),
        (f"chainrule check {name}", "its gradients against slopes of the loss"),
        (f"chainrule doctor {name}", "what is wrong with it, if anything"),
        (f"chainrule branch {name} --step 0 --steps 100", "train it further on these rows"),
    ])  # fmt: skip


def _as_json(run: Run, place: Path) -> dict[str, Any]:
    """Return what was done as plain data."""
    return {
        "command": "adopt",
        "run": str(place),
        "report_page": str(place / REPORT),
        "network": run.network.outline,
        "parameters": run.network.size,
        "loss": run.record.setup.loss.to_dict(),
        "steps": run.steps,
        **run.report,
    }
