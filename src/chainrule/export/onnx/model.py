"""An ONNX model of a run: inputs, nodes, outputs, and what is said about them.

Knows runs and preparations; the nodes are written by the modules beside this one.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from chainrule.errors import MissingExtraError, SpecError
from chainrule.export.answers import has_several_labels
from chainrule.export.onnx.answers import labels_of, write_answers
from chainrule.export.onnx.columns import dtype_of, explain, words_of, write_columns
from chainrule.export.onnx.network import write_network
from chainrule.export.onnx.writer import KINDS, TABLES, Value, Writer, code_of, kind_of
from chainrule.export.target import Port, Subject
from chainrule.export.weights import weights_sum
from chainrule.files.record import written_by

OPSET, TABLES_OPSET, FORMAT = 21, 4, 10
"""Versions of ONNX's operators, of those for tables, and of the file's form."""

MOST = 2**31 - 2**20
"""Bytes of a model in one file: protobuf's limit, and room for what is not weights."""


def make_model(subject: Subject) -> Any:
    """Return the ``onnx.ModelProto`` of a run, checked.

    Parameters
    ----------
    subject : Subject
        The run.

    Raises
    ------
    MissingExtraError
        If onnx is not installed.
    UnsupportedError, SpecError
        If the network has an operation without a form, or more weights than one file holds.
    """
    model, _, _ = _build(subject)
    return model


def describe(subject: Subject) -> dict[str, list[Port]]:
    """Return what goes into a run's model and what comes out of it.

    Parameters
    ----------
    subject : Subject
        The run.
    """
    _, inputs, outputs = _build(subject)
    return {"inputs": inputs, "outputs": outputs}


def _build(subject: Subject) -> tuple[Any, list[Port], list[Port]]:
    _check_possible(subject)
    inputs = _inputs(subject)
    writer = Writer([port.name for port in inputs])
    given = [Value(writer, port.name, KINDS[port.kind]) for port in inputs]
    dtype = subject.record.setup.dtype
    if subject.preparation is not None:
        x = write_columns(writer, subject.preparation, given, dtype)
    else:
        x = given[0].refused_unless_finite("refused: NaN or infinity in X")
    out = write_network(writer, subject.record, x)
    answers = write_answers(writer, subject, out)
    outputs = [
        Port(value.name, kind_of(value.dtype), tuple(shape), _words(subject, value.name))
        for value, shape in answers
    ]
    return _assembled(subject, writer, inputs, outputs), inputs, outputs


def _check_possible(subject: Subject) -> None:
    """Refuse what cannot be said in one ONNX file."""
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise MissingExtraError(
            "Export to ONNX needs onnx: pip install 'chainrule[onnx]'."
        ) from None
    record = subject.record
    size = sum(np.asarray(record.best[name]).nbytes for name in record.setup.network.specs)
    if size > MOST:
        raise SpecError(
            f"export to onnx was asked for, and the weights take {size:,} bytes; an ONNX file "
            f"holds {MOST:,}.\n  Export to safetensors, or train in float32."
        )


def _inputs(subject: Subject) -> list[Port]:
    setup, preparation = subject.record.setup, subject.preparation
    if preparation is None:
        named = f": {', '.join(setup.features)}" if setup.features else ""
        words = f"Rows of {setup.network.inputs} features{named}. NaN and infinity are refused."
        return [Port("X", kind_of(setup.dtype), ("rows", setup.network.inputs), words)]
    return [
        Port(one.name, kind_of(dtype_of(one)), ("rows", 1), explain(one, preparation))
        for one in preparation.transforms
    ]


def _words(subject: Subject, name: str) -> str:
    """Return what an output holds."""
    labels = labels_of(subject)
    if labels is None:
        unit = ", in the unit of the training table" if subject.preparation is not None else ""
        target = f" of {subject.preparation.target}" if subject.preparation is not None else ""
        return f"The predicted numbers{target}{unit}."
    if has_several_labels(subject) and name.startswith("label"):
        return "0 or 1 for each output: 1 from probability 0.5 on."
    if has_several_labels(subject):
        return "The probability of 1 for each output."
    classes = json.dumps(labels.tolist(), ensure_ascii=False)
    if name.startswith("label") and subject.record.setup.network.outputs == 1:
        return f"One of {classes}, the second from probability 0.5 on."
    if name.startswith("label"):
        return f"The most probable of {classes}; of equal ones the first."
    return f"The probability of each class, in the order {classes}."


def _assembled(subject: Subject, writer: Writer, inputs: list[Port], outputs: list[Port]) -> Any:
    from onnx import checker, helper

    graph = helper.make_graph(
        writer.nodes,
        "chainrule",
        [_info(port) for port in inputs],
        [_info(port) for port in outputs],
        writer.constants,
        doc_string=_doc(subject),
    )
    imports = [helper.make_opsetid("", OPSET)]
    if any(node.domain == TABLES for node in writer.nodes):
        imports.append(helper.make_opsetid(TABLES, TABLES_OPSET))
    model = helper.make_model(
        graph,
        opset_imports=imports,
        ir_version=FORMAT,
        producer_name="chainrule",
        producer_version=written_by().removeprefix("chainrule").strip(),
        doc_string=_doc(subject),
    )
    helper.set_model_props(model, _facts(subject))
    checker.check_model(model, full_check=True)
    return model


def _info(port: Port) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(
        port.name, code_of(KINDS[port.kind]), list(port.shape), doc_string=port.words
    )


def _doc(subject: Subject) -> str:
    setup = subject.record.setup
    what = f" of {subject.preparation.target}" if subject.preparation is not None else ""
    return (
        f"Prediction{what} by the network {setup.network.outline}, trained by chainrule in "
        f"{subject.record.steps} steps on {setup.rows} rows. A node called 'refused: ...' stops "
        "the run with an index out of bounds where chainrule's predict refuses its input."
    )


def _facts(subject: Subject) -> dict[str, str]:
    """Return the model's metadata: texts by name, lists as JSON."""
    record, labels = subject.record, labels_of(subject)
    facts: dict[str, Any] = {
        "network": record.setup.network.outline,
        "loss": record.setup.loss.name,
        "dtype": record.setup.dtype.name,
        "steps": record.steps,
        "best_step": record.best_step,
        "weights_sha256": weights_sum(record),
    }
    if record.setup.features is not None:
        facts["features"] = list(record.setup.features)
    if subject.preparation is not None:
        facts |= words_of(subject.preparation)
    if labels is not None:
        facts["classes"] = labels.tolist()
    return {
        name: fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
        for name, fact in facts.items()
    }
