"""Checkpoints: what is in the folder while a training runs, whoever kills, fills or takes it."""

import errno
import importlib
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from kill_battery import KINDS, Whole, kill_until_done
from resuming_samples import StopHere, X, Y, bits_of, crash_at, crashed, kept, of_arrays, of_table

import chainrule as cr
from chainrule.errors import FileRefused, SpecError
from chainrule.files import describe_files, owner_of, read_run
from chainrule.train.checkpoints import Checkpoints

keeper_room = importlib.import_module("chainrule.train.keeper")
UNFINISHED = "ignore:this run is unfinished"
CALLS = ("open", "write", "fsync", "mkdir", "rename", "replace", "unlink", "rmdir")


def tiny(checkpoints=None, **more):
    """Six steps of a tiny network."""
    settings = {"optimizer": "momentum", "snapshot_bytes": 1, "seed": 1, "steps": 6, **more}
    return cr.train("1-1", X[:6, :1], Y[:6], checkpoints=checkpoints, **settings)


class Killed(BaseException):
    """Stands for SIGKILL."""


class Disk:
    """Counts calls to the system; call `number` kills the process, or fails (and all later)."""

    def __init__(self, number, error=None, lasting=False, calls=CALLS):
        self.number, self.error, self.lasting, self.count = number, error, lasting, 0
        self.calls = calls

    def __enter__(self):
        self.real = {name: getattr(os, name) for name in self.calls}
        for name, call in self.real.items():
            setattr(os, name, self.wrapped(call))
        return self

    def __exit__(self, *_):
        for name, call in self.real.items():
            setattr(os, name, call)

    def wrapped(self, call):
        def counted(*args, **options):
            self.count += 1
            later = self.count > self.number and (self.lasting or self.error is None)
            if self.count == self.number or later:
                raise Killed if self.error is None else OSError(self.error, "planted")
            return call(*args, **options)

        return counted


def often(path):
    return Checkpoints(path, every=2)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return Whole(lambda c: tiny(often(c.path)), {}, tmp_path_factory.mktemp("whole") / "run")


@pytest.mark.slow
@pytest.mark.filterwarnings(UNFINISHED)
@pytest.mark.filterwarnings("ignore:.* Training goes on")
@pytest.mark.parametrize("error", [None, "ENOSPC", "EROFS"])
def test_each_call_of_a_training_killed_or_failed(tmp_path, whole, error):
    """Every fifth here; `syscall_battery` does all of them."""
    with Disk(10**9) as disk:
        tiny(often(tmp_path / "count"))
    assert disk.count > 100
    for number in range(1 + len(error or ""), disk.count + 1, 5):
        path = tmp_path / str(number)
        kind = error and getattr(errno, error)
        with Disk(number, kind, lasting=error == "EROFS"), suppress(Killed, FileRefused):
            tiny(often(path))
        if (path / "run.json").exists():
            assert whole.has_state(cr.load(path))
            cr.resume(path)
        else:
            tiny(often(path))
        assert bits_of(path) == whole.bits, number


@pytest.mark.slow
@pytest.mark.filterwarnings(UNFINISHED)
def test_killed_at_random_times(tmp_path):
    kind = "interpreter adam float64"
    uninterrupted = Whole(*KINDS[kind], tmp_path / "whole")
    kills, seen = kill_until_done(kind, uninterrupted, tmp_path / "run", random.Random(0), 12)
    assert kills
    assert seen


@pytest.mark.filterwarnings(UNFINISHED)
def test_the_folder_of_a_training_is_a_run(tmp_path):
    path = crashed(of_arrays, tmp_path / "run", 20)
    assert [one["name"] for one in describe_files(path) if not one["ok"]] == []
    run, finished = cr.load(path), of_arrays()
    assert (run.steps, run.record.planned, run.stopped) == (18, 41, "unfinished")
    assert "unfinished after 18 steps" in run.summary()
    np.testing.assert_array_equal(run.predict(X), run.predict(X))
    np.testing.assert_array_equal(run.at(11).gradients["W1"], finished.at(11).gradients["W1"])
    assert "W1[0,0]" in run.why("W1[0,0]").text()


def test_loading_it_says_how_to_go_on(tmp_path):
    path = crashed(of_arrays, tmp_path / "a run", 20)
    with pytest.warns(
        UserWarning, match=r"unfinished, at step 18 of 41; chainrule resume '.*a run'"
    ):
        cr.load(path)
    cr.resume(path)
    assert cr.load(path).stopped == "finished"


@pytest.mark.filterwarnings(UNFINISHED)
def test_so_many_are_kept(tmp_path):
    seen = []

    def look(progress):
        contents = read_run(tmp_path / "run")
        seen.append((list(contents.checkpoints), contents.manifest["checkpoints"]["recent"]))

    settings = {"snapshot_bytes": 1, "validation": None, "patience": None, "steps": 40}
    of_arrays(kept(tmp_path / "run", every=4, keep=3), callbacks=[look], **settings)
    assert ([0, 12, 16, 20], [12, 16, 20]) in seen
    assert list(read_run(tmp_path / "run").checkpoints) == [0, 40]


def test_epochs_and_seconds(tmp_path, monkeypatch):
    written = []
    own = keeper_room.Keeper._write

    def write(self, record, *rest, **how):
        written.append(record.steps)
        own(self, record, *rest, **how)

    monkeypatch.setattr(keeper_room.Keeper, "_write", write)
    of_arrays(kept(tmp_path / "epochs", every="2 epochs"))
    assert written == [8, 16, 24, 32, 40, 41]
    written.clear()
    monkeypatch.setattr(keeper_room, "LEAST_SHARE", 0)
    of_arrays(kept(tmp_path / "often", every="0.000001 s"))
    assert written == [*range(1, 41), 41]
    written.clear()
    monkeypatch.setattr(keeper_room, "LEAST_SHARE", 1e6)
    of_arrays(kept(tmp_path / "seldom", every="0.000001 s"))
    assert written == [1, 41]


@pytest.mark.parametrize(
    ("every", "means"),
    [
        (7, "7 steps"),
        ("1", "1 step"),
        ("2epochs", "2 epochs"),
        ("1 h", "3600 s"),
        ("0.5s", "0.5 s"),
    ],
)
def test_intervals(every, means):
    from chainrule.train.checkpoints import interval

    assert str(interval(every)) == means


@pytest.mark.parametrize(
    "every", [0, -1, True, 2.5, "", "0 s", "1.5 steps", "5 parsecs", None, "-3"]
)
def test_wrong_intervals(every):
    with pytest.raises(SpecError, match=r"a checkpoint every .* was asked for"):
        Checkpoints("run", every=every)


@pytest.mark.parametrize("wrong", [{"keep": 0}, {"keep": True}, {"keep": 1.5}])
def test_wrong_numbers_to_keep(wrong):
    with pytest.raises(SpecError, match="keep is"):
        Checkpoints("run", **wrong)
    with pytest.raises(SpecError, match="checkpoints is 3"):
        tiny(checkpoints=3)


def test_a_run_that_is_there_stays_until_the_first_checkpoint(tmp_path):
    tiny(often(tmp_path / "run"))
    before = bits_of(tmp_path / "run")
    with pytest.raises(FileRefused, match="a run of this name exists"):
        tiny(often(tmp_path / "run"))
    anew = Checkpoints(tmp_path / "run", every=4, overwrite=True)
    with pytest.raises(StopHere):
        tiny(anew, callbacks=[crash_at(2)])
    assert bits_of(tmp_path / "run") == before
    with pytest.raises(StopHere):
        tiny(anew, callbacks=[crash_at(5)])
    assert read_run(tmp_path / "run").manifest["steps"] == 4
    tiny(anew)
    tiny(Checkpoints(tmp_path / "new", every=4))
    assert bits_of(tmp_path / "run") == bits_of(tmp_path / "new")


@pytest.mark.filterwarnings(UNFINISHED)
def test_a_full_disk_is_told_once_and_training_goes_on(tmp_path, recwarn):
    path, seen = tmp_path / "run", []

    def fill(progress):
        seen.append(progress.step)
        if progress.step == 8:
            disk.__enter__()
        if progress.step == 24:
            disk.__exit__()

    disk = Disk(1, errno.ENOSPC, lasting=True, calls=("write",))
    of_arrays(Checkpoints(path, every=4), callbacks=[fill])
    of_arrays(Checkpoints(tmp_path / "whole", every=4))
    said = [str(one.message) for one in recwarn]
    assert len(said) == 1
    assert said[0].startswith(f"update run {str(path)!r}: no space is left on the disk (")
    assert said[0].endswith("Training goes on; the checkpoint of step 4 stays, and the next one is "
                            "tried later.")  # fmt: skip
    assert bits_of(path) == bits_of(tmp_path / "whole")


@pytest.mark.filterwarnings(UNFINISHED)
@pytest.mark.filterwarnings("ignore:.* Training goes on")
def test_a_disk_that_is_full_at_the_end(tmp_path):
    """The error carries the run, and the last good checkpoint is there."""
    disk = Disk(1, errno.ENOSPC, lasting=True, calls=("write",))
    try:
        with pytest.raises(FileRefused, match="no space is left") as caught:
            of_arrays(
                kept(tmp_path / "run"), callbacks=[lambda p: p.step == 20 and disk.__enter__()]
            )
    finally:
        disk.__exit__()
    caught.value.run.save(tmp_path / "saved")
    assert cr.load(tmp_path / "run").steps == 18
    cr.resume(tmp_path / "run")
    assert cr.load(tmp_path / "saved").stopped == "finished"


@pytest.mark.filterwarnings(UNFINISHED)
def test_a_real_full_disk(tmp_path, recwarn):
    mount = ["mount", "-t", "tmpfs", "-o", "size=150k", "tmpfs", str(tmp_path)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        with pytest.raises(FileRefused, match="no space is left"):
            of_arrays(kept(tmp_path / "run", every=50), steps=1500)
        assert "no space is left on the disk (" in str(recwarn[0].message)
        run = cr.load(tmp_path / "run")
        np.testing.assert_array_equal(run.losses, of_arrays(steps=1500).losses[: run.steps])
        assert 0 < run.steps < 1500
        assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]
        shutil.copytree(tmp_path / "run", tmp_path.with_name("moved"))
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    cr.resume(tmp_path.with_name("moved"))
    of_arrays(kept(tmp_path / "whole", every=50), steps=1500)
    assert bits_of(tmp_path.with_name("moved")) == bits_of(tmp_path / "whole")


def test_a_folder_that_is_removed_is_made_again(tmp_path):
    def remove(progress):
        if progress.step == 12:
            shutil.rmtree(tmp_path / "run")

    of_arrays(kept(tmp_path / "run"), callbacks=[remove])
    of_arrays(kept(tmp_path / "whole"))
    assert bits_of(tmp_path / "run") == bits_of(tmp_path / "whole")


@pytest.mark.filterwarnings("ignore:train into")
def test_a_folder_that_took_its_place_is_left_alone(tmp_path):
    tiny(often(tmp_path / "other"))
    before = bits_of(tmp_path / "other")

    def swap(progress):
        if progress.step == 12:
            (tmp_path / "run").rename(tmp_path / "away")
            shutil.copytree(tmp_path / "other", tmp_path / "run")

    with pytest.raises(FileRefused, match="another folder stands there now"):
        of_arrays(kept(tmp_path / "run"), callbacks=[swap])
    assert bits_of(tmp_path / "run") == before


def test_one_owner(tmp_path):
    """Another process, another thread and another change of this one are told who has it."""
    refused = []

    def others(progress):
        if progress.step != 8:
            return
        attempts = (
            lambda: cr.resume(tmp_path / "run"),
            lambda: tiny(Checkpoints(tmp_path / "run", overwrite=True)),
            lambda: tiny().save(tmp_path / "run", overwrite=True),
        )
        for attempt in attempts:
            thread = threading.Thread(target=caught, args=(attempt,))
            thread.start()
            thread.join()
        line = f"import chainrule as cr; cr.resume({str(tmp_path / 'run')!r})"
        done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True)
        refused.append(done.stderr.splitlines()[-2].partition("FileRefused: ")[2])

    def caught(attempt):
        try:
            attempt()
        except FileRefused as problem:
            refused.append(str(problem).splitlines()[0])

    of_arrays(kept(tmp_path / "run"), callbacks=[others])
    assert len(refused) == 4
    for line in refused:
        assert f"process {os.getpid()} on " in line, line
        assert ", since 2" in line
        assert line.endswith(" UTC, is at work on it.")
    assert owner_of(tmp_path / "run") is None
    assert not (tmp_path / "run" / ".owner").exists()


@pytest.mark.filterwarnings(UNFINISHED)
def test_the_lock_goes_with_the_process(tmp_path):
    path = tmp_path / "run"
    line = (
        "import sys; sys.path.insert(0, 'tests/run'); from resuming_samples import *\n"
        f"of_arrays(kept({str(path)!r}), callbacks=[lambda p: p.step == 8 and input()])"
    )
    home = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", line], stdin=subprocess.PIPE, cwd=home, text=True
    ) as process:
        give_up = time.monotonic() + 60
        while not (path / ".owner").exists() and time.monotonic() < give_up:
            time.sleep(0.01)
        assert owner_of(path).process == process.pid
        process.kill()
    assert (path / ".owner").exists()
    assert owner_of(path) is None
    cr.resume(path)
    assert not (path / ".owner").exists()


@pytest.mark.parametrize("plant", ["fifo", "link", "folder", "rubbish", "huge"])
def test_a_strange_note_disturbs_nobody(tmp_path, plant):
    tiny(often(tmp_path / "run"))
    note, victim = tmp_path / "run" / ".owner", tmp_path / "victim"
    victim.write_text("mine")
    {
        "fifo": lambda: os.mkfifo(note),
        "link": lambda: note.symlink_to(victim),
        "folder": note.mkdir,
        "rubbish": lambda: note.write_text('{"process": "\\u001b[31m", "host": 1}'),
        "huge": lambda: note.write_text("[" * 10**6),
    }[plant]()
    assert owner_of(tmp_path / "run") is None
    assert cr.load(tmp_path / "run").steps == 6
    assert cr.resume(tmp_path / "run", steps=9).steps == 9
    assert victim.read_text() == "mine"


def test_a_table_has_its_rows_for_the_score(tmp_path):
    run = of_table(kept(tmp_path / "run"))
    rows = read_run(tmp_path / "run").rows
    assert len(rows["held_out.x"]) == run.report["score"]["rows"]
