"""The standard's own evaluator, in NumPy, carries out our models too: nothing hangs on one runtime.

It looks only at the standard; that what is refused is refused here as well shows that the way of
refusing is ONNX's, not onnxruntime's.
"""

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from tests.export.onnx_models import Tally, fed, judge, random_run, random_table_run


def evaluated(run, folder, feed):
    """Return what the standard's evaluator answers, by name."""
    model = onnx.load(run.export(folder / "it.onnx", overwrite=True))
    names = [one.name for one in model.graph.output]
    with np.errstate(all="ignore"):  # the branch of a Where that is not taken
        found = ReferenceEvaluator(model).run(None, feed)
    return dict(zip(names, found, strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_networks(seed, tmp_path):
    run, x = random_run(np.random.default_rng([5, seed]), depth=2)
    tally = Tally()
    judge(run, evaluated(run, tmp_path, {"X": x}), run.predict(x), x, tally)
    assert (tally.wrong, tally.unbounded) == ([], 0)


@pytest.mark.parametrize("seed", range(5))
def test_tables(seed, tmp_path):
    run, columns = random_table_run(np.random.default_rng([6, seed]))
    ours, found = (
        run.predict_table(columns),
        evaluated(run, tmp_path, fed(run.preparation, columns)),
    )
    if "prediction" in found:
        size = np.abs(ours["prediction"]).max()
        room = 1e-4 if run.record.setup.dtype == np.float32 else 1e-12
        apart = np.abs(found["prediction"][:, 0] / size - ours["prediction"] / size)
        assert apart.max() < room
    else:
        np.testing.assert_array_equal(found["label"], ours["prediction"])


def test_a_refusal_is_an_error_of_the_standard(tmp_path):
    run, columns = random_table_run(np.random.default_rng([6, 1]))
    feed = fed(run.preparation, columns)
    name = next(name for name, cells in feed.items() if cells.dtype == np.float64)
    with pytest.raises(IndexError):
        evaluated(run, tmp_path, {**feed, name: np.full_like(feed[name], np.inf)})
    run, x = random_run(np.random.default_rng(2), depth=1)
    with pytest.raises(IndexError):
        evaluated(run, tmp_path, {"X": np.full_like(x, np.nan)})
