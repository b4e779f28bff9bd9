"""In every test, a graph is checked after each transformation of it."""

import functools
import os
import signal
import sys
import tempfile

import pytest

from chainrule import autodiff, graph
from chainrule.autodiff import reverse

CACHE = os.environ.setdefault("CHAINRULE_CACHE", tempfile.mkdtemp(prefix="chainrule-tests-"))
"""Machine code that tests make is kept here, for all their processes, and not at the user's."""


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_is_heard():
    """Tests send Ctrl-C; a shell that puts them into the background has it ignored.

    What a test starts inherits this.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _as_list(found):
    return list(found) if isinstance(found, (list, tuple)) else [found]


def _checked(function):
    """Return the transformation followed by `check`, which names it if the graph is wrong."""

    @functools.wraps(function)
    def checked(*args, **kwargs):
        found = function(*args, **kwargs)
        graph.check(*_as_list(found), after=function.__name__)
        return found

    return checked


@pytest.fixture(autouse=True, scope="session")
def checked_transformations():
    """Put the checked functions wherever a module, ours or a test's, holds the plain ones."""
    plain = [graph.simplify, graph.substitute, reverse.gradients, autodiff.directional_derivative]
    with pytest.MonkeyPatch.context() as patch:
        for function in plain:
            checked = _checked(function)
            for module in list(sys.modules.values()):
                if vars(module).get(function.__name__) is function:
                    patch.setattr(module, function.__name__, checked)
        yield
