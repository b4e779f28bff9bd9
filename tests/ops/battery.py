"""The contract of every primitive, judged against references that do not know its rules.

`judge(name, dtype)` raises `Wrong` at the first broken promise; the tests call it for each name in
the registry, and the planted mistakes must make it raise.
"""

import math
from functools import cache

import numpy as np
import settings
from answers import answers_for, at_kink, entries, or_nan, pointwise, spread
from contracts import LIMIT, UNITS, Contract, Wrong


def judge(name, dtype="float64", labels=None, layouts=("plain",), most=None):
    """Raise `Wrong` at the first promise that a primitive breaks; return how many were tried."""
    tried = 0
    for setting in settings.settings(name)[:most]:
        contract = Contract(setting, np.dtype(dtype))
        for label, values in settings.NUMBERS[dtype].items():
            if labels and label not in labels:
                continue
            for shift, positive in _fills(label, setting):
                arrays = settings.numbers(
                    setting, values, contract.dtype, shift=shift, positive=positive
                )
                for layout in layouts:
                    tried += 1
                    judge_at(contract, [settings.laid_out(a, layout) for a in arrays], label)
    return tried


def _fills(label, setting):
    """Return the ways to fill the inputs: rolled against each other, equal, all positive."""
    several = len(setting.shapes) > 1
    return [(1, False), (1, True)] + ([(0, False)] if several and label in ("on", "near") else [])


def judge_at(contract, arrays, label):
    """Raise `Wrong` if a promise is broken at these inputs."""
    with np.errstate(all="ignore"):
        _judge_at(contract, arrays, label)


def _judge_at(contract, arrays, label):
    where = f"{contract.setting} {contract.dtype} {label} at {[a.tolist() for a in arrays]}"
    if contract.dtype == np.float32:
        judge_single(contract, arrays, where)
        return
    values = contract.run(arrays)
    judge_form(contract, values, where)
    answers = answers_for(contract, arrays, label)
    judge_value(contract, values, answers, where)
    if not contract.smooth:
        return
    g = np.where(answers.good, contract.upstream().ravel(), 0.0).reshape(contract.out.shape)
    if not answers.good.all():
        judge_kinks(contract, arrays, answers, values, where)
        values = contract.run(arrays, g)
    if answers.jacobians:
        judge_whole(contract, answers, where)
        judge_first(contract, values, answers, g, where)
        judge_forward(contract, values, answers, where)
        judge_second(contract, values, answers, g, where)
    judge_silence(contract, arrays, where)


def judge_form(contract, values, where):
    """Shapes and dtypes are those that were inferred."""
    for name, node in contract.program.plan.forward.items():
        value = values[name]
        if (value.shape, value.dtype) != (node.shape, node.dtype):
            raise Wrong(f"{where}: {name} is {value.shape} {value.dtype}, the rule says "
                        f"{node.shape} {node.dtype}")  # fmt: skip


def judge_value(contract, values, answers, where):
    """The value is the mathematical one; a linear operation is what its own slopes say."""
    if answers.value is not None:
        expected, terms = answers.value, np.abs(answers.value)
    elif contract.rule.kind == "linear" and answers.jacobians:
        mine = contract.floats if contract.rule.joint else contract.floats[:1]
        x = {k: answers.arrays[k].ravel() for k in mine}
        expected = sum(answers.jacobians[k] @ x[k] for k in mine)
        terms = sum(np.abs(answers.jacobians[k]) @ np.abs(x[k]) for k in mine)
    else:
        return
    single = contract.single or answers.value is None
    known = ~np.isnan(expected) & (~single | (terms < contract.large))
    near(f"{where}: value", values["out"], expected, terms, contract.first, contract.floor, known)


def judge_whole(contract, answers, where):
    """Coefficients of an operation that is linear in everything are whole if they look whole.

    An operation that is its own adjoint (transpose) agrees with itself even where it is wrong.
    """
    if contract.rule.kind != "linear" or not contract.rule.joint:
        return
    for i, jacobian in answers.jacobians.items():
        off = np.abs(jacobian - np.round(jacobian))
        if np.any((off > 0) & (off < 1e-6)):
            raise Wrong(f"{where}: d/dx{i} has a coefficient almost whole: {jacobian.tolist()}")


def judge_first(contract, values, answers, g, where):
    """Each entry of each gradient is the sum of upstream times Jacobian."""
    for i in contract.floats:
        parts = g.ravel()[:, None] * masked(answers, i)
        terms = np.abs(parts).sum(axis=0)
        near(f"{where}: d/dx{i}", values[f"slope{i}"], parts.sum(axis=0), terms, contract.first,
             known=terms < contract.large)  # fmt: skip


def masked(answers, i):
    """Return the Jacobian with rows of 0 where there is no answer."""
    return np.where(answers.good[:, None], answers.jacobians[i], 0.0)


def judge_forward(contract, values, answers, where):
    """Forward mode gives Jacobian times direction; so does the derivative of reverse mode by g."""
    found, terms = np.zeros(contract.out.size), np.zeros(contract.out.size)
    for i in contract.floats:
        v = contract.direction(i).ravel()
        found += masked(answers, i) @ v
        terms += np.abs(masked(answers, i)) @ np.abs(v)
    known = answers.good & (terms < contract.large)
    for name in ("forward", "curveg"):
        near(f"{where}: {name}", values[name], found, terms, contract.first, contract.floor, known)


def judge_second(contract, values, answers, g, where):
    """Each entry of the gradient of the gradient along a direction.

    Where it changes its sign it is ill-conditioned: a change of the inputs by one unit in the last
    place is allowed for.
    """
    for k in contract.floats:
        got, name = values[f"curve{k}"], f"{where}: second d/dx{k}"
        found, terms = answers.curve(k, g)
        known = terms < contract.large
        try:
            near(name, got, found, terms, contract.second, known=known)
        except Wrong:
            slack = _slack(answers, k, g)
            near(name, got, found, terms, contract.second, floor=slack, known=known)


def _slack(answers, k, g):
    """Return how far the second derivatives move when the inputs move by one unit."""
    if not hasattr(answers, "points"):
        return 0.0
    contract, here = answers.contract, answers.curve(k, g)[0]
    slack = np.full(here.shape, 64 * 5e-324)
    for way in (np.inf, -np.inf):
        moved = [np.nextafter(a, way) if a.dtype.kind == "f" else a for a in answers.arrays]
        slack += np.abs(pointwise(contract, moved).curve(k, g)[0] - here)
    return 2 * slack


def judge_kinks(contract, arrays, answers, values, where):
    """At a kink the gradient lies between the one-sided derivatives, and all orders are finite."""
    if not hasattr(answers, "points"):
        _judge_kink_of_several(contract, arrays, values, where)
        return
    kinks = at_kink(contract, arrays)
    for o in np.flatnonzero(kinks):
        for i in contract.floats:
            sides = answers.points[o].one_sided(i)
            if not sides:
                continue
            steep = any(abs(s) > 1e9 for s in sides)
            mine = _single_slope(contract, arrays, i, o)
            low, high = min(sides), max(sides)
            wide = 1e-12 * max(1.0, abs(low), abs(high))
            if not (steep and math.isinf(mine)) and not low - wide <= mine <= high + wide:
                raise Wrong(f"{where}: at the kink, entry {o}: d/dx{i} is {mine}, not in {sides}")


def _single_slope(contract, arrays, i, o):
    """Return the local derivative at output entry o by input i, read off the slopes."""
    g = np.zeros(contract.out.shape, contract.out.dtype)
    g.flat[o] = 1.0
    slopes = contract.run(arrays, g)[f"slope{i}"].ravel()
    return float(slopes[entries(contract, i)[o]])


def _judge_kink_of_several(contract, arrays, values, where):
    """A tie or a kink: each slope between the one-sided differences, as good as those are."""
    h, value = 2.0**-20, contract.rule.value
    scale = max((float(np.max(np.abs(a))) for a in arrays if a.size), default=1.0)
    if scale > 1e6:
        return
    g = contract.upstream()
    for i in contract.floats:
        for j in range(arrays[i].size):
            sides = []
            for s in (-h, h):
                moved = arrays[i].copy()
                moved.flat[j] += s
                out = value(*arrays[:i], moved, *arrays[i + 1 :], **contract.attrs)
                base = value(*arrays, **contract.attrs)
                sides.append(float(np.sum(g * (out - base))) / s)
            mine = values[f"slope{i}"].flat[j]
            wide = 1e-4 * max(1.0, *map(abs, sides))
            if not min(sides) - wide <= mine <= max(sides) + wide:
                raise Wrong(f"{where}: at the kink: d/dx{i} entry {j} is {mine}, not in {sides}")


def judge_silence(contract, arrays, where):
    """An upstream gradient of 0 passes on exactly 0, also where the local one is inf or NaN."""
    if contract.rule.kind != "elementwise":
        return
    values = contract.run(arrays, np.zeros(contract.out.shape, contract.out.dtype))
    for i in contract.floats:
        if np.any(values[f"slope{i}"] != 0):
            raise Wrong(f"{where}: upstream 0 gave d/dx{i} = {values[f'slope{i}'].tolist()}")


@cache
def _double(setting):
    return Contract(setting, np.dtype("float64"))


def judge_single(contract, arrays, where):
    """float32: value and slopes within a few of its own rounding units of the float64 result.

    Where a slope is ill-conditioned, a change of the inputs by that much is allowed for.
    """
    double = _double(contract.setting)
    wide = [a.astype(float) if a.dtype == np.float32 else a for a in arrays]
    values, upstream = contract.run(arrays), contract.upstream()
    judge_form(contract, values, where)
    expected = double.run(wide, upstream.astype(double.out.dtype))
    answers = answers_for(double, wide, "huge")
    terms = _value_terms(double, answers, expected)
    _single(f"{where}: value", values["out"], expected["out"], terms)
    if not contract.smooth or not answers.jacobians:
        return
    g = np.abs(np.where(answers.good, upstream.ravel().astype(float), 0.0))
    for i in contract.floats:
        name, slope = f"{where}: d/dx{i}", f"slope{i}"
        bad = (~answers.good[:, None] & (_touch(double, answers, i) != 0)).any(axis=0)
        terms = np.where(bad, np.inf, (g[:, None] * np.abs(masked(answers, i))).sum(axis=0))
        try:
            _single(name, values[slope], expected[slope], terms)
        except Wrong:
            more = terms + _conditioning(double, answers, i, g)
            _single(name, values[slope], expected[slope], more)


def _conditioning(contract, answers, i, g):
    """Return how far the slopes move when each input moves by its own size."""
    if not hasattr(answers, "points"):
        return 0.0
    terms = np.zeros(contract.inputs[i].size)
    for k in contract.floats:
        x = np.broadcast_to(np.abs(answers.arrays[k]), contract.out.shape).ravel()
        second = [or_nan(p.d2(i, k)) if ok else 0.0
                  for p, ok in zip(answers.points, answers.good, strict=True)]  # fmt: skip
        np.add.at(terms, entries(contract, i), g * np.abs(second) * x)
    return terms


def _touch(contract, answers, i):
    """Return which inputs each output reads, as far as the Jacobian tells."""
    jacobian = answers.jacobians[i]
    if contract.rule.kind == "elementwise":
        return spread(np.ones(contract.out.size), contract, i)
    return np.ones_like(jacobian)


def _value_terms(contract, answers, expected):
    if contract.rule.kind == "linear" and answers.jacobians:
        mine = contract.floats if contract.rule.joint else contract.floats[:1]
        return sum(np.abs(answers.jacobians[k]) @ np.abs(answers.arrays[k].ravel()) for k in mine)
    return np.abs(expected["out"].astype(float)).ravel()


def _single(where, got, expected, terms):
    """Compare with float64, taking what overflows float32 for infinite."""
    got, expected = got.ravel().astype(float), expected.ravel().astype(float)
    over = np.abs(expected) > LIMIT * (1 - 1e-5)
    expected = np.where(over, np.copysign(np.inf, expected), expected)
    got = np.where(over & (np.abs(got) > LIMIT * (1 - 1e-5)), np.copysign(np.inf, got), got)
    near(where, got, expected, terms, UNITS * 2.0**-24, UNITS * 2.0**-149, known=terms < LIMIT)


def near(where, got, expected, terms, tolerance, floor=64 * 5e-324, known=True):
    """Raise `Wrong` where an entry is further off than the tolerance times its absolute terms."""
    got, expected = np.asarray(got, float).ravel(), np.asarray(expected, float)
    if got.shape != expected.shape:
        raise Wrong(f"{where}: shape {got.shape}, expected {expected.shape}")
    allowed = tolerance * terms + floor
    fits = (got == expected) | (np.abs(got - expected) <= allowed) & np.isfinite(got)
    fits |= np.isnan(got) & np.isnan(expected)
    fits |= np.isinf(expected) & (np.abs(got) > 1e307) & (np.sign(got) == np.sign(expected))
    wrong = np.flatnonzero(~fits & known)
    if wrong.size:
        o = int(wrong[0])
        raise Wrong(
            f"{where}: entry {o} is {got[o]!r}, expected {expected[o]!r}, terms {terms[o]!r}"
        )
