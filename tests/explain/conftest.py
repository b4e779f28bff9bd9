"""Golden pages: what a reader sees; a change in wording is a difference to approve.

    WRITE_GOLDEN=1 python -m pytest tests/explain

writes them anew; look at them afterwards.
"""

import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "golden"


@pytest.fixture
def golden():
    """Compares a text with the page that is kept under a name."""

    def compare(name, text):
        path = FOLDER / name
        if os.environ.get("WRITE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
