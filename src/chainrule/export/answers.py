"""How a network's output is read: which classes there are, or none.

Knows runs and preparations; decides nothing of its own, but says what `predict` does.
"""

from __future__ import annotations

import numpy as np

from chainrule.export.target import Subject
from chainrule.types import Array


def classes_of(subject: Subject) -> Array | None:
    """Return the classes in their order; None if numbers are predicted.

    A table's preparation knows them; of a run on arrays the loss tells: 0, 1 ... for classes.

    Parameters
    ----------
    subject : Subject
        The run.
    """
    setup = subject.record.setup
    if subject.preparation is not None:
        labels = subject.preparation.labels
        return None if labels is None else np.array(labels)
    if setup.loss.targets == "real":
        return None
    return np.arange(max(2, setup.network.outputs) if setup.loss.targets == "class" else 2)


def has_several_labels(subject: Subject) -> bool:
    """Tell whether each output is a label of its own, 0 or 1.

    Parameters
    ----------
    subject : Subject
        The run.
    """
    setup = subject.record.setup
    binary = setup.loss.targets == "binary" and subject.preparation is None
    return binary and setup.network.outputs > 1
