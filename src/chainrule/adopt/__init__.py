"""Adoption: a network trained elsewhere, opened as a run that has only step 0.

A source (one file each in `sources`) turns what somebody has, an object or arrays, into a
`Foreign`: layers as (inputs, units), and what else it knows. From there on everything is ours.
Knows other libraries by the shape of their objects and files only; imports none of them.
"""

from chainrule.adopt.adopting import adopt

__all__ = ["adopt"]
