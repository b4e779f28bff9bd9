"""The glossary and the code speak of the same things."""

import re

import rooms

from chainrule.nn.losses import losses

TEXT = (rooms.ROOT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8")


def test_the_glossary_has_every_loss_and_no_other():
    section = TEXT.partition("\n## Losses\n")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(losses)
