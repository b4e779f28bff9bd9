"""JAX as it is fastest: the whole loop over steps in one jit, gradients by `value_and_grad`.

Knows formulas of layers, losses and update rules. XLA reads its flags once, when JAX computes for
the first time in a process; a later `pin` changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from chainrule.bench.engines.engine import Engine, Run, pieces
from chainrule.bench.workloads import Workload
from chainrule.types import Array

NEEDS = "jax"
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def installed() -> bool:
    """Say whether JAX can be imported."""
    return find_spec(NEEDS) is not None


def pin(threads: int) -> None:
    """Set XLA's flags for one thread, unless the environment has flags already."""
    if threads == 1:
        os.environ.setdefault("XLA_FLAGS", ONE_THREAD)


def precision(jax: Any, workload: Workload) -> AbstractContextManager[None]:
    """Return the block in which JAX computes in the workload's dtype."""
    home = jax if hasattr(jax, "enable_x64") else import_module("jax.experimental")
    found: AbstractContextManager[None] = home.enable_x64(workload.dtype == np.float64)
    return found


def forward(jax: Any, workload: Workload) -> Callable[[Any, Any], Any]:
    """Return the function from parameters and inputs to outputs."""
    values = {
        "linear": lambda z: z,
        "relu": lambda z: jax.numpy.maximum(z, 0),
        "sigmoid": jax.nn.sigmoid,
        "tanh": jax.numpy.tanh,
    }
    acts = [values[name] for _, name in workload.layers]

    def output(parameters: Any, x: Any) -> Any:
        for W, b, act in zip(parameters[::2], parameters[1::2], acts, strict=True):
            x = act(x @ W + b)
        return x

    return output


def loss_function(jax: Any, workload: Workload) -> Callable[[Any, Any, Any], Any]:
    """Return the function from parameters, inputs and targets to the loss."""
    jnp, output = jax.numpy, forward(jax, workload)

    def each(out: Any, y: Any) -> Any:
        if workload.loss == "half_squared_error":
            return 0.5 * (out - y) ** 2
        if workload.loss == "binary_cross_entropy":
            return jax.nn.softplus(out) - y * out
        chosen = jax.nn.one_hot(y, out.shape[1], dtype=out.dtype)
        return -chosen * jax.nn.log_softmax(out)

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        total = jnp.sum(each(output(parameters, x), y))
        return total if workload.reduction == "sum" else total / workload.batch

    return loss


def update_rule(jax: Any, workload: Workload) -> Callable[[Any, Any, Any, Any], Any]:
    """Return the function from (parameters, slots, gradients, step) to parameters and slots."""
    jnp, rate, kind = jax.numpy, workload.rate, workload.optimizer.kind

    def sgd(w: Any, slots: Any, gradients: Any, step: Any) -> Any:
        return [p - rate * g for p, g in zip(w, gradients, strict=True)], slots

    def momentum(w: Any, slots: Any, gradients: Any, step: Any) -> Any:
        v = [0.9 * v + g for v, g in zip(slots[0], gradients, strict=True)]
        return [p - rate * one for p, one in zip(w, v, strict=True)], [v]

    def adam(w: Any, slots: Any, gradients: Any, step: Any) -> Any:
        t = (step + 1).astype(w[0].dtype)
        root = jnp.sqrt(1 - 0.999**t)
        scaled, epsilon = rate * root / (1 - 0.9**t), 1e-8 * root
        m = [0.9 * m + 0.1 * g for m, g in zip(slots[0], gradients, strict=True)]
        v = [0.999 * v + 0.001 * g * g for v, g in zip(slots[1], gradients, strict=True)]
        new = [
            p - scaled * a / (jnp.sqrt(b) + epsilon) for p, a, b in zip(w, m, v, strict=True)
        ]  # fmt: skip
        return new, [m, v]

    return {"sgd": sgd, "momentum": momentum, "adam": adam}[kind]


def loop(jax: Any, workload: Workload) -> Any:
    """Return the compiled loop from step `first` of the order, `count` steps on."""
    loss, update = loss_function(jax, workload), update_rule(jax, workload)
    gathers = not workload.full_batch

    def train(
        state: Any, X: Any, y: Any, order: Any, losses: Any, done: Any, first: Any, count: Any
    ) -> Any:
        def body(k: Any, carried: Any) -> Any:
            (w, slots), kept = carried
            here = (X[order[first + k]], y[order[first + k]]) if gathers else (X, y)
            value, gradients = jax.value_and_grad(loss)(w, *here)
            return update(w, slots, gradients, done + k), kept.at[k].set(value)

        return jax.lax.fori_loop(0, count, body, (state, losses))

    return jax.jit(train, donate_argnums=(0, 4))


def prepare(workload: Workload) -> Run:
    """Return the function that trains a workload; its first call compiles."""
    jax: Any = import_module(NEEDS)
    with precision(jax, workload):
        place = jax.numpy.asarray
        compiled = loop(jax, workload)
        w = [place(one) for one in workload.flat_start]
        slots = [[jax.numpy.zeros_like(one) for one in w] for _ in workload.optimizer.slots]
        y = workload.y.astype(np.int32) if workload.y.ndim == 1 else workload.y
        X, y, order = place(workload.X), place(y), place(workload.order.astype(np.int32))
        state, kept = (w, slots), jax.numpy.zeros(workload.steps, workload.dtype)
    done = 0

    def run(steps: int) -> Array:
        nonlocal state, kept, done
        found = []
        with precision(jax, workload):
            for first, count in pieces(done, steps, workload.steps):
                state, kept = compiled(
                    state, X, y, order, kept, np.int32(done), np.int32(first), np.int32(count)
                )
                found.append(np.array(np.asarray(kept)[:count], np.float64))
                done += count
            jax.block_until_ready(state)
        return np.concatenate(found) if found else np.empty(0)

    return run


ENGINE = Engine("JAX, loop in one jit", installed, prepare, "pip install jax", pin=pin)
