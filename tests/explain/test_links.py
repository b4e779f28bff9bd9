"""Links of a page: what is about an entry names it, and leads to the line that explains it."""

import re

import numpy as np
import pytest

import chainrule as cr
from chainrule.cases import xor


@pytest.fixture(scope="module")
def page():
    return xor.trained().why("W1[0,2]", 6000).html()


def test_every_factor_leads_to_the_formula_that_explains_it(page):
    targets = re.findall(r'<div class="formula" id="([^"]+)">', page)
    assert targets == ["line-W1-0-2"]
    assert set(re.findall(r'<a href="#([^"]+)"', page)) == set(targets)
    nodes = re.findall(r'<a href="#[^"]+" data-node="([^"]+)">', page)
    assert nodes == ["out[r]", "z2[r]", "h1[r,2]", "z1[r,2]", "W1[0,2]"]


def test_the_cells_of_a_factor_name_the_same_entry(page):
    for node in ("out[r]", "z2[r]", "h1[r,2]", "z1[r,2]", "W1[0,2]"):
        cells = re.findall(rf'<td class="r" data-node="{re.escape(node)}">', page)
        assert len(cells) == 4, node  # one for each row


def test_a_page_of_several_weights_has_no_address_twice():
    rng = np.random.default_rng(0)
    run = cr.train("3-4:tanh-1", rng.normal(size=(9, 3)), rng.normal(size=9), steps=4, seed=1)
    page = run.report_page().html()
    targets = re.findall(r' id="([^"]+)"', page)
    assert len(targets) == len(set(targets)) >= 2
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(targets)


def test_a_ledger_names_its_entries():
    run = xor.trained()
    row = run.why("W1[0,2]", 6000, row=3)
    assert '<span data-node="z1[3,2]">' in row.html()
    assert '"node": "z1[3,2]"' in row.json()


def test_an_inputs_own_name_is_a_link_too():
    data = {"a & b": [0.1, 0.5, 0.9, 0.3], "c_d": [1.0, 0.2, 0.4, 0.8]}
    rows = np.column_stack(list(data.values()))
    pandas = pytest.importorskip("pandas")
    run = cr.train("2-3:tanh-1", pandas.DataFrame(data), rows.sum(1), steps=2, seed=1)
    page = run.why("W1[0,1]", 1)
    assert "a & b" in str(page)
    assert 'data-node="W1[0,1]"' in page.html()
    assert "a &amp; b" in page.html()
    assert r"\text{a \& b}" in page.latex()
