"""Parts of the house that meet in one run: what each alone could not show."""

import copy
import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, FileRefused, SpecError
from chainrule.nn import register_activation, register_loss

X = np.random.default_rng(0).normal(size=(40, 2))
Y = X @ [1.0, -2.0]


def test_another_function_under_the_name_of_ones_own_is_refused(tmp_path):
    register_activation("bent", lambda z: z - cr.tanh(z))
    register_loss("far", lambda out, y: ((out - y) ** 4).mean(axis=1))
    run = cr.train("2-3:bent-1", X, Y, loss="far", steps=5, optimizer=cr.SGD(1e-4))
    place = run.save(tmp_path / "own")
    assert (cr.load(place).predict(X) == run.predict(X)).all()
    register_activation("bent", lambda z: z - 0.5 * cr.tanh(z))
    with pytest.raises(FileRefused, match="'bent' registered here is another function"):
        cr.load(place)
    register_activation("bent", lambda z: z - cr.tanh(z))
    register_loss("far", lambda out, y: ((out - y) ** 2).mean(axis=1))
    with pytest.raises(FileRefused, match="'far' registered here is another function"):
        cr.load(place)


def test_a_run_whose_own_activation_is_not_registered_says_how(tmp_path):
    register_activation("bowed", lambda z: z + cr.tanh(z))
    place = cr.train("2-3:bowed-1", X, Y, steps=2).save(tmp_path / "own")
    code = f"import chainrule as cr; cr.load({str(place)!r})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr
    assert "chainrule.nn.register_activation(name, function)" in said
    assert "another program" not in said


def test_a_copied_logger_writes_into_its_own_file(tmp_path):
    logger = cr.loggers.to(tmp_path / "live.jsonl")
    copied = copy.deepcopy(logger)
    del copied
    cr.train("2-1", X, Y, epochs=3, callbacks=[logger])
    assert len((tmp_path / "live.jsonl").read_text().splitlines()) == 3


def test_a_script_of_a_run_on_rows_from_disk_has_its_order_of_rows(tmp_path):
    table = "a,b,y\n" + "".join(
        f"{a!r},{b!r},{c!r}\n" for (a, b), c in zip(X.tolist(), Y, strict=True)
    )
    (tmp_path / "t.csv").write_text(table.replace("np.float64(", "").replace(")", ""))
    run = cr.train_table(
        tmp_path / "t.csv", "y", stream=True, hidden=(3,), batch_size=7, epochs=3, patience=None
    )
    program = run.export(tmp_path / "t.py", "script")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    assert f"L = {run.losses[0]:.12f}" in done.stdout


def test_a_run_stopped_by_an_estimators_rule_is_not_gone_on_with(tmp_path):
    pytest.importorskip("sklearn")
    from chainrule.estimators import NetworkRegressor

    model = NetworkRegressor(
        hidden_layer_sizes=(3,), max_iter=60, tol=10.0, n_iter_no_change=2, random_state=0
    )
    place = model.fit(X, Y).run_.save(tmp_path / "fit")
    before = cr.load(place)
    assert before.stopped == "early stopping"
    assert cr.resume(place).steps == before.steps
    with pytest.raises(SpecError, match="stopped by a rule that its folder does not hold"):
        cr.resume(place, steps=500)


def test_an_estimators_run_without_rows_is_saved_and_loaded(tmp_path):
    pytest.importorskip("sklearn")
    from chainrule.estimators import NetworkRegressor

    model = NetworkRegressor(hidden_layer_sizes=(3,), max_iter=3, random_state=0, keep_rows=False)
    run = model.fit(X, Y).run_
    place = run.save(tmp_path / "fit")
    assert (cr.load(place).predict(X) == run.predict(X)).all()
    assert cr.resume(place).steps == run.steps  # nothing is left to do, so no rows are needed


def test_a_resumed_branch_of_an_adopted_run_answers_in_its_terms(tmp_path):
    pytest.importorskip("sklearn")
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    mlp = MLPClassifier((3,), max_iter=400, random_state=0, solver="lbfgs")
    adopted = cr.adopt(make_pipeline(StandardScaler(), mlp).fit(X, Y > 0), X, Y > 0)
    place = adopted.branch(0, steps=5).save(tmp_path / "branch")
    resumed, whole = cr.resume(place, steps=9), adopted.branch(0, steps=9)
    assert resumed.report.keys() == whole.report.keys()
    assert (resumed.predict(X) == whole.predict(X)).all()


def test_a_bad_cell_in_a_further_file_is_told_with_that_file(tmp_path):
    for name, last in (("0", "1.5"), ("1", "oops")):
        cells = "".join(f"{k}.5,{k}\n" for k in range(40))
        (tmp_path / f"part-{name}.csv").write_text(f"a,y\n{cells}{last},3\n")
    with pytest.raises(DataError, match=r"line 42 of .*part-1\.csv has 'oops'"):
        cr.train_table(str(tmp_path / "part-*.csv"), "y")


def test_rows_on_disk_are_not_taken_for_another_dtype(tmp_path):
    rows = np.column_stack([X, Y])
    np.savetxt(tmp_path / "t.csv", rows, "%.17g", delimiter=",", header="a,b,y", comments="")
    run = cr.train_table(tmp_path / "t.csv", "y", stream=True, hidden=(), epochs=2)
    with pytest.raises(DataError, match="prepared rows on disk are float64"):
        run.branch(1, dtype="float32")
