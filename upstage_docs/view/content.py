"""Makes safe HTML of the content of a document: tables as tables, equations as equations, all else as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from html import escape, unescape

from upstage_docs.errors.tree import needing
from upstage_docs.models import Element
from upstage_docs.records.render import ENTITY, element_text, text_of_html, text_runs

_NO_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_TABLE_BEGINS = re.compile(r"<table\b", re.IGNORECASE)
_TABLE_ENDS = re.compile(r"</table\b[^<>]*>", re.IGNORECASE)
_CELL_TAG = re.compile(r"(</?(?:table|caption|thead|tbody|tfoot|tr|td|th)\b[^<>]*>)", re.IGNORECASE)
"""A table's own tag, with attributes of any kind: the API writes no such text in a cell."""
_PLAIN_TAG = re.compile(
    r"</?(?:table|caption|thead|tbody|tfoot|tr|td|th|br|sub|sup)(?:\s+[\w:-]+=(?:\"[^\"<>]*\"|'[^'<>]*'))*\s*/?>",
    re.IGNORECASE,
)
"""A tag that is one for the API and for browsers alike: most tables hold no other, and text that needs no escape."""
_LOOSE = re.compile(r"[<>]|&(?!(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});)", re.IGNORECASE)
_TABULAR = {"table", "chart"}
_EQUATION = re.compile(
    r"\$\$(?P<a>(?:[^$]|\$(?!\$))+)\$\$"
    r"|(?<!\\)\\\[(?P<b>(?:[^\\]|\\[^\[\]])+)\\\]"
    r"|(?<!\\)\\\((?P<c>(?:[^\\]|\\[^()])+)\\\)"
)
"""`$$x$$`, `\\[x\\]` and `\\(x\\)`: one that is not closed ends where the next begins, so that time is linear."""
_SINGLE = re.compile(r"\A\s*\$(?P<a>[^$]+)\$\s*\Z")
_LONGEST_EQUATION = 4_000
"""Characters of an equation that is set; so many took a sixth of a second at the worst. A longer one stays LaTeX."""
_MOST_SPANNED = 1_000
"""Columns or rows that a cell spans, as browsers bound a `colspan`; what claims more is one cell."""
_FARTHEST = re.compile(r"-?\d{0,2}(\.\d{1,4})?(em|ex|pt|px|mu)?\Z")
"""Lengths in an equation: two digits, so that none covers the page."""

_TABLE_TAGS = {
    "table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td",
    "b", "strong", "i", "em", "u", "sub", "sup", "br", "p", "ul", "ol", "li", "code",
}  # fmt: skip
_EQUATION_TAGS = {
    "math", "semantics", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup",
    "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd", "mpadded",
    "mphantom", "mstyle", "menclose",
}  # fmt: skip
_TABLE_ATTRIBUTES = {
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
}
_EQUATION_ATTRIBUTES = {
    "math": {"display"},
    "mo": {"stretchy", "fence", "form", "separator", "accent", "minsize", "maxsize", "lspace", "rspace"},
    "mfrac": {"linethickness"},
    "mspace": {"width", "linebreak"},
    "mtd": {"columnalign"},
    "mtable": {"columnlines", "rowlines", "columnalign"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "menclose": {"notation"},
    "mover": {"accent"},
}
_LENGTHS = {"minsize", "maxsize", "lspace", "rspace", "linethickness", "width"}
_UNSHOWN = {"script", "style", "iframe", "object", "embed", "template", "noscript", "title", "textarea"}
"""Elements whose content is no text of the document."""


def require_sanitiser() -> None:
    """Require the libraries that make tables and equations safe to show.

    Raises:
        MissingExtraError: One is not installed.
    """
    with needing("view", "A page of tables and equations"):
        import latex2mathml  # noqa: F401
        import nh3  # noqa: F401


def shown_text(text: str) -> str:
    """Return *text* escaped for HTML; characters that HTML does not allow become U+FFFD."""
    return escape(_NO_CHARACTERS.sub("\ufffd", text))


def isolated(text: str) -> str:
    """Return *text* as HTML whose direction of writing, and marks that turn it, change nothing around it."""
    return f"<bdi>{shown_text(text)}</bdi>"


def safe_content(element: Element) -> str:
    """Return what *element* says as HTML: tables with their cells, equations set, the rest as text.

    Nothing of the document's own markup but tables and letters beside the line stays; no address, no style, no script.
    """
    if first := _TABLE_BEGINS.search(element.html):
        ends = [found.end() for found in _TABLE_ENDS.finditer(element.html, first.end())]
        start, end = first.start(), ends[-1] if ends else len(element.html)
        before, behind = text_of_html(element.html[:start]), text_of_html(element.html[end:])
        return f"{_preformatted(before)}{safe_table(element.html[start:end])}{_preformatted(behind)}"
    if not element.html and element.category in _TABULAR and (table := _pipe_table(element.markdown)):
        return table
    text = element.text or element_text(element, "markdown")
    if element.category == "equation":  # whose LaTeX the API tells in Markdown, and the letters alone as text
        text = element.markdown if _EQUATION.search(element.markdown) else _marked_equation(text)
    return _with_equations(text) if _EQUATION.search(text) else _preformatted(text)


def safe_table(markup: str) -> str:
    """Return a table of the API's HTML, or of any other's, as HTML that holds cells and text alone."""
    markup = _escaped(_NO_CHARACTERS.sub("\ufffd", markup))
    clean = _sanitised(markup, _TABLE_TAGS, _TABLE_ATTRIBUTES, _table_attribute)
    return f'<div class="table" tabindex="0" role="group" aria-label="Table">{_set_in_markup(clean)}</div>'


def _preformatted(text: str) -> str:
    return f'<pre dir="auto">{shown_text(text)}</pre>' if text else ""


def _marked_equation(text: str) -> str:
    """Return the text of an equation between `$$`, where it has other marks, or none but is LaTeX."""
    if single := _SINGLE.match(text):
        return f"$${single['a']}$$"
    return f"$${text}$$" if "\\" in text and not _EQUATION.search(text) else text


def _pipe_table(markdown: str) -> str:
    """Return a Markdown table as HTML, `""` where *markdown* holds none."""
    if "|" not in markdown:
        return ""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return safe_table(made) if "<table>" in made else ""


def _escaped(markup: str) -> str:
    """Return the API's HTML with its text escaped: it comes unescaped, and `<TwoAFC>` in a cell is text."""
    if not _LOOSE.search(_PLAIN_TAG.sub("", markup)):
        return markup
    pieces: list[str] = []
    position = 0
    for offset, text in text_runs(markup):
        if not text or offset < position or not markup.startswith(text, offset):
            continue  # white space that stands for a tag
        parts = _CELL_TAG.split(text)  # every second one is a tag
        parts[::2] = map(_escaped_text, parts[::2])
        pieces += [_tags(markup[position:offset]), *parts]
        position = offset + len(text)
    pieces.append(_tags(markup[position:]))
    return "".join(pieces)


def _tags(markup: str) -> str:
    """Return the tags between two texts without pictures, whose own text is shown like any other."""
    return re.sub(r"<img\b[^<>]*\Z|\A[^<>]*>|<img\b[^<>]*>", " ", markup, flags=re.IGNORECASE)


def _escaped_text(text: str) -> str:
    return _escaped_but_for(ENTITY, text, lambda entity: shown_text(unescape(entity[0])))


def _escaped_but_for(pattern: re.Pattern[str], text: str, shown: Callable[[re.Match[str]], str]) -> str:
    """Return *text* escaped, with what is *shown* in place of each match of *pattern*."""
    pieces: list[str] = []
    position = 0
    for found in pattern.finditer(text):
        pieces += [shown_text(text[position : found.start()]), shown(found)]
        position = found.end()
    return "".join([*pieces, shown_text(text[position:])])


def _sanitised(
    markup: str,
    tags: set[str],
    attributes: dict[str, set[str]],
    attribute_filter: Callable[[str, str, str], str | None],
) -> str:
    """Return *markup* with nothing but these tags and attributes, and no address."""
    import nh3

    return nh3.clean(
        markup,
        tags=tags,
        clean_content_tags=_UNSHOWN,
        attributes=attributes,
        attribute_filter=attribute_filter,
        link_rel=None,
        url_schemes=set(),
    )


def _table_attribute(tag: str, name: str, value: str) -> str | None:  # noqa: ARG001 - as nh3 calls it
    if name == "scope":
        return value if value in {"row", "col", "rowgroup", "colgroup"} else None
    return value if re.fullmatch(r"[0-9]{1,4}", value) and 1 <= int(value) <= _MOST_SPANNED else None


def _equation_attribute(tag: str, name: str, value: str) -> str | None:  # noqa: ARG001 - as nh3 calls it
    if name in _LENGTHS:
        return value if _FARTHEST.fullmatch(value) else None
    return value if re.fullmatch(r"[a-z +-]{1,40}|-?\d", value) else None


def _with_equations(text: str) -> str:
    def shown(found: re.Match[str]) -> str:
        return _equation(found["a"] or found["b"] or found["c"] or "", found["c"] is None, found[0])

    return f'<div class="text" dir="auto">{_escaped_but_for(_EQUATION, text, shown)}</div>'


def _set_in_markup(clean: str) -> str:
    """Return sanitised HTML with the equations in its texts set."""
    if "\\(" not in clean and "$$" not in clean and "\\[" not in clean:
        return clean
    texts = re.split(r"(<[^<>]*>)", clean)
    for index in range(0, len(texts), 2):
        texts[index] = _EQUATION.sub(_set_inline, texts[index])
    return "".join(texts)


def _set_inline(found: re.Match[str]) -> str:
    return _equation(unescape(found["a"] or found["b"] or found["c"] or ""), False, unescape(found[0]))


def _equation(latex: str, block: bool, source: str) -> str:  # noqa: FBT001 - private
    """Return an equation as MathML, its LaTeX beside it for whoever reads or searches that; or the LaTeX alone."""
    math = _mathml(latex.strip(), block)
    code = f'<code class="latex">{shown_text(source)}</code>'
    return f'<span class="{"equation" if block else "inline"}" title="{shown_text(source)}">{math}{code}</span>'


@lru_cache(maxsize=256)
def _mathml(latex: str, block: bool) -> str:  # noqa: FBT001 - private
    """Return LaTeX as sanitised MathML, `""` where it cannot be read."""
    from latex2mathml.converter import convert

    if len(latex) > _LONGEST_EQUATION:
        return ""
    latex = re.sub(r"\\(begin|end)\{(?:align|aligned|gather|gathered)\*?\}", r"\\\1{align*}", latex)
    try:
        made = convert(latex, display="block" if block else "inline")
    except Exception:  # noqa: BLE001 - the library names what it cannot read in many ways, RecursionError among them
        return ""
    clean = _sanitised(made, _EQUATION_TAGS, _EQUATION_ATTRIBUTES, _equation_attribute)
    return clean if clean.startswith("<math") else ""
