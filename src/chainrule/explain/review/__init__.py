"""Review: a backward pass worked out by hand is judged, and the mistake in it is named.

The pass is a graph, every known mistake a rewrite of it; what was handed in is matched with the
right pass, with every single mistake, and with pairs.
"""

from chainrule.explain.review.blindness import blind
from chainrule.explain.review.door import Asked, Reviewer, review, review_function
from chainrule.explain.review.files import read_file
from chainrule.explain.review.verdict import Verdict
from chainrule.explain.review.words import Named

__all__ = [
    "Asked",
    "Named",
    "Reviewer",
    "Verdict",
    "blind",
    "read_file",
    "review",
    "review_function",
]
