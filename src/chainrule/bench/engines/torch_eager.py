"""PyTorch as one writes it: autograd, its own optimizers in their fused form, one call a step.

Knows formulas of layers and losses in PyTorch's words.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from chainrule.bench.engines.engine import Engine, Run
from chainrule.bench.workloads import Workload
from chainrule.types import Array

NEEDS = "torch"
LACKS = "pip install torch"


def installed() -> bool:
    """Say whether PyTorch can be imported."""
    return find_spec(NEEDS) is not None


def pin(threads: int) -> None:
    """Let PyTorch use so many threads."""
    import_module(NEEDS).set_num_threads(threads)


def loss_function(torch: Any, workload: Workload) -> Callable[[Any, Any, Any], Any]:
    """Return the function from parameters, inputs and targets to the loss."""
    functional = torch.nn.functional
    values = {
        "linear": lambda z: z,
        "relu": torch.relu,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
    }
    acts = [values[name] for _, name in workload.layers]

    def each(out: Any, y: Any, reduction: str) -> Any:
        if workload.loss == "half_squared_error":
            return 0.5 * functional.mse_loss(out, y, reduction=reduction)
        if workload.loss == "binary_cross_entropy":
            return functional.binary_cross_entropy_with_logits(out, y, reduction=reduction)
        return functional.cross_entropy(out, y, reduction=reduction)

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        for W, b, act in zip(parameters[::2], parameters[1::2], acts, strict=True):
            x = act(torch.addmm(b, x, W))
        return each(x, y, workload.reduction)

    return loss


def optimizer(torch: Any, workload: Workload, parameters: list[Any]) -> Any:
    """Return PyTorch's optimizer of the workload."""
    if workload.optimizer.kind == "adam":
        return torch.optim.Adam(parameters, lr=workload.rate, fused=True)
    momentum = 0.9 if workload.optimizer.kind == "momentum" else 0.0
    return torch.optim.SGD(parameters, lr=workload.rate, momentum=momentum, fused=True)


def tensors(torch: Any, workload: Workload) -> tuple[list[Any], Any, Any, Any]:
    """Return parameters, inputs, targets and the order of rows as tensors."""
    parameters = [torch.from_numpy(one) for one in workload.flat_start]
    X, y, order = (torch.from_numpy(a) for a in (workload.X, workload.y, workload.order))
    return parameters, X, y, order


def prepare(workload: Workload) -> Run:
    """Return the function that trains a workload."""
    torch: Any = import_module(NEEDS)
    parameters, X, y, order = tensors(torch, workload)
    for one in parameters:
        one.requires_grad_()
    loss, rule = loss_function(torch, workload), optimizer(torch, workload, parameters)
    gathers, done = not workload.full_batch, 0

    def run(steps: int) -> Array:
        nonlocal done
        losses = torch.empty(steps, dtype=torch.float64)
        for k in range(steps):
            rows = order[done % len(order)]
            value = loss(parameters, X[rows], y[rows]) if gathers else loss(parameters, X, y)
            rule.zero_grad()
            value.backward()
            rule.step()
            losses[k] = value.detach()
            done += 1
        return np.asarray(losses)

    return run


ENGINE = Engine("PyTorch, eager", installed, prepare, LACKS, pin=pin)
