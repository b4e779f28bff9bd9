"""The application: every command of `commands`, under one name, with one way to fail.

Knows how a call begins and ends; knows nothing of what a command does.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from pkgutil import iter_modules
from typing import Any, Literal

from cyclopts import App, Parameter

from chainrule.apps.cli import commands
from chainrule.apps.cli.failures import show_failure
from chainrule.apps.cli.screen import begin, error_screen, finish, screen
from chainrule.apps.cli.settings import PREFIX, Settings, asked

STDIN = "/dev/stdin"
HELP = """Train a network by backpropagation on your own data; then open any step of the run.

Begin with: chainrule train, or chainrule demo."""

EPILOGUE = (
    "Every option can also be set in a table such as [train] of chainrule.toml (epochs = 50), or "
    "as a variable (CHAINRULE_TRAIN_EPOCHS=50); flags win over variables, variables over the file."
)


def run(tokens: Sequence[str]) -> int:
    """Carry out one command line and return its exit code.

    Parameters
    ----------
    tokens : sequence of str
        What stands after ``chainrule``.

    Returns
    -------
    int
        0 if it worked, 1 if it was refused, 2 if it was not understood, 130 if interrupted.

    Examples
    --------
    >>> run(["--version"])
    0.1.0
    0
    """
    out, settings = begin(), Settings()
    try:
        with told_in_a_line():
            command = application(settings, tokens[0] if tokens else "")
            code = command(_spelled(tokens), console=out, error_console=error_screen())
        return finish(int(code or 0))
    except BaseException as error:
        return show_failure(
            error,
            debug=asked(tokens, "--debug") or bool(os.environ.get(f"{PREFIX}_DEBUG")),
            as_json=asked(tokens, "--json") or "json" in settings.used,
        )


@contextmanager
def told_in_a_line() -> Iterator[None]:
    """Let a warning be one line on the error stream, without a place in the code."""
    plain = warnings.showwarning

    def show(message: Warning | str, *about: Any, **more: Any) -> None:
        error_screen().print(f"chainrule: {message}", markup=False, highlight=False, soft_wrap=True)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = plain


def _spelled(tokens: Sequence[str]) -> list[str]:
    """Return the tokens with standard input, a lone - that no option waits for, spelled out."""
    before = ("", *tokens)
    return [
        STDIN if token == "-" and not previous.startswith("-") else token
        for previous, token in zip(before, tokens, strict=False)
    ]


def application(settings: Settings, called: str = "") -> App:
    """Return the application with all its commands; if one is called, only that is imported."""
    app = App(
        name="chainrule",
        help=HELP,
        help_format="plaintext",
        help_epilogue=EPILOGUE,
        version=version("chainrule"),
        config=settings,
        default_parameter=Parameter(negative=(), show_default=_shown_default),
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    settings.commands = [module.name for module in iter_modules(commands.__path__)]
    for name in settings.commands:
        place = f"{commands.__name__}.{name}"
        is_needed = name == called or called not in settings.commands
        command = getattr(import_module(place), name) if is_needed else f"{place}:{name}"
        app.command(command, name=name)
    app.command(_completion(app), name="completion")
    app.register_install_completion_command(help="Install completion for bash, zsh or fish.")
    return app


def _completion(app: App) -> Callable[..., None]:
    def completion(shell: Literal["bash", "zsh", "fish"] = "bash", /) -> None:
        """Print the completion script of a shell; --install-completion puts it in its place.

        Parameters
        ----------
        shell : str
            For which shell.
        """
        screen().write(app.generate_completion(shell=shell))

    return completion


def _shown_default(value: Any) -> str | None:
    """Leave out of the help what an option is when nobody mentions it."""
    if value in (None, False, (), ""):
        return None
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
