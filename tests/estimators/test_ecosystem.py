"""At work with the rest of scikit-learn, and with tables of three libraries."""

import copy
import io
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from joblib import Parallel, delayed, dump, load
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings(
    f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning"
)

QUICK = {"hidden_layer_sizes": (8,), "max_iter": 30, "learning_rate_init": 0.02, "random_state": 0}


@pytest.fixture(scope="module")
def iris():
    x, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(x), y


@pytest.fixture(scope="module")
def fitted(iris):
    return NetworkClassifier(**QUICK).fit(*iris)


def test_pipeline_and_cross_validation():
    x, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), NetworkClassifier(**QUICK))
    assert cross_val_score(model, x, y, cv=3).mean() > 0.94


def test_column_transformer_over_a_table_of_numbers_and_words():
    table = pd.DataFrame({"size": np.arange(60) / 60, "kind": ["a", "b", "c"] * 20})
    y = np.array(["no", "yes"])[(table["kind"] == "b").astype(int)]
    columns = ColumnTransformer(
        [("number", StandardScaler(), ["size"]), ("word", OneHotEncoder(), ["kind"])]
    )
    model = make_pipeline(columns, NetworkClassifier(**QUICK)).fit(table, y)
    assert model.score(table, y) == 1.0


def test_transformed_target():
    x, y = load_diabetes(return_X_y=True)
    model = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), NetworkRegressor(**QUICK)), transformer=StandardScaler()
    )
    assert model.fit(x, y).score(x, y) > 0.4


@pytest.mark.parametrize("search", [GridSearchCV, HalvingGridSearchCV])
def test_searches(search, iris):
    grid = {"learning_rate_init": [1e-6, 0.02], "activation": ["relu", "tanh"]}
    found = search(NetworkClassifier(**QUICK), grid, cv=3).fit(*iris)
    assert found.best_params_["learning_rate_init"] == 0.02
    assert found.best_estimator_.run_.steps > 0


@pytest.mark.slow
def test_a_search_over_optimizer_objects_in_two_processes(iris):
    grid = {"solver": [cr.Adam(0.02), cr.SGD(1e-6)]}
    found = GridSearchCV(NetworkClassifier(**QUICK), grid, cv=2, n_jobs=2).fit(*iris)
    assert found.best_params_["solver"] == cr.Adam(0.02)
    parts = Parallel(n_jobs=2)(delayed(found.predict)(part) for part in np.split(iris[0], 3))
    assert np.array_equal(np.concatenate(parts), found.predict(iris[0]))


def test_calibration(iris):
    model = CalibratedClassifierCV(NetworkClassifier(**QUICK), cv=2).fit(*iris)
    assert np.allclose(model.predict_proba(iris[0]).sum(axis=1), 1.0)


def test_permutation_importance_finds_the_column_that_tells():
    x = np.random.default_rng(0).standard_normal((200, 3))
    model = NetworkRegressor(**QUICK).fit(x, 2 * x[:, 1])
    found = permutation_importance(model, x, 2 * x[:, 1], n_repeats=3, random_state=0)
    assert found.importances_mean.argmax() == 1


def test_one_for_each_of_several_targets(iris):
    x, y = iris
    both = np.stack([y, (y > 0).astype(int)], axis=1)
    assert (
        MultiOutputClassifier(NetworkClassifier(**QUICK)).fit(x, both).predict(x).shape
        == both.shape
    )


def test_clone_knows_nothing(fitted):
    again = clone(fitted)
    assert again.get_params() == fitted.get_params()
    assert not [name for name in vars(again) if name.endswith("_")]


def in_memory(estimator):
    return pickle.loads(pickle.dumps(estimator))


def through_joblib(estimator):
    file = io.BytesIO()
    dump(estimator, file)
    return load(file)


@pytest.mark.parametrize("way", [in_memory, through_joblib, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("engine", ["native", "interpreter"])
def test_a_copy_predicts_and_replays_the_same_bits(way, engine, iris):
    pytest.importorskip("llvmlite")
    before = NetworkClassifier(**QUICK, engine=engine, early_stopping=True).fit(*iris)
    after = way(before)
    assert np.array_equal(after.predict_proba(iris[0]), before.predict_proba(iris[0]))
    step = before.run_.steps // 2
    for name, gradient in before.run_.at(step).gradients.items():
        assert np.array_equal(after.run_.at(step).gradients[name], gradient)
    assert after.run_.record.setup.engine == engine


def test_without_rows_an_estimator_is_as_small_as_its_weights(iris):
    x, y = np.tile(iris[0], (50, 1)), np.tile(iris[1], 50)
    kept = NetworkClassifier(**{**QUICK, "max_iter": 2}).fit(x, y)
    light = clone(kept).set_params(keep_rows=False).fit(x, y)
    assert len(pickle.dumps(kept)) > x.nbytes
    assert len(pickle.dumps(light)) < 20_000
    assert np.array_equal(light.predict_proba(x), kept.predict_proba(x))
    with pytest.raises(cr.ChainruleError, match="keep_rows=False"):
        light.run_.at(1)


TABLES = {
    "pandas": pd.DataFrame,
    "polars": lambda columns: pl.DataFrame(dict(columns)),
    "pyarrow": lambda columns: pa.table({k: pa.array(v) for k, v in columns.items()}),
}


@pytest.mark.parametrize("library", sorted(TABLES))
def test_tables(library, iris):
    x, y = iris
    names = ["a", "b", "c", "d"]
    table = TABLES[library](dict(zip(names, x.T.copy(), strict=True)))
    model = NetworkClassifier(**QUICK).fit(table, y)
    plain = NetworkClassifier(**QUICK).fit(x, y)
    assert list(model.feature_names_in_) == names
    assert np.array_equal(model.predict_proba(table), plain.predict_proba(x))
    assert "input 1 (b)" in model.run_.why("W1[1,2]", step=0).text()
    with pytest.raises(ValueError, match="feature names"):
        model.predict(TABLES[library](dict(zip("dcba", x.T.copy(), strict=True))))


@pytest.mark.parametrize(
    "make", [sp.csr_array, sp.csc_array, sp.coo_array, sp.csr_matrix, sp.dok_array]
)
def test_sparse(make, iris):
    x, y = np.where(np.abs(iris[0]) > 0.5, iris[0], 0.0), iris[1]
    dense = NetworkClassifier(**QUICK).fit(x, y)
    sparse = NetworkClassifier(**QUICK).fit(make(x), y)
    assert np.array_equal(sparse.predict_proba(make(x)), dense.predict_proba(x))


def test_rows_that_change_later_do_not_change_the_past(iris):
    x, y = iris[0].copy(), iris[1].copy()
    for given in (x, pd.DataFrame(x, copy=False)):
        model = NetworkClassifier(**QUICK).fit(given, y)
        before = model.run_.at(3).gradients["W1"]
        x += 1.0
        assert np.array_equal(model.run_.at(3).gradients["W1"], before)
        assert x.flags.writeable
