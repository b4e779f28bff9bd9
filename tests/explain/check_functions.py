"""Functions with gradients written by hand, for tests and the battery: right ones, and wrong ones.

Each item: name, function, gradient, and where: a function of a generator.
"""

import math
import warnings

import numpy as np


def _normal(*shape, scale=1.0):
    return lambda rng: rng.standard_normal(shape) * scale


def _positive(*shape):
    return lambda rng: np.exp(rng.standard_normal(shape))


def softmax_loss(z):
    shifted = z - z.max()
    return np.log(np.exp(shifted).sum()) - shifted[0]


def softmax_gradient(z):
    e = np.exp(z - z.max())
    g = e / e.sum()
    g[0] -= 1
    return g


A = np.random.default_rng(5).standard_normal((6, 4))
B = np.random.default_rng(6).standard_normal(6)


def least_squares(w):
    return 0.5 * np.sum((A @ w - B) ** 2)


def two_layers(p):
    h = np.tanh(A @ p["W1"] + p["b1"])
    return np.mean((h @ p["W2"] - B[:, None]) ** 2)


def two_layers_gradient(p):
    h = np.tanh(A @ p["W1"] + p["b1"])
    g = 2 * (h @ p["W2"] - B[:, None]) / len(B)
    gz = (g @ p["W2"].T) * (1 - h**2)
    return {"W1": A.T @ gz, "b1": gz.sum(0), "W2": h.T @ g}


def two_layers_at(rng):
    return {
        "W1": rng.standard_normal((4, 5)),
        "b1": rng.standard_normal(5) * 0.1,
        "W2": rng.standard_normal((5, 1)),
    }


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_gradient(x):
    g = np.zeros_like(x)
    inner = x[1:] - x[:-1] ** 2
    g[:-1] = -400 * x[:-1] * inner - 2 * (1 - x[:-1])
    g[1:] += 200 * inner
    return g


def eigenvalue_gradient(x):
    last = np.linalg.eigh(x + x.T)[1][:, -1]
    return 2 * np.outer(last, last)


def steep_gradient(x):
    return 1e4 / np.cosh(np.clip(1e4 * x, -300, 300)) ** 2


def kinked(x):
    return np.sum(np.abs(x)) + np.sum(np.maximum(x, 0.3))


FUNCTIONS = [
    ("squares", lambda x: np.sum(x**2), lambda x: 2 * x, _normal(5)),
    ("sines", lambda x: np.sum(np.sin(x) * x), lambda x: np.cos(x) * x + np.sin(x), _normal(4)),
    ("number", lambda x: math.exp(x) * x, lambda x: math.exp(x) * (1 + x),
     lambda rng: float(rng.standard_normal())),
    ("logs", lambda x: np.sum(np.log(x) * x), lambda x: np.log(x) + 1, _positive(5)),
    ("softmax", softmax_loss, softmax_gradient, _normal(6, scale=3.0)),
    ("least squares", least_squares, lambda w: A.T @ (A @ w - B), _normal(4)),
    ("two layers", two_layers, two_layers_gradient, two_layers_at),
    ("rosenbrock", rosenbrock, rosenbrock_gradient, _normal(7)),
    ("norm", np.linalg.norm, lambda x: x / np.linalg.norm(x), _normal(4)),
    ("product", np.prod, lambda x: np.prod(x) / x, _normal(4)),
    ("kinked", kinked, lambda x: np.sign(x) + (x > 0.3), _normal(6)),
    ("tiny", lambda x: np.sum(x * (x * 1e300)), lambda x: 2e300 * x, _normal(4, scale=1e-300)),
    ("huge", lambda x: np.sum(x / 1e300) ** 2,
     lambda x: np.full_like(x, 2e-300 * np.sum(x / 1e300)), _normal(4, scale=1e300)),
    ("tiny values", lambda x: 1e-300 * np.sum(np.cos(x)), lambda x: -1e-300 * np.sin(x),
     _normal(4)),
    ("cancellation", lambda x: 1e8 + np.sum(x**2), lambda x: 2 * x, _normal(4)),
    ("mixed scales", lambda x: x[0] * 1e-9 + (x[1] * 1e9) ** 2 + np.sin(x[2]),
     lambda x: np.array([1e-9, 2e18 * x[1], np.cos(x[2])]),
     lambda rng: rng.standard_normal(3) * [1e9, 1e-9, 1.0]),
    ("complex parts", lambda x: np.sum(np.abs(x * 1j + x)), lambda x: np.sqrt(2) * np.sign(x),
     _normal(4)),
    ("penalty", lambda w: least_squares(w) + 1e-3 * np.abs(w).sum(),
     lambda w: A.T @ (A @ w - B) + 1e-3 * np.sign(w), _normal(4)),
    ("flat", lambda x: 5.0, np.zeros_like, _normal(3)),
    ("plain python", lambda x: sum(v**3 for v in x), lambda x: [3 * v**2 for v in x], _normal(3)),
    ("float cast", lambda x: float(np.sum(x**2)), lambda x: 2 * x, _normal(3)),
    ("sorted", lambda x: np.sort(x) @ np.arange(5.0),
     lambda x: np.argsort(np.argsort(x)).astype(float), _normal(5)),
    ("eigenvalue", lambda x: float(np.linalg.eigvalsh(x + x.T)[-1]),
     eigenvalue_gradient, _normal(4, 4)),
    ("determinant", np.linalg.det, lambda x: np.linalg.det(x) * np.linalg.inv(x).T, _normal(4, 4)),
    ("far away", lambda x: np.sum(np.sin(x)), np.cos, _normal(3, scale=1e3)),
    ("steep", lambda x: np.sum(np.tanh(1e4 * x)), steep_gradient,
     _normal(3, scale=1e-4)),
    ("at zero", lambda x: np.sum(np.sin(x) + x**2), lambda x: np.cos(x) + 2 * x,
     _normal(3, scale=0.0)),
]  # fmt: skip


def changed(gradient, rng, how):
    """Return a wrong gradient: a copy with one mistake; None if it would not be wrong."""
    if isinstance(gradient, dict):
        key = list(gradient)[rng.integers(len(gradient))]
        inner = changed(gradient[key], rng, how)
        return None if inner is None else {**gradient, key: inner}
    g = np.array(gradient, dtype=np.float64)
    if how in ("factor", "sign", "half"):
        wrong = g * {"factor": 2.0, "sign": -1.0, "half": 0.5}[how]
        return wrong if g.any() else None
    index = tuple(int(rng.integers(n)) for n in g.shape)
    if g[index] == 0 or abs(g[index]) < 1e-3 * np.abs(g).max():
        return None
    if how == "one entry":
        g[index] *= 1.5
    elif how == "zero":
        g[index] = 0.0
    elif how == "slightly":
        g[index] *= 1 + 1e-6
    elif how == "a constant":
        g = g + 0.1 * np.abs(g).max()
    return g


MISTAKES = ("factor", "sign", "half", "one entry", "zero", "slightly", "a constant")


def silent(function):
    """Return the function without warnings of overflow."""

    def quiet(x):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(x)

    return quiet
