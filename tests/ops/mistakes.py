"""Wrong rules to be planted into any primitive: each returns the primitive with one mistake.

Knows the form of a declaration; knows no primitive by name.
"""

import math
from dataclasses import replace

import numpy as np

from chainrule.graph import Node, apply, constant
from chainrule.ops.declare import vjp_from

SLIGHT = 1e-9


def wrong_value(rule):
    """The last entry of the value is off by 1e-9 of itself, or is the other truth value."""

    def value(*inputs, **attrs):
        out = np.array(rule.value(*inputs, **attrs))
        if out.size:
            last = out.reshape(-1)[-1]
            out.reshape(-1)[-1] = not last if out.dtype == bool else last * (1 + SLIGHT)
        return out

    return replace(rule, value=value)


def shifted_value(rule):
    """A constant is added to the value, which no derivative can see."""
    return replace(rule, value=lambda *x, **attrs: _plus(rule.value(*x, **attrs)))


def _plus(out):
    out = np.asarray(out)
    return out if out.dtype == bool else out + out.dtype.type(1e-3)


def wrong_element(rule):
    """The last entry of each gradient is off by 1e-9 of itself."""
    return _with_parts(rule, lambda parts, g, out, inputs: [_slightly(p) for p in parts])


def wrong_local(rule):
    """The first local derivative is off by 1e-9 of itself, in both modes."""
    if rule.local is None:
        return None

    def local(out, *inputs, **attrs):
        first, *rest = rule.local(out, *inputs, **attrs)
        return (first if first is None else first * (1 + SLIGHT), *rest)

    return replace(rule, local=local, vjp=vjp_from(local))


def wrong_sign(rule):
    """Each gradient has the other sign."""
    return _with_parts(rule, lambda parts, g, out, inputs: [p if p is None else -p for p in parts])


def wrong_local_sign(rule):
    """The last local derivative has the other sign, in both modes."""
    if rule.local is None:
        return None

    def local(out, *inputs, **attrs):
        *rest, last = rule.local(out, *inputs, **attrs)
        return (*rest, last if last is None else -last)

    return replace(rule, local=local, vjp=vjp_from(local))


def missing_sum(rule):
    """Where an input was broadcast, the first of its gradients is taken instead of their sum."""
    return _with_parts(rule, lambda parts, g, out, inputs: [_first_of_sum(p) for p in parts])


def transposed(rule):
    """Each square gradient is transposed."""
    return _with_parts(rule, lambda parts, g, out, inputs: [_transposed(p) for p in parts])


def dropped_count(rule):
    """Each gradient is multiplied with the number of entries that make one output entry."""

    def drop(parts, g, out, inputs):
        return [
            p if p is None or not out.size else p * max(1.0, x.size / out.size)
            for p, x in zip(parts, inputs, strict=True)
        ]

    return _with_parts(rule, drop)


def swapped(rule):
    """The gradients of the first two inputs are exchanged where their shapes allow it."""

    def swap(parts, g, out, inputs):
        a, b, *rest = parts
        return [b, a, *rest] if _shape(a) == _shape(b) else parts

    return _with_parts(rule, lambda parts, *more: swap(parts, *more) if len(parts) > 1 else parts)


def swapped_locals(rule):
    """The first two local derivatives are exchanged, in both modes."""
    if rule.local is None or len(rule.examples[0].inputs) < 2:
        return None

    def local(out, *inputs, **attrs):
        a, b, *rest = rule.local(out, *inputs, **attrs)
        return (b, a, *rest)

    return replace(rule, local=local, vjp=vjp_from(local))


def forgotten_upstream(rule):
    """Each gradient is that of a plain sum: the upstream gradient is taken for 1."""

    def vjp(g, out, *inputs, **attrs):
        return rule.vjp(constant(np.ones(g.shape), g.dtype), out, *inputs, **attrs)

    return replace(rule, vjp=vjp)


MISTAKES = [
    wrong_value, shifted_value, wrong_element, wrong_local, wrong_sign, wrong_local_sign,
    missing_sum, transposed, dropped_count, swapped, swapped_locals, forgotten_upstream,
]  # fmt: skip


def _with_parts(rule, change):
    def vjp(g, out, *inputs, **attrs):
        parts = rule.vjp(g, out, *inputs, **attrs)
        return tuple(change(list(parts), g, out, inputs))

    return replace(rule, vjp=vjp)


def _shape(part):
    return None if part is None else part.shape


def _slightly(part):
    if part is None or not part.size:
        return part
    factor = np.ones(part.shape)
    factor.reshape(-1)[-1] += SLIGHT
    return part * constant(factor, part.dtype)


def _first_of_sum(part):
    """Return a gradient without the sum it ends in, if it does."""
    inner = part.inputs[0] if isinstance(part, Node) and part.op == "reshape" else part
    if inner is None or inner.op != "sum" or not inner.inputs[0].size:
        return part
    x, axes = inner.inputs[0], inner.attrs["axes"]
    key = tuple((0, 1 if i in axes else n, 1) for i, n in enumerate(x.shape))
    return apply("reshape", apply("slice", x, key=key), shape=part.shape)


def _transposed(part):
    if part is None or part.ndim < 2 or part.shape[-1] != part.shape[-2]:
        return part
    axes = (*range(part.ndim - 2), part.ndim - 1, part.ndim - 2)
    assert math.prod(part.shape), "an empty gradient has nothing to transpose"
    return apply("transpose", part, axes=axes)
