"""What an ONNX model answers: labels and probabilities, or predictions in the target's own unit.

Class k is column k of the probabilities. A label is the first of the most probable classes; of
two classes the second one from probability 0.5 on. Knows outputs and labels; knows no layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.data.transforms import Standardize
from chainrule.export.answers import classes_of, has_several_labels
from chainrule.export.onnx.columns import _powers
from chainrule.export.onnx.writer import DOUBLE, TEXT, WHOLE, Value, Writer
from chainrule.export.target import Subject
from chainrule.types import Array


def labels_of(subject: Subject) -> Array | None:
    """Return the classes in their order, texts as ONNX takes them; None if there are none."""
    found = classes_of(subject)
    return found if found is None or found.dtype.kind != "U" else found.astype(TEXT)


def write_answers(writer: Writer, subject: Subject, out: Value) -> list[tuple[Value, list[Any]]]:
    """Write what follows the network; return the outputs with their shapes.

    Parameters
    ----------
    writer : Writer
        Where nodes go.
    subject : Subject
        The run.
    out : Value
        The network's output (rows, outputs).
    """
    outputs = subject.record.setup.network.outputs
    if subject.preparation is not None:
        out = out.refused_unless_finite("refused: the network's output is not finite")
    labels = labels_of(subject)
    if labels is None:
        return [(_numbers(writer, subject, out), ["rows", outputs])]
    if outputs == len(labels) and not has_several_labels(subject):
        return _most_probable(writer, labels, out)
    return _second_of_two(writer, labels, out, outputs)


def _numbers(writer: Writer, subject: Subject, out: Value) -> Value:
    """Return predictions in the target's own unit."""
    if subject.preparation is not None:
        scale = subject.preparation.output
        assert isinstance(scale, Standardize), "a regression's target is standardized"
        out = out.cast(DOUBLE) * scale.spread + scale.center
        for power in _powers(scale.exponent):
            out = out * power
        out = out.refused_unless_finite("refused: the prediction is not finite")
    return writer.label(out, "prediction")


def _most_probable(writer: Writer, labels: Array, out: Value) -> list[tuple[Value, list[Any]]]:
    """Return the label of the largest probability, the first of several, and all of them."""
    probabilities = writer.label(out, "probabilities")
    best = probabilities.op("ArgMax", dtype=WHOLE, axis=1, keepdims=0, select_last_index=0)
    label = _label(writer, labels, best)
    return [(label, ["rows"]), (probabilities, ["rows", len(labels)])]


def _second_of_two(
    writer: Writer, labels: Array, out: Value, outputs: int
) -> list[tuple[Value, list[Any]]]:
    """Return labels of two classes: of one column, or of several that are independent."""
    second = (out >= 0.5).cast(WHOLE)
    if outputs > 1:
        probabilities = writer.label(out, "probabilities")
        label = _label(writer, labels, second)
        return [(label, ["rows", outputs]), (probabilities, ["rows", outputs])]
    flat = second.op("Squeeze", writer.constant(np.array([1], WHOLE)))
    label = _label(writer, labels, flat)
    both = writer.label((1.0 - out).op("Concat", out, axis=1), "probabilities")
    return [(label, ["rows"]), (both, ["rows", 2])]


def _label(writer: Writer, labels: Array, number: Value) -> Value:
    """Return the labels of class numbers."""
    if labels.dtype == WHOLE and np.array_equal(labels, np.arange(len(labels))):
        return writer.label(number, "label")
    classes = writer.constant(labels, "classes")
    return writer.label(classes.op("Gather", number, axis=0), "label")
