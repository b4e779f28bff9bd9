"""Puts the table of the last measurement into benchmarks/README.md, between its two marks.

    chainrule bench --out benchmarks/last.json
    python scripts/bench_table.py [REPORT] [PAGE]

Knows the marks and where a report keeps its text; measures nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "benchmarks"
BEGIN, END = "<!-- table -->", "<!-- end -->"


def with_table(page: str, lines: list[str]) -> str:
    """Return a page with these lines between its marks, or say that it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs {BEGIN} and {END}, in this order.")
    table = "\n".join(lines).strip("\n")
    return f"{before}{BEGIN}\n```text\n{table}\n```\n{END}{after}"


def main(arguments: list[str] | None = None) -> int:
    """Put the table in its place; return 1 if that cannot be done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("report", nargs="?", type=Path, default=FOLDER / "last.json")
    parser.add_argument("page", nargs="?", type=Path, default=FOLDER / "README.md")
    given = parser.parse_args(arguments)
    try:
        lines = json.loads(given.report.read_text("utf-8"))["table"]
        given.page.write_text(with_table(given.page.read_text("utf-8"), lines), "utf-8")
    except (OSError, ValueError, KeyError) as error:
        print(f"{given.page}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
