"""Assignments: nodes as lines of code, in which what is used twice has a name of its own.

Knows names and expressions; knows no layer and no loss.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Sequence

from chainrule.graph.code.naming import Names, seen
from chainrule.graph.code.pieces import TEXTBOOK, Style, instead_of, piece
from chainrule.graph.node import Node


class Assignments:
    """Writes lines ``name = expression`` and remembers what has a name.

    Parameters
    ----------
    known : Names
        What has a name already; grows.
    outputs : sequence of Node
        All that will be assigned: what occurs twice in it gets a name.
    style : Style
        How code looks.
    room : int or None
        Longer lines are cut: a part of them gets a name first.
    taken : collection of str
        Names that no part may get.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> e = cr.exp(x)
    >>> Assignments(Names({x: "x"}), [e / (1.0 + e)]).lines("out", e / (1.0 + e))
    ['e = np.exp(x)', 'out = e / (1 + e)']
    """

    def __init__(
        self,
        known: Names[str],
        outputs: Sequence[Node],
        style: Style = TEXTBOOK,
        room: int | None = None,
        taken: Collection[str] = (),
    ) -> None:
        self.known, self.style, self.room = known, style, room
        self.given = set(taken)
        self.twice = self._written_twice(outputs)

    def lines(self, name: str, node: Node) -> list[str]:
        """Return the lines that give a node its name; what is used twice in it gets one first."""
        found = []
        for part in self._parts(node):
            found += self._named(part)
        line = f"{name} = {piece(node, self.known, self.style).text}"
        while self.room is not None and len(line) > self.room:
            longest = self._longest(node)
            if longest is None:
                break
            found += self._named(longest)
            line = f"{name} = {piece(node, self.known, self.style).text}"
        self.known.call(node, name)
        return [*found, line]

    def _named(self, part: Node) -> list[str]:
        return self.lines(self._new_name("e" if part.op == "exp" else "t"), part)

    def _longest(self, node: Node) -> Node | None:
        """Return the longest operand without a name, of the innermost that has several."""
        node = seen(node)
        parts = [x for x in map(seen, self._operands(node)) if self._is_open(x)]
        if not parts:
            return None
        longest = max(parts, key=lambda x: len(piece(x, self.known, self.style).text))
        wrapper = len(self._operands(node)) == 1 and self._longest(longest) is not None
        return self._longest(longest) if wrapper else longest

    def _is_open(self, node: Node) -> bool:
        """Tell whether a node is written out: neither a number nor a name."""
        text = piece(node, self.known, self.style).text
        return node.op != "constant" and not re.fullmatch(r"\w+", text)

    def _new_name(self, letter: str) -> str:
        """Return the next name with this letter: t, t2, t3 ..."""
        found, count = letter, 1
        while found in self.given:
            count += 1
            found = f"{letter}{count}"
        self.given.add(found)
        return found

    def _parts(self, node: Node) -> list[Node]:
        """Return the parts of a node that need a name of their own, inner ones first."""
        found: list[Node] = []

        def visit(one: Node) -> None:
            one = seen(one)
            if one.op == "constant" or self.known.find(one) is not None:
                return
            for parent in self._operands(one):
                visit(parent)
            named = one is not node and self.known.key(one) in self.twice
            if named and self.known.key(one) not in map(self.known.key, found):
                found.append(one)

        visit(seen(node))
        return found

    def _operands(self, node: Node) -> tuple[Node, ...]:
        """Return what a formula shows of a node's inputs."""
        instead = instead_of(node, self.style)
        return node.inputs if instead is None else (instead,)

    def _written_twice(self, outputs: Sequence[Node]) -> set[Hashable]:
        """Return the keys of what is an operand of two different parts."""
        users: dict[Hashable, int] = {}
        known: set[Hashable] = set()

        def visit(one: Node) -> None:
            key = self.known.key(one)
            if key in known:
                return
            known.add(key)
            for parent in map(seen, self._operands(one)):
                if parent.op != "constant" and parent.inputs:
                    inner = self.known.key(parent)
                    users[inner] = users.get(inner, 0) + 1
                    visit(parent)

        for output in outputs:
            visit(seen(output))
        return {key for key, count in users.items() if count > 1}
