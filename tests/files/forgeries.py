"""Forged runs that are right in every sum: each part of a manifest, in turn, as it must not be.

By hand: python -m tests.files.forgeries --count 20000
"""

import copy
import random

EVIL = (
    None, True, False, 0, 1, -1, 2, 3, 1.5, -0.0, 1e308, float("inf"), float("nan"), 2**31, 2**63,
    2**64, 2**80, -(2**70), 10**9, "", "a", "x" * 300, "float32", "float64", "native", "sum",
    "__class__", "os.system", "../../etc/passwd", "\x1b[2J", "\u202e", "0" * 64, [], [[]], [None],
    [1, 2], [0, "L", "x"], ["a"] * 3, {}, {"kind": "dense"}, {"name": "adam"}, {"a": {"b": [1]}},
    {"type": "Preparation"}, {"type": "OneHot"},
)  # fmt: skip
"""What may stand anywhere."""


def places(tree, at=()):
    """Every place in a tree of lists and objects, as the keys that lead to it."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, item in items:
        yield (*at, key)
        if isinstance(item, dict | list):
            yield from places(item, (*at, key))


def parent_of(tree, place):
    for key in place[:-1]:
        tree = tree[key]
    return tree


def mutated(tree, rng):
    """A copy of a tree with one to three changes, and what they were."""
    tree, said = copy.deepcopy(tree), []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        place = rng.choice(list(places(tree)))
        parent, key = parent_of(tree, place), place[-1]
        said.append((place, _change(tree, parent, key, rng)))
    return tree, said


def _change(tree, parent, key, rng):
    old = parent[key]
    way = rng.choice(("evil", "evil", "evil", "remove", "add", "other", "number", "repeat"))
    if way == "remove":
        del parent[key]
    elif way == "add" and isinstance(parent, dict):
        parent[rng.choice(("extra", "type", "kind", "name", "W1"))] = rng.choice(EVIL)
    elif way == "other":
        other = rng.choice(list(places(tree)))
        parent[key] = copy.deepcopy(parent_of(tree, other)[other[-1]])
    elif way == "number" and isinstance(old, int | float) and not isinstance(old, bool):
        parent[key] = rng.choice((old + 1, old - 1, -old, old * 1000, old / 2, 10**7))
    elif way == "repeat" and isinstance(old, list):
        parent[key] = old * rng.choice((2, 1000))
    else:
        parent[key] = rng.choice(EVIL)
    return way, parent[key] if isinstance(parent, dict) and key in parent else None


def rng_of(seed):
    return random.Random(seed)
