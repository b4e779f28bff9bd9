"""Exported scripts run where only NumPy is, and give the run's own numbers."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.export.script_battery import BOUNDS, apart, compare, export_all, table_apart
from tests.export.script_runner import run_scripts
from tests.export.script_runs import random_run

import chainrule as cr
from chainrule.cases import xor
from chainrule.export.script.layout import in_docstring, quoted
from chainrule.graph import primitives
from chainrule.nn import known_activations, losses
from chainrule.nn.losses import loss as declare_loss

GOLDEN = Path(__file__).parent / "golden"
ROUNDED = 3e-13
"""What is left between the runs of a few steps that are compared here."""


def play(tmp_path, **runs):
    """Export runs, run the scripts, and return how far each is from its run."""
    asked = export_all(tmp_path, runs)
    found = run_scripts(tmp_path)
    return {k: compare(k, run, found[k], asked[k]) for k, run in runs.items()}, found


def texts(folder):
    return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.py"))}


def rows_for(network, loss, seed=3, rows=12):
    """Random rows and targets of the kind that a loss wants."""
    rng = np.random.default_rng(seed)
    net = cr.Network.from_spec(network) if isinstance(network, str) else network
    kinds = {
        "binary": lambda: rng.integers(0, 2, (rows, net.outputs)).astype(float),
        "class": lambda: rng.integers(0, net.outputs, rows),
        "real": lambda: rng.normal(size=(rows, net.outputs)),
    }
    return rng.normal(size=(rows, net.inputs)), kinds[losses[loss].targets]()


def test_the_xor_script_reads_as_approved(tmp_path):
    place = xor.trained().export(tmp_path / "xor.py")
    golden = GOLDEN / "xor.py.txt"
    if os.environ.get("WRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(place.read_text())
    assert place.read_text() == golden.read_text()
    assert len([line for line in place.read_text().splitlines() if line]) < 80


def test_the_xor_script_prints_the_lesson_s_numbers(tmp_path):
    run = xor.trained()
    worst, found = play(tmp_path, xor=run)
    assert worst["xor"].worst < 1e-12
    printed = re.findall(r"mean squared error = ([\d.]+)", str(found["xor"]["said"]))
    assert [float(x) for x in printed] == pytest.approx(
        [float(x) for x in xor.PUBLISHED_LOSSES.split()], abs=1e-12
    )


def test_random_runs_give_their_own_numbers(tmp_path):
    runs = {f"run{seed}": random_run(seed, steps=12, dtype=np.float64) for seed in range(60, 74)}
    runs = {name: run for name, run in runs.items() if run is not None}
    assert len(runs) > 10
    worst, _ = play(tmp_path, **runs)
    far = {name: x.worst for name, x in worst.items() if not x.worst <= 1e-12}
    assert not far


def test_float32_keeps_its_bound(tmp_path):
    runs = {f"run{seed}": random_run(seed, steps=12, dtype=np.float32) for seed in range(40, 46)}
    runs = {name: run for name, run in runs.items() if run is not None}
    worst, _ = play(tmp_path, **runs)
    assert max(x.worst for x in worst.values()) < BOUNDS["float32"]


def test_every_activation(tmp_path):
    runs = {}
    for name in known_activations():
        if name in ("softmax", "log", "log1p", "sqrt"):
            continue  # of negative numbers they are NaN: below
        X, y = rows_for("3-4-2", "squared_error")
        net = cr.Network([cr.Dense(4, name), cr.Dense(2)], inputs=3)
        for rule in (cr.SGD, cr.Adam):
            runs[f"{name}_{rule.__name__}"] = cr.train(
                net, X, y, optimizer=rule(1e-3), steps=6, engine="interpreter"
            )
    worst, _ = play(tmp_path, **runs)
    assert {k: x.worst for k, x in worst.items() if x.worst > ROUNDED} == {}


def test_slopes_that_are_infinite_do_not_matter_where_nothing_comes_from_above(tmp_path):
    initial = {"W1": [[1.0]], "b1": [0.0], "W2": [[1.0]], "b2": [0.0]}
    runs = {}
    for name in ("sqrt", "log", "log1p"):
        point = {"sqrt": 0.0, "log": 1e-300, "log1p": 0.0}[name]
        X, w = [[point], [2.0]], [0.0, 1.0]
        runs[name] = cr.train(
            cr.Network([cr.Dense(1, name, trainable="weights"), cr.Dense(1)], inputs=1), X,
            [1.0, 2.0], loss="squared_error", sample_weight=w, initial=initial, steps=3,
            optimizer=cr.SGD(0.01), engine="interpreter",
        )  # fmt: skip
    worst, _ = play(tmp_path, **runs)
    assert max(x.worst for x in worst.values()) < ROUNDED


@pytest.mark.parametrize("name", sorted(name for name, rule in primitives.items() if rule.script))
def test_the_source_of_an_operation_is_its_value(name):
    from chainrule.export.script.definitions import definitions

    space = {"np": np, "math": __import__("math")}
    exec("\n".join(definitions([f"{name}(x)"])), space)
    x = np.array(
        [-745.0, -700.0, -60.0, -37.0, -8.0, -1.0, -1e-9, 0.0, 1e-300, 0.3, 5.0, 40.0, 710.0]
    )
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = space[name](x)
        wanted = primitives[name].value(x)
    np.testing.assert_allclose(found, wanted, rtol=3e-13, atol=1e-300, err_msg=name)


def test_every_loss_reduction_and_weighting(tmp_path):
    runs = {}
    for loss, rule in losses.items():
        for last in {rule.logits_of or "tanh", "linear"}:
            for k, reduction in enumerate(("mean", "sum")):
                net = f"3-4:sigmoid-2{'' if last == 'linear' else ':' + last}"
                X, y = rows_for(net, loss)
                w = np.linspace(0, 2, len(X)) if k == (last == "linear") else None
                kind = (cr.SGD, cr.Adam)[k]
                runs[f"{loss}_{last}_{reduction}"] = cr.train(
                    net, X, y, loss=loss, reduction=reduction, sample_weight=w, steps=6,
                    optimizer=kind(0.01), engine="interpreter",
                )  # fmt: skip
    worst, _ = play(tmp_path, **runs)
    assert {k: x.worst for k, x in worst.items() if x.worst > ROUNDED} == {}


@pytest.fixture
def log_cosh():
    """A loss that tells no slope, for the time of a test."""

    @declare_loss(formula="sum_k log\ncosh(out - y)", latex=r"\ln\cosh(\mathrm{out}_k - y_k)")
    def log_cosh(out, y):
        e = out - y
        return np.log(0.5 * (np.exp(e) + np.exp(-e))).sum(axis=1)

    yield
    del losses["log_cosh"]


def test_a_loss_of_one_s_own_needs_nothing_else(log_cosh, tmp_path):
    X, y = rows_for("3-4:tanh-2", "log_cosh")
    run = cr.train("3-4:tanh-2", X, y, loss="log_cosh", steps=8, optimizer=cr.SGD(0.1))
    assert play(tmp_path, own=run)[0]["own"].worst < ROUNDED


def test_batches_validation_early_stopping_and_the_best_weights(tmp_path):
    X, y = rows_for("3-6:tanh-1", "squared_error", rows=40)
    other, truth = rows_for("3-6:tanh-1", "squared_error", seed=4, rows=20)
    settings = {"batch_size": 7, "validation": (other, truth), "optimizer": cr.Adam(0.02)}
    runs = {
        "early": cr.train("3-6:tanh-1", X, y, epochs=60, patience=3, seed=5, **settings),
        "watched": cr.train("3-6:tanh-1", X, y, epochs=3, seed=6, **settings),
        "sorted": cr.train("3-6:tanh-1", X, y, epochs=3, shuffle=False, **settings),
    }
    assert runs["early"].record.stopped == "early stopping"
    worst, found = play(tmp_path, **runs)
    assert max(x.worst for x in worst.values()) < 1e-12
    assert f"after step {runs['early'].record.best_step}" in str(found["early"]["said"])
    assert "patience" not in texts(tmp_path)["watched"]


def test_a_branch_goes_on_with_its_clock_its_batches_and_its_memory(tmp_path):
    X, y = rows_for("3-4:tanh-1", "squared_error", rows=20)
    rate = cr.Cosine(0.05, steps=60)
    run = cr.train(
        "3-4:tanh-1", X, y, steps=30, batch_size=6, optimizer=cr.Adam(rate), engine="interpreter"
    )
    worst, _ = play(tmp_path, branch=run.branch(11), short=run.branch(3, optimizer=cr.SGD(0.1)))
    assert max(x.worst for x in worst.values()) < ROUNDED


def test_many_rows_and_many_weights(tmp_path):
    X, y = rows_for("30-20:relu-3:softmax", "cross_entropy", rows=50)
    given = {"W1": np.random.default_rng(2).normal(size=(30, 20)) * 0.1}
    settings = {"steps": 6, "batch_size": 16, "optimizer": cr.SGD(0.05)}
    runs = {
        "drawn": cr.train("30-20:relu-3:softmax", X, y, seed=9, **settings),
        "given": cr.train("30-20:relu-3:softmax", X, y, initial=given, **settings),
        "single": cr.train("30-20:relu-3:softmax", X, y, dtype="float32", **settings),
    }
    worst, _ = play(tmp_path, **runs)
    assert max(worst[k].worst for k in ("drawn", "given")) < ROUNDED
    assert worst["single"].worst < 1e-5
    assert "rng.normal(0, np.sqrt(2 / 30), (30, 20))" in texts(tmp_path)["drawn"]
    assert "b1 = np.zeros(20)" in texts(tmp_path)["given"]


def test_rows_that_are_too_many_stand_beside(tmp_path, monkeypatch):
    monkeypatch.setattr("chainrule.export.script.values.PACKED_BYTES", 1000)
    X, y = rows_for("30-20:tanh-1", "squared_error", rows=50)
    given = {"W1": np.full((30, 20), 0.1)}
    run = cr.train("30-20:tanh-1", X, y, initial=given, steps=4, batch_size=8)
    run.export(tmp_path / "big.npz", "rows")
    worst, _ = play(tmp_path, big=run)
    assert worst["big"].worst < ROUNDED
    assert "chainrule export RUN --to rows" in texts(tmp_path)["big"]
    run.export(tmp_path / "it.py", "prediction-script")
    assert "chainrule export RUN --to npz" in (tmp_path / "it.py").read_text()


def test_names_that_mean_something_else_in_a_script(tmp_path):
    names = ["np", "for", "steps", "X", "sigmoid", "dL_dW1", "t", "e", "m", "Grün"]
    layers = [
        cr.Dense(2, "sigmoid", weights_name=weights, bias_name=bias)
        for weights, bias in zip(names[::2], names[1::2], strict=True)
    ]
    net = cr.Network([*layers, cr.Dense(1, "softplus")], inputs=2)
    X, y = rows_for(net, "squared_error")
    run = cr.train(net, X, y, steps=5, optimizer=cr.Adam(0.01))
    assert play(tmp_path, odd=run)[0]["odd"].worst < ROUNDED


def test_without_steps_and_all_frozen(tmp_path):
    X, y = rows_for("3-2:tanh-1", "squared_error")
    net = cr.Network([cr.Dense(2, "tanh", trainable=False), cr.Dense(1, trainable=False)], inputs=3)
    runs = {"none": cr.train("3-2:tanh-1", X, y, steps=0), "frozen": cr.train(net, X, y, steps=3)}
    assert max(x.worst for x in play(tmp_path, **runs)[0].values()) < ROUNDED


def test_formatters_leave_scripts_as_they_are(tmp_path):
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("ruff is not installed beside this Python")
    for seed in range(200, 212):
        run = random_run(seed, steps=2)
        if run is not None:
            run.export(tmp_path / f"run{seed}.py", "script")
            run.export(tmp_path / f"ask{seed}.py", "prediction-script")
    said = subprocess.run(
        [str(ruff), "format", "--isolated", "--diff", str(tmp_path)],
        capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout[:3000]


def test_names_of_people_s_columns_cannot_leave_their_string():
    nasty = 'a"""\nimport os #\\'
    assert ast.literal_eval(quoted(nasty)) == nasty
    assert ast.literal_eval(f'"""{in_docstring(nasty)}"""')
    for text in ("it's", 'say "a"', "both ' and \"", "\x00\t\u2028", "plain"):
        assert ast.literal_eval(quoted(text)) == text


def test_no_script_imports_us(tmp_path):
    for seed in range(225, 229):
        run = random_run(seed, steps=2)
        if run is None:
            continue
        for to in ("script", "prediction-script"):
            tree = ast.parse(run.export(tmp_path / f"{seed}{to}.py", to).read_text())
            nodes = [x for x in ast.walk(tree) if isinstance(x, ast.Import | ast.ImportFrom)]
            roots = {getattr(x, "module", None) or x.names[0].name for x in nodes}
            assert roots <= {"numpy", "math", "io", "base64", "pathlib", "csv", "re", "sys"}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_prediction_script_of_a_table_reads_it_and_says_the_same(seed, tmp_path):
    assert table_apart(tmp_path, seed) < 1e-13


@pytest.fixture
def asker(tmp_path):
    """Trains on a small table; asks its prediction script about another."""
    halves, thirds = [k / 2 for k in range(40)], [3.0 * k for k in range(40)]
    table = {"a": halves, "b": ["u", "v"] * 20, "y": thirds}
    run = cr.train_table(table, "y", hidden=(), epochs=2)
    script = run.export(tmp_path / "it.py", "prediction-script")

    def ask(text, *more):
        path = tmp_path / "new.csv"
        path.write_text(text)
        return subprocess.run(
            [sys.executable, "-I", str(script), str(path), *more],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return ask


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,u\n1_0,u\n", "row 2, column 'a': '1_0' is no number"),
        ("a,b\nnan,u\n", "no number"),
        ("a,b\n1e999,u\n", "too large"),
        ("a,b\n1,w\n", "a category that no training row has"),
        ("a\n1\n", "there is no column 'b'"),
        ("a,b\n1\n", "not as long as the header"),
    ],
)
def test_a_prediction_script_refuses_in_one_line_what_it_cannot_read(asker, text, told):
    said = asker(text)
    assert said.returncode == 1
    assert told in said.stderr
    assert len(said.stderr.splitlines()) == 1


def test_a_prediction_script_says_how_it_is_called(asker):
    assert asker("a,b\n1,u\n").returncode == 0
    assert "usage: python" in asker("a,b\n1,u\n", "more").stderr


def test_apart_sees_what_is_wrong():
    assert apart([1.0, 2.0], [1.0, 2.0 + 1e-9]) == pytest.approx(5e-10, rel=1e-6)
