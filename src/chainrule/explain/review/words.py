"""Words: what a suspect is called, the line of algebra that is wrong, and the one that is right.

Knows suspects and how people speak of them; judges nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chainrule.explain.review import constants as site
from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.finding import Suspect
from chainrule.explain.review.mistake import Mistake, Where
from chainrule.explain.review.mistakes import catalogue
from chainrule.explain.review.rewrites import OF_LAYERS, is_struck, labels
from chainrule.explain.review.space import ORDER_OF_TARGETS, SOME_ROWS, Space

FACTOR = "factor"
"""The name of every wrong constant."""


MOST_ROWS = 6
"""Rows that are listed."""


class Named(NamedTuple):
    """A mistake in words.

    Attributes
    ----------
    name : str
        Its name in the catalogue, or ``factor``.
    layer : int or None
        The layer where it is made; None where it is not one layer's.
    says : str
        What was done.
    where : str
        In which layers, or "".
    wrong, right : str
        The line of algebra that is wrong, and the right one.
    because : str
        Why.
    """

    name: str
    layer: int | None
    says: str
    where: str
    wrong: str
    right: str
    because: str

    @property
    def sentence(self) -> str:
        """What was done, and where."""
        return f"{self.says}, {self.where}" if self.where else self.says


def sizes(exercise: Exercise) -> str:
    """Return the numbers of an exercise that constants are made of."""
    rows = "1 row" if exercise.rows == 1 else f"{exercise.rows} rows"
    outputs = "1 output" if exercise.outputs == 1 else f"{exercise.outputs} outputs"
    return f"{rows}, {outputs}, learning rate {exercise.rate:g}"


def in_words(space: Space, suspect: Suspect) -> Named:
    """Return a suspect in words."""
    if suspect.name in catalogue:
        return _of_catalogue(space, catalogue[suspect.name], suspect.where)
    if suspect.name in (ORDER_OF_TARGETS, SOME_ROWS):
        return _of_rows(space, suspect)
    return _of_constant(space, suspect)


def _of_catalogue(space: Space, mistake: Mistake, where: Where) -> Named:
    struck = [x for x in labels(space.program, mistake) if is_struck(space.program, where, x[-1])]
    found = struck[0][-1] if struck else 0
    names = _placeholders(space, found, alone=where == found)
    layer = where if isinstance(where, int) and where else None
    if mistake.scope == "whole" or mistake.at not in OF_LAYERS:
        place = f"for {where}" if where == found and where else ""
    else:
        place = f"in layer {where}" if isinstance(where, int) else f"in {where}"
    if "{which}" in mistake.says:
        place = ""
    texts = (mistake.says, mistake.wrong, mistake.right, mistake.because)
    says, wrong, right, because = (text.format(**names).replace("h0", "x") for text in texts)
    return Named(mistake.name, layer, says, place, wrong, right, because)


def _placeholders(space: Space, where: Where, *, alone: bool) -> dict[str, Any]:
    """Return what stands in the lines of algebra for a place."""
    exercise = space.exercise
    if isinstance(where, str) and where in exercise.order:
        number = exercise.layer_of[where]
    else:
        number = int(where) if isinstance(where, int) and where else exercise.depth
    layer = exercise.layer(number)
    below = exercise.layer(number - 1) if number > 1 else layer
    which = "output" if number == exercise.depth else f"layer-{number}"
    return {
        "l": number, "below": number - 1 if number > 1 else 0, "above": number + 1,
        "f": layer.activation, "f_below": below.activation, "W": layer.weights,
        "b": layer.bias or "b", "p": where if isinstance(where, str) else layer.weights,
        "n": exercise.rows, "last": exercise.rows - 1, "k": exercise.outputs,
        "rate": exercise.rate, "step": exercise.step,
        "earlier": exercise.step - 1, "later": exercise.step + 1,
        "form": "s * (1 - s)" if layer.activation == "sigmoid" else "1 - s * s",
        "which": which if alone else "",
    }  # fmt: skip


def _of_rows(space: Space, suspect: Suspect) -> Named:
    """Return a mistake in rows in words; rows are counted within the batch."""
    rows = [int(row) for row in suspect.constant.split(",")]
    if suspect.name == SOME_ROWS:
        said = ", ".join(map(str, rows[:MOST_ROWS])) + (" ..." if len(rows) > MOST_ROWS else "")
        many = f"{len(rows)} of the {space.exercise.rows} rows"
        return Named(
            SOME_ROWS, None, f"only {many} contribute: {said}", "",
            "dL/dW = sum over some rows", "dL/dW = sum over all rows",
            "the loss is a sum over the rows, and so is its gradient.",
        )  # fmt: skip
    moved = [(row, target) for row, target in enumerate(rows) if row != target]
    told = ", ".join(f"row {a} with target {b}" for a, b in moved[:MOST_ROWS])
    more = " ..." if len(moved) > MOST_ROWS else ""
    return Named(
        ORDER_OF_TARGETS, None,
        f"the targets stand in another order than the rows: {told}{more}", "",
        "error = out - y, with y in another order than x", "error = out - y, row by row",
        "row r of the outputs belongs to row r of the targets.",
    )  # fmt: skip


def _of_constant(space: Space, suspect: Suspect) -> Named:
    thing, result = _thing(space, suspect)
    layer = (
        suspect.where
        if suspect.name == site.BACKWARD
        else space.exercise.layer_of.get(str(suspect.where))
    )
    layer = layer if isinstance(layer, int) else None
    meaning = _meaning(space, suspect)
    if suspect.constant == site.ZERO:
        says, right = f"{thing} is missing", _with_penalty(space, result)
        return Named(FACTOR, layer, says, "", f"{result} = ...", right, meaning)
    value = space.table[suspect.constant]
    shown = _spoken(space, suspect.constant, value)
    says = f"{thing} is multiplied by {shown}"
    name = suspect.constant if len(space.twins[suspect.constant]) == 1 else f"{value:.6g}"
    wrong, right = f"{result} = {name} * (...)", f"{result} = (...)"
    if suspect.name in (site.PENALTY, site.PENALTIES):
        wrong, right = f"{result} = ... + {name} * {_penalty(space)}", _with_penalty(space, result)
    if suspect.constant == "-1" and suspect.name in (site.ALL, site.START):
        moved = space.kind in ("updates", "parameters", "loss")
        wrong = "W = W + rate * dL/dW" if moved else "error = y - out"
        right = "W = W - rate * dL/dW" if moved else "error = out - y"
    return Named(FACTOR, layer, says, "", wrong, right, meaning)


def _penalty(space: Space) -> str:
    """Return the penalty's derivative, as it stands in this exercise."""
    specs = space.exercise.specs.values()
    parts = ["l2 * W"] if any(spec.l2 for spec in specs) else []
    parts += ["l1 * sign(W)"] if any(spec.l1 for spec in specs) else []
    return " + ".join(parts) if len(parts) == 1 else f"({' + '.join(parts)})"


def _with_penalty(space: Space, result: str) -> str:
    return f"{result} = ... + {_penalty(space)}"


def _spoken(space: Space, constant: str, value: float) -> str:
    """Return a constant with its value, unless the two are the same."""
    plain = f"{value:.6g}"
    names = space.twins[constant]
    if len(names) > 1 or constant == plain:
        return plain
    return f"{constant} = {plain}"


def _thing(space: Space, suspect: Suspect) -> tuple[str, str]:
    """Return what a constant acts on: in words, and as a line's left side."""
    where = suspect.where
    moved = space.kind in ("updates", "parameters", "loss")
    every = "every update" if moved else "every gradient"
    one = "the update" if moved else "the gradient"
    return {
        site.ALL: (every, "dL/dW"),
        site.START: (f"the data's part of {every} (all but the penalty)", "dL/dout"),
        site.BACKWARD: (f"dL/dz{where} with everything below it", f"dL/dz{where}"),
        site.ONE: (f"{one} of {where}", f"dL/d{where}"),
        site.DATA: (f"the data's part of {one} of {where}", f"dL/d{where}"),
        site.WEIGHTS: (f"{one} of all weights", "dL/dW"),
        site.BIASES: (f"{one} of all biases", "dL/db"),
        site.PENALTY: (f"the penalty of {where}", f"dL/d{where}"),
        site.PENALTIES: ("the penalty", "dL/dW"),
        site.UPDATES: ("every update", "step"),
        site.UPDATE: (f"the update of {where}", f"step of {where}"),
    }[suspect.name]


def _meaning(space: Space, suspect: Suspect) -> str:
    """Return what a constant may come from: every reading that makes sense in this exercise."""
    if suspect.constant == site.ZERO:
        return "the loss that is descended has a penalty on the weights, and so has its gradient."
    found = [_reading(space, suspect, name) for name in space.twins[suspect.constant]]
    readings = [text for text in found if text]
    return "; or ".join(readings) + "." if readings else ""


def _reading(space: Space, suspect: Suspect, name: str) -> str:
    """Return what a constant of this name means here, or ""."""
    exercise, thing = space.exercise, suspect.name
    n, k, loss = exercise.rows, exercise.outputs, exercise.loss.name
    summed = bool((exercise.plain_factors == 1).all())
    moved = space.kind in ("updates", "parameters", "loss")
    if thing in (site.PENALTY, site.PENALTIES):
        return _of_penalty(name)
    halved, squared = loss == "half_squared_error", loss == "squared_error"
    only_bias = thing == site.BIASES or (thing == site.ONE and exercise.is_bias(str(suspect.where)))
    known = {
        "-1": "the sign is turned",
        "n": "" if summed else f"it is summed over the {n} rows, where this loss takes their mean",
        "1/n": f"it is averaged over the {n} rows, where this loss takes their sum"
        + (" (the weights' gradients are summed)" if only_bias else "") if summed else
        f"it is divided by the {n} rows twice",
        "2": "the 1/2 of the loss is forgotten: this is the derivative of (out - y)^2"
        if halved else "a 2 that the derivative of this loss does not have",
        "1/2": "a 1/2 that this loss does not have" if not halved else "the 1/2 stands there twice",
        "2/n": PRINTED if halved and summed and k == 1 else "",
        "2/(n k)": PRINTED if halved and summed else "",
        "n k/2": "this is the gradient of half the summed squared error" if squared else "",
        "k": f"the mean over the {k} outputs is missing" if squared else "",
        "1/k": f"it is also divided by the {k} outputs",
        "rate": "the learning rate is multiplied in twice" if moved
        else "the learning rate is already multiplied in",
        "-rate": "" if moved else "this is the update, -rate * gradient, and not the gradient",
        "1/rate": "the learning rate is missing",
        "-1/rate": "this is the gradient itself, not the update",
    }  # fmt: skip
    return known.get(name, "")


PRINTED = (
    "this is the gradient of the mean squared error that is printed, not of the half sum that is "
    "descended"
)


def _of_penalty(name: str) -> str:
    return {
        "2": "the 1/2 of the penalty l2/2 * W^2 is forgotten, so its derivative is doubled",
        "1/2": "the derivative of l2/2 * W^2 is l2 * W, without the 1/2",
        "1/n": "the penalty is not divided by the rows here",
        "rate": "the learning rate is already multiplied in",
        "-1": "the penalty is subtracted",
    }.get(name, "")
