"""Random plans in machine code against the interpreter: the share of `plans.py` that CI runs.

The seeds are fixed. A failure tells the command that makes the plan small.
"""

import plans
import pytest

pytestmark = pytest.mark.slow

SIZES = {"network": (72, 6), "graph": (160, 20), "large": (40, 8), "primitive": (124, 31),
         "training": (20, 5), "state": (60, 20), "threads": (10, 5)}  # fmt: skip
"""How many plans of each kind, and how many of them are one test."""

CHUNKS = [
    (kind, start, size) for kind, (count, size) in SIZES.items() for start in range(0, count, size)
]


@pytest.mark.parametrize(("kind", "start", "size"), CHUNKS)
def test_machine_code_agrees_with_the_interpreter(kind, start, size, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", "")
    for seed in range(start, start + size):
        try:
            plans.judge(kind, seed)
        except AssertionError as wrong:
            command = f"python -m tests.native.plans --kinds {kind} --seed {seed} --count 1"
            pytest.fail(f"{wrong}\n{command}")
