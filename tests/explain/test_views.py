"""The views of one document that holds every kind of block, and nasty words and numbers."""

import json
import math
import re
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import SpecError
from chainrule.explain import (
    Document,
    Explanation,
    Figure,
    Formula,
    Listing,
    Number,
    Section,
    Sentence,
    Steps,
    Symbol,
    Table,
)
from chainrule.explain.digits import digits
from chainrule.explain.views import names, view
from chainrule.explain.views.html import mathml

NASTY = r"petal | width & 100% _of_ <b>$x$</b> \alpha {a} #1 ~ ^ `c` *d*"
VALUES = (0.25, -1.5, 3.0, 2.5e-7, -1234567.5, 0.0, math.inf, math.nan)
PAGE = Document(
    "why",
    f"A page of everything, {NASTY}",
    (
        Sentence("dL/dW1[0,2] = ", Number(-0.010146961234, "answer", sign=True), role="answer"),
        Sentence("A column called ", NASTY, " and ", Symbol("sigmoid'(z1[r,2])"), "."),
        Formula((("a = b", "a &= b"), ("  = c", "&= c"))),
        Table(
            ("row", Symbol("x[r,0]"), "words"),
            tuple((k, Number(value), NASTY) for k, value in enumerate(VALUES)),
            caption="Values",
            total=("", Number(1.75), "sum"),
        ),
        Figure('<svg viewBox="0 0 1 1"><circle r="1"/></svg>', "A circle."),
        Listing("def f(x):\n    return x[0] ** 2  # `a` < b & $c$\n\n\n    # far  apart", "python"),
        Section("More", (Sentence("Inside.", role="note"), Sentence("Mind.", role="warning"))),
        Steps("Next", (("chainrule why RUN 'z2[3,0]'", "the link above"), ("run.at(3)", ""))),
    ),
    {"total": math.nan, "rows": (1, 2.5, "a")},
)


def shown_numbers(document=PAGE):
    """The digits of every number of the page, in order."""
    found = []

    def walk(item):
        if isinstance(item, Number):
            found.append(item.text)
        for name in ("blocks", "spans", "rows"):
            for inner in getattr(item, name, ()):
                walk(inner)
        if isinstance(item, tuple):
            for inner in item:
                walk(inner)
        if getattr(item, "total", None):
            walk(item.total)

    walk(document)
    return found


@pytest.mark.parametrize("name", names())
def test_every_view_shows_the_same_digits(name):
    text = view(name, PAGE).replace("\u2212", "-")
    if name == "latex":
        text = re.sub(r" \\cdot 10\^\{(-?)(\d+)\}", lambda m: f"e{m[1] or '+'}{m[2]:0>2}", text)
        text = text.replace(r"\infty", "inf").replace(r"\mathrm{nan}", "nan")
    numbers = shown_numbers()
    assert len(numbers) == len(VALUES) + 2
    for number in numbers:
        assert number in text


def test_json_is_what_the_published_schema_says():
    schema = json.loads(files("chainrule.explain").joinpath("schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    found = json.loads(view("json", PAGE))
    jsonschema.validate(found, schema)
    assert found["data"] == {"total": None, "rows": [1, 2.5, "a"]}
    del found["title"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, schema)


class Balance(HTMLParser):
    """Follows the tags of a page and remembers which are open."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.words = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in {"meta", "br", "circle"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "circle":
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_html_is_one_balanced_page_that_loads_nothing_and_shows_words_as_they_are():
    page = view("html", PAGE)
    found = Balance()
    found.feed(page)
    assert found.open == []
    assert "b" not in found.seen, "words of the user's are no tags"
    assert not found.seen & {"script", "link", "img", "iframe"}
    assert NASTY in "".join(found.words)
    assert "http" not in page
    assert "<math" in page


def test_formulas_are_lined_up_in_mathml():
    page = view("html", PAGE)
    formula = page.split('<div class="formula">')[1].split("</div>")[0]
    assert formula.count("<mtr>") == 2
    assert formula.count('columnalign="right"') == 2
    assert "<mi>&" not in page


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"\mathrm{W12}[0,2]", "<mi>W12</mi>"),
        (
            r"\mathrm{sigmoid}'(z)",
            "<mi>sigmoid</mi></mrow><mo lspace='0' rspace='0'>&#x02032;</mo>",
        ),
        (r"f'(x)", "<mi>f</mi><mo lspace='0' rspace='0'>&#x02032;</mo>"),
        (r"\mathbf{1}", 'style="font-weight: bold">1'),
        (r"\ln x", "<mi>ln</mi><mspace"),
    ],
)
def test_words_in_mathematics_are_one_identifier(latex, words):
    assert words in mathml(latex)


@pytest.mark.parametrize("name", names())
def test_code_is_kept_as_it_is(name):
    code = next(block.code for block in PAGE.blocks if isinstance(block, Listing))
    text = view(name, PAGE)
    found = json.loads(text)["blocks"] if name == "json" else unescape(text)
    if name == "json":
        assert {"block": "listing", "language": "python", "code": code} in found
        return
    lines = [line.removeprefix("  ") if name == "text" else line for line in found.splitlines()]
    assert "\n".join(lines).replace("<pre><code>", "").replace("</code>", "").count(code) == 1


def test_a_fragment_is_the_same_without_its_frame():
    piece = view("html", PAGE, fragment=True)
    assert "<html" not in piece
    assert piece.split("<article", 1)[1].strip() in view("html", PAGE)


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_text_keeps_to_its_width_and_lines_up_its_points(width):
    lines = view("text", PAGE, width=width).splitlines()
    assert all(line == line.rstrip() for line in lines)
    words = [line for line in lines if not re.match(r"\s*(=|a =|chainrule|run\.)", line)]
    assert max(map(len, words)) <= width
    if width == 200:
        body = [line for line in lines if NASTY in line and line.startswith("  ")]
        points = {line.index(".") for line in body if "." in line[:20]}
        assert len(points) == 1


def test_markdown_keeps_its_columns_whatever_a_name_holds():
    lines = [line for line in view("markdown", PAGE).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {4}


def test_latex_is_balanced():
    text = view("latex", PAGE)
    opened = re.findall(r"\\begin\{([a-z*]+)\}", text)
    assert sorted(opened) == sorted(re.findall(r"\\end\{([a-z*]+)\}", text))
    bare = re.sub(r"\\[{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert len(re.findall(r"(?<!\\)\$", text)) % 2 == 0


def test_an_unknown_view_is_refused_with_the_known_ones():
    with pytest.raises(SpecError, match="there are html, json, latex, markdown, text"):
        view("pdf", PAGE)


def test_an_explanation_prints_as_text():
    assert str(Explanation(PAGE)) == view("text", PAGE).rstrip("\n")
    assert Explanation(PAGE).data is PAGE.data


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_digits_are_right_to_the_places_shown(value):
    for style, places in (("table", 6), ("answer", 8)):
        text = digits(value, style)
        error = abs(float(text) - value)
        small = 1e-4 <= abs(value) < 1e6
        assert error <= 0.5000001 * 10.0**-places * (1.0 if small else max(abs(value), 1e-320))
        assert digits(value, style, sign=True).lstrip("+") == text
