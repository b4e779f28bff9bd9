"""Change fragments: check them, and gather them into CHANGELOG.md at a release.

Knows the folder changes/ and the form of CHANGELOG.md; knows nothing of the package.

    python scripts/changelog.py           check the fragments, print what a release would say
    python scripts/changelog.py 0.2.0     write the section of 0.2.0, remove its fragments
    python scripts/changelog.py 0.2.0 --date 2026-01-31
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
KINDS = {"added": "Added", "changed": "Changed", "fixed": "Fixed", "removed": "Removed"}
"""The kinds of change, in the order in which a release lists them."""

MARK = "<!-- releases -->"
"""The line of CHANGELOG.md below which a new release is written."""


class FragmentError(Exception):
    """A fragment or a changelog that is not in its form; the message says what would do."""


def read_fragments(root: Path) -> dict[Path, tuple[str, str]]:
    """Return every fragment below ``root/changes``: its path to its kind and sentence."""
    found = {}
    for path in sorted((root / "changes").iterdir()):
        if path.name == "README.md":
            continue
        name = re.fullmatch(r"[\w.-]+?\.(\w+)\.md", path.name)
        if not name or name[1] not in KINDS:
            raise FragmentError(
                f"changes/{path.name}: not the name of a fragment;"
                f" use NAME.KIND.md with KIND one of {', '.join(KINDS)}."
            )
        found[path] = name[1], _sentence(path)
    return found


def _sentence(path: Path) -> str:
    """Return the one sentence of a fragment on one line."""
    text = " ".join(path.read_text(encoding="utf-8").split())
    if not re.fullmatch(r"[^-*#\s].*[^.]\.", text) or re.search(r"[\w`)]{3}[.!?] [A-Z]", text):
        raise FragmentError(
            f"changes/{path.name}: holds {text[:60]!r}; write one sentence for users,"
            " no list mark, with a full stop at its end."
        )
    return text


def section(title: str, fragments: dict[Path, tuple[str, str]]) -> str:
    """Return a release's section: a title, then a list for each kind that occurs."""
    parts = [f"## {title}"]
    for kind, heading in KINDS.items():
        lines = [f"* {sentence}" for found, sentence in fragments.values() if found == kind]
        if lines:
            parts.append("\n".join([f"### {heading}", "", *lines]))
    return "\n\n".join(parts) + "\n"


def release(root: Path, version: str, date: str) -> str:
    """Write the section of a version into CHANGELOG.md, remove its fragments, return it."""
    fragments = read_fragments(root)
    path = root / "CHANGELOG.md"
    text = path.read_text(encoding="utf-8")
    if not re.fullmatch(r"\d+\.\d+\.\d+\w*", version):
        raise FragmentError(f"the version is {version!r}; write it like 1.2.3.")
    if re.search(rf"^## {re.escape(version)}\b(?!\.)", text, re.MULTILINE):
        raise FragmentError(f"CHANGELOG.md has a section {version} already; choose the next one.")
    if text.count(f"{MARK}\n") != 1:
        raise FragmentError(f"CHANGELOG.md has no single line {MARK}; put it above the releases.")
    if not fragments:
        raise FragmentError("changes/ holds no fragment; a release needs at least one.")
    written = section(f"{version} ({date})", fragments)
    path.write_text(text.replace(f"{MARK}\n", f"{MARK}\n\n{written}"), encoding="utf-8")
    for fragment in fragments:
        fragment.unlink()
    return written


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Check or release; return 1 with one line when something is not in its form."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("version", nargs="?", help="write this release; only check without it")
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    options = parser.parse_args(arguments)
    try:
        if options.version:
            print(release(root, options.version, options.date), end="")
        else:
            print(section("Unreleased", read_fragments(root)), end="")
    except FragmentError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
