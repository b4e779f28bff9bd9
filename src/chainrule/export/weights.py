"""The weights of a run as the bytes of its folder's weights file, and their sum.

Knows records; the format is that of `chainrule.files.tensors`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from chainrule.files.tensors import encode
from chainrule.train import Record


def weights_file(record: Record, where: str) -> Iterator[bytes]:
    """Return the bytes of ``model.safetensors`` as `Run.save` writes it, piece by piece.

    Parameters
    ----------
    record : Record
        The training.
    where : str
        What is being written, for messages.
    """
    arrays = {name: record.best[name] for name in record.setup.network.specs}
    return (bytes(piece) for piece in encode(arrays, where))


def weights_sum(record: Record) -> str:
    """Return the SHA-256 of the run folder's ``model.safetensors``, which tells runs apart.

    Examples
    --------
    >>> import chainrule as cr
    >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=3)
    >>> len(weights_sum(run.record))
    64
    """
    digest = hashlib.sha256()
    for piece in weights_file(record, "the sum of the weights"):
        digest.update(piece)
    return digest.hexdigest()
