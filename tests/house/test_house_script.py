"""The house script catches what it promises to catch: each violation is planted and looked for."""

import pytest

import house

CLEAN = '''"""A module; knows itself, knows nothing of others."""


def public(x: int) -> int:
    """Return x."""
    return x
'''


def rows(plant, text, path="src/chainrule/graph/node.py"):
    root = plant({"src/chainrule/__init__.py": '"""Face."""\n', path: text})
    return {row.name: row for row in house.measure(root)}


def long_function(lines, docstring=True, decorator=False):
    head = ["@decorate"] * decorator + ["def public(x: int) -> int:"]
    words = ['    """Return x.', "", "    At length.", '    """'] * docstring
    return '"""Duty."""\n\n' + "\n".join(head + words + ["    x += 1"] * (lines - 1)) + "\n"


def test_a_clean_file_breaks_no_rule(plant):
    assert not [row for row in rows(plant, CLEAN).values() if row.rule and row.broken]


@pytest.mark.parametrize("docstring", [True, False])
@pytest.mark.parametrize(("lines", "broken"), [(50, False), (51, True)])
def test_function_length_counts_the_signature_not_the_docstring_or_decorator(
    plant, lines, broken, docstring
):
    row = rows(plant, long_function(lines, docstring, decorator=True))["function length, max"]
    assert row.found == str(lines)
    assert row.broken is broken
    if broken:
        assert row.where == ("src/chainrule/graph/node.py:4 public: 51 lines",)


def test_median_is_an_aim(plant):
    row = rows(plant, long_function(9))["function length, median"]
    assert row.broken
    assert not row.rule


@pytest.mark.parametrize(("lines", "broken"), [(400, False), (401, True)])
def test_file_length(plant, lines, broken):
    row = rows(plant, CLEAN + "\n" * (lines - 6))["file length, max"]
    assert row.found == str(lines)
    assert row.rule
    assert row.broken is broken


def test_a_long_test_file_is_shown_and_not_judged(plant):
    plant({"tests/test_long.py": "\n" * 500})
    row = rows(plant, CLEAN)["test file length, max"]
    assert row.found == "500"
    assert not row.rule


def test_scripts_are_judged_too(plant):
    plant({"scripts/tool.py": "def main():\n    pass\n"})
    found = rows(plant, CLEAN)
    assert found["annotations"].where == ("scripts/tool.py:1: main: no annotation for return",)
    assert len(found["module and public docstrings"].where) == 2


@pytest.mark.parametrize(
    ("text", "lack"),
    [
        ("x = 1\n", "1: module without a docstring"),
        ('"""M."""\ndef f() -> None: ...\n', "2: f without a docstring"),
        ('"""M."""\nclass C:\n    x = 1\n', "2: C without a docstring"),
        ('"""M."""\nclass C:\n    """C."""\n    def f(self) -> None: ...\n', "4: C.f without"),
        ('"""M."""\nif 1:\n    def f() -> None: ...\n', "3: f without a docstring"),
    ],
)
def test_missing_docstring(plant, text, lack):
    row = rows(plant, text)["module and public docstrings"]
    assert row.rule
    assert len(row.where) == 1
    assert lack in row.where[0]


def test_private_special_nested_and_overloaded_need_no_docstring(plant):
    text = '''"""M."""
def _private() -> None: ...
class _Private:
    def public(self) -> None: ...
class C:
    """C."""
    def __len__(self) -> int: ...
    @property
    def x(self) -> int:
        """X."""
    @x.setter
    def x(self, value: int) -> None: ...
@typing.overload
def f(x: int) -> int: ...
def f(x: object) -> object:
    """F."""
    def inner() -> None: ...
'''
    assert rows(plant, text)["module and public docstrings"].where == ()


@pytest.mark.parametrize(
    ("text", "lack"),
    [
        ("def f(x) -> int: ...", "f: no annotation for x"),
        ("def f(x: int): ...", "f: no annotation for return"),
        ("def f(*a, b, **c) -> int: ...", "f: no annotation for a, b, c"),
        ("def f(x, /) -> int: ...", "f: no annotation for x"),
        ("class C:\n  def f(self, x) -> int: ...", "f: no annotation for x"),
        ("class C:\n  def __init__(self, x: int): ...", "__init__: no annotation for return"),
        ("class C:\n  @staticmethod\n  def f(x) -> int: ...", "f: no annotation for x"),
        ("def f() -> None:\n  def g(x) -> int: ...", "g: no annotation for x"),
        ("async def f(x) -> int: ...", "f: no annotation for x"),
    ],
)
def test_missing_annotation(plant, text, lack):
    row = rows(plant, text)["annotations"]
    assert row.rule
    assert len(row.where) == 1
    assert lack in row.where[0]


def test_self_cls_and_lambdas_need_no_annotation(plant):
    text = "class C:\n  def f(self) -> int: ...\n  @classmethod\n  def g(cls) -> int: ...\n"
    assert rows(plant, text + "h = lambda x: x\n")["annotations"].where == ()


def test_a_share_is_rounded_down():
    tree = house.ast.parse('"""M."""\n' + "def f(): ...\n" * 1)
    source = house.Source(house.Path("m.py"), "", tree)

    def one_lacks(tree):
        yield from [(tree, "")] * 2999
        yield tree, "lacking"

    row = house.share_row("share", [source], one_lacks)
    assert row.found == "99.9 % of 3000"
    assert row.broken


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_a_note_to_oneself_needs_an_issue(plant, word):
    text = f'"""M."""\nx = "{word}: only text"\ny = 1  # {word}: later\nz = 2  # {word} #12\n'
    row = rows(plant, text)["TODO without an issue"]
    assert row.rule
    assert row.where == (f"src/chainrule/graph/node.py:3: # {word}: later",)


def test_an_import_cycle_is_a_broken_rule(plant):
    plant({"src/chainrule/graph/other.py": '"""M."""\nfrom . import node\n'})
    row = rows(plant, '"""M."""\nfrom .other import thing\n')["import cycles"]
    assert row.rule
    assert row.where == ("chainrule.graph.node -> chainrule.graph.other -> chainrule.graph.node",)


def test_light_imports_inside_functions_are_shown(plant):
    text = "def f() -> None:\n    import pyarrow.csv\n    import json\n"
    row = rows(plant, text)["imports inside functions"]
    assert not row.rule
    assert row.where == ("src/chainrule/graph/node.py:3: json",)


def test_a_module_of_ours_that_loads_something_heavy_may_wait(plant):
    plant({"src/chainrule/files/schema.py": "import msgspec\n"})
    plant({"src/chainrule/files/middle.py": "from .schema import x\n"})
    plant({"src/chainrule/files/lazy.py": "def f() -> None:\n    import msgspec\n"})
    text = "def f() -> None:\n    from ..files import middle\n    from ..files import lazy\n"
    row = rows(plant, text)["imports inside functions"]
    assert row.found == "3, 1 of them light"
    assert row.where == ("src/chainrule/graph/node.py:3: chainrule.files.lazy",)


def test_width_and_border_and_balance(plant):
    plant({"tests/test_x.py": "x = 1\n" * 7})
    found = rows(plant, '"""M."""\n' + "x" * 101 + "\n")
    assert found["width, max"].where == ("src/chainrule/graph/node.py:2: 101 columns",)
    assert found["modules that state a border"].where == ("src/chainrule/graph/node.py",)
    assert found["test lines / source lines"].found == "7 / 3 = 2.33"


def test_the_exit_status_follows_the_rules_alone(plant, capsys):
    root = plant({"src/chainrule/__init__.py": '"""Face."""\n'})
    assert house.main([str(root)]) == 0  # no tests: an aim is missed
    assert "BROKEN" in capsys.readouterr().out
    plant({"src/chainrule/bare.py": "x = 1\n"})
    assert house.main([str(root)]) == 1
    assert "src/chainrule/bare.py:1: module without a docstring" in capsys.readouterr().out


def test_our_own_table_can_be_printed(capsys):
    house.main([])
    assert "function length, median" in capsys.readouterr().out
