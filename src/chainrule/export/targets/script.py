"""The whole training as a NumPy program without dependency on us.

Knows the program's writer; what stands in it is decided there.
"""

from __future__ import annotations

from chainrule.export.target import Subject, target


@target(
    "script",
    ".py",
    "The training as a NumPy program: python runs it, a student reads it.",
    needs_rows=True,
)
def script(subject: Subject) -> list[bytes]:
    """Return the program of a training.

    Parameters
    ----------
    subject : Subject
        What is exported.
    """
    from chainrule.export.script import Told, training_script  # the registry stays light

    prepared = subject.preparation
    told = None if prepared is None else Told(prepared.feature_names, prepared.labels or ())
    return [training_script(subject.record, told).encode()]
