"""Opening: a file of weights to its arrays by name; no code of a file is ever run.

Knows endings and first bytes; each format that is read has a file of its own.
"""

from chainrule.adopt.opening.file import open_weights

__all__ = ["open_weights"]
