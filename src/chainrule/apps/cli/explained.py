"""Explanations on the command line: in which format, and where to.

Knows views by name and the screen; knows nothing of what is explained.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from chainrule.apps.cli.flags import Common
from chainrule.apps.cli.screen import screen
from chainrule.errors import FileRefused, SpecError
from chainrule.explain import Explanation
from chainrule.explain.views import view

Format = Literal["text", "latex", "markdown", "html", "json"]
SUFFIXES: dict[str, Format] = {
    ".txt": "text", ".tex": "latex", ".md": "markdown", ".html": "html", ".json": "json",
}  # fmt: skip
WIDEST = 120


@Parameter(name="*", group=Group("Output", sort_key=9))
@dataclass(frozen=True)
class Shown:
    """How an explanation is shown.

    Attributes
    ----------
    format : str
        Text, LaTeX, Markdown, one page of HTML, or JSON; by --out's ending if that is given.
    out : str
        Write it to this file.
    overwrite : bool
        Replace a file that is there.
    """

    format: Format | None = None
    out: Annotated[str | None, Parameter(metavar="FILE")] = None
    overwrite: bool = False


def show(explanation: Explanation, shown: Shown, common: Common) -> None:
    """Print an explanation, or write it to a file."""
    name = _format(shown, as_json=common.json)
    width = {"width": min(screen().width, WIDEST)} if name == "text" else {}
    text = view(name, explanation.document, **width)
    if shown.out is None:
        screen().write(text)
        return
    _write(Path(shown.out), text, "w" if shown.overwrite else "x")
    screen().write(f"Written: {shown.out}\n")


def _format(shown: Shown, *, as_json: bool) -> Format:
    """Return the format that is asked for, or that the ending of the file asks for."""
    if as_json and shown.format not in (None, "json"):
        raise SpecError(f"--json and --format {shown.format} were both given; give one of them.")
    if as_json or shown.format is not None:
        return shown.format or "json"
    ending = Path(shown.out).suffix if shown.out else ".txt"
    if ending not in SUFFIXES:
        raise SpecError(
            f"{shown.out} was asked for, and {ending or 'no ending'} names no format; use "
            f"{', '.join(SUFFIXES)}, or say --format."
        )
    return SUFFIXES[ending]


def _write(path: Path, text: str, mode: str) -> None:
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise FileRefused(
            f"{path} is there already; the explanation was to be written to it.\n"
            "  Choose another name, or ask for overwriting (--overwrite)."
        ) from None
    except OSError as error:
        raise FileRefused(
            f"the explanation was to be written to {path}, which cannot be: {error.strerror}.\n"
            "  Choose another place (--out FILE), or leave --out away to print it."
        ) from None
