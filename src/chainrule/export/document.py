"""A run as one plain document: network, weights, preparation, settings, history by epoch.

``schema.json`` beside this file says what every field means, and is published with the package.
Knows runs and plain types; every float is written so that reading it gives the same bits.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.data.transforms import Standardize
from chainrule.errors import ValueRefused
from chainrule.export.answers import classes_of, has_several_labels
from chainrule.export.target import Subject
from chainrule.export.weights import weights_sum
from chainrule.files.record import written_by
from chainrule.graph import Node, primitives, variable
from chainrule.nn.network import Network
from chainrule.nn.scope import ParameterSpec, Scope
from chainrule.train import Record
from chainrule.train.epochs import by_epoch
from chainrule.types import Array

FORMAT, VERSION = "chainrule model", 1

WORDS = {
    "linear": "The value itself.",
    "softmax": "exp(x) / sum(exp(x)) over the units of a row; subtract the largest x before.",
}
"""Activations that are no operation of their own."""


def document(subject: Subject) -> dict[str, Any]:
    """Return everything but the weights, as JSON types.

    Parameters
    ----------
    subject : Subject
        The run.
    """
    record, preparation = subject.record, subject.preparation
    setup = record.setup
    layers = _layers(setup.network, setup.loss.logits_of)
    used = sorted({layer["activation"] for layer in layers})
    return {
        "format": FORMAT,
        "version": VERSION,
        "written_by": written_by(),
        "weights_sha256": weights_sum(record),
        "dtype": setup.dtype.name,
        "inputs": setup.network.inputs,
        "outputs": setup.network.outputs,
        "features": _features(subject),
        "preparation": None if preparation is None else preparation.to_dict(),
        "layers": layers,
        "activations": {name: WORDS.get(name) or primitives[name].doc for name in used},
        "answer": _answer(subject),
        "training": _training(record),
        "history": _history(record),
    }


def pieces(subject: Subject) -> Iterator[bytes]:
    """Yield the document as UTF-8, a line for each field, a row of weights or a bias.

    Parameters
    ----------
    subject : Subject
        The run.

    Raises
    ------
    ValueRefused
        If a weight is not finite, which JSON cannot say.
    """
    best = subject.record.best
    weights = {name: np.asarray(best[name]) for name in subject.record.setup.network.specs}
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise ValueRefused(f"export to json: {name} has a weight that is not finite.")
    yield b"{\n"
    for name, value in document(subject).items():
        yield f"{_text(name)}: {_text(value)},\n".encode()
    yield b'"parameters": {'
    for number, (name, array) in enumerate(weights.items()):
        yield f"{',' if number else ''}\n{_text(name)}: ".encode()
        yield from _rows(array)
    yield b"\n}\n}\n"


def _rows(array: Array) -> Iterator[bytes]:
    """Yield an array as nested lists; of a matrix, each row stands on a line."""
    if array.ndim < 2:
        yield _text(array.tolist()).encode()
        return
    for number, row in enumerate(array):
        yield b",\n" if number else b"[\n"
        yield _text(row.tolist()).encode()
    yield b"\n]"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


@dataclass
class _Watched(Scope):
    """A scope that also notes which parameters a layer asked for."""

    asked: list[str] = field(default_factory=list)

    def parameter(self, spec: ParameterSpec) -> Node:
        """Return the node of a parameter, and note its name."""
        self.asked.append(spec.name)
        return super().parameter(spec)


def _layers(network: Network, ending: str | None) -> list[dict[str, Any]]:
    """Return what each layer computes: its kind, parameters in their order, and activation.

    An activation that a linear last layer leaves to the loss is written out.
    """
    scope = _Watched(frozen=frozenset(network.frozen))
    out, found = variable("x", shape=(1, network.inputs)), []
    for item in network.layers:
        scope.number += item.has_weights
        scope.asked = []
        out = item.forward(out, scope, last=False)
        activation = getattr(item, "activation", "linear")
        found.append(
            {
                "kind": getattr(item, "kind", ""),
                "units": int(out.shape[-1]),
                "parameters": scope.asked,
                "activation": activation,
            }
        )
    if found[-1]["activation"] == "linear" and ending is not None:
        found[-1]["activation"] = ending
    return found


def _features(subject: Subject) -> list[str] | None:
    """Return the names of the network's inputs, if they have any."""
    if subject.preparation is not None:
        return list(subject.preparation.feature_names)
    names = subject.record.setup.features
    return None if names is None else list(names)


def _answer(subject: Subject) -> dict[str, Any]:
    """Return how the network's output is read."""
    classes = classes_of(subject)
    if classes is not None:
        outputs = subject.record.setup.network.outputs
        decision = "largest" if outputs == len(classes) else "second from 0.5"
        if has_several_labels(subject):
            decision = "each from 0.5"
        return {"kind": "classes", "classes": classes.tolist(), "decision": decision}
    scale = {"spread": 1.0, "center": 0.0, "exponent": 0}
    if subject.preparation is not None:
        found = subject.preparation.output
        assert isinstance(found, Standardize), "a regression's target is standardized"
        scale = {"spread": found.spread, "center": found.center, "exponent": found.exponent}
    return {"kind": "numbers", **scale}


def _training(record: Record) -> dict[str, Any]:
    """Return everything that fixed the training but its rows."""
    setup = record.setup
    return {
        "network": setup.network.to_dict(),
        "loss": {**setup.loss.to_dict(), "formula": setup.loss.formula},
        "reduction": setup.reduction,
        "optimizer": setup.optimizer.to_dict(),
        "batch_size": setup.batch_size,
        "seed": setup.seed,
        "shuffle": setup.shuffle,
        "rows": setup.rows,
        "steps": record.steps,
        "best_step": record.best_step,
        "stopped": record.stopped,
        "executor": setup.engine,
    }


def _history(record: Record) -> dict[str, list[float | None]]:
    """Return the history by epoch; what was not measured is null."""
    return {
        name: [number if math.isfinite(number) else None for number in column.tolist()]
        for name, column in by_epoch(record.history).items()
    }
