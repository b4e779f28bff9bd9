"""A primitive at one setting: the graphs of its value and derivatives, ready to run.

Knows the registry and the interpreter; knows no right answers.
"""

import numpy as np

from chainrule.autodiff import directional_derivative, gradients
from chainrule.executors import bind
from chainrule.graph import apply, check, primitives, variable
from chainrule.plan import make_plan

FIRST, SECOND = 1e-12, 1e-9
UNITS = 6
"""float32 may be this many of its own rounding units away from float64."""

LIMIT = float(np.finfo(np.float32).max)
LARGE = 1e308
"""Sums of larger terms may be infinite, or NaN where infinite terms cancel."""

G = np.array([0.7, -1.3, 0.9, 1.1, -0.6, 1.7, 0.4])
V = np.array([1.2, 0.8, -0.9, 0.5, 1.6, -1.1, 0.3])


class Wrong(AssertionError):
    """A promise of the contract is broken."""


class Contract:
    """A primitive at one setting: the graphs of its value and derivatives, ready to run."""

    def __init__(self, setting, dtype):
        self.setting, self.attrs = setting, dict(setting.attrs)
        self.rule, self.dtype = primitives[setting.name], dtype
        kinds = {"f": dtype, "b": np.bool_, "i": np.int64}
        self.inputs = [
            variable(f"x{i}", shape=s, dtype=kinds[k])
            for i, (s, k) in enumerate(zip(setting.shapes, setting.kinds, strict=True))
        ]
        self.floats = [i for i, k in enumerate(setting.kinds) if k == "f"]
        self.out = apply(setting.name, *self.inputs, **self.attrs)
        self.smooth = self.out.dtype.kind == "f"
        self.single = self.out.dtype == np.float32
        coarse = UNITS * 2.0**-24 if self.single else 0.0
        self.large = LIMIT if self.single else LARGE
        self.floor = UNITS * 2.0**-149 if self.single else 64 * 5e-324
        self.first, self.second = max(FIRST, coarse), max(SECOND, coarse)
        self.program = bind(make_plan(self._nodes()))
        self.place = {i.node: i.number for i in self.program.plan.instructions}

    def _nodes(self):
        """Return all nodes by name: out, slopes, second derivatives, forward mode."""
        nodes = {"out": self.out}
        check(self.out, after="apply")
        if not self.smooth:
            return nodes
        xs = [self.inputs[i] for i in self.floats]
        g = variable("g", shape=self.out.shape, dtype=self.out.dtype)
        vs = [
            variable(f"v{i}", shape=x.shape, dtype=x.dtype)
            for i, x in zip(self.floats, xs, strict=True)
        ]
        slopes = gradients(total(g * self.out), xs)
        along = sum((total(v * s) for v, s in zip(vs, slopes, strict=True)), start=total(0.0 * g))
        curves = gradients(along, [*xs, g])
        nodes |= {f"slope{i}": s for i, s in zip(self.floats, slopes, strict=True)}
        nodes |= {f"curve{i}": c for i, c in zip([*self.floats, "g"], curves, strict=True)}
        nodes["forward"] = directional_derivative(self.out, xs, vs)
        return nodes

    def run(self, arrays, g=None):
        """Return every value by name, at these inputs."""
        feed = {f"x{i}": a for i, a in enumerate(arrays)}
        feed |= {f"v{i}": self.direction(i) for i in self.floats}
        feed["g"] = self.upstream() if g is None else g
        values = self.program.values(feed, keep=True)
        roles = self.program.plan.forward
        return {name: np.asarray(values[self.place[node]]) for name, node in roles.items()}

    def upstream(self):
        """Return upstream gradients, none of them 0."""
        return filled(0, G, self.out.shape, self.out.dtype)

    def direction(self, i):
        """Return how input i moves."""
        return filled(i, V, self.inputs[i].shape, self.dtype)


def filled(shift, pool, shape, dtype):
    """Return an array of that shape with the pool's numbers, beginning with one of them."""
    key = (shift, pool[0], shape, dtype)
    if key not in _FILLED:
        _FILLED[key] = np.resize(np.roll(pool, shift), shape).astype(dtype)
    return _FILLED[key]


_FILLED = {}


def total(x):
    """Return the sum of all entries."""
    return apply("sum", x, axes=tuple(range(x.ndim)))
