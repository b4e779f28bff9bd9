"""Random functions over all primitives, as plans with values for their leaves.

A pool of values grows by random operations on values that fit; some become results, and so do
gradients of a sum of them, and of those again. Knows operations; knows no executor.
"""

import math
import sys

import numpy as np
from plans_networks import HARD, Case

import chainrule as cr
from chainrule.errors import ChainruleError
from chainrule.graph import LEAVES, apply, as_node, constant, primitives, variable
from chainrule.ops.shape import swapaxes
from chainrule.plan import make_plan

LENGTHS = (1, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65)
KINDS = ("float64", "float32")
MAPS = sorted(
    name for name, rule in primitives.items()
    if rule.kind == "elementwise" and not name.endswith("_slope") and name != "clip"
)  # fmt: skip
LARGEST = 20_000
"""Entries of a value of the pool at most."""


def draw_graph(seed, steps=None):
    """Return a random function's plan by number."""
    rng = np.random.default_rng([7, seed])
    pool = _leaves(rng)
    made = []
    for _ in range(steps or int(rng.integers(2, 16))):
        try:
            node = OPERATIONS[rng.choice(len(OPERATIONS), p=ODDS)](rng, pool)
        except ChainruleError:
            continue
        if node.size <= LARGEST and node.ndim <= 5:
            pool.append(node)
            made.append(node)
    results = _results(rng, pool, made)
    plan = make_plan(results)
    feed = {
        i.node.name: _values(rng, i.node) for i in plan.instructions
        if i.node.op in LEAVES and i.node.op != "constant"
    }  # fmt: skip
    ops = " ".join(i.node.op for i in plan.instructions if i.node.op not in LEAVES)
    return Case(f"graph {seed}: {ops[:300]}", plan, feed)


def _leaves(rng):
    """Return variables of shapes that meet: cut from one long shape, some axes of length 1."""
    lengths = [int(n) for n in rng.choice(LENGTHS, 4)]
    while math.prod(lengths) > LARGEST:
        lengths[int(rng.integers(4))] = 1
    if rng.random() < 0.06:
        lengths[int(rng.integers(4))] = 0
    main = KINDS[rng.integers(2)]
    mixed = rng.random() < 0.2
    pool = []
    for k in range(int(rng.integers(2, 6))):
        rank = int(rng.integers(0, 5)) if rng.random() < 0.4 else 2
        shape = tuple(1 if rng.random() < 0.2 else n for n in lengths[4 - rank :])
        kind = KINDS[rng.integers(2)] if mixed else main
        if rng.random() < 0.1:
            kind = ("bool", "int64")[rng.integers(2)]
        pool.append(variable(f"x{k}", shape=shape, dtype=kind))
    return pool


def _floats(pool):
    return [n for n in pool if n.dtype.kind == "f"] or pool


def _one(rng, nodes):
    return nodes[int(rng.integers(max(0, len(nodes) - 6), len(nodes)) if rng.random() < 0.5
                     else rng.integers(len(nodes)))]  # fmt: skip


def _meeting(rng, pool, x):
    """Return a value that broadcasts with `x`."""
    fitting = [n for n in pool if _meets(n.shape, x.shape)]
    return _one(rng, fitting)


def _meets(a, b):
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True


def _map(rng, pool):
    name = str(rng.choice(MAPS))
    rule = primitives[name]
    x = _one(rng, pool if rng.random() < 0.15 else _floats(pool))
    count = len(rule.examples[0].inputs)
    inputs = [x] + [_meeting(rng, pool, x) for _ in range(count - 1)]
    if count > 1 and rng.random() < 0.2:
        inputs[1] = as_node(float(rng.choice([0.5, 2.0, -1.0, 0.0, 1.0, 3.0])))
    rng.shuffle(inputs)
    return apply(name, *inputs)


def _usual(rng, pool):
    """An operation that keeps values tame."""
    x = _one(rng, _floats(pool))
    name = str(rng.choice(["tanh", "relu", "sigmoid", "add", "mul", "sub", "maximum", "chain"]))
    return apply(name, x, *([_meeting(rng, _floats(pool), x)] if name in (
        "add", "mul", "sub", "maximum", "chain") else []))  # fmt: skip


def _choice(rng, pool):
    x = _one(rng, _floats(pool))
    y = _meeting(rng, _floats(pool), x)
    how = rng.random()
    if how < 0.3:
        return apply("clip", x, -0.5, 0.75)
    condition = x > y if how < 0.8 else apply("equal", x, y)
    return apply("where", condition, x, y if rng.random() < 0.7 else 0.0)


def _reduce(rng, pool):
    x = _one(rng, _floats(pool))
    axes = tuple(a for a in range(x.ndim) if rng.random() < 0.5)
    name = str(rng.choice(["sum", "mean", "max", "min"]))
    return apply(name, x, axes=axes, keepdims=bool(rng.random() < 0.5))


def _move(rng, pool):
    x = _one(rng, pool)
    how = rng.random()
    if how < 0.35:
        return apply("transpose", x, axes=tuple(int(a) for a in rng.permutation(x.ndim)))
    if how < 0.7:
        return apply("reshape", x, shape=_other_shape(rng, x))
    lead = tuple(int(n) for n in rng.choice([1, 2, 3], int(rng.integers(0, 3))))
    wide = tuple(int(rng.choice([2, 5, 9])) if n == 1 else n for n in x.shape)
    return apply("expand", x, shape=(*lead, *wide))


def _other_shape(rng, x):
    """Return another shape of as many entries."""
    how = rng.random()
    if how < 0.3:
        return (x.size,)
    if how < 0.5:
        place = int(rng.integers(0, x.ndim + 1))
        return (*x.shape[:place], 1, *x.shape[place:])
    if how < 0.6:
        return tuple(n for n in x.shape if n != 1)
    factors = [d for d in range(1, min(x.size, 300) + 1) if x.size % d == 0] or [1]
    one = int(rng.choice(factors))
    return (one, x.size // one) if x.size else x.shape


def _cut(rng, pool):
    x = _one(rng, pool)
    if not x.ndim:
        return x
    key = []
    for n in x.shape:
        start, stop = sorted(int(i) for i in rng.integers(0, n + 1, 2))
        step = int(rng.choice([1, 1, 2, -1]))
        key.append(slice(start, max(stop, min(start + 1, n)), step) if step > 0
                   else slice(None, None, -1))  # fmt: skip
    return x[tuple(key)]


def _join(rng, pool):
    x = _one(rng, pool)
    if not x.ndim:
        return cr.stack([x, x])
    axis = int(rng.integers(x.ndim))
    others = [
        y for y in pool
        if y.ndim == x.ndim and all(a == b for i, (a, b) in enumerate(
            zip(x.shape, y.shape, strict=True)) if i != axis)
    ]  # fmt: skip
    return cr.concat([x, *(_one(rng, others) for _ in range(int(rng.integers(1, 3))))], axis)


def _pick(rng, pool):
    x = _one(rng, _floats(pool))
    axes = [a for a, n in enumerate(x.shape) if n]
    if not axes:
        return x
    axis = int(rng.choice(axes))
    shape = tuple(int(n) for n in rng.choice([1, 2, 5], int(rng.integers(0, 3))))
    index = constant(rng.integers(0, x.shape[axis], shape))
    return cr.gather(x, index, axis)


def _product(rng, pool):
    wide = [n for n in _floats(pool) if n.ndim >= 1]
    if not wide:
        return _usual(rng, pool)
    x = _one(rng, wide)
    y = _one(rng, wide)
    for a, b in ((x, y), (x, swapaxes(y, -1, -2) if y.ndim > 1 else y), (x, x.T)):
        if a.shape[-1] == b.shape[max(0, b.ndim - 2)] and _meets(a.shape[:-2], b.shape[:-2]):
            return cr.matmul(a, b)
    return cr.matmul(x, swapaxes(x, -1, -2)) if x.ndim > 1 else cr.matmul(x, x)


def _composite(rng, pool):
    x = _one(rng, [n for n in _floats(pool) if n.ndim] or _floats(pool))
    name = str(rng.choice(["softmax", "log_softmax", "logsumexp", "var", "std", "norm"]))
    axis = int(rng.integers(x.ndim)) if x.ndim else None
    if name in ("softmax", "log_softmax") and axis is None:
        return apply("tanh", x)
    if name == "softmax" and rng.random() < 0.2:
        return cr.softmax(x, axis, masked=True)
    return getattr(cr, name)(x, axis)


def _cast(rng, pool):
    x = _one(rng, pool)
    kinds = ["float32", "float64", "float32", "float64", "int64", "bool"]
    return apply("cast", x, dtype=str(rng.choice(kinds)))


def _slope(rng, pool):
    """The gradient of a sum, as a value of its own: second order comes about by itself."""
    inputs = [n for n in pool if n.op == "variable" and n.dtype.kind == "f"]
    out = _one(rng, _floats(pool))
    if not inputs or out.dtype.kind != "f":
        return _usual(rng, pool)
    return cr.gradients(out.sum(), [_one(rng, inputs)])[0]


WEIGHTED = (
    (_map, 6), (_usual, 7), (_choice, 2), (_reduce, 4), (_move, 3), (_cut, 1.2), (_join, 1.2),
    (_pick, 1), (_product, 3), (_composite, 2.5), (_cast, 0.6), (_slope, 2),
)  # fmt: skip
OPERATIONS = [operation for operation, _ in WEIGHTED]
ODDS = np.array([odds for _, odds in WEIGHTED]) / sum(odds for _, odds in WEIGHTED)


def _results(rng, pool, made):
    """Return results by name: some values, and gradients of first and second order."""
    made = made or pool
    picked = [made[-1], *(_one(rng, made) for _ in range(int(rng.integers(0, 4))))]
    results = {f"r{k}": node for k, node in enumerate(picked)}
    inputs = [n for n in pool if n.op == "variable" and n.dtype.kind == "f"]
    smooth = [n for n in picked if n.dtype.kind == "f"]
    if inputs and smooth and rng.random() < 0.7:
        loss = sum((n.sum().astype("float64") for n in smooth), start=as_node(0.0))
        slopes = cr.gradients(loss, inputs)
        results |= {f"g{k}": g for k, g in enumerate(slopes)}
        if rng.random() < 0.3 and len(made) < 10:
            again = sum(((g * g).sum().astype("float64") for g in slopes), start=as_node(0.0))
            results |= {f"h{k}": h for k, h in enumerate(cr.gradients(again, inputs))}
    return results


def draw_state(seed):
    """Return a random function whose results are new values of its own leaves, by number."""
    rng = np.random.default_rng([17, seed])
    pool = _leaves(rng)
    leaves = [n for n in pool if n.dtype.kind == "f"]
    for _ in range(int(rng.integers(1, 8))):
        try:
            pool.append(OPERATIONS[rng.choice(len(OPERATIONS), p=ODDS)](rng, pool))
        except ChainruleError:
            continue
    updates = {}
    for leaf in leaves:
        fitting = [n for n in pool if (n.shape, n.dtype) == (leaf.shape, leaf.dtype)]
        other = _one(rng, fitting)
        how = rng.random()
        new = other if how < 0.35 else leaf - 0.5 * other if how < 0.7 else apply("tanh", other)
        updates[leaf.name] = new if rng.random() < 0.9 else apply("expand", as_node(
            np.asarray(0.25, leaf.dtype)), shape=leaf.shape)  # fmt: skip
    plan = make_plan({"r": _one(rng, pool)}, {}, updates)
    feed = {
        i.node.name: _values(rng, i.node) for i in plan.instructions
        if i.node.op in LEAVES and i.node.op != "constant"
    }  # fmt: skip
    feed |= {leaf.name: _values(rng, leaf) for leaf in leaves if leaf.name not in feed}
    return Case(f"state {seed}", plan, feed, None, {leaf.name: 0 for leaf in leaves})


def _values(rng, node):
    """Return values for a variable: tame, or with ties, or hard ones."""
    if node.dtype.kind == "b":
        return rng.random(node.shape) < 0.5
    if node.dtype.kind == "i":
        return rng.integers(-3, 6, node.shape)
    how = rng.random()
    found = rng.normal(size=node.shape)
    if how < 0.25:
        found = rng.integers(-2, 3, node.shape) * 0.5
    elif how < 0.4:
        hard = np.asarray([*HARD, np.inf, -np.inf, np.nan, 1e308, -1e308])
        found = np.where(rng.random(node.shape) < 0.1, rng.choice(hard, node.shape), found)
    with np.errstate(all="ignore"):
        return np.asarray(found, node.dtype)


if __name__ == "__main__":
    print(draw_graph(int(sys.argv[1])).title)
