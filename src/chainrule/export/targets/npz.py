"""NumPy archive: every parameter under its name, for ``numpy.load``.

Knows parameters; the format is NumPy's.
"""

from __future__ import annotations

import io

import numpy as np

from chainrule.export.target import Subject, target


@target("npz", ".npz", "The parameters as a NumPy archive, for numpy.load.")
def npz(subject: Subject) -> list[bytes]:
    """Return the archive of a run's parameters.

    Parameters
    ----------
    subject : Subject
        What is exported.
    """
    record, file = subject.record, io.BytesIO()
    arrays = {name: record.best[name] for name in record.setup.network.specs}
    np.savez(file, allow_pickle=False, **arrays)
    return [file.getvalue()]
