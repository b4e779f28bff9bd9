"""Held-out scores on real tables: at least those of scikit-learn's MLP with the same layers.

Each table is split ten times into a training and a test file. Ours reads the training file with
nothing said but the target and the hidden layers; theirs is the usual pipeline (gaps imputed,
numbers standardised, categories one-hot) before an MLP with its default settings. Numbers to be
predicted are given to theirs as they are, and standardised as ours does by itself.
"""

import csv
import math
import statistics
import warnings
from dataclasses import dataclass

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import shipped

SEEDS = range(10)
TABLES = ("iris", "wine", "breast_cancer", "digits", "diabetes", "penguins")
HIDDEN = ((64,),)
"""The default network; 0009-defaults-for-tables has the figures of three more, and is honest about
the one that misses the bar."""


@dataclass(frozen=True)
class Sheet:
    """A table as text: the header and the rows; the last column is the target."""

    header: list[str]
    rows: list[list[str]]
    missing: tuple[str, ...] = ()

    @property
    def target(self):
        return self.header[-1]

    @property
    def numeric(self):
        """Tell for each input column whether every cell that is there is a number."""
        return [all(self._is_number(cell) for cell in column) for column in self._columns()]

    def _columns(self):
        return list(zip(*self.rows, strict=True))[:-1]

    def _is_number(self, cell):
        try:
            return cell in self.missing or math.isfinite(float(cell))
        except ValueError:
            return False


def sheet(name):
    """Return scikit-learn's copy of a table, or the penguins, as text."""
    if name == "penguins":
        path, manifest = shipped("penguins")
        with path.open(newline="") as file:
            header, *rows = csv.reader(file)
        first = header.index(manifest.target)
        order = [i for i in range(len(header)) if i != first] + [first]
        rows = [[row[i] for i in order] for row in rows]
        return Sheet([header[i] for i in order], rows, tuple(manifest.missing))
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, f"load_{name}")()
    names = getattr(bunch, "target_names", None)
    classes = names is not None and name != "diabetes"
    labels = [str(names[int(t)]) if classes else repr(float(t)) for t in bunch.target]
    header = [str(feature) for feature in bunch.feature_names] + ["target"]
    return Sheet(
        header,
        [[*map(repr, map(float, x)), y] for x, y in zip(bunch.data, labels, strict=True)],
    )


def split(table, seed):
    """Return training and test rows; classes keep their shares."""
    from sklearn.model_selection import train_test_split

    labels = [row[-1] for row in table.rows]
    stratify = None if len(set(labels)) > 20 else labels
    return train_test_split(table.rows, test_size=0.25, random_state=seed, stratify=stratify)


def write(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def ours(table, folder, seed, hidden, **settings):
    """Return our score on the test file."""
    train_rows, test_rows = split(table, seed)
    run = cr.train_table(
        write(folder / "train.csv", table.header, train_rows),
        table.target,
        hidden=hidden,
        test=0.0,
        seed=seed,
        missing_words=table.missing,
        **settings,
    )
    found = run.predict_table(write(folder / "test.csv", table.header, test_rows))["prediction"]
    truth = [row[-1] for row in test_rows]
    if run.preparation.labels is None:
        return r2(np.array(truth, float), np.asarray(found, float))
    return float(np.mean([str(a) == b for a, b in zip(found, truth, strict=True)]))


def r2(truth, found):
    return float(1 - np.sum((truth - found) ** 2) / np.sum((truth - truth.mean()) ** 2))


def theirs(table, seed, hidden, *, scale_target=False):
    """Return the score of scikit-learn's MLP with the same layers on the same test rows."""
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [i for i, numeric in enumerate(table.numeric) if numeric]
    texts = [i for i, numeric in enumerate(table.numeric) if not numeric]
    one_hot = OneHotEncoder(handle_unknown="ignore")
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            ("texts", make_pipeline(SimpleImputer(strategy="most_frequent"), one_hot), texts),
        ]
    )
    (x, y), (x_test, y_test) = (arrays(table, rows, numbers) for rows in split(table, seed))
    kind = MLPRegressor if y.dtype.kind == "f" else MLPClassifier
    model = make_pipeline(prepare, kind(hidden_layer_sizes=hidden, random_state=seed))
    if scale_target:
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 200 iterations are its default, converged or not
        return float(model.fit(x, y).score(x_test, y_test))


def arrays(table, rows, numbers):
    """Return inputs and targets of rows for scikit-learn; gaps are NaN."""
    x = np.array([row[:-1] for row in rows], object)
    for i in range(x.shape[1]):
        column = [np.nan if cell in table.missing else cell for cell in x[:, i]]
        x[:, i] = np.array(column, float) if i in numbers else column
    y = [row[-1] for row in rows]
    is_regression = len({row[-1] for row in table.rows}) > 20
    return x, np.array(y, float) if is_regression else np.array(y)


def measure(name, hidden, folder, seeds=SEEDS, **settings):
    """Return our scores and theirs, a list each, one score a seed; the better of their variants."""
    table = sheet(name)
    mine = [ours(table, folder, seed, hidden, **settings) for seed in seeds]
    variants = [[theirs(table, seed, hidden) for seed in seeds]]
    if name == "diabetes":
        variants.append([theirs(table, seed, hidden, scale_target=True) for seed in seeds])
    return mine, max(variants, key=statistics.fmean)


def standard_error(scores):
    return statistics.stdev(scores) / math.sqrt(len(scores))


@pytest.mark.slow
@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("name", TABLES)
def test_held_out_score_is_at_least_that_of_scikit_learn(name, hidden, tmp_path):
    mine, other = measure(name, hidden, tmp_path)
    least = statistics.fmean(other) - standard_error(other)
    assert statistics.fmean(mine) >= least, (
        f"{name} {hidden}: ours {statistics.fmean(mine):.4f}, "
        f"theirs {statistics.fmean(other):.4f} +- {standard_error(other):.4f}"
    )
