"""The prediction of a run as a NumPy program without dependency on us.

Knows the program's writer; what stands in it is decided there.
"""

from __future__ import annotations

from chainrule.export.target import Subject, target


@target("prediction-script", ".py", "The prediction as a NumPy program; it reads CSV tables.")
def prediction(subject: Subject) -> list[bytes]:
    """Return the program that predicts.

    Parameters
    ----------
    subject : Subject
        What is exported.
    """
    from chainrule.export.script import prediction_script  # the registry stays light

    return [prediction_script(subject.record, subject.preparation).encode()]
