"""Listings and drawings: texts that a person reads, so their wording is fixed here."""

import chainrule as cr

LISTING = """\
  0  1.0               () float64
  1  x = variable      (2,) float64
  2  neg(1)            (2,) float64
  3  exp(2)            (2,) float64
  4  add(0, 3)         (2,) float64
  5  div(0, 4)         (2,) float64"""


def test_a_listing_numbers_what_is_computed():
    import numpy as np

    x = cr.variable("x", [1.0, 2.0])
    (out,) = cr.simplify([1 / (1 + np.exp(-x))])
    assert cr.listing(out) == LISTING


def test_a_drawing_escapes_names():
    x = cr.variable('a"b\\', 1.0)
    text = cr.dot(x * 2.0)
    assert 'label="a\\"b\\\\' in text
    assert text.startswith("digraph")
    assert "n0 -> n" in text or "n1 -> n" in text
