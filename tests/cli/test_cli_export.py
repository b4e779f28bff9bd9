"""Export as a user sees it: what is written, what goes in and comes out, what is refused."""

import json

import numpy as np
import pytest

from chainrule.export import targets


@pytest.mark.parametrize("name", sorted(targets()))
def test_the_file_is_put_beside_the_run(cli, penguins, bare, name):
    run, _ = penguins
    said = cli("export", run, "--to", name, "--json").json
    stem = f"penguins-{name}" if name in ("prediction-script", "rows") else "penguins"
    place = run.parent / f"{stem}{targets()[name].ending}"
    assert said["file"] == str(place)
    assert place.stat().st_size == said["bytes"]
    place.unlink()


def test_the_form_follows_from_the_ending(cli, penguins, bare):
    run, _ = penguins
    assert cli("export", run, "--out", "it.json").code == 0
    assert json.loads((bare / "it.json").read_text("utf-8"))["format"] == "chainrule model"
    again = cli("export", run, "--out", "it.json")
    assert again.code == 1
    assert "already" in again.err
    assert cli("export", run, "--out", "it.json", "--overwrite").code == 0
    for wrong, words in ((["--out", "it.docx"], "names none"), ([], "neither was given")):
        said = cli("export", run, *wrong)
        assert said.code == 1
        assert words in said.err


def test_what_it_says_of_an_onnx_model_is_what_the_runtime_sees(cli, penguins, bare):
    import onnxruntime

    run, _ = penguins
    said = cli("export", run, "--out", "it.onnx", "--json").json
    model = onnxruntime.InferenceSession("it.onnx", providers=["CPUExecutionProvider"])
    for told, seen in (("inputs", model.get_inputs()), ("outputs", model.get_outputs())):
        found = [(one.name, one.type, one.shape) for one in seen]
        assert found == [(p["name"], f"tensor({p['kind']})", p["shape"]) for p in said[told]]
    row = {"island": "Biscoe", "bill_length_mm": 50.0, "bill_depth_mm": 15.2, "sex": "",
           "flipper_length_mm": 218.0, "body_mass_g": 5700.0, "year": 2009.0}  # fmt: skip
    label, _ = model.run(None, {name: np.array([[cell]]) for name, cell in row.items()})
    assert label.tolist() == ["Gentoo"]
