"""Trainings saved by each format: they open for ever, and say what they said on that day."""

import json

import numpy as np
import pytest
from make_golden import DTYPES, GOLDEN, facts, make
from run_samples import files_of

import chainrule as cr
from chainrule.files import record

RUNS = sorted(
    path.relative_to(GOLDEN).as_posix() for path in GOLDEN.glob("v*/trained/*") if path.is_dir()
)
PRESENT = GOLDEN / f"v{record.VERSION}" / "trained"
ALWAYS = {"format", "version", "written_by", "files", "source", "manifest", "integrity"}


def close(found, wanted, allowed, at=""):
    """Compare plain data: numbers up to rounding, relative to the largest beside them."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys(), at
        for key in wanted:
            close(found[key], wanted[key], allowed, f"{at}.{key}")
    elif isinstance(wanted, list) and wanted and not isinstance(wanted[0], str | dict):
        a, b = (np.array(x, dtype=object).astype(float) for x in (found, wanted))
        np.testing.assert_allclose(a, b, rtol=0, atol=allowed * max(
                                   abs(b)[b == b].max(initial=0), 1e-300),
                                   err_msg=at)  # fmt: skip
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), at
        for k, item in enumerate(wanted):
            close(found[k], item, allowed, f"{at}[{k}]")
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=allowed), at
    else:
        assert found == wanted, at


@pytest.mark.parametrize("name", RUNS)
def test_a_golden_training_says_what_it_said(name):
    run = cr.load(GOLDEN / name)
    wanted = json.loads((GOLDEN / f"{name}.json").read_text())
    found = facts(run)
    for stored in ("parameters", "history"):  # what is only read back has its every bit
        assert found[stored] == wanted[stored]
    allowed = 1e-12 if run.record.setup.dtype == np.float64 else 2e-6
    for key in wanted:
        close(found[key], wanted[key], allowed, key)


def test_the_comparison_sees_a_digit():
    wanted = json.loads((PRESENT / "arrays.json").read_text())
    other = json.loads((PRESENT / "arrays.json").read_text())
    other["gradients"]["W1"][0][0] *= 1 + 1e-9
    with pytest.raises(AssertionError):
        close(other, wanted, 1e-12)


def test_each_format_has_trainings():
    formats = {name.split("/")[0] for name in RUNS}
    assert formats == {f"v{number}" for number in range(1, record.VERSION + 1)}
    assert {path.name for path in PRESENT.iterdir() if path.is_dir()} == set(DTYPES)


def form(tree):
    """The names in a manifest, but for those that a user chose."""
    found = {k: form(v) if isinstance(v, dict) else None for k, v in tree.items()}
    return {k: v for k, v in found.items() if k not in ("kinds", "missing", "categories")}


@pytest.mark.parametrize("name", sorted(DTYPES))
def test_what_is_written_today_has_the_form_of_the_golden_one(name, tmp_path):
    """Another file, tensor, column or field needs a new version and golden runs of its own."""
    new, old = make(name).save(tmp_path / "run"), PRESENT / name
    assert sorted(files_of(new)) == sorted(files_of(old))
    trees = [json.loads((run / "run.json").read_text()) for run in (new, old)]
    assert all(tree.keys() == ALWAYS for tree in trees)
    assert form(trees[0]["manifest"]) == form(trees[1]["manifest"])
    for path in files_of(old):
        if path.endswith(".safetensors"):
            assert header(new / path) == header(old / path)
        elif path.endswith(".jsonl"):
            keys = [
                list(json.loads((run / path).read_text().splitlines()[0])) for run in (new, old)
            ]
            assert keys[0] == keys[1]


def header(path):
    data = path.read_bytes()
    return data[8 : 8 + int.from_bytes(data[:8], "little")]
