"""Why a function has its slope: every operation between an input and the result, with numbers.

For any function of nodes, not only networks: each operation is a milestone with a name of its own.
Knows graphs and their tapes; knows no network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, SpecError, shown
from chainrule.executors.interpreter import bind
from chainrule.explain.document import (
    Block,
    Document,
    Formula,
    Number,
    Row,
    Sentence,
    Symbol,
    Table,
)
from chainrule.explain.explanation import Explanation
from chainrule.explain.formula import PRODUCT, Written, formula, number
from chainrule.explain.symbols import latex_of
from chainrule.explain.why.fold import Term, fold, table_of
from chainrule.explain.why.tape import Tape, open_tape
from chainrule.graph import Node, depends_on, leaves, primitives, toposort
from chainrule.types import Array

MOST = 12
"""Operations and terms that are shown where there are many."""
SHORT = 60
"""Characters up to which a formula is written out whole."""
''' + '''
