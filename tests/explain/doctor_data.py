"""Data for the doctor's batteries: made tables and shipped ones, split, and how well others do.

The judge of a run is scikit-learn: a run counts as healthy if, on rows it has not seen, it does
about as well as the best of three quite different methods, and as sick if it does much worse. So
no threshold of the doctor decides what it is measured on.
"""

import warnings
from dataclasses import dataclass

import numpy as np


@dataclass
class Data:
    """Rows for training, validation and test; classes is 0 for numbers."""

    name: str
    x: np.ndarray
    y: np.ndarray
    xv: np.ndarray
    yv: np.ndarray
    xt: np.ndarray
    yt: np.ndarray
    classes: int

    @property
    def inputs(self):
        return self.x.shape[1]

    @property
    def ending(self):
        if self.classes == 2:
            return "1:sigmoid"
        return f"{self.classes}:softmax" if self.classes else "1"


def split(name, x, y, classes, rng, scale=True):
    order = rng.permutation(len(x))
    x, y = np.asarray(x, float)[order], np.asarray(y)[order]
    a, b = int(0.6 * len(x)), int(0.8 * len(x))
    if scale:
        mean, spread = x[:a].mean(0), x[:a].std(0)
        x = (x - mean) / np.where(spread > 0, spread, 1)
    if not classes:
        y = (y - y[:a].mean()) / y[:a].std()
    return Data(name, x[:a], y[:a], x[a:b], y[a:b], x[b:], y[b:], classes)


def blobs(rng):
    classes, inputs = int(rng.integers(2, 6)), int(rng.integers(2, 20))
    centres = rng.normal(size=(classes, inputs)) * 2
    y = rng.integers(0, classes, int(rng.integers(300, 1500)))
    return split("blobs", centres[y] + rng.normal(size=(len(y), inputs)), y, classes, rng)


def moons(rng):
    n = int(rng.integers(300, 1000))
    y = rng.integers(0, 2, n)
    angle = rng.uniform(0, np.pi, n)
    x = np.stack([np.cos(angle) * (1 - 2 * y) + y, np.sin(angle) * (1 - 2 * y) + y / 2], 1)
    return split("moons", x + rng.normal(size=x.shape) * rng.uniform(0.05, 0.25), y, 2, rng)


def circles(rng):
    n = int(rng.integers(400, 1000))
    y = rng.integers(0, 2, n)
    angle = rng.uniform(0, 2 * np.pi, n)
    radius = 1.0 + y + rng.normal(size=n) * 0.15
    return split(
        "circles", np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), y, 2, rng
    )


def corners(rng):
    x = rng.normal(size=(int(rng.integers(500, 1500)), int(rng.integers(2, 6))))
    return split("corners", x, (x[:, 0] * x[:, 1] > 0).astype(int), 2, rng)


def linear(rng):
    inputs = int(rng.integers(2, 20))
    x = rng.normal(size=(int(rng.integers(300, 1500)), inputs))
    y = x @ rng.normal(size=inputs) + rng.normal(size=len(x)) * rng.uniform(0.1, 1)
    return split("linear", x, y, 0, rng)


def wave(rng):
    x = rng.uniform(-1, 1, size=(int(rng.integers(200, 800)), 1))
    y = np.sin(x[:, 0] * rng.uniform(2, 6)) + rng.normal(size=len(x)) * 0.1
    return split("wave", x, y, 0, rng)


def friedman(rng):
    x = rng.uniform(size=(int(rng.integers(400, 1500)), int(rng.integers(5, 11))))
    y = (10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3]
         + 5 * x[:, 4] + rng.normal(size=len(x)) * rng.uniform(0.2, 2))  # fmt: skip
    return split("friedman", x, y, 0, rng)


def noisy(rng):
    data = blobs(rng)
    for y in (data.y, data.yv, data.yt):
        flip = rng.random(len(y)) < 0.1
        y[flip] = rng.integers(0, data.classes, int(flip.sum()))
    data.name = "noisy blobs"
    return data


def teacher(rng):
    inputs, units = int(rng.integers(3, 10)), 8
    x = rng.normal(size=(int(rng.integers(400, 1500)), inputs))
    y = np.tanh(x @ rng.normal(size=(inputs, units)) * 0.7) @ rng.normal(size=units)
    return split("teacher", x, y + rng.normal(size=len(x)) * 0.1, 0, rng)


def sklearn_table(rng):
    from sklearn import datasets

    kind = rng.choice(["iris", "wine", "breast_cancer", "diabetes", "digits"])
    x, y = getattr(datasets, f"load_{kind}")(return_X_y=True)
    if kind == "digits":
        return split(kind, x / 16, y, 10, rng, scale=False)
    return split(kind, x, y, 0 if kind == "diabetes" else len(np.unique(y)), rng)


MADE = [blobs, moons, circles, corners, linear, wave, friedman, noisy, teacher, sklearn_table]


def explained(y, out, classes):
    """The share of the spread of held-out targets that outputs explain."""
    y = np.eye(classes)[y] if classes > 1 else np.asarray(y, float).reshape(len(y), -1)
    out = np.asarray(out, float).reshape(len(y), -1)
    if classes == 2 and out.shape[1] == 1:
        out = np.hstack([1 - out, out])
    return 1 - ((y - out) ** 2).sum() / ((y - y.mean(0)) ** 2).sum()


def others(data):
    """The best share that forests, kernel machines and neighbours explain on the test rows."""
    from sklearn import ensemble, neighbors, svm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = []
        if data.classes:
            methods = (ensemble.RandomForestClassifier(60, random_state=0),
                       neighbors.KNeighborsClassifier(7))  # fmt: skip
            for method in methods:
                p = method.fit(data.x, data.y).predict_proba(data.xt)
                full = np.zeros((len(p), data.classes))
                full[:, method.classes_] = p
                found.append(explained(data.yt, full, data.classes))
        else:
            methods = (ensemble.RandomForestRegressor(60, random_state=0),
                       neighbors.KNeighborsRegressor(7), svm.SVR(C=3.0))  # fmt: skip
            for method in methods:
                found.append(explained(data.yt, method.fit(data.x, data.y).predict(data.xt), 0))
    return max(found)
