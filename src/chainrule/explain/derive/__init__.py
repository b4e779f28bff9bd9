"""Derivations: from L back to W1 for one network, as a teacher would write it on the board.

The algebra follows from the graph of the network and from what operations and losses declare. Knows
records of training; renders nothing.
"""

from chainrule.explain.derive.notation import NAMES as NOTATIONS
from chainrule.explain.derive.page import derive

__all__ = ["NOTATIONS", "derive"]
