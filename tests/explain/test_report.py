"""The report of a run: what it says, its pictures, and its place in the run folder."""

import math
import re
import xml.etree.ElementTree as Tree
from itertools import pairwise

import numpy as np
import pytest
from derive_runs import deep_run, seed_run
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import FileRefused
from chainrule.explain import Section, Sentence, Table
from chainrule.explain.curves import (
    LEFT,
    POINTS,
    RIGHT,
    WIDTH,
    Curve,
    axes_for,
    draw,
    thinned,
    ticks,
)
from chainrule.explain.document import flat
from chainrule.explain.report import report_page
from chainrule.files import describe_files


@pytest.fixture(scope="module")
def classes():
    """A run on a table with two inputs, a gap and three classes."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, 90)
    table = {
        "size": (kind + rng.normal(0, 0.3, 90)).tolist(),
        "colour": [("red", "blue")[k % 2] for k in kind],
        "kind": [("cat & dog", "b<i>rd", "cow")[k] for k in kind],
    }
    return cr.train_table(table, "kind", hidden=[4], epochs=12, seed=1)


@pytest.fixture(scope="module")
def numbers():
    """A run on a table whose target is a number."""
    table = {"size": [k / 2 for k in range(60)], "price": [3.0 * k + 0.5 for k in range(60)]}
    return cr.train_table(table, "price", hidden=(), epochs=60)


def test_the_first_line_is_the_score(classes, numbers):
    found = classes.report["score"]
    line = str(classes.report_page()).splitlines()[0]
    assert line.startswith("Accuracy ")
    assert float(line.split()[1]) == pytest.approx(found["value"], rel=1e-3)
    assert f"on {found['rows']} rows held out." in line
    assert str(numbers.report_page()).splitlines()[0].startswith("R2 ")
    assert "in units of price." in numbers.report_page().text(200)


def test_the_confusions_and_their_shares_are_those_of_the_counts(classes):
    counts = np.array(classes.report["confusion"]["rows"])
    blocks = flat(classes.report_page().document.blocks)
    table = next(b for b in blocks if isinstance(b, Table) and b.total)
    for k, row in enumerate(table.rows):
        assert list(row[1:-1]) == counts[k].tolist()
        assert row[-1].value == counts[k, k] / counts[k].sum()
        below = table.total[1 + k]
        if counts[:, k].any():
            assert below.value == counts[k, k] / counts[:, k].sum()
        else:
            assert below == "", "what was never predicted has no precision"


def test_many_classes_are_listed_by_their_confusions():
    labels = [f"c{k}" for k in range(14)]
    counts = np.zeros((14, 14), int)
    counts[3, 5], counts[0, 1] = 7, 9
    report = {
        "score": {"name": "accuracy", "value": 0.5, "on": "test", "rows": 16},
        "baseline": 0.1, "confusion": {"labels": labels, "rows": counts.tolist()},
    }  # fmt: skip
    text = str(report_page(seed_run().record, report))
    assert re.search(r"c0 +c1 +9\n +c3 +c5 +7\n", text)


def test_words_of_the_table_are_words_on_the_page(classes):
    page = classes.report_page().html()
    assert "b&lt;i&gt;rd" in page
    assert "<i>" not in page
    assert "cat &amp; dog" in page


def test_a_machines_folders_are_not_told(tmp_path):
    path = tmp_path / "things.csv"
    path.write_text("a,b\n" + "".join(f"{k},{2 * k}\n" for k in range(40)))
    run = cr.train_table(path, "b", hidden=(), epochs=3)
    for page in (run.report_page().html(), run.report_page().json()):
        assert "things.csv" in page
        assert str(tmp_path) not in page


def test_runs_on_arrays_have_a_report_too():
    text = str(seed_run().report_page())
    assert re.match(r"L went from [\d.]+ to [\d.]+ in 10 steps\.", text)
    assert "Arrays: 4 rows of 3 inputs." in text
    assert "l[r] = 1/2 (out - y)^2" in text
    assert "Score" not in text


def test_a_run_without_a_step_and_one_that_diverged():
    none = cr.train("1-1", [[0.0]], [1.0], steps=0)
    assert str(none.report_page()).startswith("No step was done.")
    with pytest.raises(cr.DivergenceError) as caught:
        cr.train("1-1", [[1e3], [2e3]], [1.0, 2.0], steps=99, optimizer=cr.SGD(10.0))
    run = caught.value.run
    assert str(run.report_page()).startswith("It diverged at step")


def test_findings_and_opened_weights_have_their_places():
    slots = {
        "findings": [Section("What may be wrong", (Sentence("Nothing."),))],
        "opened": [Section("The largest gradient", (Sentence("W1[0,0]."),))],
    }
    text = str(report_page(seed_run().record, {}, **slots))
    order = ["Curves", "What may be wrong", "Data", "Network", "The largest gradient", "Next"]
    places = [text.index(f"\n{title}") for title in order]
    assert places == sorted(places)


def test_the_page_is_one_file_that_says_the_same_twice(classes):
    page = classes.report_page().html()
    assert page == classes.report_page().html()
    assert "http" not in page
    assert "<script" not in page
    assert page.count("<svg") == 2


def test_saving_writes_the_page_when_asked_and_loading_does_without(classes, tmp_path):
    plain = classes.save(tmp_path / "plain")
    assert not (plain / "report.html").exists()
    place = classes.save(tmp_path / "run", page=True)
    assert (place / "report.html").read_text("utf-8") == classes.report_page().html()
    assert {one["name"]: one["ok"] for one in describe_files(place)}["report.html"] is True
    again = cr.load(place)
    assert again.report_page().html() == classes.report_page().html()


def test_a_flipped_bit_in_the_page_is_found(classes, tmp_path):
    place = classes.save(tmp_path / "run", page=True)
    data = bytearray((place / "report.html").read_bytes())
    data[len(data) // 2] ^= 1
    (place / "report.html").write_bytes(data)
    with pytest.raises(FileRefused, match=r"report\.html"):
        cr.load(place)


def test_a_page_that_cannot_be_drawn_costs_no_training(classes, tmp_path, monkeypatch):
    monkeypatch.setattr("chainrule.explain.report.report_page", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        classes.save(tmp_path / "run", page=True)
    assert cr.load(tmp_path / "run").steps == classes.steps


def picture(values, **settings):
    return Tree.fromstring(draw([Curve("loss", values)], "epoch", **settings))


@given(st.lists(st.floats(1e-9, 1e9), min_size=2, max_size=2000))
def test_lines_stay_inside_and_go_where_their_values_go(values):
    axes = axes_for([Curve("loss", values)])
    line = picture(values).findall("polyline")[0]
    points = [tuple(map(float, p.split(","))) for p in line.get("points").split()]
    assert len(points) <= POINTS
    assert all(LEFT - 0.1 <= x <= WIDTH - RIGHT + 0.1 for x, _ in points)
    assert all(axes.y(max(values)) - 0.1 <= y <= axes.y(min(values)) + 0.1 for _, y in points)
    if len(values) <= POINTS:
        heights = [y for _, y in points]
        steeper = [b - a for a, b in pairwise(values)]
        for (a, b), rise in zip(pairwise(heights), steeper, strict=True):
            assert (b - a) * rise <= 0.11 * abs(rise), "higher values stand higher"


def test_gaps_and_nothing_to_draw():
    assert draw([Curve("loss", [math.nan, math.nan])], "epoch") == ""
    assert draw([Curve("loss", [1.0])], "epoch") == ""
    line = picture([4.0, math.nan, 1.0, math.inf]).findall("polyline")[0]
    assert len(line.get("points").split()) == 2


def test_the_axis_is_logarithmic_where_that_helps():
    assert axes_for([Curve("loss", [1e-4, 1.0])]).logarithmic
    assert not axes_for([Curve("loss", [0.5, 1.0])]).logarithmic
    assert not axes_for([Curve("loss", [0.0, 1.0])]).logarithmic
    assert ticks(axes_for([Curve("loss", [0.045, 0.95])])) == [0.05, 0.1, 0.2, 0.5]
    assert ticks(axes_for([Curve("loss", [1e-4, 1.0])])) == [1e-4, 1e-3, 1e-2, 0.1, 1.0]


@given(st.floats(1e-200, 1e200), st.floats(21.0, 1e90))
def test_logarithmic_ticks_are_at_least_two(low, times):
    found = ticks(axes_for([Curve("loss", [low, low * times])]))
    assert 2 <= len(found) <= 10
    assert all(low <= t <= low * times for t in found)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=9))
def test_ticks_are_few_round_and_inside(values):
    axes = axes_for([Curve("loss", values)])
    found = ticks(axes)
    assert 1 <= len(found) <= 9
    little = 1e-9 * max(map(abs, values), default=0.0) + 1e-300
    assert all(axes.low - little <= t <= axes.high + little for t in found)


def test_the_kept_epoch_is_marked():
    assert "kept: 3" in draw([Curve("loss", [3.0, 2.0, 1.0, 2.0])], "epoch", 3)
    text = deep_run().report_page().html()
    assert "kept:" not in text


def test_a_long_curve_is_drawn_by_means_and_one_of_no_steps_is_empty():
    losses = [float(k) for k in range(100_000)]
    points = thinned(losses)
    assert len(points) == POINTS
    size = 100_000 // POINTS
    assert points[0] == ((size + 1) / 2, (size - 1) / 2)
    assert thinned([]) == []
