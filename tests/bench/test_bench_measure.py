"""Measuring: turns, pairs and medians, with engines whose speed is known."""

import time

import numpy as np
import pytest

from chainrule.bench import machine
from chainrule.bench.engines import Engine, all_engines
from chainrule.bench.measure import CHECKED, Measured, Ratio, Result, limited, measure
from chainrule.bench.workloads import workload
from chainrule.errors import SpecError

LOSSES = all_engines()["chainrule_interpreter"].prepare(workload("W1"))(CHECKED)


def busy_engine(name, milliseconds, turns=None, wrong=0.0, **more):
    """An engine that burns so much CPU time in each step, and tells the right losses first."""

    def prepare(one):
        done = 0

        def run(steps):
            nonlocal done
            if turns is not None:
                turns.append((name, steps))
            until = time.process_time() + steps * milliseconds / 1000
            while time.process_time() < until:
                pass
            losses = np.resize(LOSSES * (1 + wrong), done + steps)[done:]
            done += steps
            return losses

        return run

    return Engine(name, lambda: True, prepare, "nothing", **more)


def two(turns=None):
    return {
        "slow": busy_engine("slow", 2.0, turns),
        "fast": busy_engine("fast", 1.0, turns, ours=True),
    }


def test_ratios_are_those_of_the_speeds():
    result = measure(workload("W1"), two(), seconds=0.1, rounds=5)
    slow, fast = result.measured
    assert result.ours is fast
    assert slow.median == pytest.approx(2000, rel=0.1)
    ratio = result.ratio(slow)
    assert ratio.median == pytest.approx(2.0, rel=0.1)
    assert ratio.low <= ratio.median <= ratio.high
    assert slow.best <= slow.median
    assert slow.difference < 1e-12


def test_each_round_begins_with_another_engine():
    turns = []
    measure(workload("W1"), two(turns), seconds=0.05, rounds=4)
    last = [name for name, _ in turns[-8:]]
    assert last == ["slow", "fast", "fast", "slow", "slow", "fast", "fast", "slow"]


def test_a_piece_has_a_step_at_least_and_fills_its_time():
    turns = []
    measure(workload("W1"), two(turns), seconds=0.001, rounds=2)
    assert turns[-1][1] == 1
    measure(workload("W1"), two(turns), seconds=0.1, rounds=2)
    assert dict(turns[-2:])["fast"] > 10  # 50 on a quiet machine


def test_other_losses_are_seen():
    result = measure(workload("W1"), {"bad": busy_engine("bad", 0.1, wrong=1e-3)}, seconds=0.01)
    assert result.measured[0].difference == pytest.approx(1e-3, rel=1e-6)
    assert result.ours is None
    assert result.ratio(result.measured[0]) is None


def test_who_takes_no_part_says_why():
    missing = Engine("missing", lambda: False, busy_engine, "pip install missing")
    unwilling = busy_engine("unwilling", 1, refuses=lambda one: f"not {one.name}")
    result = measure(workload("W1"), {"m": missing, "u": unwilling, **two()}, seconds=0.01)
    assert result.absent == {"missing": "pip install missing", "unwilling": "not W1"}
    assert [one.name for one in result.measured] == ["slow", "fast"]


def test_machine_code_is_ours_if_it_is_there():
    def measured(key):
        return Measured(key, key, True, 0.0, 1, [2.0], [3.0], 1, 0.0, "")

    both = (measured("chainrule_interpreter"), measured("chainrule_native"))
    assert Result("W", "", both, {}, ()).ours is both[1]
    assert Result("W", "", both[:1], {}, ()).ours is both[0]


def test_with_threads_the_clock_counts():
    one = Measured("a", "a", True, 0.0, 1, [2.0, 2.0], [3.0, 5.0], 2, 0.0, "")
    assert (one.best, one.median) == (3.0, 4.0)


def test_threads_are_pinned_before_an_engine_is_prepared():
    pinned = []
    engine = busy_engine("a", 0.1, pin=pinned.append)
    measure(workload("W1"), {"a": engine}, seconds=0.01, threads=2, rounds=2)
    assert pinned == [2]


def test_what_is_done_is_told():
    said = []
    measure(workload("W1"), two(), seconds=0.01, tell=said.append)
    assert said == ["W1: slow gets ready", "W1: fast gets ready", "W1: 2 engines in turns"]


def test_ratio_of_pairs():
    assert Ratio.of([3.0, 3.0, 30.0], [1.0, 2.0, 10.0]).median == 3.0


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0}, {"seconds": -1.0}, {"seconds": 1e9}, {"threads": 0}, {"rounds": 0}]
)
def test_numbers_without_sense_are_refused(wrong):
    with pytest.raises(SpecError):
        measure(workload("W1"), {}, **wrong)


def test_libraries_are_limited_inside_the_block():
    from threadpoolctl import threadpool_info

    def threads():
        return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}

    before = threads()
    with limited(1):
        assert threads() == {1}
    assert threads() == before


def test_the_machine_is_told_without_a_time_of_day():
    found = machine.this_machine().to_dict()
    assert set(found) == {"processor", "cores", "system", "load", "versions"}
    assert {"python", "numpy", "chainrule"} <= set(found["versions"])
    assert found["processor"]


def test_a_system_without_load_or_processor_file(monkeypatch, tmp_path):
    def fails():
        raise OSError

    monkeypatch.setattr(machine.os, "getloadavg", fails)
    monkeypatch.setattr(machine, "Path", lambda name: tmp_path / "none")
    assert machine.load() == ()
    assert machine.processor()
