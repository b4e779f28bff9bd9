"""Every target of an export, through the one door; weights come back bit for bit."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DivergenceError, FileRefused, SpecError
from chainrule.export import targets


def line(**settings):
    """Return a small run on arrays."""
    return cr.train("2-3:tanh-1", [[0.0, 1.0], [1.0, 0.5]], [1.0, 3.0], steps=3, **settings)


@pytest.mark.parametrize("name", sorted(targets()))
def test_a_target_writes_a_file_and_leaves_one_that_is_there(name, tmp_path):
    place = tmp_path / f"it{targets()[name].ending}"
    first = line().export(place, name).read_bytes()
    assert first
    with pytest.raises(FileRefused, match="already"):
        line(seed=1).export(place, name)
    assert place.read_bytes() == first
    assert line(seed=1).export(place, name, overwrite=True).read_bytes() != first
    assert [file.name for file in tmp_path.iterdir()] == [place.name]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_come_back_bit_for_bit(dtype, tmp_path):
    from safetensors.numpy import load_file

    run = line(dtype=dtype)
    for found in (
        np.load(run.export(tmp_path / "it.npz"), allow_pickle=False),
        load_file(run.export(tmp_path / "it.safetensors")),
    ):
        assert sorted(found) == sorted(run.parameters)
        for name, value in run.parameters.items():
            np.testing.assert_array_equal(found[name], value, strict=True)


def test_what_cannot_be_is_said(tmp_path):
    with pytest.raises(SpecError, match="names none"):
        line().export(tmp_path / "it.docx")
    with pytest.raises(SpecError, match="there is no export to 'docx'"):
        line().export(tmp_path / "it.npz", "docx")
    with pytest.raises(FileRefused, match="there is no folder"):
        line().export(tmp_path / "nowhere" / "it.npz")
    with pytest.raises(FileRefused, match="already"):
        line().export(tmp_path, "npz")


def test_a_run_that_diverged_has_no_model_to_export(tmp_path):
    with pytest.raises(DivergenceError) as found:
        cr.train("1-1", [[1.0], [2.0]], [1.0, 3.0], steps=500, optimizer=cr.SGD(9.0))
    with pytest.raises(DivergenceError, match="no model"):
        found.value.run.export(tmp_path / "it.npz")
