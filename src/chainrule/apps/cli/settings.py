"""Settings: what flags left open comes from the environment, then from a TOML file.

``--epochs 9`` wins over ``CHAINRULE_TRAIN_EPOCHS=9``, which wins over ``epochs = 9`` under
``[train]`` in ``chainrule.toml``. A name that no option has is refused, wherever it stands.
Knows options and their sources; knows nothing of what they mean.
"""

from __future__ import annotations

import csv
import io
import os
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cyclopts import App, Argument, ArgumentCollection, Token
from cyclopts.exceptions import CycloptsError

from chainrule.files import open_regular

FILE = "chainrule.toml"
PREFIX = "CHAINRULE"
LARGEST = 1 << 16
"""Bytes of a settings file at most."""
FLAGS_ONLY = frozenset({"config", "debug"})
"""Options that no table sets: they are variables of their own, CHAINRULE_CONFIG and _DEBUG."""


@dataclass
class Settings:
    """Fills the arguments of one call.

    Attributes
    ----------
    commands : tuple of str
        The commands that a file may have tables for.
    used : dict of str to str
        Options that were not given as flags: where each was found.
    """

    commands: Sequence[str] = ()
    used: dict[str, str] = field(default_factory=dict)

    def __call__(self, app: App, chain: tuple[str, ...], arguments: ArgumentCollection) -> None:
        """Give the arguments without a value what the environment or the file has for them."""
        if not chain or chain[0] not in self.commands:
            return
        by_name = {_key(argument): argument for argument in arguments if argument.parse}
        for source in (_environment(chain[0]), _file(arguments, chain[0], self.commands)):
            self._take(source, by_name)
        if not ("quiet" in by_name and by_name["quiet"].tokens):
            self._tell()

    def _tell(self) -> None:
        """Say which options were found where, so that none acts unseen."""
        places: dict[str, list[str]] = {}
        for name, place in self.used.items():
            places.setdefault(place, []).append(name)
        for place, names in places.items():
            print(f"settings from {place}: {', '.join(names)}", file=sys.stderr)

    def _take(self, source: Iterator[_Found], by_name: dict[str, Argument]) -> None:
        taken = {name for name, argument in by_name.items() if argument.tokens}
        for found in source:
            argument = by_name.get(found.name)
            if argument is None or found.name in FLAGS_ONLY:
                raise CycloptsError(msg=_unknown(found, by_name))
            if found.name not in taken:
                argument.append(found.token(argument))
                self.used[found.name] = found.place


@dataclass(frozen=True)
class _Found:
    """A value that some source has for an option."""

    name: str
    said: str
    value: Any
    place: str

    def token(self, argument: Argument) -> Token:
        """Return the value as a flag would have it: a list as a row of CSV, else its text."""
        value = self.value
        if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
            if argument.parameter.n_tokens != 1:
                raise CycloptsError(msg=f"{self.place}: {self.said} is one value, not a list.")
            return Token(keyword=self.said, source=self.place, value=_quoted(value))
        if isinstance(value, dict | list):
            raise CycloptsError(msg=f"{self.place}: {self.said} is {value!r}; give it one value.")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return Token(keyword=self.said, source=self.place, value=text)


def _quoted(items: Sequence[str | int | float]) -> str:
    """Return a list as an option takes it: a row of CSV, every word in quotes."""
    row = io.StringIO()
    csv.writer(row, quoting=csv.QUOTE_ALL, lineterminator="").writerow(items)
    return row.getvalue()


def _key(argument: Argument) -> str:
    return argument.name.lstrip("-").lower().replace("-", "_")


def _environment(command: str) -> Iterator[_Found]:
    prefix = f"{PREFIX}_{command.upper()}_"
    for said, value in sorted(os.environ.items()):
        if said.startswith(prefix):
            yield _Found(said.removeprefix(prefix).lower(), said, value, "the environment")


def _file(arguments: ArgumentCollection, command: str, commands: Sequence[str]) -> Iterator[_Found]:
    path = _config_path(arguments)
    if path is None:
        return
    tables = _read(path)
    for name in tables:
        if name not in commands:
            near = _near(name, commands)
            raise CycloptsError(msg=f"{path}: there is no command {name!r} to set up.{near}")
    table = tables.get(command, {})
    if not isinstance(table, dict):
        raise CycloptsError(msg=f"{path}: {command} is {table!r}; write a table [{command}].")
    for said, value in table.items():
        yield _Found(said.replace("-", "_").lower(), said, value, str(path))


def _config_path(arguments: ArgumentCollection) -> Path | None:
    """Return the file that was named, else the one in this folder, if there is one."""
    named = [token.value for a in arguments if "--config" in a.names for token in a.tokens] or [
        value for value in [os.environ.get(f"{PREFIX}_CONFIG", "")] if value
    ]
    if named:
        return Path(named[-1])
    here = Path(FILE)
    return here if here.is_file() else None


def _read(path: Path) -> dict[str, Any]:
    try:
        with open_regular(path, f"settings {path}") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise CycloptsError(msg=f"{path} has more than {LARGEST >> 10} KiB; no settings do.")
        return tomllib.loads(data.decode())
    except OSError as error:
        raise CycloptsError(msg=f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise CycloptsError(msg=f"{path} is no TOML: {str(error)[:300]}.") from error


def _unknown(found: _Found, by_name: dict[str, Argument]) -> str:
    names = [name for name in by_name if name not in FLAGS_ONLY]
    return f"{found.place}: no option is called {found.said!r}.{_near(found.name, names)}"


def _near(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" There are {', '.join(sorted(known))}."


def asked(tokens: Sequence[str], flag: str) -> bool:
    """Say whether a flag stands among the tokens."""
    return flag in (tokens[: tokens.index("--")] if "--" in tokens else tokens)
