"""``chainrule branch``: a run rewound to one of its steps, changed, and trained on.

Knows flags and what is said; the branch is made in `chainrule.run`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count as numbers
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter
from cyclopts.exceptions import CycloptsError

import chainrule
from chainrule.apps.cli.failures import INTERRUPTED, say
from chainrule.apps.cli.figures import count, number
from chainrule.apps.cli.flags import Natural, RunFlags, Whole
from chainrule.apps.cli.page import gap, item, steps
from chainrule.apps.cli.progress import shown
from chainrule.apps.cli.report import show_curve, show_network
from chainrule.apps.cli.screen import Screen, error_screen, screen
from chainrule.files import check_place
from chainrule.nn import known_activations, losses
from chainrule.optim import optimizers
from chainrule.run import Run
from chainrule.train.epochs import by_epoch


@Parameter(name="*", group=Group("What is changed; the rest stays as it was", sort_key=2))
@dataclass(frozen=True)
class ChangeFlags:
    """What a branch changes.

    Attributes
    ----------
    optimizer : str
        The update rule.
    learning_rate : float
        Its rate.
    batch_size : int
        Rows of a step; 0 is all rows.
    seed : int
        Fixes the order of rows from here on.
    steps : int
        Steps to do; by default as many as the run had left.
    epochs : int
        The same in epochs.
    patience : int
        Stop after so many epochs without a lower validation loss.
    activation : str
        Activation of the hidden layers.
    loss : str
        What is descended.
    l1 : float
        Penalty l1 sum |W| on the weights.
    l2 : float
        Penalty l2/2 sum W^2 on the weights.
    set : tuple of str
        Weights by hand, such as W1[0,2]=0.5 or b1[:]=0; may be given several times.
    engine : str
        What carries out the steps.
    dtype : str
        Precision of all numbers.
    """

    optimizer: Annotated[str | None, Parameter(choices=sorted(optimizers))] = None
    learning_rate: float | None = None
    batch_size: Natural | None = None
    seed: Natural | None = None
    steps: Whole | None = None
    epochs: Whole | None = None
    patience: Whole | None = None
    activation: Annotated[str | None, Parameter(choices=known_activations())] = None
    loss: Annotated[str | None, Parameter(choices=sorted(losses))] = None
    l1: float | None = None
    l2: float | None = None
    set: Annotated[tuple[str, ...], Parameter(metavar="WEIGHT=NUMBER", n_tokens=1)] = ()
    engine: Literal["auto", "native", "interpreter"] | None = None
    dtype: Literal["float64", "float32"] | None = None


def branch(
    run: str,
    /,
    *,
    step: Natural,
    changes: ChangeFlags = ChangeFlags(),
    output: RunFlags = RunFlags(),  # noqa: B008
) -> int:
    """Go back to a step of a run, change something, train on, and save the branch.

    Parameters
    ----------
    run : str
        The folder of the run.
    step : int
        The branch begins with the state before this update, 0 to the run's last step.
    """
    out = error_screen() if output.common.json else screen()
    out.quiet = output.quiet
    left = chainrule.load(run)
    place = Path(output.out) if output.out else _free_place(run)
    check_place(place, overwrite=output.overwrite)
    with shown(out, lines=False) as callback:
        found = left.branch(step, **_changes(changes), callbacks=[callback])
    found.save(place, overwrite=output.overwrite)
    _show(out, run, left, found, place)
    if output.common.json:
        screen().write_json(_as_json(run, left, found, place))
    elif output.quiet:
        screen().write(f"{place}\n")
    if found.stopped != "interrupted":
        return 0
    done = count(found.steps, "step")
    say(f"interrupted after {done}; the branch up to there is saved in {place}.")
    return INTERRUPTED


def _free_place(run: str) -> Path:
    """Return the next free folder beside the run."""
    home = Path(run)
    tried = (home.with_name(f"{home.name}-branch{'' if k == 1 else f'-{k}'}") for k in numbers(1))
    return next(place for place in tried if not place.exists())


def _changes(flags: ChangeFlags) -> dict[str, Any]:
    """Return the flags that were given as arguments of `Run.branch`."""
    plain = {name: value for name, value in vars(flags).items() if value is not None}
    by_hand = plain.pop("set")
    if plain.get("batch_size") == 0:
        plain["batch_size"] = None
    if "optimizer" in plain and "learning_rate" in plain:
        rate = plain.pop("learning_rate")
        plain["optimizer"] = {"name": plain["optimizer"], "learning_rate": rate}
    return {**plain, "parameters": _weights(by_hand)} if by_hand else plain


def _weights(given: Sequence[str]) -> Mapping[str, float]:
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise CycloptsError(msg=f"--set is written as W1[0,2]=0.5, got {text!r}.")
    return found


def _show(out: Screen, path: str, left: Run, found: Run, place: Path) -> None:
    """Show what was changed, and both futures: the run's own and the branch's."""
    origin = found.record.origin
    assert origin is not None, "a branch knows where it began"
    item(out, "Branch", f"of {path} at step {origin.step:,}", *(origin.changes or _UNCHANGED))
    show_network(out, found.record.setup)
    item(out, "Training", f"{found.stopped} after {count(found.steps, 'step')}")
    if found.steps and left.steps:
        now, before = (number(_last_epoch(one), 6) for one in (found, left))
        item(out, "Loss now", f"{now} in the last epoch; the run itself ended at {before}")
    show_curve(out, found)
    gap(out)
    item(out, "Saved", str(place))
    here = quote(str(place))
    steps(out, "Next", [
        (f"chainrule compare {quote(path)} {here}", "where it parts from the run"),
        (f"chainrule info {here}", "what is in the branch"),
    ])  # fmt: skip


def _last_epoch(run: Run) -> float:
    return float(by_epoch(run.history)["loss"][-1])


_UNCHANGED = ("nothing was changed: it repeats the run",)


def _as_json(path: str, left: Run, found: Run, place: Path) -> dict[str, Any]:
    """Return what was done as plain data."""
    origin = found.record.origin
    assert origin is not None, "a branch knows where it began"
    return {
        "command": "branch",
        "run": str(place),
        "of": path,
        "step": origin.step,
        "changes": list(origin.changes),
        "stopped": found.stopped,
        "steps": found.steps,
        "loss_of_last_epoch": _last_epoch(found) if found.steps else None,
        "loss_of_last_epoch_of_the_run": _last_epoch(left) if left.steps else None,
    }
