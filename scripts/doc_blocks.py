"""Markdown as far as checking it needs: fenced blocks, links, anchors.

Knows the text of one file; knows nothing of what a block means or where a link leads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

FENCE = re.compile(r"^( *)(`{3,}|~{3,})\s*([^\s`]*)[^`]*$")
COMMENT = re.compile(r"^ *<!--\s*(.*?)\s*-->\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the file's line where the text begins.

    ``notes`` are the HTML comments on the lines directly above the fence, first one first.
    """

    language: str
    text: str
    line: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """A link as it is written, and the line on which it stands."""

    target: str
    line: int


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a file in their order."""
    found = []
    notes: list[str] = []
    fence: re.Match[str] | None = None
    start, inside = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            if _closes(line, fence[2]):
                found.append(Block(fence[3].lower(), "".join(inside), start, tuple(notes)))
                fence, notes = None, []
            else:
                indent = len(line) - len(line.lstrip(" "))
                inside.append(line[min(indent, len(fence[1])) :] + "\n")
            continue
        fence = FENCE.match(line)
        comment = COMMENT.match(line)
        if fence:
            start, inside = number + 1, []
        elif comment:
            notes.append(comment[1])
        elif line.strip():
            notes = []
    return found


def _closes(line: str, fence: str) -> bool:
    """Say whether a line closes the fence: the same mark, at least as long, nothing else."""
    mark = line.strip()
    return len(mark) >= len(fence) and set(mark) == {fence[0]}


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines outside fenced blocks and comments, without inline code: (number, line)."""
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        opened = FENCE.match(line)
        if fence:
            fence = "" if _closes(line, fence) else fence
        elif opened:
            fence = opened[2]
        elif not COMMENT.match(line):
            yield number, line


def links(text: str) -> list[Link]:
    """Return the targets of links, images and reference definitions."""
    patterns = (
        r"\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'][^)]*)?\)",  # [words](target "title")
        r"^ {0,3}\[[^\]]+\]:\s+<?([^\s>]+)",  # [name]: target
        r"\b(?:href|src)=[\"']([^\"']+)[\"']",  # <a href="target">
    )
    found = []
    for number, line in prose(text):
        words = re.sub(r"(`+).*?\1", "", line)
        for pattern in patterns:
            found += [Link(match[1], number) for match in re.finditer(pattern, words)]
    return found


def anchors(text: str) -> set[str]:
    """Return the names to which ``#name`` may lead: those of headings, and explicit ones."""
    found: set[str] = set()
    for _, line in prose(text):
        found.update(re.findall(r"<\w+ [^>]*\b(?:id|name)=[\"']([^\"']+)[\"']", line))
        heading = re.match(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$", line)
        if heading:
            name = slug(heading[1])
            copies = [name, *(f"{name}-{copy}" for copy in range(1, len(found) + 1))]
            found.add(next(one for one in copies if one not in found))
    return found


def slug(heading: str) -> str:
    """Return the anchor that code hosts make of a heading."""
    words = re.sub(r"\]\([^)]*\)", "", heading)
    return re.sub(r"[^\w\- ]", "", words).strip().lower().replace(" ", "-")
