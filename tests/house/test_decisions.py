"""Decision records are numbered once, have their four parts, and stand in the index."""

import re

import rooms

FOLDER = rooms.ROOT / "docs" / "decisions"
RECORDS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
PARTS = ("Context", "Choice", "Cost", "How we would notice")


def test_every_record_has_its_form():
    for path in RECORDS:
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
        text = path.read_text(encoding="utf-8").lower()
        missing = [part for part in PARTS if part.lower() not in text]
        assert not missing, f"{path.name} lacks {', '.join(missing)}: see docs/decisions/README.md"


def test_each_number_is_given_once_and_listed_in_the_index():
    numbers = [path.name[:4] for path in RECORDS]
    assert numbers == sorted(set(numbers))
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    missing = [path.name for path in RECORDS if f"({path.name})" not in index]
    assert not missing, "\n".join(
        f"add a line to docs/decisions/README.md: | [{name[:4]}]({name}) | ... |"
        for name in missing
    )
