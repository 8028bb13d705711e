"""`cite`: a short line that names the file, page and section of a Document, node or chunk."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from upstage_docs.chunking.blocks import blocks
from upstage_docs.evidence.async_forms import in_thread
from upstage_docs.evidence.locate import places
from upstage_docs.evidence.place import BY_BREAKS, Place, pages_in_words, string, whole_number
from upstage_docs.evidence.things import Parsed, Thing, read_thing
from upstage_docs.files.formats import file_name, path_parts
from upstage_docs.files.source import DocumentInput
from upstage_docs.records.element_captions import inner_captions
from upstage_docs.records.render import text_of_html

_LABEL = re.compile(
    r"\W*((?:table|tab\.|figure|fig\.|chart|graph|exhibit|equation|표|그림|도표|사진|차트|그래프|表|図|图|圖)"
    r"\s*[<\[(]?\s*[A-Za-z]?[\d.\-–]*\d[a-z]?)",
    re.IGNORECASE,
)
_NAMED = frozenset({"table", "chart", "figure", "equation", "code"})
"""Categories that a citation names where no label does."""
_LONGEST = 60
"""Characters of a heading or of a file's name in a citation."""


class Citation(str):
    """A short line such as `report.pdf, p. 3, 3 Results > Table 1`; a `str`, which a notebook shows as a card.

    Attributes:
        places: Where the text stands, as `places` returns them.
        quote: The words that were asked for, `""` if none.
    """

    __slots__ = ("places", "quote")
    places: tuple[Place, ...]
    quote: str

    def __new__(cls, line: str, places: Sequence[Place] = (), quote: str = "") -> Citation:
        """Return the citation *line* with its *places* and *quote*."""
        made = super().__new__(cls, line)
        made.places, made.quote = tuple(places), quote
        return made

    def __getnewargs__(self) -> tuple[str, tuple[Place, ...], str]:  # type: ignore[override]
        return str(self), self.places, self.quote

    def _repr_html_(self) -> str:
        """Return the citation as HTML: all of it text, none of the document's markup, no name's writing direction."""
        note = next((place.note for place in self.places if place.note), "")
        parts = [f"<cite><bdi>{escape(self)}</bdi></cite>"]
        if self.quote:
            parts.insert(0, f"<blockquote><bdi>{escape(_on_one_line(self.quote))}</bdi></blockquote>")
        if note:
            parts.append(f"<small>{escape(_on_one_line(note))}</small>")
        return f"<div>{'<br>'.join(parts)}</div>"


def cite(
    thing: object, *, quote: str = "", file: DocumentInput | None = None, parsed: Parsed | None = None
) -> Citation:
    """Return a short line that says where *thing* stands: file, page, headings, and a table's or figure's label.

    If the place is not known, the line says so: `report.docx, place unknown`.

    Args:
        thing: As for `places`.
        quote: Words of the text. The citation then has the places of these words; only for them is the file read.
        file: As for `places`.
        parsed: As for `places`.

    Raises:
        ConfigError, SourceError: As `places`.
    """
    read = read_thing(thing)
    found = places(read, quote=quote, file=file, parsed=parsed)
    return Citation(_citation_line(read, found), found, quote)


acite = in_thread(cite)


def with_folders(file: str, line: Citation) -> Citation:
    """Return the citation *line* with the folders of *file*: of two files with one name, a reader has to know which."""
    above, slash, _ = file.rpartition("/")
    return Citation(f"{above}{slash}{line}", line.places, line.quote)


def tell_files_apart(citations: Sequence[Citation], sources: Iterable[str] = ()) -> list[Citation]:
    """Return *citations* with folders before a file name that several files have: `2025/report.pdf, p. 1`.

    Args:
        citations: Those that somebody reads together.
        sources: Further files among which each is to be told.
    """
    paths = {tuple(path_parts(one)) for one in (*sources, *(at.places[0].source for at in citations if at.places))}
    ends = Counter(parts[-count:] for parts in paths for count in range(1, len(parts) + 1))
    told = []
    for one in citations:
        parts = tuple(path_parts(one.places[0].source)) if one.places else ()
        count = next((n for n in range(2, len(parts) + 1) if ends[parts[-n:]] == 1), 1)
        if ends[parts[-1:]] > 1 and one.startswith(_short(parts[-1])):
            folders = _on_one_line("/".join([*parts[-count:-1], ""]))
            one = Citation(f"{folders}{one}", one.places, one.quote)  # noqa: PLW2901
        told.append(one)
    return told


def caption_of(thing: Thing) -> str:
    """Return the caption of a table or figure, as the object, its metadata or its own text says it; `""` if none."""
    if thing.caption:
        return thing.caption
    if told := string(thing.metadata, "caption"):
        return told
    text = thing.text or ""
    if found := inner_captions(text):
        return found[0]
    for block in blocks(text) if "caption" in text else ():
        if block.kind == "caption":
            return text_of_html(text[block.start : block.end])
    return ""


def _citation_line(thing: Thing, found: list[Place]) -> str:
    metadata = thing.metadata
    name = file_name(found[0].source) or "unnamed document"
    headings = [_short(heading) for heading in string(metadata, "headings").split(" > ") if heading.strip()]
    category = string(metadata, "category")
    caption = caption_of(thing) if category != "page" else ""  # a page holds tables, and is none
    if category.startswith("heading"):
        headings.append(_short(text_of_html(thing.text or "").lstrip("# ")))
    if number := string(metadata, "paragraph_number"):
        headings.append(f"[{number}]")
    if claim := whole_number(metadata, "claim_number"):
        headings.append(f"claim {claim}")
    if label := _LABEL.match(caption):
        headings.append(_on_one_line(label[1]).strip(" .<[("))
    elif category in _NAMED:
        headings.append(category)
    pages = _name_pages(found, string(metadata, "model"), named=any(headings))
    return ", ".join(filter(None, [_short(name), pages, " > ".join(filter(None, headings))]))


def _name_pages(found: list[Place], model: str, *, named: bool) -> str:
    """Return the pages in words; nothing where they are not to be relied on and a heading tells the place."""
    numbers = sorted({place.page for place in found if place.known and not place.note.startswith(BY_BREAKS)})
    if not numbers:
        return "" if named and any(place.known for place in found) else "place unknown"
    told = pages_in_words(numbers)
    suffix = found[0].source.lower().rpartition(".")[2]
    if suffix == "pptx" or (suffix == "xlsx" and model.startswith("local-")):
        return f"{'slide' if suffix == 'pptx' else 'sheet'}{'s' if len(numbers) > 1 else ''} {told}"
    return f"{'pp.' if len(numbers) > 1 else 'p.'} {told}"


def _short(text: str) -> str:
    text = _on_one_line(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def _on_one_line(text: str) -> str:
    """Return *text* on one line, without control characters and marks that turn the direction of what follows."""
    kept = (" " if letter.isspace() else letter for letter in text if letter.isspace() or _is_shown(letter))
    return " ".join("".join(kept).split())


def _is_shown(letter: str) -> bool:
    return unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn"} or letter in "\u200c\u200d"
