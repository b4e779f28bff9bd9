"""The functions that a script defines because NumPy has them not.

Knows the registry: an operation's declaration holds its source; knows no network.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from chainrule.export.script.layout import STEP, WIDTH
from chainrule.graph import primitives

CHAIN = '''\
def chain(g, slope):
    """Upstream gradient times slope; 0 where the upstream gradient is 0."""
    return np.where(g == 0, 0, g * slope)
'''


def definitions(lines: Iterable[str]) -> list[str]:
    """Return the functions that some lines call, those that they call first.

    Examples
    --------
    >>> definitions(["h1 = relu(z1)"])[0]
    'def relu(x):'
    """
    sources = {name: _told(name) for name, rule in primitives.items() if rule.script}
    sources["chain"] = CHAIN if any("chain(" in line for line in lines) else ""
    found: dict[str, str] = {}

    def add(text: str) -> None:
        for name in re.findall(r"(?<![.\w])(\w+)\(", text):
            if sources.get(name) and name not in found:
                found.setdefault(name, "")
                add(sources[name].partition("\n")[2])
                del found[name]
                found[name] = sources[name]

    add("\n".join(lines))
    return "\n\n\n".join(text.rstrip("\n") for text in found.values()).split("\n")


def _told(name: str) -> str:
    """Return the source of an operation with its sentence for people in it."""
    rule = primitives[name]
    head, rest = rule.script.split("\n", 1)
    if not head.startswith("def "):
        return f"# {rule.doc}\n{rule.script}"
    return f"{head}\n{_docstring(rule.doc)}\n{rest}"


def _docstring(doc: str) -> str:
    """Return a sentence as a docstring; a long one goes on in lines of its own."""
    told = doc if doc[-1] in ".!?" else f"{doc}."
    line = f'{STEP}"""{told}"""'
    if len(line) <= WIDTH:
        return line
    first, *rest = textwrap.wrap(told, len(told) * 2 // 3)  # so that it has two lines
    return "\n".join([f'{STEP}"""{first}', *(STEP + x for x in rest), f'{STEP}"""'])
