"""`paragraph_records`: joins elements to numbered paragraphs, over columns and pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import msgspec

from upstage_docs.evidence.joined_text import Piece, category_of, join_pieces, own_text, plain_text, read_elements
from upstage_docs.evidence.place import places_of, source_of
from upstage_docs.evidence.things import Thing
from upstage_docs.models import Record

_APART = frozenset({"table", "chart", "figure", "caption", "footnote"})
"""Categories that interrupt a paragraph and are no part of it."""
_PASSED_OVER = frozenset({"header", "footer"})
_NUMBER = re.compile(r"[\[【［]\s*(\d{4,6})\s*[\]】］]\s*")
_CLAIM = re.compile(
    r"(?:^|(?<=\n))\s*(?:"
    r"[【\[]\s*(?:claim|청구항|請求項|权利要求)\s*(\d{1,3})\s*[】\]]\s*"
    r"|(?:claim|청구항|請求項|权利要求)\s*(\d{1,3})\s*[.:：]?(?:\s+|$)"
    r"|(\d{1,3})\s*[.．、)](?:\s+|$|(?=[^\W\d])))",
    re.IGNORECASE,
)
_PARTS = {
    "claims": re.compile(
        r"what is claimed(?: is)?|(?:we|i) claim|(?:the )?claims?|patent claims"
        r"|patentansprüche|ansprüche|revendications|(?:특허\s*)?청구의?\s*범위|(?:特許)?請求の範囲|权利要求书?"
    ),
    "abstract": re.compile(r"abstract(?: of the disclosure)?|zusammenfassung|abrégé|요약서?|要約書?|摘要"),
}
"""Titles of the parts that are told apart from the description, in the languages of the largest patent offices."""
_ALONE = re.compile(r"【[^【】]{1,60}】")
_LONGEST_TITLE = 60
"""Characters of a line that may be the title of a part though the layout calls it no heading."""
_ENDED = re.compile(r"[.!?…:;。！？][\"'”’)\]】」]*$")


class _State(msgspec.Struct):
    """The paragraph that is open, and where in the text it is."""

    source: str = ""
    part: str = "description"
    number: str = ""
    claim: int = 0
    count: int = 0
    pieces: list[Piece] = []
    between: list[Record] = []


def paragraph_records(things: object) -> Iterator[Record]:
    """Yield a record for each paragraph of *things*, in order; one that columns or pages broke is joined again.

    A paragraph of a numbered text (`[0042]`, `【0042】`, as in patents) ends at the next number or heading. In other
    texts, two pieces are joined if the first one breaks off at the end of a column or page. Each claim is a record of
    its own. Tables, figures, captions and footnotes are records of their own behind the paragraph that they interrupt;
    running headers and footers are left out, and headings are told in `headings`.

    The metadata has the keys of every record, `spans` for each piece, and `paragraph_number` (`"0042"`, `""` if none),
    `claim_number` (0 if it is no claim) and `part` (`description`, `claims`, `abstract`).

    Args:
        things: Elements: a `ParsedDocument`, or the Documents, nodes or records of `split="element"`, in their order.

    Raises:
        ConfigError: Something is of no kind that has text.
    """
    state = _State()
    for thing in read_elements(things):
        yield from _take(state, thing)
    yield from _close_paragraph(state)


def _take(state: _State, thing: Thing) -> Iterator[Record]:
    category, text = category_of(thing), plain_text(thing)
    if source_of(thing.metadata) != state.source:
        yield from _close_paragraph(state)
        state.source, state.part, state.number, state.claim = source_of(thing.metadata), "description", "", 0
    title = _part_titled(text)
    if category.startswith("heading") or title or _ALONE.fullmatch(text.strip()):
        yield from _close_paragraph(state)
        state.number = ""
        claimed = _CLAIM.match(text) if state.part == "claims" and not title else None
        if not claimed:
            state.part, state.claim = title or "description", 0
            return
        category = "paragraph"  # 【청구항 1】 on a line of its own
    if category in _PASSED_OVER or not text.strip():
        return
    place = places_of(thing)[0]
    if category in _APART:
        piece = Piece(own_text(thing), thing, place)
        extra: dict[str, Any] = {"paragraph_number": "", "claim_number": 0, "part": state.part, "category": category}
        state.count += 1
        between = join_pieces("paragraph", [piece], state.count, **extra)
        if state.pieces:
            state.between.append(between)
        else:
            yield between
        return
    for begins, number, claim, part in _split_element(state, text):
        words = " ".join(part.split())
        if begins or (state.pieces and not _continues_paragraph(state, words, thing)):
            yield from _close_paragraph(state)
            state.number, state.claim = number, claim
        if words:
            joiner = _joiner(state.pieces[-1].text, words) if state.pieces else ""
            if joiner == "-":
                last = state.pieces[-1]
                state.pieces[-1] = msgspec.structs.replace(last, text=last.text[:-1])
                joiner = ""
            state.pieces.append(Piece(words, thing, place, joiner))


def _close_paragraph(state: _State) -> Iterator[Record]:
    """Yield the open paragraph, and what stood inside it."""
    pieces, between = state.pieces, state.between
    state.pieces, state.between = [], []
    if pieces:
        further: dict[str, Any] = {"paragraph_number": state.number, "claim_number": state.claim, "part": state.part}
        state.count += 1
        yield join_pieces("paragraph", pieces, state.count, **further)
    yield from between


def _split_element(state: _State, text: str) -> Iterator[tuple[bool, str, int, str]]:
    """Yield the parts of an element: whether a new paragraph begins, its number, its claim, its text."""
    marks: list[tuple[int, int, str, int]] = []
    if state.part == "claims":
        expected = state.claim + 1
        for match in _CLAIM.finditer(text):
            if int(match[1] or match[2] or match[3]) == expected:
                marks.append((match.start(), match.end(), "", expected))
                expected += 1
    else:
        last = int(state.number or 0)
        for match in _NUMBER.finditer(text):
            at_line = not text[: match.start()].rpartition("\n")[2].strip()
            if at_line or (last and int(match[1]) == last + 1):
                last = int(match[1])
                marks.append((match.start(), match.end(), unicodedata.normalize("NFKC", match[1]), 0))
    if not marks:
        yield False, "", 0, text
        return
    if text[: marks[0][0]].strip():
        yield False, "", 0, text[: marks[0][0]]
    ends = [*(mark[0] for mark in marks[1:]), len(text)]
    for (_, start, number, claim), end in zip(marks, ends, strict=True):
        yield True, number, claim, text[start:end]


def _continues_paragraph(state: _State, words: str, thing: Thing) -> bool:
    """Say whether *words*, which have no number, belong to the open paragraph."""
    if state.number or (state.part == "claims" and state.claim):
        return True
    before, place = state.pieces[-1], places_of(thing)[0]
    if _ENDED.search(before.text) or words[:1].isupper():
        return False
    if before.place.page != place.page:
        return 0 < before.place.page < place.page
    above, below = before.place.box, place.box
    return above is not None and below is not None and below[1] < above[1]  # another column


def _joiner(before: str, after: str) -> str:
    """Return what stands between two pieces: a space; nothing in Chinese and Japanese; `-` for a broken word."""
    if re.search(r"[^\W\d_]-$", before) and after[:1].islower():
        return "-"
    unspaced = r"[\u3040-\u30ff\u3400-\u9fff、。]"
    return "" if re.search(f"{unspaced}$", before) and re.match(unspaced, after) else " "


def _part_titled(text: str) -> str:
    """Return the part that a short line is the title of, `""` if none."""
    line = re.sub(r"^[\d.\s]+(?=\D)", "", text.strip().removeprefix("【書類名】").strip("【】[]:： ")).casefold()
    if len(line) > _LONGEST_TITLE:
        return ""
    return next((part for part, pattern in _PARTS.items() if pattern.fullmatch(line)), "")
