"""Reports: a table that shows where ours is slower, and JSON that holds every time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.bench.machine import Machine
from chainrule.bench.measure import Measured, Result
from chainrule.bench.report import as_json, check_place, figure, result_text, table_text, write_json
from chainrule.errors import FileRefused

ROOT = Path(__file__).parents[2]
MACHINE = Machine("a processor", 2, "Linux", (0.5, 0.25, 0.0), {"python": "3.11", "numpy": "2"})


def measured(key, name, times, *, ours=False, strays="", difference=0.0):
    return Measured(key, name, ours, 0.5, 10, times, times, 1, difference, strays)


def result():
    return Result(
        "W1",
        "two numbers",
        (
            measured("chainrule_interpreter", "chainrule, interpreter", [10.0, 11.0], ours=True),
            measured("a", "faster", [5.0, 5.5], difference=1e-7),
            measured("b", "slower", [20.0, 33.0]),
            measured("c", "as fast", [9.0, 12.1]),
            measured("d", "another", [30.0, 33.0], strays="it sums"),
        ),
        {"absent": "pip install absent"},
        (0.5,),
    )


PAGE = """\
W1  two numbers
engine                  best us  median us  ready s  x ours       quartiles  losses
faster                     5.00       5.25     0.50   0.500  0.500 to 0.500   1e-07  ours is slower
chainrule, interpreter     10.0       10.5     0.50       1                    same  ours
as fast                    9.00       10.6     0.50    1.00   0.950 to 1.05    same  level
slower                     20.0       26.5     0.50    2.50    2.25 to 2.75    same
another                    30.0       31.5     0.50    3.00    3.00 to 3.00       -
  another: another training; it sums
  not measured: absent (pip install absent)
"""


def test_the_table_shows_who_is_faster_than_ours():
    assert result_text(result()) == PAGE


def test_without_ours_there_is_no_ratio():
    alone = Result("W1", "", result().measured[1:2], {}, ())
    assert "-" in result_text(alone).splitlines()[2]
    assert as_json([alone], MACHINE)["workloads"][0]["engines"][0]["over_ours"] is None


def test_the_whole_text_tells_machine_and_clock():
    text = table_text([result()], MACHINE)
    assert "a processor, 2 cores, Linux; load 0.5, 0.25, 0.0; CPU time of one thread" in text
    assert "python 3.11, numpy 2" in text
    assert "time of the clock, 2 threads" in table_text([result()], MACHINE, 2)


def test_json_is_strict_and_holds_every_round():
    plain = json.loads(json.dumps(as_json([result()], MACHINE), allow_nan=False))
    assert set(plain) == {"command", "threads", "clock", "machine", "workloads", "table"}
    found = plain["workloads"][0]["engines"][1]
    assert found["cpu_us"] == [5.0, 5.5]
    assert found["verdict"] == "ours is slower"
    assert found["over_ours"]["median"] == 0.5
    assert plain["workloads"][0]["ours"] == "chainrule_interpreter"


def test_a_difference_that_is_no_number_is_null():
    odd = Result("W1", "", (measured("a", "a", [1.0], difference=float("nan")),), {}, ())
    assert as_json([odd], MACHINE)["workloads"][0]["engines"][0]["difference"] is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00084, "0.00084"), (0.0123, "0.0123"), (0.5, "0.500"), (1.0, "1.00"), (99.96, "100.0"),
     (123456.7, "123457")],
)  # fmt: skip
def test_figures(value, text):
    assert figure(value) == text


def test_a_place_that_cannot_be_written_to_is_refused_first(tmp_path):
    with pytest.raises(FileRefused, match="there is no folder"):
        check_place(str(tmp_path / "none" / "a.json"))
    with pytest.raises(FileRefused, match="that is a folder"):
        check_place(str(tmp_path))
    check_place(str(tmp_path / "a.json"))
    with pytest.raises(FileRefused, match="cannot be written"):
        write_json(str(tmp_path), {})


def put(*arguments):
    script = ROOT / "scripts" / "bench_table.py"
    return subprocess.run(
        [sys.executable, script, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_the_script_puts_the_table_in_its_place(tmp_path):
    report, page = tmp_path / "last.json", tmp_path / "README.md"
    write_json(str(report), as_json([result()], MACHINE))
    page.write_text("# Before\n\n<!-- table -->\nold\n<!-- end -->\n\nAfter.\n", "utf-8")
    for _ in range(2):
        done = put(report, page)
        assert done.returncode == 0, done.stderr
        text = page.read_text("utf-8")
        assert text.startswith("# Before\n\n<!-- table -->\n```text\nW1  two numbers\n")
        assert text.endswith("\n```\n<!-- end -->\n\nAfter.\n")
        assert "old" not in text


def test_the_script_needs_the_marks(tmp_path):
    report, page = tmp_path / "last.json", tmp_path / "README.md"
    write_json(str(report), as_json([result()], MACHINE))
    page.write_text("no marks\n", "utf-8")
    done = put(report, page)
    assert done.returncode == 1
    assert "needs <!-- table --> and <!-- end -->" in done.stderr
    assert page.read_text("utf-8") == "no marks\n"


def test_the_page_of_the_repository_has_the_marks():
    text = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    assert text.count("<!-- table -->") == text.count("<!-- end -->") == 1
