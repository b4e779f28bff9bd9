"""The largest gradients of a step, opened: a section for each, to stand on another page.

Knows the page of a weight; knows nothing of the page that it will stand on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.executors.threads import one_thread
from chainrule.explain.document import Section, Steps
from chainrule.explain.why.gradient import weight_page
from chainrule.explain.why.opened import open_step
from chainrule.explain.why.question import parse
from chainrule.train import Moment, Record

COUNT = 2
"""Weights that are opened: of so many parameters, those with the largest gradients."""
MOST = 5


def largest_gradients(
    record: Record,
    moment: Moment,
    *,
    features: Sequence[str] | None = None,
    called: str = "RUN",
    count: int = COUNT,
) -> tuple[Section, ...]:
    """Return the chain rule of the largest gradient of each of a few parameters.

    Parameters
    ----------
    record, moment : Record, Moment
        The run and the opened step.
    features : sequence of str, optional
        What the inputs are called.
    called : str
        What commands call the run.
    count : int
        Of how many parameters: those with the largest gradients; matrices before biases.

    Examples
    --------
    >>> import chainrule as cr
    >>> run = cr.train("1-2:tanh-1", [[0.0], [1.0]], [1.0, 3.0], steps=3, seed=1)
    >>> [section.title for section in largest_gradients(run.record, run.at(2), count=1)]
    ['W1[0,0], the largest gradient of W1 at step 2']
    """
    sizes = {
        name: float(np.max(np.abs(g), initial=0.0))
        for name, g in moment.gradients.items()
        if g.ndim > 1 and np.isfinite(g).all()
    }
    chosen = sorted(sizes, key=lambda name: -sizes[name])[:count]
    with one_thread():
        opened = open_step(record, moment, features, called)
        sections = []
        for name in chosen:
            gradient = moment.gradients[name]
            place = np.unravel_index(int(np.argmax(np.abs(gradient))), gradient.shape)
            asked = f"{name}[{','.join(map(str, place))}]"
            page = weight_page(opened, parse(opened, asked), MOST)
            kept = tuple(block for block in page.blocks if not isinstance(block, Steps))
            title = f"{asked}, the largest gradient of {name} at step {moment.step}"
            sections.append(Section(title, kept))
    return tuple(sections)
