"""safetensors: every parameter under its name, for any reader of that format.

Knows parameters; the bytes are those of a run folder's own weights.
"""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.export.target import Subject, target
from chainrule.files.tensors import encode


@target("safetensors", ".safetensors", "The parameters, for any reader of safetensors.")
def safetensors(subject: Subject) -> Iterable[bytes]:
    """Return the file of a run's parameters.

    Parameters
    ----------
    subject : Subject
        What is exported.
    """
    record = subject.record
    arrays = {name: record.best[name] for name in record.setup.network.specs}
    return (bytes(piece) for piece in encode(arrays, "export to safetensors"))
