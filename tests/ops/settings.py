"""Every setting in which a primitive is tried: attributes, shapes, layouts, numbers.

All of it is made from the registry: attributes and the dtypes of inputs from the examples of a
declaration, shapes from a list, kept where the declaration's own shape rule takes them.
"""

import itertools
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.graph import primitives

BROADCASTS = {
    "0-d": [(), (), ()],
    "(1,)": [(1,), (1,), (1,)],
    "(n,)": [(5,), (5,), (5,)],
    "(0,)": [(0,), (0,), (0,)],
    "(3,0)": [(3, 0), (3, 0), (3, 0)],
    "(2,3)": [(2, 3), (2, 3), (2, 3)],
    "square": [(3, 3), (3, 3), (3, 3)],
    "row": [(2, 3), (3,), (2, 3)],
    "row first": [(3,), (2, 3), (3,)],
    "column": [(2, 3), (2, 1), (2, 3)],
    "scalar": [(2, 3), (), ()],
    "scalar first": [(), (2, 3), (3,)],
    "both ways": [(2, 1), (1, 3), (2, 3)],
    "kept axis": [(2, 1, 3), (2, 2, 3), (2, 1, 1)],
    "empty against one": [(3, 0), (3, 1), (1, 1)],
}
"""Shapes of up to three inputs, for operations that broadcast."""

POOL = [
    (2, 3), (), (1,), (4,), (0,), (3, 0), (3, 3), (3, 2), (3,), (1, 3), (2, 1), (3, 1),
    (2, 1, 3), (2, 2, 3), (2, 3, 2), (2, 2, 2), (1, 0, 2), (6,), (2, 4),
]  # fmt: skip
"""Shapes tried, in all combinations, on operations that do not act entry by entry."""

MOST = 16
"""Settings kept for one set of attributes; they are spread evenly over all that fit."""

LAYOUTS = ("plain", "negative stride", "Fortran", "sliced by 2", "read-only")

NORMAL = [0.3, -1.2, 2.5, -0.7, 1.75, 0.11, -3.1]
TINY = [1e-300, -1e-160, 5e-324, -3e-308, 1e-20, -1.5e-9, 3e-310]
HUGE = [1e300, -1e160, 45.5, -710.25, -1e300, 760.0, -45.5, 1e18, 3e154]
MIXED = [1e-200, -1e200, 3.0, -1e-8, 1e5, -2e-30, 30.0, -36.7, 1e-3]
NEAR = [1e-12, -1e-12, 1.0 + 2.0**-52, -1.0 + 2.0**-53, 1.0 - 1e-9, 3e-7, -0.5 + 1e-13]
ON = [0.0, 1.0, -1.0, 0.5, -0.0, 2.0, -2.0]
HUGE_32 = [1e30, -1e16, 45.5, -80.25, -1e30, 85.0, -12.5, 1e9, 3e15]
TINY_32 = [1e-30, -1e-16, 1e-45, -2e-38, 1e-10, -1.5e-5, 3e-40]
MIXED_32 = [1e-20, -1e20, 3.0, -1e-4, 1e3, -2e-9, 15.0, -17.3, 1e-3]
NEAR_32 = [1e-6, -1e-6, 1.0 + 2.0**-23, -1.0 + 2.0**-24, 1.0 - 1e-5, 3e-5, -0.5 + 1e-6]

NUMBERS = {
    "float64": {
        "normal": NORMAL, "tiny": TINY, "huge": HUGE, "mixed": MIXED, "near": NEAR, "on": ON,
    },
    "float32": {
        "normal": NORMAL, "tiny": TINY_32, "huge": HUGE_32, "mixed": MIXED_32, "near": NEAR_32,
        "on": ON,
    },
}  # fmt: skip
"""Value classes; each operation is also tried on their absolute values (log, sqrt, power)."""


@dataclass(frozen=True)
class Setting:
    """A primitive with attributes and shapes for its inputs."""

    name: str
    attrs: tuple
    shapes: tuple
    kinds: str
    label: str
    example: tuple = field(compare=False)

    def __str__(self):
        attrs = "".join(f", {key}={value}" for key, value in self.attrs)
        return f"{self.name}({', '.join(map(str, self.shapes))}{attrs})"


@cache
def settings(name):
    """Return every setting of a primitive, the plain matrix first."""
    found = {}
    for example in primitives[name].examples:
        arrays = [np.asarray(x) for x in example.inputs]
        kinds = "".join(a.dtype.kind.replace("i", "f") if i == 0 else a.dtype.kind
                        for i, a in enumerate(arrays))  # fmt: skip
        attrs = tuple(example.attrs.items())
        for label, shapes in _shapes(name, arrays, kinds, dict(attrs)):
            setting = Setting(name, attrs, shapes, kinds, label, example.inputs)
            found.setdefault((repr(attrs), shapes, kinds), setting)
    return sorted(found.values(), key=lambda s: s.shapes[0] not in ((2, 3), (3, 3)))


def _shapes(name, arrays, kinds, attrs):
    """Yield (label, shapes) that the primitive's own rules take."""
    primitive = primitives[name]
    yield "example", tuple(a.shape for a in arrays)
    for label, shapes in BROADCASTS.items():
        shapes = tuple(shapes[: len(arrays)])
        if primitive.kind == "elementwise" or _fits(primitive, shapes, arrays, kinds, attrs):
            yield label, shapes
    if primitive.kind == "elementwise":
        return
    choices = [[a.shape] if k in "iu" else POOL for a, k in zip(arrays, kinds, strict=True)]
    every = itertools.product(*choices)
    fitting = [s for s in every if _fits(primitive, s, arrays, kinds, attrs)]
    step = max(1, -(-len(fitting) // MOST))
    for shapes in fitting[::step]:
        yield str(shapes[0]), shapes


def _fits(primitive, shapes, arrays, kinds, attrs):
    """Tell whether a primitive takes these shapes; indexes and conditions stay the example's."""
    if len(shapes) != len(arrays):
        return False
    inputs = [
        np.zeros(s) if k == "f" else np.resize(a, s) if k == "b" else a
        for s, a, k in zip(shapes, arrays, kinds, strict=True)
    ]
    try:
        primitive.shape(*(x.shape for x in inputs), **attrs)
        primitive.value(*inputs, **attrs)
    except ChainruleError:
        return False
    return all(x.shape == s for x, s in zip(inputs, shapes, strict=True))


def laid_out(array, layout):
    """Return an array of the same entries in another memory layout."""
    if layout == "negative stride" and array.ndim:
        return np.array(array[..., ::-1])[..., ::-1]
    if layout == "Fortran":
        return np.array(array, order="F")
    if layout == "sliced by 2" and array.ndim:
        wide = np.zeros(tuple(2 * n for n in array.shape), array.dtype)
        view = wide[tuple(slice(None, None, 2) for _ in array.shape)]
        view[...] = array
        return view
    if layout == "read-only":
        array = np.array(array)
        array.setflags(write=False)
    return array


def numbers(setting, values, dtype, *, shift, positive):
    """Return the inputs of a setting filled with numbers of a value class."""
    pool = np.abs(values) if positive else np.asarray(values)
    arrays = []
    for i, (shape, kind) in enumerate(zip(setting.shapes, setting.kinds, strict=True)):
        if kind == "f":
            arrays.append(np.resize(np.roll(pool, -shift * (2 * i + 1)), shape).astype(dtype))
        elif kind == "b":
            arrays.append(np.resize(np.asarray(setting.example[i]), shape))
        else:
            arrays.append(np.asarray(setting.example[i]))
    return arrays
