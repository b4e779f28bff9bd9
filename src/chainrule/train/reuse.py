"""Reuse: what one training made of its form serves the next that differs in its rows alone.

A cross-validation trains the same network a hundred times; its plans and its machine code depend
on no number in its rows. Knows keys and what was made; knows no network.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

MOST = 64
"""Things kept at most; the one that was used longest ago goes first."""

_made: OrderedDict[Hashable, Any] = OrderedDict()


def forget() -> None:
    """Forget everything that was made, as is needed where an operation's rule was changed.

    Examples
    --------
    >>> first = reused("example", lambda: object())
    >>> forget()
    >>> reused("example", lambda: object()) is first
    False
    """
    _made.clear()


def reused(key: Hashable, make: Callable[[], T]) -> T:
    """Return what was made for an equal key, or make it; it must never change afterwards.

    Parameters
    ----------
    key : hashable
        Everything that the thing depends on. One that cannot be hashed (an optimizer of
        somebody's own may be so) is made anew each time.
    make : callable
        Makes it.

    Examples
    --------
    >>> first = reused("example", lambda: object())
    >>> reused("example", lambda: object()) is first
    True
    """
    try:
        found = _made.get(key)
    except TypeError:
        return make()
    if found is None:
        found = make()
    _made[key] = found
    try:
        _made.move_to_end(key)
        if len(_made) > MOST:
            _made.popitem(last=False)
    except KeyError:  # another thread was quicker
        pass
    kept: T = found
    return kept
