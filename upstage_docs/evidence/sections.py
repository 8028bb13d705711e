"""`section_records`: cuts a document into sections, each text in one of them, without the list of references."""

from __future__ import annotations

import re
from collections.abc import Iterator

from upstage_docs.evidence.joined_text import Piece, category_of, join_pieces, own_text, read_elements
from upstage_docs.evidence.place import places_of, source_of, string
from upstage_docs.evidence.things import Thing
from upstage_docs.models import Record
from upstage_docs.records.render import text_of_html

_REFERENCES = re.compile(
    r"[\W\d]*(?:(?:list of )?references?(?: cited)?|bibliography|literature(?: cited)?|works cited"
    r"|literatur(?:verzeichnis)?"
    r"|참고\s*(?:문헌|자료)|인용\s*문헌|引用文献|参考文献|參考文獻)\W*",
    re.IGNORECASE,
)
_PASSED_OVER = frozenset({"header", "footer"})
_HEADING_SIGN = re.compile(r"\A#{1,6}[ \t]+")  # of Markdown


def section_records(things: object, *, references: bool = False) -> Iterator[Record]:
    """Yield a record for each section of *things*, in order: what stands between one heading and the next.

    No text is in two of them. What stands before the first heading is a section without a heading. A heading directly
    above another makes no section. Running headers and footers are left out. `headings` ends with the section's own;
    `spans` has one for each element, so that `cite`, `crop` and `highlight` find every quote.

    Args:
        things: Elements: a `ParsedDocument`, or the Documents, nodes or records of `split="element"`, in their order.
        references: Whether the list of references is wanted too.

    Raises:
        ConfigError: Something is of no kind that has text.
    """
    pieces: list[Piece] = []
    path, has_text, number = "", False, 0
    for thing in read_elements(things):
        category, text = category_of(thing), own_text(thing).strip()
        if category in _PASSED_OVER or not text:
            continue
        heading = category.startswith("heading")
        changed = bool(pieces) and source_of(thing.metadata) != source_of(pieces[0].thing.metadata)
        if heading or changed:
            if has_text and (references or not _is_references(path)):
                yield join_pieces("section", pieces, number, headings=path)
                number += 1
            above = string(thing.metadata, "headings")
            path = " > ".join(filter(None, [above, _name_of(thing)])) if heading else above
            pieces, has_text = [], False
        has_text = has_text or not heading
        pieces.append(Piece(text, thing, places_of(thing)[0]))
    if has_text and (references or not _is_references(path)):
        yield join_pieces("section", pieces, number, headings=path)


def _name_of(heading: Thing) -> str:
    return " ".join(text_of_html(_HEADING_SIGN.sub("", heading.text or "")).split())


def _is_references(path: str) -> bool:
    return any(_REFERENCES.fullmatch(heading) for heading in path.split(" > "))
