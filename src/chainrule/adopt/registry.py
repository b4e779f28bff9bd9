"""The registry of sources: who can read what somebody has.

Knows the form of sources; knows no particular one. A new source is a new file in `sources`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.adopt.foreign import Foreign, check_chain
from chainrule.errors import SpecError, shown


@dataclass(frozen=True)
class Source:
    """Something that networks come from.

    Attributes
    ----------
    name : str
        Whose networks it reads.
    takes : str
        What it takes, for the message that lists them all.
    recognises : callable
        Tells whether something is of its kind: an object, a list of arrays, or a dict of arrays
        in the order of their file.
    read : callable
        Turns it into a `Foreign`, or refuses it.
    """

    name: str
    takes: str
    recognises: Callable[[Any], bool]
    read: Callable[[Any], Foreign]


sources: dict[str, Source] = {}
"""Every source by name."""


def source(
    name: str, *, takes: str, recognises: Callable[[Any], bool]
) -> Callable[[Callable[[Any], Foreign]], Callable[[Any], Foreign]]:
    """Register a function that reads the networks of a source."""

    def remember(read: Callable[[Any], Foreign]) -> Callable[[Any], Foreign]:
        sources[name] = Source(name, takes, recognises, read)
        return read

    return remember


def read_foreign(given: Any, told: str) -> Foreign:
    """Return the network that something holds, by the first source that knows it.

    Parameters
    ----------
    given : object
        What was opened, or handed in.
    told : str
        What to call it in messages.
    """
    for one in sources.values():
        if one.recognises(given):
            found = one.read(given)
            check_chain(found.source, found.layers)
            return found
    known = "".join(f"\n  {one.name}: {one.takes}" for one in sources.values())
    raise SpecError(f"{told} holds no network that can be adopted: {_seen(given)}.{known}")


def _seen(given: Any) -> str:
    """Return what something looks like, in a few words."""
    if isinstance(given, dict):
        names = [str(name) for name in given]
        rest = f" and {len(names) - 6} more" if len(names) > 6 else ""
        return f"its arrays are called {', '.join(map(shown, names[:6]))}{rest}" if names else (
            "it is empty"
        )  # fmt: skip
    return f"it is {shown(given)}"
