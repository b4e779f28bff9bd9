"""Larger arrays than random functions have, and every primitive in every setting, as plans.

Wide rows, long sums, batches of products, all axes. Knows operations; knows no executor.
"""

import math

import numpy as np
import settings
from contracts import Contract
from plans_networks import HARD, Case

import chainrule as cr
from chainrule.graph import apply, constant, primitives, variable
from chainrule.ops.shape import swapaxes
from chainrule.plan import make_plan

CLASSES = (1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 128, 129, 255, 256, 257, 1000, 4097,
           100_000)  # fmt: skip
ROWS = (1, 2, 3, 7, 8, 9, 17, 64, 65)
TERMS = (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 64, 65, 127, 255, 256, 257, 511, 512, 513, 770,
         1025)  # fmt: skip
ENTRIES = 400_000
"""Entries of an array at most."""


def draw_large(seed):
    """Return a plan over larger arrays by number."""
    rng = np.random.default_rng([11, seed])
    template = TEMPLATES[int(rng.integers(len(TEMPLATES)))]
    dtype = str(rng.choice(["float64", "float32"]))
    outputs, leaves = template(rng, dtype)
    outputs = {f"r{k}": node for k, node in enumerate(outputs)}
    floats = [x for x in leaves if x.dtype.kind == "f"]
    if rng.random() < 0.7:
        loss = sum(apply("tanh", n).sum() for n in outputs.values() if n.dtype.kind == "f")
        outputs |= {f"g{k}": g for k, g in enumerate(cr.gradients(loss, floats))}
    plan = make_plan(outputs)
    names = {i.node.name for i in plan.instructions}
    feed = {x.name: _filled(rng, x) for x in leaves if x.name in names}
    shapes = " ".join(f"{x.shape}" for x in leaves)
    return Case(f"large {seed}: {template.__name__} {dtype} {shapes}", plan, feed)


def _filled(rng, node):
    how = rng.random()
    if how < 0.15:
        found = rng.integers(-2, 3, node.shape) * 0.5
    elif how < 0.25:
        found = np.full(node.shape, rng.choice([0.1, 14.62, -3.0]))
    elif how < 0.35:
        hard = np.asarray([*HARD, -np.inf])
        found = np.where(rng.random(node.shape) < 0.02, rng.choice(hard, node.shape),
                         rng.normal(size=node.shape))  # fmt: skip
    else:
        found = rng.normal(size=node.shape) * 3
    with np.errstate(all="ignore"):
        return np.asarray(found, node.dtype)


def _softmaxes(rng, dtype):
    rows, classes = int(rng.choice(ROWS)), int(rng.choice(CLASSES))
    rows = max(1, min(rows, ENTRIES // classes))
    x = variable("x", shape=(rows, classes), dtype=dtype)
    name = str(rng.choice(["softmax", "log_softmax", "logsumexp"]))
    out = getattr(cr, name)(x, 1 if rng.random() < 0.8 else 0)
    return [out, x * 0.5 + 1.0], [x]


def _products(rng, dtype):
    m, k, n = (int(rng.choice(TERMS)) for _ in range(3))
    while m * k + k * n + m * n > ENTRIES or m * k * n > 2e7:
        m, k, n = max(1, m // 2), k, max(1, n // 2)
    lead = [(), (), (), (3,), (2, 2), (1, 3), (65,)][rng.integers(7)]
    if m * k * n * math.prod(lead) > 5e6:
        lead = ()
    flips = rng.random(2) < 0.4
    shapes = [(*lead, m, k), (*(lead if rng.random() < 0.5 else ()), k, n)]
    if rng.random() < 0.5 and len(lead) == 2:
        shapes[1] = (lead[0], 1, k, n)
    x, y = (
        variable(name, shape=(*s[:-2], s[-1], s[-2]) if flip else s, dtype=dtype)
        for name, s, flip in zip("xy", shapes, flips, strict=True)
    )
    a, b = (swapaxes(v, -1, -2) if flip else v for v, flip in zip((x, y), flips, strict=True))
    out = cr.matmul(a, b)
    return [out, *([x.sum(axis=0)] if rng.random() < 0.3 else [])], [x, y]


def _reductions(rng, dtype):
    shape = tuple(int(n) for n in rng.choice([1, 2, 3, 5, 8, 17, 33, 64, 65], rng.integers(1, 5)))
    if rng.random() < 0.3:
        shape = [(40_000,), (3, 30_001), (20_001, 7), (513, 257), (1025, 65)][rng.integers(5)]
    while math.prod(shape) > ENTRIES:
        shape = shape[1:]
    x = variable("x", shape=shape, dtype=dtype)
    axes = tuple(a for a in range(len(shape)) if rng.random() < 0.5) or (len(shape) - 1,)
    names = rng.choice(["sum", "mean", "max", "min"], 2, replace=False)
    kept = bool(rng.random() < 0.5)
    out = [apply(str(n), x * 1.25, axes=axes, keepdims=kept) for n in names]
    if rng.random() < 0.4:
        out.append(getattr(cr, str(rng.choice(["var", "std", "norm"])))(x, axes))
    return out, [x]


def _broadcasts(rng, dtype):
    shape = tuple(int(n) for n in rng.choice([1, 2, 3, 8, 9, 17, 65, 130], rng.integers(1, 5)))
    while math.prod(shape) > ENTRIES // 4:
        shape = shape[1:]
    leaves = []
    for k in range(3):
        own = tuple(1 if rng.random() < 0.35 else n for n in shape)
        own = own[int(rng.integers(0, len(own) + 1)) if rng.random() < 0.4 else 0 :]
        leaves.append(variable(f"x{k}", shape=own, dtype=dtype))
    x, y, z = leaves
    out = apply("where", x > y, x * y + z, apply("maximum", y, z))
    return [out, apply("chain", x, apply("tanh", y)), (x - z).sum()], leaves


def _indexes(rng, dtype):
    shape = tuple(int(n) for n in rng.choice([1, 2, 5, 17, 64, 300], rng.integers(1, 4)))
    while math.prod(shape) > ENTRIES // 16:
        shape = shape[1:]
    x = variable("x", shape=shape, dtype=dtype)
    axis = int(rng.integers(len(shape)))
    count = [(), (1,), (7,), (3, 5)][rng.integers(4)]
    index = constant(rng.integers(0, shape[axis], count))
    out = cr.gather(x, index, axis)
    return [apply("tanh", out) * 2.0, cr.concat([x, x * 2.0], axis), x[..., ::-1]], [x]


TEMPLATES = (_softmaxes, _softmaxes, _products, _products, _reductions, _reductions, _broadcasts,
             _indexes)  # fmt: skip


def draw_primitive(seed):
    """Return every promise of a primitive at one of its settings, as a plan, by number."""
    rng = np.random.default_rng([13, seed])
    names = sorted(primitives)
    name = names[seed % len(names)]
    found = settings.settings(name)
    setting = found[int(rng.integers(len(found)))]
    dtype = np.dtype(str(rng.choice(["float64", "float32"])))
    contract = Contract(setting, dtype)
    pools = settings.NUMBERS[dtype.name]
    label = str(rng.choice(sorted(pools)))
    arrays = settings.numbers(
        setting, pools[label], dtype, shift=int(rng.integers(0, 3)),
        positive=bool(rng.random() < 0.4),
    )  # fmt: skip
    feed = {f"x{i}": a for i, a in enumerate(arrays)}
    feed |= {f"v{i}": contract.direction(i) for i in contract.floats}
    feed["g"] = contract.upstream()
    plan = contract.program.plan
    names = {i.node.name for i in plan.instructions}
    title = f"primitive {seed}: {setting} {dtype} {label}"
    return Case(title, plan, {k: v for k, v in feed.items() if k in names})
