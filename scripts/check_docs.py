"""Check every Markdown file: its examples run, its links lead somewhere.

Knows the repository's files; how to read and to run one is in `doc_blocks` and `doc_examples`.

    python scripts/check_docs.py              all files
    python scripts/check_docs.py README.md    only these
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from urllib.parse import unquote

from doc_blocks import anchors, blocks, links
from doc_examples import Report, run_file

ROOT = Path(__file__).parents[1]
FOLDERS = ("docs", "src", "changes", "tests", "scripts", "benchmarks")
OUTSIDE = ("http://", "https://", "mailto:")


def markdown_files(root: Path) -> list[Path]:
    """Return the Markdown files of a repository: those at its top and those of its folders."""
    inner = [path for folder in FOLDERS for path in (root / folder).rglob("*.md")]
    return sorted(root.glob("*.md")) + sorted(inner)


def broken_links(path: Path, root: Path) -> Iterator[str]:
    """Yield a sentence for each link of a file that leads nowhere; the web is not asked."""
    text = path.read_text(encoding="utf-8")
    for link in links(text):
        if link.target.startswith(OUTSIDE):
            continue
        name, _, anchor = unquote(link.target).partition("#")
        aim = path.parent / name if name else path
        place = f"{path.relative_to(root)}:{link.line}: the link {link.target}"
        if name.startswith("/") or not aim.resolve().is_relative_to(root.resolve()):
            yield f"{place} leaves the repository: write it relative to this file"
        elif not aim.exists():
            yield f"{place} leads to no file"
        elif anchor and aim.suffix == ".md" and anchor not in anchors(aim.read_text("utf-8")):
            yield f"{place} leads to no heading of {aim.resolve().relative_to(root.resolve())}"


def run_examples(files: list[Path], root: Path) -> list[Report]:
    """Run the examples of all files, each file in a process of its own."""
    context = multiprocessing.get_context("spawn")
    names = [str(path.relative_to(root)) for path in files]
    workers = max(1, min(len(files), os.cpu_count() or 1))
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
        return list(pool.map(run_file, [path.resolve() for path in files], names))


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Print what was run, excused and broken; return 1 if anything is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="all Markdown files if none is given")
    chosen = [path.absolute() for path in parser.parse_args(arguments).files]
    files = chosen or markdown_files(root)
    started = time.perf_counter()
    reports = run_examples([path for path in files if blocks(path.read_text("utf-8"))], root)
    broken = [sentence for path in files for sentence in broken_links(path, root)]
    failures = [failure for report in reports for failure in report.failures]
    skipped = [excuse for report in reports for excuse in report.skipped]
    for sentence in [*skipped, *broken, *failures]:
        print(sentence)
    count = sum(len(links(path.read_text("utf-8"))) for path in files)
    ran = sum(report.ran for report in reports)
    print(
        f"{len(files)} files: {ran} examples run, {len(skipped)} not run, {len(failures)} failed;"
        f" {count} links, {len(broken)} broken; {time.perf_counter() - started:.1f} s"
    )
    return int(bool(failures or broken))


if __name__ == "__main__":
    sys.exit(main())
