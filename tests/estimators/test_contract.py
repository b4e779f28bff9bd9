"""scikit-learn's own battery, with default settings: nothing fails, nothing is expected to fail."""

import contextlib
import unittest

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, shuffle
from sklearn.utils.estimator_checks import estimator_checks_generator

from chainrule.estimators import NetworkClassifier, NetworkRegressor

BOTH = [NetworkClassifier, NetworkRegressor]

SKIPPED = {
    "check_array_api_input",  # only with an environment variable of SciPy's
    "check_classifiers_multilabel_output_format_decision_function",  # no decision_function
}
"""What scikit-learn skips of its own MLPs, for the same reasons."""

pytestmark = pytest.mark.filterwarnings(
    f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning"
)


def battery():
    for make in BOTH:
        for estimator, check in estimator_checks_generator(make(), mark=None):
            function = getattr(check, "func", check)
            yield pytest.param(
                estimator, check, function.__name__, id=f"{make.__name__}-{function.__name__}"
            )


@pytest.mark.parametrize(("estimator", "check", "name"), list(battery()))
def test_official_check(estimator, check, name):
    if name in SKIPPED:
        with contextlib.suppress(unittest.SkipTest):
            check(clone(estimator))
    else:
        check(clone(estimator))  # a skip that MLP has not is an error here


def test_the_battery_is_as_long_as_that_of_mlp():
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    for ours, theirs in zip(BOTH, (MLPClassifier, MLPRegressor), strict=True):
        names = [
            {getattr(c, "func", c).__name__ for _, c in estimator_checks_generator(e(), mark=None)}
            for e in (ours, theirs)
        ]
        assert names[0] >= names[1]


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize(
    "name",
    [
        "check_dataframe_column_names_consistency",
        "check_param_validation",
        "check_inplace_ensure_writeable",
    ],
)
def test_check_that_the_battery_never_runs(make, name):
    getattr(estimator_checks, name)(make.__name__, make())


@pytest.mark.parametrize("labels", [[0, 1, 2], ["one", "three", "two"], [-1.0, 0.0, 1.0]])
@pytest.mark.parametrize("classes", [2, 3])
def test_check_predictions(labels, classes):
    x, y = shuffle(*make_blobs(n_samples=30, random_state=0, cluster_std=0.1), random_state=7)
    kept = y < classes
    x, named = StandardScaler().fit_transform(x[kept]), np.array(labels)[y[kept]]
    estimator_checks.check_classifiers_predictions(
        x, named, "NetworkClassifier", NetworkClassifier()
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_check_balanced_weights(classes):
    """Trained where nine tenths are one class, judged where all are as frequent."""
    centers = [[0.0, 0.0], [1.5, 0.0], [0.0, 1.5]][:classes]
    counts = [180] + [20] * (classes - 1)
    x, y = make_blobs(counts, centers=centers, random_state=0)
    x_test, y_test = make_blobs([100] * classes, centers=centers, random_state=1)
    estimator_checks.check_class_weight_balanced_classifiers(
        "NetworkClassifier", NetworkClassifier(), x, y, x_test, y_test, None
    )
