"""Any flipped bit, truncation or swapped file: refused, never a different model."""

import shutil

import pytest
from run_samples import contents_bits, files_of, sample

from chainrule.errors import FileRefused
from chainrule.files import describe_files, read_run, write_run

NAMES = [
    "checkpoints/step-0000000000.safetensors",
    "checkpoints/step-0000000007.safetensors",
    "history.jsonl",
    "history.parquet",
    "model.safetensors",
    "report.html",
    "rows.safetensors",
    "run.json",
]


@pytest.fixture(scope="module")
def run(module_path):
    folder = write_run(module_path / "run", sample())
    assert sorted(files_of(folder)) == NAMES
    return folder


@pytest.fixture(autouse=True)
def _intact_before_and_after(run):
    assert contents_bits(read_run(run)) == contents_bits(sample())
    yield
    assert contents_bits(read_run(run)) == contents_bits(sample())


def refused_with(run, path, data):
    """Put `data` in the place of a file, read the run, put the file back."""
    good = path.read_bytes()
    path.write_bytes(data)
    try:
        with pytest.raises(FileRefused) as caught:
            read_run(run)
    finally:
        path.write_bytes(good)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    culprit = lines[0].split(" of run ")[0]
    assert culprit == path.relative_to(run).as_posix() or path.name == "run.json"
    assert lines[1].startswith("  ")
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_with_one_bit_flipped(run, name):
    good = (run / name).read_bytes()
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] ^= 1 << place % 8
        refused_with(run, run / name, bad)


@pytest.mark.slow
def test_every_bit_of_every_file(run):
    for name in NAMES:
        good = (run / name).read_bytes()
        for place in range(8 * len(good)):
            bad = bytearray(good)
            bad[place // 8] ^= 1 << place % 8
            refused_with(run, run / name, bad)


@pytest.mark.parametrize("name", NAMES)
def test_every_truncation(run, name):
    good = (run / name).read_bytes()
    for length in range(len(good)):
        refused_with(run, run / name, good[:length])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("extra", [b"\0", b"\n", b"x" * 5000])
def test_bytes_at_the_end(run, name, extra):
    refused_with(run, run / name, (run / name).read_bytes() + extra)


@pytest.mark.parametrize("name", NAMES)
def test_zeroed_and_swapped_blocks(run, name):
    good = (run / name).read_bytes()
    half = len(good) // 2
    for bad in (bytes(len(good)), good[half:] + good[:half], good[:half] + bytes(len(good) - half)):
        assert bad != good
        refused_with(run, run / name, bad)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file(run, name, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / name).unlink()
    with pytest.raises(FileRefused, match=r"missing|without run\.json"):
        read_run(copy)


@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_renamed_file(run, name, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / name).rename((copy / name).with_name("step-0000000003.safetensors"))
    with pytest.raises(FileRefused, match="missing"):
        read_run(copy)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_run(run, name, tmp_path):
    other = write_run(tmp_path / "other", sample(seed=2))
    if name.startswith("history."):  # the same in both runs, so nothing is wrong
        return
    refused_with(run, run / name, (other / name).read_bytes())


def test_two_checkpoints_of_one_run_swapped(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    first, second = (copy / name for name in NAMES[:2])
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    with pytest.raises(FileRefused, match="checkpoints/step-0000000000"):
        read_run(copy)


def test_a_file_that_is_not_the_runs_is_never_opened(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    for name in ("model.pkl", "checkpoints/step-0000000001.safetensors", "run.json.bak"):
        (copy / name).write_bytes(b"\x80\x04.")
        (copy / name).chmod(0)
    assert contents_bits(read_run(copy)) == contents_bits(sample())
    states = {line["name"]: line["ok"] for line in describe_files(copy)}
    assert states["model.pkl"] is None


def test_the_words_say_what_is_wrong(run):
    path = run / "model.safetensors"
    good = path.read_bytes()
    assert "has 9 bytes, run.json says" in refused_with(run, path, good[:9])
    assert "is damaged (its SHA-256" in refused_with(run, path, good[:-1] + b"\xff")
    assert "integrity sum does not match" in refused_with(
        run, run / "run.json", (run / "run.json").read_bytes().replace(b"tanh", b"relu")
    )
