"""Stopped at any call to the system, or failed by it: the old run or the new one, never neither."""

import errno
import os
import threading

import pytest
from run_samples import contents_bits, sample

from chainrule.errors import FileRefused
from chainrule.files import RunContents, describe_files, read_run, update_run, write_run

CALLS = ("open", "write", "fsync", "mkdir", "rename", "replace", "unlink", "rmdir")
OLD, NEW = sample(seed=1), sample(seed=2)
SMALL = RunContents({"n": 3}, OLD.weights, {}, {5: OLD.weights})


class Killed(BaseException):
    """Stands for SIGKILL: from then on this process does nothing to the disk any more."""


class Disk:
    """Counts calls to the system, and at call `number` stops the process or fails the call."""

    def __init__(self, number, error=None, lasting=False):
        self.number, self.error, self.lasting, self.count = number, error, lasting, 0

    def __enter__(self):
        self.real = {name: getattr(os, name) for name in CALLS}
        for name, call in self.real.items():
            setattr(os, name, self.wrapped(name, call))
        return self

    def __exit__(self, *_):
        for name, call in self.real.items():
            setattr(os, name, call)

    def wrapped(self, name, call):
        def counted(*args, **options):
            self.count += 1
            hit = self.count == self.number
            if hit and name == "write":
                call(args[0], memoryview(args[1])[: len(args[1]) // 2])  # half of it gets there
            if hit or (self.count > self.number and (self.lasting or self.error is None)):
                raise Killed if self.error is None else OSError(self.error, "planted")
            return call(*args, **options)

        return counted


def new_run(run):
    write_run(run, NEW)


def overwrite(run):
    write_run(run, NEW, overwrite=True)


def update(run):
    update_run(
        run, manifest=NEW.manifest, weights=NEW.weights, history=NEW.history,
        checkpoints=NEW.checkpoints, report=NEW.report,
    )  # fmt: skip


def shrink(run):
    write_run(run, SMALL, overwrite=True)


AFTER_UPDATE = RunContents(
    NEW.manifest, NEW.weights, NEW.history, NEW.checkpoints, OLD.rows, NEW.report
)
WAYS = {new_run: NEW, overwrite: NEW, update: AFTER_UPDATE, shrink: SMALL}


def start(way, folder):
    """A folder in which `way` can run; returns the run's place."""
    run = folder / "run"
    if way is not new_run:
        write_run(run, OLD)
    return run


def is_old_or_new(way, run):
    """Check that one state or the other is there, whole; returns whether it is the new one."""
    if way is new_run and not run.exists():
        return False
    found = contents_bits(read_run(run))
    assert found in (contents_bits(OLD), contents_bits(WAYS[way]))
    assert all(line["ok"] for line in describe_files(run) if line["ok"] is not None)
    return found == contents_bits(WAYS[way])


def numbers(way, folder):
    """How many calls the way makes when nothing happens."""
    run = start(way, folder)
    with Disk(10**9) as disk:
        way(run)
    return disk.count


@pytest.mark.parametrize("way", WAYS)
def test_killed_at_every_call(tmp_path, way):
    (tmp_path / "count").mkdir()
    total = numbers(way, tmp_path / "count")
    news = []
    for number in range(1, total + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        run = start(way, folder)
        with Disk(number), pytest.raises(Killed):
            way(run)
        news.append(is_old_or_new(way, run))
        write_run(run, SMALL, overwrite=True)  # the next writer tidies up
        assert contents_bits(read_run(run)) == contents_bits(SMALL)
        assert [path.name for path in folder.iterdir()] == ["run"]
        assert not (run / ".next").exists()
    assert news == sorted(news), "once new, always new"
    assert set(news) == {False, True}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("error", "lasting"),
    [("ENOSPC", False), ("EIO", False), ("ENOSPC", True), ("EROFS", True)],
)
def test_each_call_fails(tmp_path, way, error, lasting):
    (tmp_path / "count").mkdir()
    total = numbers(way, tmp_path / "count")
    for number in range(1, total + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        run = start(way, folder)
        said = None
        with Disk(number, getattr(errno, error), lasting):
            try:
                way(run)
            except FileRefused as problem:
                said = str(problem)
        new = is_old_or_new(way, run)
        assert new or said, "a failure is told"
        assert said is None or len(said.splitlines()) == 2
        if not new and not lasting:
            assert [path.name for path in folder.iterdir()] in ([], ["run"]), "nothing left behind"
            assert not (run / ".next").exists()


def test_disk_full_is_one_clear_line(tmp_path):
    with Disk(6, errno.ENOSPC), pytest.raises(FileRefused) as caught:
        write_run(tmp_path / "run", NEW)
    first, second = str(caught.value).splitlines()
    assert first.startswith(f"write run {str(tmp_path / 'run')!r}: no space is left on the disk (")
    assert first.endswith(" MiB are free).")
    assert second == "  Free some space, or name a folder on another disk."
    assert list(tmp_path.iterdir()) == []


def test_a_real_full_disk(tmp_path):
    import subprocess

    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        import numpy as np

        run = write_run(tmp_path / "run", SMALL)
        large = RunContents({}, {"W": np.zeros(20_000)})
        for attempt in (lambda: write_run(tmp_path / "two", large), lambda: update_run(
            run, weights=large.weights)):  # fmt: skip
            with pytest.raises(FileRefused, match="no space is left"):
                attempt()
            assert [path.name for path in tmp_path.iterdir()] == ["run"]
            assert contents_bits(read_run(run)) == contents_bits(SMALL)
            assert not (run / ".next").exists()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_interrupted_by_the_user_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_run(tmp_path / "run", NEW)
    assert list(tmp_path.iterdir()) == []


def test_readers_beside_a_writer_see_one_state_or_the_other(tmp_path):
    run, states = write_run(tmp_path / "run", OLD), [OLD, NEW, SMALL]
    allowed = [contents_bits(state) for state in states]
    seen, problems, done = set(), [], threading.Event()

    def look():
        while not done.is_set():
            try:
                seen.add(allowed.index(contents_bits(read_run(run))))
            except BaseException as problem:
                problems.append(problem)
                return

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(60):
        write_run(run, states[number % 3], overwrite=True)
    done.set()
    reader.join()
    assert not problems, problems
    assert len(seen) > 1


def test_two_writers_one_owner(tmp_path):
    run = write_run(tmp_path / "run", OLD)
    from chainrule.files.durable import locked

    with locked(run) as mine:
        assert mine
        with pytest.raises(FileRefused, match="another process is writing to this run"):
            update_run(run, report=b"late")
    update_run(run, report=b"now")
    assert read_run(run).report == b"now"


def test_two_new_runs_of_one_name(tmp_path, monkeypatch):
    """The second one to appear is refused, and the first one stays."""
    rename = os.rename

    def late(source, target):
        monkeypatch.setattr(os, "rename", rename)
        write_run(tmp_path / "run", OLD)
        rename(source, target)

    monkeypatch.setattr(os, "rename", late)
    with pytest.raises(FileRefused, match="appeared while"):
        write_run(tmp_path / "run", NEW)
    assert contents_bits(read_run(tmp_path / "run")) == contents_bits(OLD)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_leftover_of_a_living_writer_is_not_touched(tmp_path):
    from chainrule.files.durable import locked

    dead, living = (tmp_path / f".chainrule-{n}-0.partial" for n in (1, 2))
    dead.mkdir()
    living.mkdir()
    with locked(living):
        write_run(tmp_path / "run", OLD)
        assert living.exists()
        assert not dead.exists()
