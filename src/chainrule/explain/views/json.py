"""The view for programs: JSON, what a document says block by block, and its facts.

The form is published in ``explain/schema.json``. Numbers are given twice: with all their digits,
and as every view shows them. Knows blocks of a document; knows nothing of what they mean.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from chainrule.explain.document import (
    Block,
    Cell,
    Code,
    Document,
    Figure,
    Formula,
    Listing,
    Number,
    Section,
    Sentence,
    Steps,
    Symbol,
    Table,
)
from chainrule.explain.views._kinds import KINDS, Shown

VERSION = 1


def render(document: Document) -> str:
    """Return a document as JSON; infinities and NaN are null beside their text."""
    return json.dumps(as_data(document), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def as_data(document: Document) -> dict[str, Any]:
    """Return a document as plain data."""
    return {
        "chainrule": VERSION,
        "kind": document.kind,
        "title": document.title,
        "blocks": [_block(block) for block in document.blocks],
        "data": _plain(document.data),
    }


def _plain(value: Any) -> Any:
    """Return plain data with what JSON cannot hold as null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _span(span: Cell) -> Any:
    if isinstance(span, Number):
        return {"number": _plain(float(span.value)), "text": span.text}
    if isinstance(span, Symbol):
        node = {"node": span.node} if span.node else {}
        return {"symbol": span.text, "latex": span.tex, **node}
    return {"code": span.text} if isinstance(span, Code) else span


def _block(block: Block) -> dict[str, Any]:
    return {"block": KINDS[type(block)], **_inside(block)}


def _sentence(block: Sentence) -> dict[str, Any]:
    return {"role": block.role, "spans": [_span(span) for span in block.spans]}


def _formula(block: Formula) -> dict[str, Any]:
    return {"lines": [{"text": text, "latex": latex} for text, latex in block.lines]}


def _figure(block: Figure) -> dict[str, Any]:
    return {"svg": block.svg, "text": block.text}


def _listing(block: Listing) -> dict[str, Any]:
    return {"language": block.language, "code": block.code}


def _steps(block: Steps) -> dict[str, Any]:
    entries = [{"do": command, "why": why} for command, why in block.entries]
    return {"title": block.title, "entries": entries}


def _section(block: Section) -> dict[str, Any]:
    return {"title": block.title, "blocks": [_block(one) for one in block.blocks]}


def _table(block: Table) -> dict[str, Any]:
    return {
        "caption": block.caption,
        "header": [_span(cell) for cell in block.header],
        "rows": [[_span(cell) for cell in row] for row in block.rows],
        "total": None if block.total is None else [_span(cell) for cell in block.total],
    }


_inside = Shown(
    sentence=_sentence,
    formula=_formula,
    table=_table,
    figure=_figure,
    listing=_listing,
    steps=_steps,
    section=_section,
)
