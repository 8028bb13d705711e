"""What is a table, a code block, an equation, and what only looks like one: in HTML, Markdown and both at once."""

from __future__ import annotations

import pytest

from upstage_docs.chunking.blocks import blocks
from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.packing import chunk_elements, split_text
from upstage_docs.models import Element, Record

TABLE = "<table><tr><td>A</td><td>B</td></tr><tr><td>1</td><td>2</td></tr></table>"
PIPES = "| A | B |\n| --- | --- |\n| 1 | 2 |"


def found(text: str) -> list[tuple[str, str]]:
    """The category and text of each block."""
    return [(block.category, text[block.start : block.end]) for block in blocks(text)]


def of(text: str, category: str) -> list[str]:
    return [body for kind, body in found(text) if kind == category]


@pytest.mark.parametrize(
    ("before", "table", "after"),
    [
        ("", "<table><tr><td>h</td></tr><!-- </table> --><tr><td>c</td></tr></table>", "<p>tail</p>"),
        ("<p>one</p><!-- <table> -->", TABLE, "<!-- never closed"),
        ("<script>var a = '<table><tr><td>';</script>", TABLE, "<p>two</p>"),
        ("<style>/* <table> */</style><STYLE>.a { color: <table> }</STYLE>", TABLE, ""),
        ("<![CDATA[ <table><tr> ]]>", TABLE, ""),
        ("<p title='<table>'>one</p>", TABLE, '<img alt="a > <table><tr> b">'),
        ("", '<table><tr><td title="</table>">x</td></tr></table>', "<p>tail</p>"),
        ("<pre><code><table><tr><td>x</td></tr></table></code></pre>", TABLE, ""),
        ("```html\n<table><tr><td>x</td></tr></table>\n```\n", TABLE, "\n\nWords."),
        ("~~~~\n~~~\n| a | b |\n|---|---|\n~~~~\n\n", PIPES, "\n\nWords."),
        ("$$\n<table> x | y\n|---|\n$$\n\n", PIPES, ""),
        ("Some `<table>` words.\n\n", PIPES, "\n<div>a | b</div>"),
        ("<p>the <table> tag is used</p><h2>U</h2>", TABLE, "<p>end</p>"),
        ("<p>the <figure> tag, never closed</p>", TABLE, "<p>end</p>"),
        ("", "<table><tr><td>the <table> tag</td></tr></table>", "<p>end</p>"),
        ("", "<table><tr><td>never closed</td></tr>", "<p>end</p><h1>Next</h1>"),
        ("", f"<table><tr><td>never closed {TABLE}</td><td>x", "<p>end</p>"),
        ("<p>stray </table> end</p>", TABLE, "</table></figure>"),
        ('<div align="center">\n\n', PIPES, "\n\n</div>"),
    ],
)  # fmt: skip
def test_only_a_table_is_a_table(before: str, table: str, after: str) -> None:
    """It is found whole, and nothing else is taken for one, nor swallowed by it."""
    assert of(f"{before}{table}{after}", "table") == [table]
    assert any(table in chunk for chunk in split_text(ChunkOptions(chunk_size=10), f"{before}{table}{after}"))


def test_two_tables_after_one_that_is_never_closed_are_two() -> None:
    text = f"<table><tr><td>open</td></tr><p>one</p>{TABLE}<h2>two</h2>{TABLE}"

    assert of(text, "table") == ["<table><tr><td>open</td></tr>", TABLE, TABLE]
    assert of(text, "heading2") == ["<h2>two</h2>"]


def test_a_table_of_both_kinds_is_the_outer_one() -> None:
    """Pipe tables hold HTML tables in their cells, and cells of HTML hold what looks like pipe tables."""
    outer = f"| A | B |\n| --- | --- |\n| {TABLE} | 2 |"
    html = "<table><tr><td>\na | b\n--- | ---\nc | d\n</td></tr></table>"

    assert of(f"{outer}\n\n{html}", "table") == [outer, html]
    assert of(f"{PIPES}\n<div>a | b {html}</div>", "table") == [PIPES, html]


@pytest.mark.parametrize(
    ("text", "equations"),
    [
        ("$$\na\n\nb + c\n$$", ["$$\na\n\nb + c\n$$"]),
        ("Words\n$$a$$\n\n\\[\nb\n\\]\nwords", ["$$a$$", "\\[\nb\n\\]"]),
        ("It costs $$5 and\n\nUS$$ 7.\n\n# Next", []),
        ("$$ never closed\n\n# Next\n\nwords", []),
        ("$$\nnever closed\n\n" + "words\n\n" * 2000 + "$$\nx\n$$", ["$$\nx\n$$"]),
        ("<p>costs $$ 5</p><p>and $$ 6</p>", []),
        (r"\\[2pt] is a line break \\]", []),
    ],
)
def test_equations_are_blocks(text: str, equations: list[str]) -> None:
    """Blank lines and all; amounts and signs that are never closed are words."""
    assert of(text, "equation") == equations
    assert of(text, "heading1") == (["# Next"] if "# Next" in text else [])


@pytest.mark.parametrize(
    ("text", "size", "kept"),
    [
        ("$$\na\n\nb + c\n$$", 8, "$$\na\n\nb + c\n$$"),
        ("text $$a # b\n# c$$ more", 8, "$$a # b\n# c$$"),
        (f"$$\n{PIPES}\n$$", 8, f"$$\n{PIPES}\n$$"),
        ("so \\(a b c d\\) is", 6, "\\(a b c d\\)"),
        ("<p>so $$x <p$$ is</p>", 6, "$$x <p$$"),
    ],
)
def test_an_equation_is_never_cut(text: str, size: int, kept: str) -> None:
    assert kept in split_text(ChunkOptions(chunk_size=size), text)


@pytest.mark.parametrize("form", ["html", "markdown", "text"])
def test_an_equation_element_is_whole_in_any_format(form: str) -> None:
    """As text it may be what OCR made of it, as Markdown it may hold what looks like a pipe table."""
    equation = Element(0, 1, "equation", f"<p>$${PIPES}$$</p>", f"$$\n{PIPES}\n$$", "a | b = c d")

    (chunk,) = chunk_elements(equation, chunk_size=5, output_format=form)  # type: ignore[arg-type]

    assert chunk.text == equation.content(form)  # type: ignore[arg-type]
    assert chunk.oversize
    assert list(chunk_elements([chunk], chunk_size=5)) == [chunk]


def test_a_fence_that_is_never_closed_is_code_to_its_end() -> None:
    text = f"Words.\n\n```\n# no heading\n\n{TABLE}\n# Heading"

    assert found(text)[:2] == [("paragraph", "Words."), ("code", "```\n# no heading")]
    assert of(text, "table") == [TABLE]


LINE = '  <div class="wide"><span class="icon"></span></div>'
TAGS = "\n".join(['<div class="row">', *[LINE] * 40, "</div>"])


@pytest.mark.parametrize(
    "text",
    [
        f"Use this:\n\n```html\n{TAGS}\n```\n\nThe end.",
        f"Use this:\n\n~~~\n{TAGS}\n~~~\n\nThe end.",
        f"Use this:\n\n```html\n{TAGS}",
        f"<p>Use this:</p><pre><code class='language-html'>{TAGS}</code></pre><p>The end.</p>",
        f"<p>Use this:</p><pre>\n{TAGS}\n</pre><p>The end.</p>",
    ],
)
@pytest.mark.parametrize("size", [4000, 700, 150])
def test_code_made_of_tags_is_no_empty_markup(text: str, size: int) -> None:
    """No line of it is lost, nor cut, in whole texts and where their chunks are split once more."""
    chunks = list(chunk_elements(Record("", text, {}), chunk_size=size))

    for smaller in (size, 600, 130):
        chunks = list(chunk_elements(chunks, chunk_size=smaller))
        assert sum(chunk.text.count(LINE.strip()) for chunk in chunks) == 40
        assert not any(chunk.oversize for chunk in chunks)
        assert "".join("".join(chunk.text for chunk in chunks).split()) == "".join(text.split())
    assert sum(text.count(LINE.strip()) for text in split_text(ChunkOptions(chunk_size=size), text)) == 40


@pytest.mark.parametrize("form", ["html", "markdown", "text"])
@pytest.mark.parametrize("code", [TAGS, "<br>\n" * 99, "<p></p>\n" * 99, f"| a |\n|---|\n# no\n\n{TAGS}"])
def test_code_made_of_tags_is_no_empty_element(code: str, form: str) -> None:
    """Nor is a table in it a table."""
    element = Element(3, 1, "code", f'<pre><code class="language-html">{code}</code></pre>', f"```\n{code}\n```", code)
    before = Element(2, 1, "paragraph", "<p>Words.</p>", "Words.", "Words.")

    for options in ({}, {"chunk_size": 200}, {"chunk_size": 200, "chunk_overlap": 30}):
        chunks = list(chunk_elements([before, element, before], output_format=form, **options))  # type: ignore[arg-type]
        assert {name for chunk in chunks for name in chunk.metadata["categories"].split(", ")} == {"paragraph", "code"}
        if "chunk_overlap" not in options:
            for again in (chunks, list(chunk_elements(chunks, chunk_size=120))):
                said = "".join(chunk.text for chunk in again)
                whole = "".join(one.content(form) for one in (before, element, before))  # type: ignore[arg-type]
                end = "</code></pre>"  # where it would be a chunk of its own it is none
                assert "".join(said.replace(end, "").split()) == "".join(whole.replace(end, "").split())


@pytest.mark.parametrize(
    "markup", ["<pre></pre>", "<br><pre><code class='x'>\n</code></pre>", "<p data-category='code'></p>"]
)
def test_code_of_nothing_is_nothing(markup: str) -> None:
    assert not list(chunk_elements(Element(0, 1, "code", markup)))
    assert not split_text(ChunkOptions(), markup)


def test_a_tag_is_one_piece_whatever_its_values_hold() -> None:
    text = "<p title='a > b'>one two <a href=\"x<y z>w\">link here</a> three</p>"

    chunks = split_text(ChunkOptions(chunk_size=25), text)

    assert all("<a" not in chunk or '<a href="x<y z>w">' in chunk for chunk in chunks)
    assert "<p title='a > b'>one two" in chunks
