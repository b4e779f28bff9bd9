"""Any network of the drawn kind as one compiled JAX function: loss, gradients, sums of terms.

Compiling a function for each of thousands of shapes takes minutes, hence one function for a form
that holds them all: 5 layers of 9 units and 9 rows. What a network does not use is masked: layers
before its first pass h on, units beyond its width give 0, rows beyond its batch repeat the first
and count 0.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax_references import ACTIVATIONS, LOSSES

import jax
from jax import lax

LAYERS, WIDTH = 5, 9
NOWHERE = -1e30
"""Logit of a class that is not there."""

NAMES = sorted(ACTIVATIONS)
LOSS_NAMES = sorted(LOSSES)
SAFE = 1.0
"""Inside the domain of every activation."""


class Form(NamedTuple):
    """A network in arrays; a leading axis is the layer."""

    x: np.ndarray
    y: np.ndarray
    share: np.ndarray  # (rows,), what a row's loss is multiplied by
    used: np.ndarray  # (layers,), whether there is such a layer
    units: np.ndarray  # (layers, width), whether there is such a unit
    activation: np.ndarray  # (layers,), place in NAMES
    loss: int
    l1: np.ndarray  # (layers,), 0 where the weights were penalised in an earlier layer
    l2: np.ndarray


def form_of(drawn):
    """Return a drawn network in arrays, its weights and its biases."""
    count, first = len(drawn.layers), LAYERS - len(drawn.layers)
    form = Form(
        x=padded(drawn.x), y=padded(drawn.soft_y()), share=np.zeros(WIDTH),
        used=np.arange(LAYERS) >= first, units=np.zeros((LAYERS, WIDTH), bool),
        activation=np.full(LAYERS, NAMES.index("linear")), loss=LOSS_NAMES.index(drawn.loss),
        l1=np.zeros(LAYERS), l2=np.zeros(LAYERS),
    )  # fmt: skip
    form.share[: len(drawn.x)] = drawn.shares()
    w, b, seen = np.zeros((LAYERS, WIDTH, WIDTH)), np.zeros((LAYERS, WIDTH)), set()
    for k, layer, (name, bias) in zip(range(first, LAYERS), drawn.layers, drawn.names, strict=True):
        inputs, units = drawn.initial[name].shape
        form.units[k, :units] = True
        on_logits = k == LAYERS - 1 and drawn.on_logits
        form.activation[k] = NAMES.index("linear" if on_logits else layer.activation)
        w[k, :inputs, :units] = drawn.initial[name]
        b[k, :units] = drawn.initial[bias] if bias else 0
        if name not in seen:
            form.l1[k], form.l2[k] = layer.l1, layer.l2
        seen.add(name)
    assert count <= LAYERS, "the form holds every network that is drawn"
    return form, w, b


def padded(rows):
    """Return rows in the form's size; rows that are not there repeat the first."""
    found = np.zeros((WIDTH, WIDTH))
    found[:, : rows.shape[1]] = rows[0]
    found[: len(rows), : rows.shape[1]] = rows
    return found


def activate(place, z, units):
    """Return the activation of z; units that are not there give 0 and get no gradient."""
    aside = jnp.where(place == NAMES.index("softmax"), NOWHERE, SAFE)
    h = lax.switch(place, [ACTIVATIONS[name].of for name in NAMES], jnp.where(units, z, aside))
    return jnp.where(units, h, 0.0)


def passes(form, w, b):
    """Return z and h of each layer, the inputs first among the h."""
    zs, hs = [], [form.x]
    for k in range(LAYERS):
        z = hs[-1] @ w[k] + b[k]
        h = activate(form.activation[k], z, form.units[k])
        zs.append(z)
        hs.append(jnp.where(form.used[k], h, hs[-1]))
    return zs, hs


def output(form, hs):
    """Return the output, with logits of classes that are not there out of the way."""
    aside = jnp.where(form.loss == LOSS_NAMES.index("cross_entropy"), NOWHERE, 0.0)
    return jnp.where(form.units[-1], hs[-1], aside)


def over_outputs(form, kind, hs):
    """Return entries or terms of the loss, (rows, outputs), with means divided."""
    there = form.units[-1]
    choices = [
        lambda out, y, one=LOSSES[name]: (
            getattr(one, kind)(out, y) / (jnp.sum(there) if one.averaged else 1)
        )
        for name in LOSS_NAMES
    ]
    found = lax.switch(form.loss, choices, output(form, hs), form.y)
    return jnp.where(there, found, 0.0) * form.share[:, None]


def loss(parameters, form):
    w, b = parameters
    _, hs = passes(form, w, b)
    squares, sizes = jnp.sum(w**2, axis=(1, 2)), jnp.sum(jnp.abs(w), axis=(1, 2))
    penalty = jnp.sum(form.l2 / 2 * squares + form.l1 * sizes)
    return jnp.sum(over_outputs(form, "entries", hs)) + penalty


def sums_of_terms(form, w, b):
    """Return the sum of absolute terms of the gradient by each weight and bias."""
    zs, hs = passes(form, w, b)
    terms = over_outputs(form, "terms", hs)
    by_w, by_b = [], []
    for k in reversed(range(LAYERS)):
        through = lambda z, k=k: activate(form.activation[k], z, form.units[k])  # noqa: E731
        slope = jnp.abs(jax.jvp(through, (zs[k],), (jnp.ones_like(zs[k]),))[1])
        p = hs[k + 1]  # of softmax, each of whose outputs depends on every z
        of_softmax = p * (terms + jnp.sum(p * terms, axis=1, keepdims=True))
        is_softmax = form.activation[k] == NAMES.index("softmax")
        by_z = jnp.where(is_softmax, of_softmax, slope * terms)
        penalty = form.l2[k] * jnp.abs(w[k]) + form.l1[k]
        by_w.append(jnp.abs(hs[k]).T @ by_z + penalty)
        by_b.append(jnp.sum(by_z, axis=0))
        terms = jnp.where(form.used[k], by_z @ jnp.abs(w[k]).T, terms)
    return jnp.stack(by_w[::-1]), jnp.stack(by_b[::-1])


@jax.jit
def compiled(form, w, b):
    value, gradients = jax.value_and_grad(loss)((w, b), form)
    return value, gradients, sums_of_terms(form, w, b)


def theirs(drawn):
    """Return JAX's loss, gradients by name, and the sums of their absolute terms by name."""
    form, w, b = form_of(drawn)
    value, gradients, terms = compiled(form, w, b)
    return float(value), named(drawn, *gradients), named(drawn, *terms)


def named(drawn, by_w, by_b):
    """Return gradients by name, cut to size; a shared parameter adds up its layers."""
    found = {name: np.zeros_like(value) for name, value in drawn.initial.items()}
    first = LAYERS - len(drawn.layers)
    for k, (name, bias) in enumerate(drawn.names, first):
        inputs, units = found[name].shape
        found[name] += np.asarray(by_w[k])[:inputs, :units]
        if bias:
            found[bias] += np.asarray(by_b[k])[:units]
    return found


@jax.jit
def _curvature(form, w, b, v_w, v_b):
    slope = lambda w, b: jax.grad(loss)((w, b), form)  # noqa: E731
    return jax.jvp(slope, (w, b), (v_w, v_b))[1]


def curvature(drawn, v):
    """Return the Hessian of the loss times a direction, by name; no parameter may be shared."""
    form, w, b = form_of(drawn)
    v_w, v_b = np.zeros_like(w), np.zeros_like(b)
    for k, (name, bias) in enumerate(drawn.names, LAYERS - len(drawn.layers)):
        inputs, units = v[name].shape
        v_w[k, :inputs, :units] = v[name]
        if bias:
            v_b[k, :units] = v[bias]
    return named(drawn, *_curvature(form, w, b, v_w, v_b))
