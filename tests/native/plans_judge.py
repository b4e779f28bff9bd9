"""The judge: a plan in machine code against the interpreter, in memory with guards around it.

Three questions. Is each operation right for the inputs that machine code itself gave it (all
values kept)? Are the results the same bits when memory is reused, whatever it held before, and
when it is run again? Are they within the running error bound of the interpreter's? Knows both
executors; knows no networks.
"""

import ctypes
import mmap

import numpy as np
import plans_bounds as bounds

from chainrule.errors import ChainruleError, ValueRefused
from chainrule.executors import bind
from chainrule.executors.native.items import items_of
from chainrule.executors.native.memory import SLACK
from chainrule.executors.native.program import native_program
from chainrule.executors.native.step import Stop
from chainrule.graph import LEAVES, primitives

PAGE = mmap.PAGESIZE
SIGNED = frozenset([
    "neg", "abs", "relu", "mul", "div", "chain", "where", "sqrt", "square", "reciprocal",
    "tanh", "leaky_relu", "clip", "stop_gradient", "alias", "expand", "reshape", "transpose",
    "concat", "slice", "place", "gather",
])  # fmt: skip
"""Operations whose zeros have a sign that is promised."""


class Wrong(AssertionError):
    """Machine code and interpreter part; `node` is where, if that is known."""

    def __init__(self, message, node=None):
        super().__init__(message)
        self.node = node


class Guarded:
    """Memory between two pages that may not be touched; it ends where the second one begins."""

    def __init__(self, count):
        room = -(-count // PAGE) * PAGE
        self.map = mmap.mmap(-1, room + 2 * PAGE)
        whole = np.frombuffer(self.map, np.uint8)
        libc = ctypes.CDLL(None, use_errno=True)
        for start in (whole.ctypes.data, whole.ctypes.data + PAGE + room):
            libc.mprotect(ctypes.c_void_p(start), PAGE, 0)
        self.before = whole[PAGE : PAGE + room - count]
        self.bytes = whole[PAGE + room - count : PAGE + room]

    def fill(self, byte):
        self.before[:] = byte
        self.bytes[:] = byte

    def check(self, byte, name):
        """Raise if a byte before the memory, or of the slack at its end, was written."""
        after = self.bytes[-SLACK:]
        for part, where in ((self.before, "before"), (after, "after")):
            if not (part == byte).all():
                place = int(np.flatnonzero(part != byte)[0])
                raise Wrong(
                    f"{name}: a byte {where} its end was written, at {place} of {part.size}"
                )


class Trial:
    """A program in guarded memory."""

    def __init__(self, plan, **given):
        self.program = native_program(plan, **given)
        self.late = {i.node for i in plan.instructions if i.phase == "update"}
        self.guards = {
            name: Guarded(getattr(self.program, name).size) for name in ("arena", "state")
        }
        for name, guard in self.guards.items():
            setattr(self.program, name, guard.bytes)

    def fill(self, byte):
        """Fill all memory, then put the constants back."""
        for guard in self.guards.values():
            guard.fill(byte)
        plan = self.program.plan
        for number, spot in self.program.map.constants.items():
            self.program.write(spot, plan.instructions[number].node.data)

    def check(self, byte):
        for name, guard in self.guards.items():
            guard.check(byte, name)

    def run(self, feed, nodes, byte):
        """Return the values of nodes, from memory that was full of one byte.

        A loss that is no number stops a step before its update: only what comes before is returned.
        """
        self.fill(byte)
        self.program.feed(feed)
        found = self.again(nodes)
        self.check(byte)
        return found

    def again(self, nodes):
        """Carry out one more step with what is in memory."""
        stop = self.program.step()
        if stop == Stop.REFUSED:
            raise ValueRefused("a row is refused")
        if stop == Stop.LOSS:
            nodes = [n for n in nodes if n not in self.late]
        found = {node: self.program.of(node) for node in nodes}
        for node, value in found.items():
            if any(np.may_share_memory(value, guard.bytes) for guard in self.guards.values()):
                raise Wrong(f"{_called(node)}: the result is a view of the program's memory", node)
        return found


def judge(plan, feed):
    """Raise `Wrong` at the first difference; return what was compared.

    Parameters
    ----------
    plan : Plan
        What is computed.
    feed : dict of str to array
        The value of each leaf.
    """
    expected, refusal = interpreted(plan, feed)
    results = list(plan.results)
    lean = Trial(plan)
    got, refused = _attempt(lambda: lean.run(feed, results, 0xFF))
    if (refusal is None) != (refused is None):
        raise Wrong(f"interpreter says {refusal!r}, machine code says {refused!r}")
    if refusal is not None:
        return {"refused": 1}
    _same(got, lean.run(feed, results, 0x41), "after other contents of the memory")
    _same(got, lean.again(results), "when it is run again")
    judge_each(plan, feed, got)
    return _judge_results(plan, expected, got)


def interpreted(plan, feed):
    """Return (values, None), or (None, the error) if the interpreter refuses."""
    return _attempt(lambda: [np.asarray(v) for v in bind(plan).values(feed, keep=True)])


def _attempt(run):
    try:
        return run(), None
    except ChainruleError as error:
        return None, error


def _same(one, two, when):
    if one.keys() != two.keys():
        raise Wrong(f"{len(one)} and {len(two)} results {when}")
    for node, a in one.items():
        b = two[node]
        if not same_bits(a, b):
            raise Wrong(f"{_called(node)}: other bits {when}: {_first(a, b)}", node)


def same_bits(a, b):
    """Tell whether two arrays are equal to the bit; any NaN is like any other."""
    if a.dtype.kind != "f":
        return bool(np.array_equal(a, b))
    nans = np.isnan(a) & np.isnan(b)
    return bool(np.all(nans | ((a == b) & (np.signbit(a) == np.signbit(b)))))


def _first(a, b):
    off = ~((a == b) | (np.isnan(a) & np.isnan(b))) if a.dtype.kind == "f" else a != b
    if not off.any():
        off = np.signbit(a) != np.signbit(b)
    index = tuple(int(i) for i in np.argwhere(off)[0])
    return f"{a[index]!r} and {b[index]!r} at {list(index)}, {int(off.sum())} of {a.size} entries"


def judge_each(plan, feed, got):
    """Judge every operation by itself, on the inputs that machine code gave it."""
    known = known_nodes(plan)
    values = Trial(plan, keep=known).run(feed, known, 0xFF)
    _same(got, {n: values[n] for n in got}, "when everything is kept")
    for node in list(values):
        if node.op not in LEAVES:
            judge_one(node, values[node], [_input(x, values) for x in node.inputs])


def known_nodes(plan):
    """Return the nodes whose value stands somewhere in machine code."""
    items = items_of(plan)
    known = set(items.all)
    nodes = [i.node for i in plan.instructions]
    return [n for n in nodes if items.of[n].item in known or items.of[n].item.is_number]


def _input(node, values):
    """Return a value; one that machine code does not need is NumPy's."""
    if node not in values:
        inputs = [_input(x, values) for x in node.inputs]
        with np.errstate(all="ignore"):
            values[node] = np.asarray(primitives[node.op].value(*inputs, **node.attrs))
    return values[node]


def judge_one(node, found, inputs):
    """Raise if a value is not that of its operation at these inputs."""
    with np.errstate(all="ignore"):
        value = np.asarray(primitives[node.op].value(*inputs, **node.attrs))
    if (found.shape, found.dtype) != (node.shape, node.dtype):
        raise Wrong(f"{_called(node)}: native gave {found.shape} {found.dtype}", node)
    _within(node, found, value, bounds.allowed(node, value, inputs), "alone")
    if node.op in SIGNED and node.dtype.kind == "f":
        off = (value == 0) & (found == 0) & (np.signbit(value) != np.signbit(found))
        if off.any():
            index = tuple(int(i) for i in np.argwhere(off)[0])
            raise Wrong(f"{_called(node)}: the sign of 0 at {list(index)}: native {found[index]!r}",
                        node)  # fmt: skip


def _within(node, found, value, allowed, how):
    off = bounds.apart(found, value)
    wrong = ~(off <= allowed)
    if wrong.any():
        index = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise Wrong(
            f"{_called(node)} {how}: native {found[index]!r}, interpreter {value[index]!r} at "
            f"{list(index)}, {off[index]:.3g} apart, {np.asarray(allowed)[index]:.3g} allowed; "
            f"{int(wrong.sum())} of {wrong.size} entries",
            node,
        )


def _called(node):
    inputs = ", ".join(f"{x.shape} {x.dtype}" for x in node.inputs)
    attrs = "".join(f" {k}={v}" for k, v in node.attrs.items() if k != "message")
    return f"{node.op} {node.name or ''} {node.shape} {node.dtype} of ({inputs}){attrs}"


def _judge_results(plan, expected, got):
    """Compare results within the running error bound; return how much of them was judged."""
    number = {i.node: i.number for i in plan.instructions}
    limits = bounds.running(plan, expected)
    entries = judged = tight = 0
    for node, found in got.items():
        value, allowed = expected[number[node]], limits[number[node]]
        _within(node, found, value, allowed, "through the plan")
        size = np.where(np.isfinite(value), np.abs(value.astype(np.float64)), 0).max(initial=0)
        entries += found.size
        judged += int(np.isfinite(allowed).sum())
        tight += int((allowed <= 1e4 * max(bounds.unit(node.dtype), 1e-16) * size).sum())
    if len(got) < len(plan.results):
        loss = expected[number[plan.forward["L"]]]
        if np.isfinite(loss):
            raise Wrong(f"stopped because of the loss, which is {loss}")
    return {"plans": 1, "entries": entries, "judged": judged, "tight": tight}
