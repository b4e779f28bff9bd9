"""``chainrule demo``: a textbook network, its published numbers beside ours.

Knows how a case is shown; the cases themselves are in `chainrule.cases`.
"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from chainrule import cases
from chainrule.apps.cli.explained import WIDEST
from chainrule.apps.cli.figures import beside, number
from chainrule.apps.cli.flags import Common
from chainrule.apps.cli.page import gap, item, note, steps, table, words
from chainrule.apps.cli.screen import Screen, screen
from chainrule.cases import CaseResult, Row
from chainrule.cases.case import AGREES
from chainrule.errors import SpecError
from chainrule.explain import without_steps

DEFAULT = "xor"
WIDE = 80
"""Below this width a number stands on lines of its own."""


def demo(
    name: Annotated[str, Parameter(completer=lambda context: cases.titles())] = DEFAULT,
    /,
    *,
    list: bool = False,
    out: Annotated[str | None, Parameter(metavar="FOLDER")] = None,
    overwrite: bool = False,
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Train a textbook network, compare with its published numbers, and open one weight of it.

    Parameters
    ----------
    name : str
        Which one; xor is the course's own program.
    list : bool
        List the names.
    out : str
        Keep the run in this folder, to open other weights of it.
    overwrite : bool
        Replace a run that is there.
    """
    terminal, as_json = screen(), common.json
    if list:
        _show_names(terminal, as_json)
        return 0
    played = cases.play(name)
    if out is not None:
        _keep(played, out, overwrite=overwrite)
    if as_json:
        terminal.write_json({"command": "demo", **played.plain()})
    else:
        show_case(terminal, played)
        if out is not None:
            item(terminal, "Saved", out)
            steps(terminal, "Then", [_opening(played, out)])
    return 0


def _opening(played: CaseResult, place: str) -> tuple[str, str]:
    """Return the command that opens the same weight of the run that was kept."""
    assert played.opened is not None, "a case that leaves a run opens a weight of it"
    facts = played.opened.data
    asked = f'chainrule why {place} "{facts["question"]}" --step {facts["step"]}'
    return asked, "this weight; or any other"


def _keep(played: CaseResult, place: str, *, overwrite: bool) -> None:
    if played.run is None:
        raise SpecError(
            f"--out {place} was given, but {played.name} is a formula and leaves no run to keep.\n"
            "  Leave --out away."
        )
    played.run.save(place, overwrite=overwrite, page=bool(played.run.steps))


def _show_names(out: Screen, as_json: bool) -> None:
    titles = cases.titles()
    if as_json:
        out.write_json({"command": "demo", "cases": titles})
        return
    rows = [(name, title) for name, title in titles.items()]
    table(out, ("", ""), rows)
    gap(out)
    note(out, "chainrule demo NAME plays one.")


def show_case(out: Screen, played: CaseResult) -> None:
    """Show a case: its own transcript as it is, or its numbers in a table."""
    if played.transcript:
        out.write("\n".join(played.transcript) + "\n")
        gap(out)
    else:
        note(out, Text(played.title, "bold"))
        note(out, Text(played.source, "dim"))
        gap(out)
        _show_rows(out, played)
    for sentence in played.notes:
        note(out, sentence)
    if played.notes:
        gap(out)
    if played.opened is not None:
        note(out, Text("One weight of this run, opened:", "bold"))
        gap(out)
        out.write(without_steps(played.opened).text(min(out.width, WIDEST)))
        gap(out)
    steps(out, "Next", [_step(line) for line in played.next])


def _step(line: str) -> tuple[str, str]:
    """Take a line apart into a command and what it does."""
    command, _, why = line.partition("  ")
    return command, why.strip()


def _show_rows(out: Screen, played: CaseResult) -> None:
    if not played.rows:
        return
    header = ("", "published", "ours", "difference", "")
    if out.width >= WIDE:
        table(out, header, [_cells(row) for row in played.rows], right=(1, 2, 3))
    else:
        for row in played.rows:
            item(out, "", row.what)
            cells = _cells(row)
            item(out, "", f"  published {cells[1]}", f"  ours      {cells[2]}")
            item(out, "", words("  ") + words(cells[4]) + words(f", difference {cells[3]}"))
    gap(out)


def _cells(row: Row) -> tuple[str, str, str, str, Text]:
    verdict = words(row.verdict)
    verdict.stylize("green" if row.verdict == AGREES else "yellow")
    return (
        row.what,
        row.published,
        beside(row.published, row.ours),
        number(row.relative, 1),
        verdict,
    )
