"""Asking: a further question as people type it, on the command line or in Python.

Knows how questions are spelled; knows no answer.
"""

from __future__ import annotations

import re
from shlex import quote

NEEDS_QUOTES = re.compile(r"[\"$`\\!]")
"""What a shell reads inside double quotes."""


def spelled(called: str | None, verb: str, asked: str | None = None, **options: int | None) -> str:
    """Return a question as a command on a run's folder, or as a call in Python.

    Parameters
    ----------
    called : str or None
        The folder of the run; None for a run that somebody holds in Python.
    verb : str
        Such as ``why``.
    asked : str, optional
        What is asked for.
    **options : int or None
        Such as ``step=3``; None leaves one out.

    Examples
    --------
    >>> print(spelled("runs/a", "why", "W1[0,2]", step=3))
    chainrule why runs/a "W1[0,2]" --step 3
    >>> print(spelled(None, "why", "W1[0,2]", step=3))
    run.why("W1[0,2]", step=3)
    """
    given = {name: value for name, value in options.items() if value is not None}
    if called is None:
        first = [] if asked is None else [_python(asked)]
        return f"run.{verb}({', '.join([*first, *(f'{k}={v}' for k, v in given.items())])})"
    words = [] if asked is None else [_shell(asked)]
    words += [f"--{name} {value}" for name, value in given.items()]
    return " ".join(["chainrule", verb, quote(called), *words])


def _python(text: str) -> str:
    if '"' in text or "\\" in text:
        return repr(text)
    return f'"{text}"'


def _shell(text: str) -> str:
    return quote(text) if NEEDS_QUOTES.search(text) else f'"{text}"'
