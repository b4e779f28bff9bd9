"""JSON: the whole model as one plain document that any language reads.

Knows the form of targets; the document is made in `chainrule.export.document`.
"""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.export.document import pieces
from chainrule.export.target import Subject, target


@target("json", ".json", "The whole model and its settings as plain JSON, floats bit for bit.")
def json(subject: Subject) -> Iterator[bytes]:
    """Return the document of a run.

    Parameters
    ----------
    subject : Subject
        What is exported.
    """
    return pieces(subject)
