"""``chainrule info``: what a run folder holds.

Knows which parts there are to show; each is told by the room that made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import Any

from rich.text import Text

from chainrule.apps.cli.figures import count, number, score, size
from chainrule.apps.cli.flags import Common
from chainrule.apps.cli.page import gap, item, steps, table
from chainrule.apps.cli.report import show_adopted, show_curve, show_network, show_score, show_table
from chainrule.apps.cli.screen import Screen, screen
from chainrule.files import describe_files, owner_of
from chainrule.files.layout import step_of
from chainrule.plan.listing import plan_listing
from chainrule.run import Run
from chainrule.run.loading import opened
from chainrule.train.epochs import by_epoch
from chainrule.train.native import kernel_lines, lowered_step


def info(
    run: str,
    /,
    *,
    plan: bool = False,
    ir: bool = False,
    files: bool = False,
    history: bool = False,
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Show what is in a run: its network, its table, its score; every byte is verified.

    Parameters
    ----------
    run : str
        The folder of the run.
    plan : bool
        List the plan: every operation of a step, forward, backward and update; for a run trained
        in machine code also its kernels, and what was left to NumPy.
    ir : bool
        Print the machine code of a step as the text that LLVM compiles.
    files : bool
        List the files with their sizes and SHA-256.
    history : bool
        List the losses by epoch.
    """
    out, listed = screen(), describe_files(run)
    if files and not common.json:
        _show_files(out, listed)
    found = opened(run)
    if common.json:
        out.write_json(_as_json(run, found, listed, plan=plan, history=history, ir=ir))
        return 0
    if history:
        _show_history(out, found)
    if plan:
        out.write("\n".join(_plan_lines(found)) + "\n")
    if ir:
        out.write(lowered_step(found.record.setup).text)
    if not (files or history or plan or ir):
        _show_summary(out, run, found, listed)
    return 0


def _plan_lines(run: Run) -> list[str]:
    """Return the plan, and what machine code makes of it if that trained the run."""
    lines = plan_listing(run.plan).splitlines()
    setup = run.record.setup
    if setup.engine == "native":
        lines += ["", "in machine code:", *kernel_lines(setup)]
    return lines


def _show_files(out: Screen, listed: Sequence[dict[str, Any]]) -> None:
    states = {True: ("intact", "green"), False: ("damaged", "bold red"), None: ("not ours", "dim")}
    rows = [
        (
            one["name"],
            "" if one["bytes"] is None else f"{one['bytes']:,}",
            Text(*states[one["ok"]]),
            one["sha256"] or "",
        )
        for one in listed
    ]
    table(out, ("file", "bytes", "", "sha256"), rows, right=(1, 3))


def _show_history(out: Screen, run: Run) -> None:
    found = {name: values.tolist() for name, values in by_epoch(run.history).items()}
    rows = [
        (str(epoch), number(loss, 6), number(validation, 6), score(value))
        for epoch, loss, validation, value in zip(*found.values(), strict=True)
    ]
    header = ("epoch", "loss", "validation loss", "validation score")
    table(out, header, rows, right=range(len(header)))


def _show_summary(out: Screen, path: str, run: Run, listed: Sequence[dict[str, Any]]) -> None:
    total = sum(one["bytes"] or 0 for one in listed if one["ok"])
    item(out, "Run", f"{path}: {count(len(listed), 'file')}, {size(total)}, intact")
    report = run.report.get("table")
    if report is not None:
        rows = f"{report['rows']:,} rows, {report['columns']:,} columns"
        item(out, "Table", f"{Path(report['source']).name}: {rows}")
        show_table(out, report, run.preparation)
    gap(out)
    _show_origin(out, run)
    show_network(out, run.record.setup)
    if "adopted" in run.report:
        show_adopted(out, run.report["adopted"])
    item(out, "Training", _ending(run))
    item(out, "Kept", f"the states {_states(listed)}", *_resumed(path, run))
    if "score" in run.report:
        gap(out)
        show_score(out, run.report)
    show_curve(out, run)
    gap(out)
    steps(out, "More", [
        (f"chainrule info {path} --plan", "every operation of a step"),
        (f"chainrule info {path} --files", "sizes and SHA-256"),
        (f"chainrule info {path} --history", "losses by epoch"),
    ])  # fmt: skip


def _show_origin(out: Screen, run: Run) -> None:
    """Show where a branch left another run, and how their steps and epochs are counted."""
    origin = run.record.origin
    if origin is None:
        return
    first = int(run.history["epoch"][0]) + 1 if run.steps else None
    item(out, "Branch", f"of {origin.run}", *origin.lines[1:], origin.counted(0, first))


def _ending(run: Run) -> str:
    if run.stopped == "adopted":
        return "no step was done: the network was trained elsewhere"
    text = f"{run.stopped} after {count(run.steps, 'step')}"
    if run.steps:
        text += f", last loss {number(float(run.losses[-1]), 6)}"
    if run.best_step != run.steps:
        text += f"; the weights are those of step {run.best_step:,}, the best on validation"
    return text


def _states(listed: Sequence[dict[str, Any]]) -> str:
    """Return before which steps there are states, in words."""
    found = sorted(step for one in listed if (step := step_of(one["name"])) is not None)
    if len(found) == 1:
        return f"before step {found[0]:,}"
    return f"before {len(found)} steps, from {found[0]:,} to {found[-1]:,}"


def _resumed(path: str, run: Run) -> list[str]:
    """Return what resuming would do."""
    owner, planned = owner_of(Path(path)), run.record.planned
    command = f"chainrule resume {quote(path)}"
    if owner is not None:
        return [f"being trained by {owner}"]
    if run.record.trouble is not None:
        return []
    if run.steps < planned and run.stopped != "early stopping":
        return [f"{command} goes on to step {planned:,}"]
    way = "--patience" if run.stopped == "early stopping" else "--epochs"
    return [f"{command} {way} N makes it longer"]


def _as_json(
    path: str, run: Run, listed: Sequence[dict[str, Any]], *, plan: bool, history: bool, ir: bool
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "command": "info",
        "run": path,
        "network": run.network.outline,
        "parameters": run.network.size,
        "loss": run.record.setup.loss.to_dict(),
        "optimizer": run.record.setup.optimizer.to_dict(),
        "seed": run.record.setup.seed,
        "steps": run.steps,
        "stopped": run.stopped,
        "planned": run.record.planned,
        "patience": run.record.patience,
        "checkpoints": [k for one in listed if (k := step_of(one["name"])) is not None],
        "trained_by": _owner(path),
        "best_step": run.best_step,
        "branch": None if run.record.origin is None else run.record.origin.to_dict(),
        "files": list(listed),
        **run.report,
    }
    if history:
        columns = {name: values.tolist() for name, values in by_epoch(run.history).items()}
        found["history"] = {
            name: [None if value != value else value for value in values]
            for name, values in columns.items()
        }
    if plan:
        found["plan"] = _plan_lines(run)
    if ir:
        found["ir"] = lowered_step(run.record.setup).text.splitlines()
    return found


def _owner(path: str) -> dict[str, Any] | None:
    """Return who trains in the folder now as plain data."""
    owner = owner_of(Path(path))
    return None if owner is None else asdict(owner)
