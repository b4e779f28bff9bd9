"""`chainrule derive`: the derivation of a run in a folder, on the screen and in files."""

import json

import chainrule as cr


def test_a_run_is_derived_in_every_format(cli, bare):
    run = cr.train("2-3:tanh-1", [[0.0, 1.0], [1.0, 0.0]], [1.0, -1.0], steps=2, seed=1)
    run.save("a run")
    said = cli("derive", "a run", "--notation", "delta", "--entry", "W1[0,2]", "--entry", "b1[1]")
    assert said.code == 0
    assert said.out.startswith("dL/dW1[i,j] = sum_r delta1[r,j] * x[r,i], and here is why.")
    assert "dL/dW1[0,2] = " in said.out
    assert "dL/db1[1] = " in said.out
    assert """chainrule why 'a run' "W1[0,0]" --step 0""" in said.out
    assert cli("derive", "a run", "--json").json["kind"] == "derive"
    for ending, start in ((".tex", "% The"), (".md", "# The"), (".html", "<!DOCTYPE html>")):
        assert cli("derive", "a run", "--out", f"page{ending}").code == 0
        assert (bare / f"page{ending}").read_text().startswith(start)
    cli("derive", "a run", "--out", "page.json")
    assert json.loads((bare / "page.json").read_text())["data"]["network"] == "2-3:tanh-1"


def test_what_is_not_there_is_one_line(cli, bare):
    cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=1).save("run")
    said = cli("derive", "run", "--entry", "W7[0,0]")
    assert said.code == 1
    assert said.err.startswith("chainrule: the derivation of 'W7[0,0]' was asked for;")
    assert cli("derive", "run", "--notation", "greek").code != 0
