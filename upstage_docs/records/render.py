"""Writes the text of an element as HTML, Markdown or plain text without losing a word."""

from __future__ import annotations

import html as html_entities
import re
from collections.abc import Iterator

from upstage_docs.models import Element
from upstage_docs.options import OutputFormat
from upstage_docs.records.patterns import compile_when_used

# Newer models put this in front of a figure's text; there is no such image.
_PLACEHOLDER = "![image](/image/placeholder)"

# The API's HTML is not escaped: `<TwoAFC>`, `< 5.8`, `a<b and c>d`, `a<b x=1>` are text. A tag has one of these names,
# and attributes in quotes, as the API writes them, or without, where HTML knows the attribute.
TAG_NAMES = (  # by their first letter: fewer to try
    "a(?:rticle)?|b(?:ig|lockquote|ody|r)?|c(?:aption|enter|ode|ol(?:group)?)|d(?:d|iv|l|t)|em|"
    "f(?:ig(?:caption|ure)|o(?:nt|oter))|h(?:[1-6r]|ead(?:er)?|tml)|i|li|ol|p(?:re)?|"
    "s(?:ection|mall|pan|tr(?:ike|ong)|u[bp])|t(?:able|body|d|foot|h(?:ead)?|r)|ul?"
)
_ATTRIBUTE = (
    r"[\w:-]{2,}=(?:\"[^\"]*\"|'[^']*')|(?:nowrap|hidden|border|reversed)(?=[\s/>])"
    r"|(?:id|class|style|rowspan|colspan|width|height|v?align|(?:bg)?color|face|size|border|scope|start|type|href|src)=[^\s\"'<>]+"
)
_MARKUP = re.compile(
    r"<(?:(?P<picture>img)(?=\s+(?:[\w:-]+=|/?>))"
    rf"|(?P<closing>/?)(?P<name>{TAG_NAMES})(?P<attributes>(?:\s+(?:{_ATTRIBUTE})){{0,50}})\s*/?>)",
    re.IGNORECASE,
)
# What other splitters leave of a tag that they cut through: `12px'>` begins with the end of one, `<td rowsp` ends with
# the beginning of one. Plain text has such signs too, `12" > 10"` and `p<q`: a number in quotes is left of a tag only
# where a tag is closed behind it, and a bare name only where other tags stand before it.
_WHOLE_ATTRIBUTE = r"[\w:-]+=(?:\"[^\"<>]*\"|'[^'<>]*')"
_TAG_END = compile_when_used(
    rf"(?:/(?:{TAG_NAMES})|(?:[^<>\"']{{0,200}}[\"']\s+)?{_WHOLE_ATTRIBUTE}(?:\s+{_WHOLE_ATTRIBUTE}){{0,50}}\s*/?"
    rf"|[\w:;.#%-]{{0,200}}[a-z%;][\"']/?|\d{{1,9}}[\"'](?=>[^<]*</(?:{TAG_NAMES})>))>",
    re.IGNORECASE | re.ASCII,
)
_TAG_BEGIN = compile_when_used(
    rf"</(?:{TAG_NAMES})?|<(?:img|{TAG_NAMES})\s+[\w:-]+=[\"'].*", re.IGNORECASE | re.DOTALL | re.ASCII
)
_BARE_BEGIN = compile_when_used(rf"<(?:(?P<line_break>br)|img|{TAG_NAMES})(?:\s+[\w:-]*)?", re.IGNORECASE | re.ASCII)
# Of these, a tag that is never closed is text: `List<a>`.
_SHORT = frozenset({"a", "b", "i", "u"})
_SHORT_END = re.compile(r"</([abiu])>", re.IGNORECASE)
# A picture's text is not escaped either: its quotes end where the next attribute or the tag's end follows.
_PICTURE_END = re.compile(r"/?>(?=\s*(?:<|\Z))")
_ALT = re.compile(r"\salt=([\"'])")
_ALT_ENDS = {quote: re.compile(rf"{quote}(?=\s+[\w-]+=[\"']|\s*\Z)") for quote in "\"'"}
ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z][a-z0-9]*);", re.IGNORECASE)  # `?a=1&copy=2` holds none
_LINE_TAGS = frozenset(
    {"br", "p", "div", "tr", "li", "table", "caption", "figcaption", "figure", "header", "footer", "pre", "section"}
    | {"article", "blockquote", "center", "dd", "dl", "dt", "hr"}
    | {f"h{level}" for level in range(1, 7)}
)
# One block around lines of words: the markup of most elements.
_ONE_BLOCK = re.compile(
    r"<(p|h[1-6]|header|footer|caption)(?:\s+[\w:-]{2,}=(?:\"[^\"<>]*\"|'[^'<>]*'))*>([^<&]*(?:<br>[^<&]*)*)</\1>"
)
# A list whose items have markers of their own, which the API's Markdown has a dash in front of.
_DOUBLED = re.compile(r"^([ \t]*)- (?=[□■▣❑❏○●◯❍※]|[ㅁㅇ] )", re.MULTILINE)
_HEADINGS = {f"heading{level}": level for level in range(1, 7)}
_SUB_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def text_of_html(markup: str) -> str:
    """Return the words of the API's HTML: its own tags removed, the text of pictures kept, unescaped `<` kept."""
    if "<" not in markup:
        text = markup
    elif block := _ONE_BLOCK.fullmatch(markup):
        text = block[2].replace("<br>", "\n")
    else:
        text = "".join([text for _, text in text_runs(markup)])
    if "&" in text:
        text = ENTITY.sub(lambda match: html_entities.unescape(match[0]), text)
    if "\n" not in text:
        return " ".join(text.split())
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def text_of_line(text: str) -> str:
    """Return the words of *text*, HTML or not, with their white space; fast where one tag is around it all."""
    if "<" not in text:
        return text.strip()
    start, end = 0, len(text)
    if text[0] == "<" and text[-1] == ">":  # in Markdown and text, `<표 2> 인구` begins with no tag
        start, end = text.find(">") + 1, text.rfind("</")
    inner = text[start:end].replace("<br>", "\n")
    if end < start or "<" in inner or "&" in inner:
        return text_of_html(text)
    return inner.strip()


def text_runs(markup: str) -> Iterator[tuple[int, str]]:
    """Yield the runs of text in the API's HTML and their offsets; white space stands for tags, with their offsets.

    Entities are left as they are.
    """
    position = 0
    closed: set[str] | None = None  # which of the short ones are closed, once one is seen
    ended = True  # whether a picture that begins here may still end
    for match in _MARKUP.finditer(markup):
        if match.start() < position:
            continue  # inside a picture's text
        start, end = match.span()
        name = (match["name"] or "").lower()
        if match["picture"]:
            last = _PICTURE_END.search(markup, end) if ended else None
            ended = last is not None
            if last is None:
                continue
            yield position, markup[position:start]
            if said := _text_of_picture(markup[end : last.start()]):
                yield start, "\n"
                yield end + said[0], markup[end + said[0] : end + said[1]]
                yield last.start(), "\n"
            position = last.end()
            continue
        if name in _SHORT and not (match["closing"] or match["attributes"]):
            closed = set(_SHORT_END.findall(markup.lower())) if closed is None else closed
            if name not in closed:
                continue
        yield position, markup[position:start]
        if name in {"td", "th"}:
            yield start, "" if match["closing"] else " "
        elif name in _LINE_TAGS:
            yield start, "\n"
        position = end
    yield position, markup[position:]


def without_cut_tags(markup: str) -> str:
    """Return *markup* with spaces in place of a tag that another splitter cut in half at its beginning or end."""
    if found := _TAG_END.match(markup):
        markup = " " * found.end() + markup[found.end() :]
    begin = markup.rfind("<")
    if begin >= 0 and ">" not in markup[begin:] and _begins_a_cut_tag(markup, begin):
        markup = markup[:begin] + " " * (len(markup) - begin)
    return markup


def _begins_a_cut_tag(markup: str, begin: int) -> bool:
    """Say whether the rest of *markup* from *begin* on is what a cut left of a tag, and no text such as `p<q`."""
    if _TAG_BEGIN.fullmatch(markup, begin):
        return True
    bare = _BARE_BEGIN.fullmatch(markup, begin)
    if bare is None:
        return False
    return markup[:begin].rstrip().endswith(">") or bool(bare["line_break"] and _MARKUP.search(markup, 0, begin))


def _text_of_picture(attributes: str) -> tuple[int, int] | None:
    """Return the offsets of the text of a picture, None where it has none."""
    missing: set[str] = set()  # quotes that no text ends with: looking for each again would be quadratic
    for alt in _ALT.finditer(attributes):
        quote = alt[1]
        if quote not in missing:
            if end := _ALT_ENDS[quote].search(attributes, alt.end()):
                return alt.end(), end.start()
            missing.add(quote)
    return None


def element_text(element: Element, output_format: OutputFormat) -> str:
    """Return the element's content in *output_format*; where the API gave none, it is made from another format."""
    if output_format == "html":
        return element.html or _html_of(element)
    if output_format == "text":
        text = _without_placeholder(element.text) or _without_placeholder(element.markdown)
    else:
        text = _without_placeholder(element.markdown) or _without_placeholder(element.text)
    text = text or text_of_html(element.html)
    if element.category == "list" and "- " in text and not text.isascii():
        return _DOUBLED.sub(r"\1", text)
    return text


def _without_placeholder(text: str) -> str:
    return text[len(_PLACEHOLDER) :].removeprefix("\n") if text.startswith(_PLACEHOLDER) else text


def _html_of(element: Element) -> str:
    text = element_text(element, "text") if element.text or element.markdown else ""
    if not text:
        return ""
    lines = html_entities.escape(text, quote=False).replace("\n", "<br>")
    return f"<p id='{element.id}' data-category='{element.category}'>{lines}</p>"


def heading_level(element: Element) -> int:
    """Return the level 1-6 of a heading, 0 for anything else: `heading1` with the sub-category `h2`..`h6` is finer."""
    level = _HEADINGS.get(element.category, 0)
    return _SUB_HEADINGS.get(element.sub_category, level) if level else 0
