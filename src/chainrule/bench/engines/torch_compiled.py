"""PyTorch compiled: gradient and update of a step in one graph, by `torch.compile`.

Knows update rules in PyTorch's words; the loss is that of the eager engine.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from chainrule.bench.engines.engine import Engine, Run
from chainrule.bench.engines.torch_eager import (
    LACKS,
    NEEDS,
    installed,
    loss_function,
    pin,
    tensors,
)
from chainrule.bench.workloads import Workload
from chainrule.types import Array

Step = Callable[[Any, Any, Any, Any, Any], Any]
"""From (parameters, slots, inputs, targets, factors) to the loss; changes the first two."""


def step_function(torch: Any, workload: Workload) -> Step:
    """Return a whole step as one function of tensors."""
    gradient = torch.func.grad_and_value(loss_function(torch, workload))
    rate, kind = workload.rate, workload.optimizer.kind

    def update(w: Any, slots: Any, g: Any, factors: Any) -> None:
        if kind == "sgd":
            w.sub_(rate * g)
        elif kind == "momentum":
            slots[0].mul_(0.9).add_(g)
            w.sub_(rate * slots[0])
        else:
            slots[0].mul_(0.9).add_(0.1 * g)
            slots[1].mul_(0.999).add_(0.001 * g * g)
            w.sub_(factors[0] * slots[0] / (slots[1].sqrt() + factors[1]))

    def step(parameters: Any, slots: Any, x: Any, y: Any, factors: Any) -> Any:
        gradients, value = gradient(parameters, x, y)
        for w, mine, g in zip(parameters, slots, gradients, strict=True):
            update(w, mine, g, factors)
        return value

    return step


def factors(workload: Workload, t: int) -> Array:
    """Return what corrects Adam for its start at zero: the scaled rate and epsilon of step t.

    Examples
    --------
    >>> from chainrule.bench.workloads import workload
    >>> factors(workload("W1"), 1).shape
    (2,)
    """
    root = (1 - 0.999**t) ** 0.5
    return np.array([workload.rate * root / (1 - 0.9**t), 1e-8 * root], workload.dtype)


def prepare(workload: Workload) -> Run:
    """Return the function that trains a workload; its first call compiles."""
    torch: Any = import_module(NEEDS)
    torch.compiler.reset()  # it compiles a function of one source a few times only, then gives up
    parameters, X, y, order = tensors(torch, workload)
    slots = [[torch.zeros_like(w) for _ in workload.optimizer.slots] for w in parameters]
    step = torch.compile(step_function(torch, workload), dynamic=False)
    gathers, done = not workload.full_batch, 0

    def run(steps: int) -> Array:
        nonlocal done
        losses = torch.empty(steps, dtype=torch.float64)
        with torch.no_grad():
            for k in range(steps):
                rows = order[done % len(order)]
                here = (X[rows], y[rows]) if gathers else (X, y)
                done += 1
                scales = torch.from_numpy(factors(workload, done))
                losses[k] = step(parameters, slots, *here, scales)
        return np.asarray(losses)

    return run


ENGINE = Engine("PyTorch, compiled", installed, prepare, LACKS, pin=pin)
