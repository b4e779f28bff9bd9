"""Views of a document: one file each, found by name.

A view is a module with a function `render(document, **options) -> str`. Views never compute: every
digit was settled before them. Knows which views there are; knows no particular one.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from chainrule.errors import SpecError
from chainrule.explain.document import Document


def names() -> list[str]:
    """Return the names of all views.

    Examples
    --------
    >>> names()
    ['html', 'json', 'latex', 'markdown', 'text']
    """
    return sorted(module.name for module in iter_modules(__path__) if module.name[0] != "_")


def view(name: str, document: Document, **options: Any) -> str:
    """Return a document in the view of a name.

    Raises
    ------
    SpecError
        If there is no such view.

    Examples
    --------
    >>> from chainrule.explain.document import Sentence
    >>> print(view("text", Document("why", "A word", (Sentence("Yes."),))), end="")
    Yes.
    """
    if name not in names():
        raise SpecError(f"format {name!r} was asked for; there are {', '.join(names())}.")
    found: str = import_module(f"{__name__}.{name}").render(document, **options)
    return found
