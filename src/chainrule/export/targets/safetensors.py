"""safetensors: every parameter under its name, for any reader of that format.

Knows parameters; the bytes are those of a run folder's own weights.
"""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.export.target import Subject, target
from chainrule.export.weights import weights_file


@target("safetensors", ".safetensors", "The parameters, for any reader of safetensors.")
def safetensors(subject: Subject) -> Iterable[bytes]:
    """Return the file of a run's parameters.

    Parameters
    ----------
    subject : Subject
        What is exported.
    """
    return weights_file(subject.record, "export to safetensors")
