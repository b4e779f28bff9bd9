"""What things are called in a script: parameters keep their names unless the script needs them.

Knows names; knows no graph.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable

from chainrule.graph import primitives

WORDS = """
np math csv sys io base64 Path X Y y w n L m v move out rows row_loss total step steps epoch k
order rng limit batch_size batches losses rate norm g gradients parameters predict X_train
y_train w_train X_validation y_validation w_validation validation best best_loss best_step
waited patience packed data features read number category flag labels judge_rows table file
name cell row learning_rate print len sum max min range open float list dict divmod abs
sorted clip_value clip_norm chain slope numbers seed mse word MISSING path delimiter right
"""
TAKEN = frozenset(WORDS.split())
"""Names that scripts use for other things."""


def variables(names: Iterable[str]) -> dict[str, str]:
    """Return what each parameter is called: its own name, with _ behind it where that is taken.

    Examples
    --------
    >>> variables(["W1", "np", "lambda"])
    {'W1': 'W1', 'np': 'np_', 'lambda': 'lambda_'}
    """
    found: dict[str, str] = {}
    used = {*TAKEN, *primitives, *keyword.kwlist}
    for name in names:
        told = name
        while told in used or told.startswith("dL_"):
            told = f"{told}_" if not told.startswith("dL_") else f"own_{told}"
        used.add(told)
        found[name] = told
    return found
