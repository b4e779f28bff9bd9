"""What is right for a primitive at given inputs, from references that do not know its rules.

Elementwise functions are judged by mpmath, entry by entry; all others by the complex step on their
own value, or, being linear, by what they do to unit inputs.
"""

import math

import numpy as np
import references
from contracts import Wrong

STEP = 2.0**-100


class Answers:
    """What is right at given inputs: value, Jacobians (outputs x inputs) and curvature."""

    def __init__(self, contract, arrays):
        self.contract, self.arrays = contract, arrays
        self.value = None
        self.jacobians, self.good = {}, np.ones(contract.out.size, bool)


def pointwise(contract, arrays):
    """Return the answers for an elementwise primitive, entry by entry, from mpmath."""
    name, attrs, floats = contract.setting.name, contract.setting.attrs, contract.floats
    shape = contract.out.shape
    wide = [np.broadcast_to(a, shape).ravel().tolist() for a in arrays]
    points = [references.point(name, numbers, attrs) for numbers in zip(*wide, strict=True)]
    answers = Answers(contract, arrays)
    answers.value = np.array([math.nan if p.value is None else references.to_float(p.value)
                              for p in points])  # fmt: skip
    answers.points = points
    if not contract.smooth:
        return answers
    locals_ = {i: [or_nan(p.d1(i)) for p in points] for i in floats}
    answers.good &= ~at_kink(contract, arrays)
    answers.good &= np.isfinite(answers.value)
    for i, column in locals_.items():
        answers.good &= np.isfinite(column)
        answers.jacobians[i] = spread(np.array(column, float), contract, i)
    answers.curve = lambda k, g: _pointwise_curve(answers, k, g)
    return answers


def or_nan(number):
    return math.nan if number is None else number


def at_kink(contract, arrays):
    rule = contract.rule
    if rule.at_kink is None:
        return np.zeros(contract.out.size, bool)
    with np.errstate(all="ignore"):
        hit = np.asarray(rule.at_kink(*arrays, **contract.attrs))
    return np.broadcast_to(hit, contract.out.shape).ravel()


def spread(column, contract, i):
    """Return the Jacobian of an elementwise operation from its local derivatives."""
    place = entries(contract, i)
    jacobian = np.zeros((column.size, contract.inputs[i].size))
    jacobian[np.arange(column.size), place] = column
    return jacobian


def entries(contract, i):
    """Return which entry of input i each output entry reads."""
    x = contract.inputs[i]
    return np.broadcast_to(np.arange(x.size).reshape(x.shape), contract.out.shape).ravel()


def _pointwise_curve(answers, k, g):
    """Return the derivative of sum(v * slope) by input k, and the sum of its absolute terms."""
    contract = answers.contract
    found = np.zeros(contract.inputs[k].size)
    terms = np.zeros_like(found)
    for m in contract.floats:
        v = contract.direction(m).ravel()[entries(contract, m)]
        second = [or_nan(p.d2(k, m)) if ok else 0.0
                  for p, ok in zip(answers.points, answers.good, strict=True)]  # fmt: skip
        part = g.ravel() * np.array(second) * v
        np.add.at(found, entries(contract, k), part)
        np.add.at(terms, entries(contract, k), np.abs(part))
    return found, terms


def stepped(contract, arrays, label):
    """Return the answers for any primitive from its own value, by the complex step."""
    answers = Answers(contract, arrays)
    if contract.setting.name in references.GROUPS:
        answers.value = grouped(contract, arrays[0])
    if not contract.smooth:
        return answers
    if contract.rule.kind == "elementwise":
        answers.good &= ~at_kink(contract, arrays)
    elif contract.rule.at_kink is not None and _at_any_kink(contract, arrays):
        answers.good[:] = False
        return answers
    for i in contract.floats:
        columns = [_moved(contract, arrays, i, j, label) for j in range(arrays[i].size)]
        flat = np.array(columns).reshape(arrays[i].size, contract.out.size).T
        answers.jacobians[i] = flat
    answers.curve = lambda k, g: _stepped_curve(answers, k, g)
    return answers


def grouped(contract, x):
    """Return the value of a choice within each group of entries that is reduced to one."""
    axes = contract.attrs["axes"]
    groups = [[] for _ in range(contract.out.size)]
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    owner = np.broadcast_to(np.arange(len(groups)).reshape(kept), x.shape)
    for group, number in zip(owner.ravel().tolist(), x.ravel().tolist(), strict=True):
        groups[group].append(number)
    return np.array([float(references.GROUPS[contract.setting.name](g)) for g in groups])


def _at_any_kink(contract, arrays):
    with np.errstate(all="ignore"):
        return bool(np.any(contract.rule.at_kink(*arrays, **contract.attrs)))


def _moved(contract, arrays, i, j, label):
    """Return how the output moves with entry j of input i."""
    value, attrs = contract.rule.value, contract.attrs
    linear = contract.rule.kind == "linear"
    with np.errstate(all="ignore"):
        if linear and label not in ("normal", "near"):
            unit = np.zeros_like(arrays[i])
            unit.flat[j] = 1.0
            rest = [np.zeros_like(a) if contract.rule.joint and k in contract.floats else a
                    for k, a in enumerate(arrays)]  # fmt: skip
            return np.asarray(value(*rest[:i], unit, *rest[i + 1 :], **attrs), float).ravel()
        step = _step(contract, arrays[i].flat[j])
        moved = arrays[i].astype(complex)
        moved.flat[j] += 1j * step
        out = np.asarray(value(*arrays[:i], moved, *arrays[i + 1 :], **attrs))
    return (np.imag(out) / step).ravel()


def _step(contract, x):
    if contract.rule.kind != "elementwise":
        return 1.0
    return STEP if x == 0 else STEP * 2.0 ** math.frexp(x)[1]


def _stepped_curve(answers, k, g):
    """Return the derivative of sum(v * slope) by input k, from the slopes at complex inputs."""
    contract, arrays = answers.contract, answers.arrays
    found, terms = np.zeros(arrays[k].size), np.zeros(arrays[k].size)
    for j in range(arrays[k].size):
        step = _step(contract, arrays[k].flat[j])
        moved = arrays[k].astype(complex)
        moved.flat[j] += 1j * step
        values = contract.run([*arrays[:k], moved, *arrays[k + 1 :]], g)
        for i in contract.floats:
            part = contract.direction(i) * np.imag(values[f"slope{i}"]) / step
            found[j] += part.sum()
            terms[j] += np.abs(part).sum()
    return found, terms


def answers_for(contract, arrays, label):
    """Return the answers from mpmath where it knows the function, else by the complex step."""
    if contract.setting.name in references.ELEMENTWISE:
        answers = pointwise(contract, arrays)
    if contract.setting.name in references.FLAT:
        answers.jacobians = {
            i: np.zeros((contract.out.size, arrays[i].size)) for i in contract.floats
        }
        answers.curve = lambda k, g: (np.zeros(arrays[k].size),) * 2
    if contract.setting.name in references.ELEMENTWISE:
        return answers
    if not contract.rule.analytic:
        raise Wrong(f"{contract.setting.name}: no reference; add mpmath's function by its name, or "
                    "let its value take complex input and say analytic=True")  # fmt: skip
    return stepped(contract, arrays, label)
