"""``chainrule export``: a run in a form that others read.

Knows the flags and what is said; the forms are those of `chainrule.export`.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

import chainrule
from chainrule.apps.cli.figures import size
from chainrule.apps.cli.flags import Common
from chainrule.apps.cli.page import item, table
from chainrule.apps.cli.screen import screen
from chainrule.export import Port, Subject, Target, find_target, targets


def export(
    run: str,
    /,
    *,
    to: Annotated[str | None, Parameter(choices=sorted(targets()))] = None,
    out: Annotated[str | None, Parameter(metavar="FILE")] = None,
    overwrite: bool = False,
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Write a run in a form that others read.

    Parameters
    ----------
    run : str
        The folder of the run.
    to : str
        The form; by the ending of --out unless given.
    out : str
        The file; named after the run and put beside it unless given.
    overwrite : bool
        Replace a file that is there.
    """
    found = find_target(to, out or "")
    place = Path(out) if out is not None else _beside(run, found)
    opened = chainrule.load(run)
    opened.export(place, found.name, overwrite=overwrite)
    told = found.tell(Subject(opened.record, opened.preparation))
    written = place.stat().st_size
    if common.json:
        facts = {"command": "export", "run": run, "to": found.name, "file": str(place)}
        ports = {title: [asdict(one) for one in ones] for title, ones in told.items()}
        screen().write_json({**facts, "bytes": written, **ports})
    else:
        item(screen(), "Written", f"{place} ({size(written)})")
        item(screen(), "", found.summary)
        for title, ones in told.items():
            rows = [(one.name, f"{one.kind} {_shape(one)}. {one.words}") for one in ones]
            table(screen(), ("", ""), rows, label=title.capitalize())
    return 0


def _shape(port: Port) -> str:
    return f"({', '.join(map(str, port.shape))})"


def _beside(run: str, found: Target) -> Path:
    """Return the file beside the run, so named that two forms of one ending do not meet."""
    folder = Path(run).resolve()
    plain = find_target(None, f"it{found.ending}") is found
    name = folder.name if plain else f"{folder.name}-{found.name}"
    return Path(run).parent / f"{name}{found.ending}"
