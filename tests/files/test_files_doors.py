"""What is refused at the door: places where no run can be, values that no run can hold."""

import os

import numpy as np
import pytest
from run_samples import contents_bits, sample

from chainrule.errors import FileRefused
from chainrule.files import RowSource, RunContents, read_run, update_run, write_run

NOTHING = RunContents({}, {})


def refused(call, *words):
    with pytest.raises(FileRefused) as caught:
        call()
    text = str(caught.value)
    first, second = text.splitlines()
    assert first.endswith(".")
    assert second.startswith("  ")
    for word in words:
        assert word in text
    return text


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", sample())


def test_places(tmp_path, run):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    (tmp_path / "link").symlink_to(run)
    (tmp_path / "loose").symlink_to(tmp_path / "none")
    for place, overwrite, word in [
        ("run", False, "a run of this name exists"),
        ("file", False, "a file of this name exists"),
        ("file", True, "a file of this name exists"),
        ("home", False, "it is not a run"),
        ("home", True, "it is not a run"),
        ("link", True, "is a symbolic link"),
        ("loose", False, "is a symbolic link"),
        ("file/run", False, "is a file, not a folder"),
        ("file/a/run", False, "is a file, not a folder"),
        ("n" * 300, False, "the name is too long"),
        ("/".join(["n" * 200] * 30), False, "the name is too long"),
        ("a\0b", False, "is not a path"),
    ]:
        refused(lambda: write_run(f"{tmp_path}/{place}", NOTHING, overwrite=overwrite), word)
    refused(lambda: write_run("", NOTHING), "is not a path")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "file", "home", "link", "loose", "run"
    ]  # fmt: skip
    assert contents_bits(read_run(run)) == contents_bits(sample())
    assert (tmp_path / "home" / "thesis.txt").read_text() == "mine"


def test_a_folder_with_somebody_elses_run_json_is_not_replaced(tmp_path):
    (tmp_path / "run.json").write_text('{"scripts": {}}')
    refused(lambda: write_run(tmp_path, NOTHING, overwrite=True), "it is not a run")


def test_a_damaged_run_may_be_replaced(run):
    data = (run / "run.json").read_bytes()
    (run / "run.json").write_bytes(data[:-9])
    write_run(run, NOTHING, overwrite=True)
    assert contents_bits(read_run(run)) == contents_bits(NOTHING)


def test_places_that_work(tmp_path, run, monkeypatch):
    (tmp_path / "empty").mkdir()
    (tmp_path / "to").symlink_to(tmp_path / "empty")
    monkeypatch.chdir(tmp_path)
    for place in ("empty", "relative", "a/b/c", "to/inside", "n" * 250, "späte 😀 läufe", "run/"):
        write_run(place, NOTHING, overwrite=True)
        assert contents_bits(read_run(place)) == contents_bits(NOTHING)
    assert isinstance(write_run(os.path.join("x", "y"), NOTHING), os.PathLike)


def test_reading_what_is_no_run(tmp_path, run):
    (tmp_path / "file").write_text("mine")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for place, word in [
        ("none", "no such file or folder"),
        ("file", "is not a folder"),
        ("pipe", "is not a folder"),
        ("loop", "a symbolic link stands in the way"),
        ("", "without run.json"),
        ("run/model.safetensors", "is not a folder"),
        ("run/checkpoints", "without run.json"),
    ]:
        refused(lambda: read_run(f"{tmp_path}/{place}"), word)
        refused(lambda: update_run(f"{tmp_path}/{place}"), word)
    refused(lambda: read_run("/dev/zero"), "is not a folder")
    refused(lambda: read_run(""), "is not a path")


def test_no_permission(tmp_path, run):
    """Root may do anything, so an ordinary user tries."""
    if os.geteuid():
        pytest.skip("needs root to become somebody else")
    (tmp_path / "closed").mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    if tmp_path.parent.stat().st_mode & 0o001 == 0:
        pytest.skip("nobody else gets into the temporary folder")
    child = os.fork()
    if not child:
        try:
            os.setuid(65534)
            refused(lambda: write_run(tmp_path / "closed" / "run", NOTHING), "permission denied")
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize(
    "manifest",
    [
        {"a": np.int64(3)}, {"a": np.float32(3)}, {"a": np.zeros(2)}, {"a": {1}}, {"a": b"x"},
        {"a": 1j}, {"a": 2**2000}, {"a": object()}, {1: 2}, {"$float": 1}, {"a": {None: 1}},
        {"a": ["ab"] * 200_000},
    ],
)  # fmt: skip
def test_manifests_that_would_not_come_back(tmp_path, manifest):
    refused(lambda: write_run(tmp_path / "run", RunContents(manifest, {})), "manifest")
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_that_holds_itself(tmp_path):
    manifest = {}
    manifest["a"] = manifest
    text = refused(lambda: write_run(tmp_path / "run", RunContents(manifest, {})), "deeper than 64")
    assert len(text) < 500


def test_numbers_that_do_come_back(tmp_path):
    manifest = {"a": np.float64(0.1), "b": (1, 2), "c": True, "d": 10**300, "e": 5e-324}
    back = read_run(write_run(tmp_path / "run", RunContents(manifest, {}))).manifest
    assert back == {"a": 0.1, "b": [1, 2], "c": True, "d": 10**300, "e": 5e-324}
    assert type(back["a"]) is float


@pytest.mark.parametrize(
    "arrays",
    [
        {"a": [1.0]}, {"a": 1.0}, {"a": None}, {"a": np.array(["x"])}, {"a": np.array([None])},
        {"a": np.zeros(2, complex)}, {"a": np.zeros(2, "M8[s]")}, {"a": np.zeros(2, "f8,f8")},
        {"a": np.ma.masked_array([1.0], [True])}, {"a": np.zeros(2, np.longdouble)},
        {"": np.zeros(2)}, {1: np.zeros(2)}, {"a\nb": np.zeros(2)}, {"a" * 200: np.zeros(2)},
        {"$a": np.zeros(2)}, {"__metadata__": np.zeros(2)}, {"\ud800": np.zeros(2)},
        {f"t{k}": np.zeros(1) for k in range(3000)},
    ],
)  # fmt: skip
def test_arrays_that_no_run_holds(tmp_path, arrays):
    place = tmp_path / "run"
    refused(lambda: write_run(place, RunContents({}, arrays)), "model.safetensors")
    refused(lambda: write_run(place, RunContents({}, {}, rows=arrays)), "rows.safetensors")
    refused(lambda: write_run(place, RunContents({}, {}, checkpoints={3: arrays})), "step 3")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "history",
    [
        {"a": [1.0]}, {"a": np.zeros((2, 2))}, {"a": np.array(1.0)}, {"a": np.array([True])},
        {"a": np.zeros(2, np.int32)}, {"a": np.array(["x"])}, {"": np.zeros(2)},
        {"a": np.zeros(2), "b": np.zeros(3)}, {"a": np.ma.masked_array([1.0], [True])},
        {3: np.zeros(2)}, {f"c{k}": np.zeros(1) for k in range(3000)},
    ],
)  # fmt: skip
def test_histories_that_no_run_holds(tmp_path, history):
    refused(lambda: write_run(tmp_path / "run", RunContents({}, {}, history)), "history.parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", [-1, 10**20, True, 1.5, "1", None, np.float64(2)])
def test_steps_that_are_none(tmp_path, step):
    place, state = tmp_path / "run", RunContents({}, {}, checkpoints={step: {}})
    refused(lambda: write_run(place, state), "a checkpoint of step")


def test_steps_may_be_numpys(tmp_path):
    state = RunContents({}, {}, checkpoints={np.int64(3): {"a": np.zeros(1)}})
    assert list(read_run(write_run(tmp_path / "run", state)).checkpoints) == [3]


def test_most_tensors_and_columns_with_the_longest_names(tmp_path):
    """The writer's limits fit inside the reader's."""
    names = [f"{k:0128d}" for k in range(2000)]
    arrays = {name: np.zeros((1, 1, 1)) for name in names}
    columns = {name: np.zeros(1) for name in names}
    run = write_run(tmp_path / "run", RunContents({}, arrays, columns))
    back = read_run(run)
    assert list(back.weights) == list(back.history) == names


@pytest.mark.parametrize(
    "source",
    [RowSource("", "0" * 64, 1, 1), RowSource("x", "0", 1, 1), RowSource("x", "0" * 64, -1, 1),
     RowSource("x", "g" * 64, 1, 1), RowSource("x", "0" * 64, 1, -1)],
)  # fmt: skip
def test_sources_of_rows_that_are_none(tmp_path, source):
    refused(lambda: write_run(tmp_path / "run", RunContents({}, {}, rows=source)), "source")
