"""What was trained, by what, and how it ended, as text for people.

Knows records; prints nothing itself.
"""

from __future__ import annotations

from chainrule.nn.losses import Loss
from chainrule.train.record import Record
from chainrule.train.setup import Setup


def loss_line(setup: Setup) -> str:
    """Return the formula that is descended, with its reduction and penalties."""
    loss = setup.loss
    weight = "w_r " if setup.w is not None else ""
    rows = f"sum over rows of {weight}" if setup.reduction == "sum" else "mean over rows of "
    if setup.reduction == "mean" and setup.w is not None:
        rows = "weighted mean over rows of "
    return f"L = {rows}[{loss.formula}]{_penalties(setup)}"


def _penalties(setup: Setup) -> str:
    """Return the penalties as further terms of a sum."""
    terms = ""
    for name, spec in setup.network.specs.items():
        terms += f" + {spec.l2 / 2:g} sum {name}^2" if spec.l2 else ""
        terms += f" + {spec.l1:g} sum |{name}|" if spec.l1 else ""
    return terms


def logits_line(setup: Setup) -> str | None:
    """Return the sentence on the stable form, where a loss takes logits."""
    loss: Loss = setup.loss
    if loss.logits_of is None:
        return None
    return (
        f"{loss.name} is computed from the last pre-activation, in one stable form with its "
        f"{loss.logits_of}; predict gives probabilities."
    )


def summary(record: Record) -> str:
    """Return the summary of a record.

    Examples
    --------
    >>> import chainrule as cr
    >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=3, optimizer=cr.SGD(0.3))
    >>> print(run.summary().splitlines()[-3])
    loss       L = mean over rows of [mean_k (out - y)^2]
    """
    setup = record.setup
    batch = "all rows" if setup.full_batch else f"{setup.batch_size} rows"
    lines = [
        setup.network.summary(),
        "",
        f"loss       {loss_line(setup)}",
        f"optimizer  {setup.optimizer}, {batch} a step, seed {setup.seed}, {setup.dtype.name}",
        _end(record),
    ]
    note = logits_line(setup)
    if note:
        lines.insert(3, f"           {note}")
    if record.origin is not None:
        lines += [f"branch     {line}" for line in record.origin.lines[:1]]
        lines += [f"           {line}" for line in record.origin.lines[1:]]
    return "\n".join(lines)


def _end(record: Record) -> str:
    if record.stopped == "adopted":
        return "ended      no step was done: the network was trained elsewhere"
    if not record.steps:
        return "ended      no step was done"
    text = f"ended      {record.stopped} after {record.steps} steps"
    text += f", last loss {record.history['loss'][-1]:.8g}"
    if record.best_step != record.steps:
        text += f"; the weights are those of step {record.best_step}, the best on validation"
    return text
