"""``chainrule bench``: the same training by several engines, side by side.

Knows which words are asked for and where the table goes; `chainrule.bench` measures.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from chainrule import bench as room
from chainrule.apps.cli.flags import Common, Words
from chainrule.apps.cli.page import gap
from chainrule.apps.cli.progress import busy
from chainrule.apps.cli.screen import Screen, error_screen, screen


def bench(
    *names: Annotated[str, Parameter(completer=lambda context: list(room.WORKLOADS))],
    seconds: float = 1.0,
    threads: Literal[1, 2] = 1,
    growth: Literal["width", "batch", "depth", "rows"] | None = None,
    engines: Words = (),
    out: Annotated[str | None, Parameter(metavar="FILE")] = None,
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Time training by chainrule and by others, on the same networks, rows and starting values.

    Parameters
    ----------
    names : str
        Workloads, W1 to W5; all of them unless some are named.
    seconds : float
        Time for each engine on each workload.
    threads : int
        Threads of numeric libraries; with 2, the clock counts instead of CPU time.
    growth : str
        A series of growing networks or tables instead.
    engines : tuple of str
        Only these, such as numpy_in_place,cpp.
    out : str
        Write everything to this file, as JSON.
    """
    shown = error_screen() if common.json else screen()
    if out is not None:
        room.check_place(out)
    makers = room.chosen_workloads(names, growth)
    chosen = room.chosen_engines(engines)
    results = [_measured(shown, make, chosen, seconds, threads) for make in makers]
    machine = room.this_machine()
    shown.write(room.closing_text(machine, threads))
    plain = room.as_json(results, machine, threads)
    if out is not None:
        room.write_json(out, plain)
    if common.json:
        screen().write_json(plain)
    return 0


def _measured(
    out: Screen, make: Any, engines: dict[str, room.Engine], seconds: float, threads: int
) -> room.Result:
    """Measure a workload and show its table at once: the next one may take a while."""
    with busy(out, "making rows"):
        workload = make()
    with busy(out, f"{workload.name}: {workload.title}"):
        result = room.measure(workload, engines, seconds=seconds, threads=threads)
    out.write(room.result_text(result))
    gap(out)
    return result
