"""The prepared rows of a training as a NumPy archive, for a script that is too small for them.

Knows setups; the format is NumPy's.
"""

from __future__ import annotations

import io

import numpy as np

from chainrule.errors import SpecError
from chainrule.export.target import Subject, target


@target(
    "rows",
    ".npz",
    "Prepared rows and starting values, for numpy.load and large scripts.",
    needs_rows=True,
)
def rows(subject: Subject) -> list[bytes]:
    """Return the archive of a training's rows and starting values.

    Parameters
    ----------
    subject : Subject
        What is exported.
    """
    from chainrule.export.script import archive  # the registry stays light

    if not subject.record.setup.rows:
        raise SpecError(
            "export to rows was asked for; this run's rows are not at hand.\n  They are where the "
            "table is that it was trained on: chainrule info RUN says where."
        )
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **archive(subject.record))
    return [file.getvalue()]
