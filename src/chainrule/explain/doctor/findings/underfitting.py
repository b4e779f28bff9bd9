"""Underfitting: the network cannot bend as the data do, or is kept from it.

Knows what the network explains of its training rows, beside a yardstick on rows left out.
"""

from __future__ import annotations

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.document import Number, Span, Table

SHORT = 0.12
"""Share of the targets' spread: by so much the yardstick explains more on rows it has not seen than
the network on those it has."""
NARROW = 3
"""Units: a layer of so few passes on little."""
FREED = 0.1
"""In units of the loss of the best constant answer: by so much a short trial without the penalty
comes lower than the whole run with it."""


@finding("underfitting")
def look(case: Case) -> Finding | None:
    """Return the finding if there is more to learn, and too little to learn it with."""
    found = case.reference
    if case.diverged or not found.is_telling or case.shortfall < SHORT:
        return None
    if not case.record.steps and not case.adopted:
        return None
    kind = "elsewhere" if case.adopted else _kind(case)
    if kind is None:
        return None
    own = "the rows given" if case.adopted else "its training rows"
    rows = (
        (f"this network, on {own}", Number(case.explained, "short")),
        ("a straight line, on rows left out", Number(found.linear, "short")),
        ("a kernel regression, on rows left out", Number(found.explained, "short")),
    )
    return Finding(
        "underfitting",
        "severe",
        ("The network explains ", Number(100 * max(case.explained, 0.0), "short"),
         f" % of the targets' spread on {own.replace('its', 'its own')}; ",
         Number(100 * found.explained, "short"), " % can be told on rows that were not even seen."),
        (Table(("share of the targets' spread explained", ""), rows),),
        _cause(case, kind),
        _remedies(case, kind),
        certainty=0.85,
        weight=0.85,
        explains=("plateau", "gradient noise"),
        numbers={"explained": case.explained, "reference": found.explained, "kind": kind},
    )  # fmt: skip


def _kind(case: Case) -> str | None:
    """Return what is short: the penalty leaves nothing, there is no bend, or too few units."""
    if case.loss_without_penalty < case.end_loss - FREED * case.chance:
        return "penalty"
    bending = [layer for layer in case.hidden if layer.activation != "linear"]
    if not bending:
        return "straight"
    if min(layer.units for layer in case.hidden) <= NARROW:
        return "narrow"
    return None


def _cause(case: Case, kind: str) -> tuple[Span, ...]:
    if kind == "elsewhere":
        return (
            "It was trained elsewhere: either it never learnt this, or these are not the rows ",
            "it knows. Scaling, the order of columns and classes, and the activations tell.",
        )
    if kind == "penalty":
        return ("The penalty on the weights holds it back: without it, ",
                f"{case.trials.steps} steps from the start come to a loss of ",
                Number(case.loss_without_penalty, "short"), ", the whole run with it to ",
                Number(case.end_loss, "short"), ".")  # fmt: skip
    if kind == "straight":
        return (
            "No hidden layer bends (their activations are linear, or there is none): the network "
            "is a straight line whatever its size, and the data are not.",
        )
    least = min(case.hidden, key=lambda layer: layer.units)
    return (f"Layer {least.number} has {least.units} unit(s): all that the network knows of a row ",
            "passes through them.")  # fmt: skip


def _remedies(case: Case, kind: str) -> tuple[Remedy, ...]:
    if kind == "elsewhere":
        return ()
    if kind == "penalty":
        return (
            Remedy("a hundredth of the penalty", "run.branch(0, l1=0, l2=...)", 0, _less(case)),
        )
    inputs, outputs = case.setup.network.inputs, case.setup.network.outputs
    last = case.setup.network.last_activation
    spec = f"{inputs}-32:relu-{outputs}:{last}"
    return (Remedy("more units, with an activation that bends (this is a new network, so a new "
                   "training)", f'cr.train("{spec}", X, y)'),)  # fmt: skip


def _less(case: Case) -> dict[str, float]:
    specs = case.setup.network.specs.values()
    return {name: max(getattr(s, name) for s in specs) / 100 for name in ("l1", "l2")
            if any(getattr(s, name) for s in specs)}  # fmt: skip
