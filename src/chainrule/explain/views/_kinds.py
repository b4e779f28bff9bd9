"""Which function of a view shows which kind of block: the one table that all views share.

Knows the kinds of blocks; knows nothing of how any of them looks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.explain.document import (
    Block,
    Figure,
    Formula,
    Listing,
    Section,
    Sentence,
    Steps,
    Table,
)

KINDS: dict[type, str] = {
    Sentence: "sentence",
    Formula: "formula",
    Table: "table",
    Figure: "figure",
    Listing: "listing",
    Steps: "steps",
    Section: "section",
}
"""Every kind of block, and its name: that of a view's function for it, and in JSON."""


class Shown:
    """A view's functions by the kinds of block that they show.

    Parameters
    ----------
    **by_name : callable
        One for each kind, by its name.
    """

    def __init__(self, **by_name: Callable[..., Any]) -> None:
        lacking = KINDS.values() - by_name.keys()
        assert by_name.keys() <= set(KINDS.values()), "a view shows what there is"
        assert not lacking, f"a view does not show {', '.join(sorted(lacking))}"
        self._by_name = by_name

    def __call__(self, block: Block, *rest: Any) -> Any:
        """Return a block as the view shows it."""
        return self._by_name[KINDS[type(block)]](block, *rest)
