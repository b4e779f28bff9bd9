"""Remedies that several findings share: other starting weights, another rate, another activation.

Knows cases and what a branch may change.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Remedy
from chainrule.nn import Network
from chainrule.types import Array


def fresh_parameters(case: Case, network: Network | None = None) -> dict[str, Array]:
    """Return starting values drawn anew by the layers' own rules."""
    chosen = case.setup.network if network is None else network
    return chosen.initial_parameters(np.random.default_rng(1), case.setup.dtype)


FRESH = "run.branch(0, parameters=run.network.initial_parameters(np.random.default_rng(1)))"
"""The call that `fresh_parameters` stands for, number for number."""


def fresh_start(case: Case) -> Remedy:
    """Return the same training from random weights of the usual size."""
    return Remedy(
        "train anew, from random weights of the usual size"
        if case.adopted
        else "begin with random weights of the usual size: leave out initial=",
        FRESH,
        0,
        {"parameters": fresh_parameters(case)},
    )


def with_rate(case: Case, rate: float, step: int, why: str) -> Remedy:
    """Return the training from a step on with another learning rate."""
    changes: dict[str, float] = {"learning_rate": float(f"{rate:.2g}")}
    if step and step >= case.last_step:
        changes["steps"] = max(case.trials.steps, case.record.steps // 5)
    told = ", ".join(f"{name}={value:g}" for name, value in changes.items())
    return Remedy(why, f"run.branch({step}, {told})", step, changes)


def smaller_rate(case: Case, step: int) -> Remedy:
    """Return the training from a step on with a tenth of the rate."""
    return with_rate(case, case.rate / 10, step, "take shorter steps")


def better_activation(case: Case, activation: str) -> Remedy:
    """Return the training from its start with another activation, and weights drawn for it."""
    network = case.setup.network
    layers = [
        replace(item, activation=activation, initializer="auto")  # type: ignore[type-var]
        for item in network.layers[:-1]
    ]
    new = Network([*layers, network.layers[-1]], network.inputs, network.frozen)
    return Remedy(
        f"use {activation}, whose slope does not shrink a gradient, with weights drawn for it",
        f"run.branch(0, network=new, parameters=new.initial_parameters(np.random.default_rng(1))) "
        f'with new = cr.Network.from_spec("{new.outline}")',
        0,
        {"network": new, "parameters": fresh_parameters(case, new)},
    )
