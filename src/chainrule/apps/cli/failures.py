"""Failures: every way a command can end badly, as an exit code and a line or two.

    1    refused: a table, a run, an option that makes no sense
    2    not understood: a flag that does not exist, a value of the wrong kind
    130  interrupted with Ctrl-C

Knows errors; knows nothing of what was being done.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence

from cyclopts.exceptions import CycloptsError, UnusedCliTokensError
from rich.text import Text

from chainrule.apps.cli.page import plain
from chainrule.apps.cli.screen import CLOSED, error_screen, screen
from chainrule.data.columns import some
from chainrule.errors import ChainruleError

REFUSED, USAGE, INTERRUPTED = 1, 2, 130


def show_failure(error: BaseException, *, debug: bool, as_json: bool) -> int:
    """Say what went wrong, on stderr (and as JSON on stdout where that was asked for).

    Parameters
    ----------
    error : BaseException
        What ended the command.
    debug : bool
        Show the traceback too.
    as_json : bool
        Print ``{"error": ...}`` on stdout.

    Returns
    -------
    int
        The exit code.
    """
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, BrokenPipeError):
        screen().on_broken_pipe()
        return CLOSED
    if isinstance(error, OSError) and not error.filename:
        screen().on_broken_pipe()
    code, message = verdict(error)
    if debug:
        error_screen().write("".join(traceback.format_exception(error)))
    say(message)
    if as_json:
        problem = {"kind": type(error).__name__, "message": message, "exit_code": code}
        screen().write_json({"error": problem})
    return code


def say(message: str) -> None:
    """Write a message on stderr: its first line is the fact, the others the way out."""
    fact, *way = [plain(line) for line in message.splitlines() or [""]]
    line = Text.assemble(("chainrule: ", "bold red"), fact)
    error_screen().print(line, soft_wrap=True)
    for more in way:
        error_screen().print(Text(more), soft_wrap=True)


def verdict(error: BaseException) -> tuple[int, str]:
    """Return the exit code and the message for an error.

    Examples
    --------
    >>> verdict(KeyboardInterrupt())
    (130, 'interrupted; nothing was written.')
    """
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "interrupted; nothing was written."
    if isinstance(error, UnusedCliTokensError):
        return USAGE, f"{_too_many(error)}{_help(error.command_chain or ())}"
    if isinstance(error, CycloptsError):
        return USAGE, f"{error}{_help(error.command_chain or ())}"
    if isinstance(error, ChainruleError):
        return REFUSED, str(error)
    if isinstance(error, MemoryError):
        return REFUSED, f"there is not enough memory for this. {error}".strip()
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else "output cannot be written: "
        return REFUSED, f"{place}{error.strerror or error}."
    return REFUSED, _bug(error)


def _too_many(error: UnusedCliTokensError) -> str:
    tokens, chain = error.unused_tokens or [], error.command_chain or ()
    fact = f"too many arguments: {some(map(repr, tokens))}."
    if tuple(chain) == ("train",):
        fact += "\n  One table is read; the column to predict is said with --target."
    return fact


def _help(chain: Sequence[str]) -> str:
    return f"\n  See: {' '.join(['chainrule', *chain, '--help'])}"


def _bug(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" ({last[0].filename}:{last[0].lineno})" if last else ""
    return (
        f"this is a fault of chainrule: {type(error).__name__}: {error}{place}.\n"
        "  The same command with --debug shows where; please report it."
    )
