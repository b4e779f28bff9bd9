"""The documentation's examples and links are really checked: planted mistakes are found."""

import sys
import textwrap

import check_docs
import doc_blocks
import doc_examples
import pytest


@pytest.fixture
def report(tmp_path):
    """Run the examples of one Markdown text."""

    def run(text):
        path = tmp_path / "page.md"
        path.write_text(textwrap.dedent(text).replace("'''", "```"), encoding="utf-8")
        return doc_examples.run_file(path, "page.md")

    yield run
    sys.modules.pop("example", None)


def test_python_blocks_share_a_namespace_and_a_folder(report):
    found = report("""
        '''python
        import pathlib
        x = 20
        pathlib.Path("note.txt").write_text("hello")
        '''

        '''python
        >>> x + 1
        21
        >>> y = x + 2
        '''

        '''console
        $ cat note.txt
        hello
        '''

        '''python
        assert y == 22
        '''
        """)
    assert found == doc_examples.Report(ran=4)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("x = 1\nassert x == 2", "page.md:2: line 3 raised AssertionError"),
        ("1 / 0", "page.md:2: line 2 raised ZeroDivisionError"),
        ("x = = 1", "raised"),
        ("import sys\nsys.exit(0)", "raised SystemExit"),
        ("import warnings\nwarnings.warn('old')", "raised UserWarning: old"),
        (">>> 1 + 1\n3", "Expected:\n    3\nGot:\n    2"),
        (">>> 1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_python_block_that_goes_wrong(report, body, said):
    found = report(f"'''python\n{body}\n'''\n")
    (failure,) = found.failures
    assert failure.startswith("page.md:2: ")
    assert said in failure


def test_a_dataclass_in_an_example_finds_its_module(report):
    body = "from dataclasses import dataclass\n@dataclass\nclass C:\n    x: 'int'\nC(1)"
    assert not report(f"'''python\n{body}\n'''\n").failures


@pytest.mark.parametrize(
    "body",
    [
        "$ echo one; echo two; echo three\none\nthree",
        "$ echo one; echo loss 0.123 end\n...\nloss ... end",
        "$ echo a \\\n> b\na b",
        "$ echo wrong >&2\nwrong",
        "$ echo one\none\n\n$ echo two",
        "$ python -c 'import sys; print(sys.prefix != sys.base_prefix)'\nTrue",
    ],
)
def test_a_console_block_that_is_right(report, body):
    assert report(f"'''console\n{body}\n'''\n") == doc_examples.Report(ran=1)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("$ echo one; echo two\ntwo\none", "did not print (in this order): one"),
        ("$ echo one more\none", "did not print (in this order): one"),
        ("$ false", "exit status 1, expected 0"),
        ("$ no-such-command", "exit status 127, expected 0"),
        ("$ false\n$ true", "exit status 1, expected 0"),
        ("$ python -c 'import warnings; warnings.warn(\"old\")'", "exit status 1, expected 0"),
        ("chainrule train", "a console block without a '$ ' command"),
    ],
)
def test_a_console_block_that_goes_wrong(report, body, said):
    (failure,) = report(f"'''console\n{body}\n'''\n").failures
    assert failure.startswith("page.md:2: ")
    assert said in failure


def test_an_announced_failure_is_right_and_its_absence_wrong(report):
    assert not report("<!-- exit 3 -->\n'''console\n$ true\n$ exit 3\n'''\n").failures
    assert "expected 3" in report("<!-- exit 3 -->\n'''console\n$ true\n'''\n").failures[0]


def test_an_excuse_needs_a_reason_and_is_counted(report):
    found = report("<!-- not run: takes an hour -->\n'''python\n1 / 0\n'''\n")
    assert found == doc_examples.Report(skipped=["page.md:3: not run: takes an hour"])
    (failure,) = report("<!-- not run -->\n'''python\n1 / 0\n'''\n").failures
    assert "without a reason" in failure
    assert report("<!-- not run: x -->\n\nWords.\n\n'''python\n1 / 0\n'''\n").failures


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("'''sh\nchainrule train\n'''", "a sh block is never run"),
        ("'''\n$ chainrule train\n'''", "looks like an example"),
        ("'''text\n>>> 1 + 1\n'''", "looks like an example"),
    ],
)
def test_an_example_cannot_hide(report, block, said):
    (failure,) = report(f"{block}\n").failures
    assert said in failure


def test_a_docstring_on_a_page_runs_with_its_source(report):
    text = "<!-- from a docstring -->\n'''text\nAdd.\n\n>>> 1 + 1\n2\n'''\n"
    assert report(text) == doc_examples.Report()


def test_marked_commands_and_plain_text_are_left_alone(report):
    text = "<!-- main job -->\n'''sh\nfalse\n'''\n'''text\nloss 0.3\n'''\n'''toml\n[a]\n'''\n"
    assert report(text) == doc_examples.Report()


def test_blocks_are_read_as_markdown_reads_them():
    first, second = doc_blocks.blocks(
        "<!-- a -->\n<!-- b -->\n\n~~~~ Python\nx\n~~~\n~~~~\n"
        "* item\n  ```console\n  $ x\n    y\n  ```"
    )
    assert first == doc_blocks.Block("python", "x\n~~~\n", 5, ("a", "b"))
    assert second == doc_blocks.Block("console", "$ x\n  y\n", 10, ())


TOP = """# Top

See [x](docs/a.md#two-words-1), ![i](i.svg 'title') and <a href='#top'>.
"""
BELOW = """# Two words

## `Two` words

[up](../README.md#top) [web](https://example.org)
[r]: a.md
`[code](nowhere.md)`
<a id='spot'></a>[s](#spot)

```text
[block](nowhere.md)
```
"""
PAGES = {"README.md": TOP, "i.svg": "", "docs/a.md": BELOW}


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("[x](nowhere.md)", "docs/b.md:1: the link nowhere.md leads to no file"),
        ("[x](a.md#nowhere)", "leads to no heading of docs/a.md"),
        ("[x](#nowhere)", "leads to no heading of docs/b.md"),
        ("[x](/etc/hosts)", "leaves the repository"),
        ("[x](../../other.md)", "leaves the repository"),
        ("[r]: nowhere.md", "leads to no file"),
        ("<img src='no.svg'>", "leads to no file"),
    ],
)
def test_links_that_lead_nowhere(plant, capsys, link, said):
    assert check_docs.main([], plant(PAGES | {"docs/b.md": f"{link}\n"})) == 1
    assert said in capsys.readouterr().out


def test_files_run_in_processes_of_their_own_and_the_sum_is_printed(plant, capsys):
    page = (
        "```python\nimport sys\nassert 'left' not in sys.modules\nsys.modules['left'] = sys\n```\n"
    )
    wrong = "```python\nraise RuntimeError('planted')\n```\n"
    root = plant({"README.md": page, "docs/a.md": page, "docs/deep/b.md": wrong})
    assert check_docs.main([], root) == 1
    said = capsys.readouterr().out
    assert "docs/deep/b.md:2: line 2 raised RuntimeError: planted" in said
    assert "3 files: 3 examples run, 0 not run, 1 failed; 0 links, 0 broken" in said
