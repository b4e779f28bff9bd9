"""What a path can name besides a file, and files that change or may not be read."""

import errno
import os
import socket
import threading
from pathlib import Path

import pytest

from chainrule.data import read_table
from chainrule.data import sources as sources_module
from chainrule.errors import DataError


def test_a_pipe_is_read_to_its_end(tmp_path):
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    rows = "".join(f"{i},x\n" for i in range(50_000))
    writer = threading.Thread(target=lambda: path.write_text(f"a,b\n{rows}oops,y\nlast,z\n"))
    writer.start()
    table = read_table(path)
    writer.join()
    assert table.rows == 50_002
    assert "line 50002 has 'oops'" in table.column("a").doubt


def test_a_pipe_may_carry_parquet(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    file, pipe = tmp_path / "t.parquet", tmp_path / "pipe.parquet"
    pq.write_table(pa.table({"a": [1, 2]}), file)
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(file.read_bytes()))
    writer.start()
    assert read_table(pipe).column("a").values.tolist() == [1, 2]
    writer.join()


def test_an_endless_pipe_does_not_fill_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(
        sources_module.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 4 << 20})()
    )
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)

    def pour():
        try:
            with open(path, "wb") as pipe:
                for _ in range(64):
                    pipe.write(b"1,2\n" * 65536)
        except BrokenPipeError:
            pass

    writer = threading.Thread(target=pour)
    writer.start()
    with pytest.raises(DataError, match="more than half of the free space"):
        read_table(path)
    writer.join()


def test_folders_sockets_devices_and_loops_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.symlink("loop.csv", "loop.csv")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s.csv")
        for path, words in [
            (".", "is a folder"),
            ("s.csv", "is a socket"),
            ("/dev/zero", "is a device"),
            ("/dev/null", "is a device"),
            ("loop.csv", "round in a circle"),
            ("absent.csv", "does not exist"),
            ("absent/t.csv", "Nor does its folder"),
            ("s.csv/t.csv", "cannot be opened"),
            ("x" * 5000, "cannot be opened"),
            ("a\0b", "is no path"),
        ]:
            with pytest.raises(DataError, match=words):
                read_table(path)


def test_a_typing_mistake_in_the_name(tmp_path):
    (tmp_path / "houses.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"Did you mean .*houses\.csv"):
        read_table(tmp_path / "house.csv")


def test_no_permission(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")

    def forbidden(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("builtins.open", forbidden)
    with pytest.raises(DataError, match=r"permission denied.\n  Try: chmod u\+r"):
        read_table(path)


def test_a_file_swapped_for_a_device_after_the_check_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    real = open
    monkeypatch.setattr("builtins.open", lambda p, *a: real("/dev/zero", *a))
    with pytest.raises(DataError, match="is a device"):
        read_table(path)


def test_a_link_to_a_file_is_followed(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    os.symlink(tmp_path / "t.csv", tmp_path / "link.csv")
    assert read_table(tmp_path / "link.csv").rows == 1


@pytest.mark.parametrize("name", ["t", "t.unknown", "T.CSV"])
def test_an_ending_that_says_nothing_is_taken_for_text(tmp_path, name):
    (tmp_path / name).write_text("a,b\n1,2\n")
    assert read_table(str(tmp_path / name)).rows == 1


def test_a_file_in_proc_has_no_size_and_is_read(tmp_path):
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc here")
    with pytest.raises(DataError, match="Did you mean"):
        read_table("/proc/self/status", delimiter=",")
