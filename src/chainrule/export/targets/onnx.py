"""ONNX: the whole way from a row of the table to a label, for onnxruntime and other runtimes.

Knows the form of targets; the nodes are written in `chainrule.export.onnx`.
"""

from __future__ import annotations

from chainrule.export.onnx import describe, make_model
from chainrule.export.target import Subject, target


@target(
    "onnx",
    ".onnx",
    "The model with its preparation and labels, for onnxruntime and its like.",
    tell=describe,
)
def onnx(subject: Subject) -> list[bytes]:
    """Return the model of a run; the same run gives the same bytes.

    Parameters
    ----------
    subject : Subject
        What is exported.
    """
    return [make_model(subject).SerializeToString(deterministic=True)]
