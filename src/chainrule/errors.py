"""Every error that is raised on purpose; anything else is a bug.

    ChainruleError
    |-- GraphError          a graph that cannot be built
    |   |-- ShapeError      shapes that do not fit
    |   |-- DTypeError      dtypes that do not fit
    |   `-- UnsupportedError  a NumPy function or use that has no place in a graph
    |-- SpecError           a network, loss, optimizer or option that does not make sense
    |   `-- ParameterRefused  a parameter of an estimator; a ValueError too
    |-- ValueRefused        a number that has no right answer (softmax of no finite logit, NaN in X)
    |-- DataError           a table or an array that is refused (file, line, column, value)
    |-- FileRefused         a run folder that is missing, damaged, foreign or in the way
    |-- DivergenceError     training ran away; says step, layer and tensor
    `-- MissingExtraError   an optional dependency is not installed

Each message is three facts and a way out: what was asked, what was found, what would do. Knows
nothing of who raises them.
"""

from __future__ import annotations

from typing import Any


class ChainruleError(Exception):
    """Base of every error raised on purpose; the command line prints it as one line."""


class GraphError(ChainruleError):
    """A graph that cannot be built."""


class ShapeError(GraphError):
    """Shapes that do not fit together."""


class DTypeError(GraphError):
    """Dtypes that do not fit together."""


class UnsupportedError(GraphError):
    """A NumPy function, or a way of using a node, that a graph cannot hold."""


class SpecError(ChainruleError):
    """A network, loss, optimizer or option that does not make sense."""


class ParameterRefused(SpecError, ValueError):
    """A parameter of an estimator that does not make sense.

    Also a ValueError, which is what code written for scikit-learn catches.
    """


class ValueRefused(ChainruleError):
    """A number for which no right answer exists."""


class DataError(ChainruleError):
    """A table or an array that is refused: file, line, column, value and what to do."""


class FileRefused(ChainruleError):
    """A run folder that is missing, damaged, foreign or in the way.

    Attributes
    ----------
    run : object
        A finished training that could not be written at its end; save it elsewhere. Else None.
    """

    run: Any = None


class DivergenceError(ChainruleError):
    """Training ran away.

    Attributes
    ----------
    step : int
        The step k in whose state (before update k) the trouble was seen.
    tensor : str
        The first tensor that is wrong, by its name in the network (``z1``, ``W2``, ``L``).
    run : object
        The run up to the last good step; it can be inspected and replayed, not predicted with.
    """

    def __init__(self, message: str, *, step: int, tensor: str, run: Any = None) -> None:
        super().__init__(message)
        self.step, self.tensor, self.run = step, tensor, run


class MissingExtraError(ChainruleError):
    """An optional dependency is not installed."""


SHOWN_LENGTH = 80
"""Characters of a refused value that a message shows at most."""


def shown(value: Any) -> str:
    """Return a value as a message shows it: on one line, and cut where it is long.

    Examples
    --------
    >>> shown("sigmod"), shown("a" * 100)[-6:]
    ("'sigmod'", 'aa ...')
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= SHOWN_LENGTH else f"{text[: SHOWN_LENGTH - 4]} ..."
