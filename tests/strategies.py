"""Hypothesis strategies of answers like the real ones: every shape that the recorded answers hold, in our own words."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from upstage_docs.models import Element, ParsedDocument

__all__ = ["chunk_options", "documents", "element_lists", "headed_tables", "table_markup", "texts"]

WORDS = (
    # English and Korean prose
    "revenue", "the", "of", "rose", "by", "Dr.", "e.g.", "3.14%", "R&D", "quarter", "ends.", "Really?", "(note)",
    "매출은", "전년", "대비", "증가하였다.", "이다.", "그러나", "요약하면", "표에서", "볼", "수", "있다.", "연구개발비",
    # what looks like markup, markers or formats and is not
    "PRESERVED_0", "<TwoArm_Trial>", "< 5.8", "a<b", "x>y", "&amp;", "&lt;td&gt;", "A & B", "{{x}}", "[[0]]", "|",
    # long, joined and combined characters
    "https://example.org/a/very/long/path?with=query&and=more#fragment", "e\u0301tude", "👩‍👩‍👧", "🇰🇷", "각",
)  # fmt: skip
CJK = (
    "本报告介绍了今年的主要结果。下表列出了各地区的数字，",
    "売上高は前年より増加した。次の表に示す。",
    "总计！",
    "以上です？",
)
CODE = ('<div class="row">', '  <div><span class="icon"></span></div>', "  <ul>", "</ul>", "# a | b", "")
EQUATIONS = ("$$E=mc^2$$", "$$\\frac{a}{b} < 1 \\quad x$$")

words = st.sampled_from((*WORDS, *WORDS, *CJK, *EQUATIONS))
texts = st.lists(words, min_size=1, max_size=12).map(" ".join)
cell_texts = st.one_of(st.just(""), st.lists(words, min_size=1, max_size=4).map(" ".join), st.just("a<br>b"))
lines = st.lists(texts, min_size=1, max_size=6)


@st.composite
def table_rows(draw: st.DrawFn, rows: int, columns: int) -> list[str]:
    """Return the rows of a section as markup: spans never overlap, and fill the grid."""
    taken: set[tuple[int, int]] = set()
    made = []
    for row in range(rows):
        cells = []
        for column in range(columns):
            if (row, column) in taken:
                continue
            wide = tall = 1
            if draw(st.integers(0, 5)) == 0:
                most = 1
                while column + most < columns and (row, column + most) not in taken:
                    most += 1
                wide = draw(st.integers(1, most))
                tall = draw(st.integers(1, rows - row))
            taken |= {(row + down, column + right) for down in range(tall) for right in range(wide)}
            spans = (f' rowspan="{tall}"' if tall > 1 else "") + (f" colspan='{wide}'" if wide > 1 else "")
            text = draw(cell_texts)
            if draw(st.integers(0, 30)) == 0:
                text += "<table><tr><td>inner</td></tr></table>"
            cells.append(f"<td{spans}>{text}</td>")
        made.append(f"<tr>{''.join(cells)}</tr>")
    return made


@st.composite
def table_markup(draw: st.DrawFn, number: int = 0) -> str:
    """Return a table in one of the API's shapes: no head, `td` in `thead`, an empty one, several rows, a title row."""
    columns = draw(st.integers(1, 5))
    shape = draw(st.sampled_from(("bare", "body", "head", "empty", "title")))
    head = draw(table_rows(draw(st.integers(1, 2)), columns)) if shape == "head" else []
    body = draw(table_rows(draw(st.integers(1, 12)), columns))
    if shape == "title":
        body.insert(0, f'<tr><td colspan="{columns}">{draw(texts)}</td></tr>')
    caption = f"<caption id='{number + 1}'>{draw(texts)}</caption>" if draw(st.integers(0, 5)) == 0 else ""
    rows = "".join(body)
    if shape in {"body", "head", "empty"}:
        rows = f"<tbody>{rows}</tbody>"
    if shape in {"head", "empty"}:
        rows = f"<thead>{''.join(head)}</thead>{rows}"
    return f"<table id='{number}' style='font-size:14px'>{rows}{caption}</table>"


@st.composite
def headed_tables(draw: st.DrawFn) -> str:
    """Return a table with a header of any shape (spans, several rows, titles) over rows that may be too large."""
    columns = draw(st.integers(1, 4))
    blank = draw(st.sampled_from(("", "\n", "\n  ")))
    titles = [f'<tr><td colspan="{columns}">{draw(texts)}</td></tr>' for _ in range(draw(st.integers(0, 2)))]
    head = draw(table_rows(draw(st.integers(0, 3)), columns))
    body = draw(table_rows(draw(st.integers(2, 8)), columns))
    for index in draw(st.sets(st.integers(0, len(body) - 1), max_size=2)):
        body[index] = body[index].replace("</td>", f"{' long' * draw(st.sampled_from((20, 60)))}</td>", 1)
    beyond = draw(st.sampled_from(("", "", ' rowspan="3"', ' rowspan="99"', " rowspan='0'")))
    first = draw(st.integers(0, len(body) - 1))
    if "rowspan" not in body[first]:
        body[first] = body[first].replace("<td", f"<td{beyond}", 1)
    head, body = [*titles, *head], [blank.join(body)]
    if draw(st.booleans()):
        head, body = [f"<thead>{blank.join(head)}</thead>"], [f"{blank}<tbody>{blank}{body[0]}{blank}</tbody>{blank}"]
    return f"<table>{blank}{blank.join(head)}{blank}{body[0]}{blank}</table>"


@st.composite
def _element(draw: st.DrawFn, number: int, page: int) -> Element:
    category = draw(
        st.sampled_from(
            (
                "paragraph", "paragraph", "paragraph", "heading1", "heading1", "list", "table", "table", "figure",
                "chart", "caption", "caption", "equation", "index", "footnote", "header", "footer", "code",
                "empty", "aside",
            )
        )
    )  # fmt: skip
    sub = ""
    br = draw(st.sampled_from(("", "", "<br>")))
    said = draw(lines)
    text = "\n".join(said)
    markdown = text
    style = " style='font-size:16px'"
    if category == "heading1":
        text = markdown = said[0][:60]
        sub = draw(st.sampled_from(("", "", "h2", "h3")))
        tag = sub or "h1"
        html = f"{br}<{tag} id='{number}'{style}>{text}</{tag}>"
        markdown = f"# {text}"
    elif category == "table":
        html = br + draw(table_markup(number))
        text = markdown = "| a | b |\n| --- | --- |\n" + "".join(f"| {line.replace('|', '/')} | 1 |\n" for line in said)
    elif category == "figure":
        html = draw(
            st.sampled_from(
                (
                    f'<figure><img id=\'{number}\' alt="{text}" data-coord="top-left:(1,2)" /></figure>',
                    f'<figure id=\'{number}\'><img{style} alt="" data-coord="top-left:(1,2)" /></figure>',
                    f"<figure id='{number}'><figcaption><p class=\"figure-ocr-text\">{text}</p></figcaption></figure>",
                )
            )
        )
    elif category == "chart":
        inner = draw(table_markup(number)).replace(f" id='{number}' style='font-size:14px'", "")
        html = draw(
            st.sampled_from(
                (
                    f"<figure data-category='chart'><img /><figcaption>{said[0]}</figcaption>{inner}</figure>",
                    f'<figure><img data-category="chart" alt="{said[0]}" /></figure>',
                    f"<figure data-category='chart'><img id='{number}' alt=\"{text}\" data-coord=\"(1,2)\" /></figure>",
                )
            )
        )
    elif category == "equation":
        text = markdown = draw(st.sampled_from(EQUATIONS))
        html = f"{br}<p id='{number}' data-category='equation'>{text}</p>"
    elif category in {"header", "footer", "caption"}:
        html = f"{br}<{category} id='{number}'{style}>{'<br>'.join(said)}</{category}>"
    elif category == "code":
        text = draw(
            st.sampled_from((text, "\n".join(draw(st.lists(st.sampled_from(CODE), min_size=1, max_size=40))).strip()))
        )
        html = f'<pre><code class="language-python">{text}</code></pre>'
        markdown = f"```python\n{text}\n```"
    elif category == "empty":
        category, html, text, markdown = "list", f"{br}<p id='{number}' data-category='list'></p>", "", ""
    else:
        html = f"{br}<p id='{number}' data-category='{category}'{style}>{'<br>'.join(said)}</p>"
    corners = draw(
        st.sampled_from(
            (
                (),
                ((0, 0), (1, 0), (1, 1), (0, 1)),
                ((0.1, 0.2), (0.9, 0.2), (0.9, 0.3), (0.1, 0.3)),
                ((0.21, 0.5), (1.039, 0.47), (1.04, 0.6), (0.2, 0.61)),
            )
        )
    )
    return Element(number, page, category, html, markdown, text, corners, sub)


@st.composite
def element_lists(draw: st.DrawFn, most: int = 14) -> tuple[Element, ...]:
    """Return the elements of a document: ids are unique, pages go on."""
    page, elements = 1, []
    for number in range(draw(st.integers(0, most))):
        page += draw(st.sampled_from((0, 0, 0, 1)))
        elements.append(draw(_element(number, page)))
    return tuple(elements)


@st.composite
def documents(draw: st.DrawFn, source: str = "report.pdf") -> ParsedDocument:
    """Return a document of generated elements."""
    elements = draw(element_lists())
    pages = elements[-1].page if elements else 1
    return ParsedDocument(source, "ab" * 32, "document-parse-260930", elements, total_pages=pages)


def _tokens(text: str) -> int:
    """Count as tokenizers do: more for Korean than for English, and never exactly the sum of the parts."""
    return (len(text.encode()) + 2) // 3


def _with_table_size(options: dict[str, Any]) -> dict[str, Any]:
    """Return *options* with what a whole table may be instead of how many times as large as a chunk."""
    times = options.pop("table_size")
    return {**options, "table_size": times * options["chunk_size"] if options["oversized_tables"] != "keep" else 0}


chunk_options = st.fixed_dictionaries(
    {
        "chunk_size": st.sampled_from((40, 90, 200, 500, 1000, 4000)),
        "chunk_overlap": st.sampled_from((0, 0, 0, 15, 35)),
        "length_function": st.sampled_from((len, len, _tokens)),
        "oversized_tables": st.sampled_from(("keep", "split_rows")),
        "table_size": st.sampled_from((0, 0, 1, 2, 5)),
        "min_size": st.sampled_from((0, 0, 40)),
        "exclude_categories": st.sampled_from((("header", "footer"), (), ("footnote", "table"))),
        "output_format": st.sampled_from(("html", "html", "markdown", "text")),
    }
).map(_with_table_size)
