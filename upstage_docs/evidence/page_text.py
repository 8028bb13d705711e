"""Finds the boxes of a quote on a page, in the text layer of the PDF or in recognised words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from difflib import SequenceMatcher
from typing import Any

from upstage_docs.evidence.keys import Keyed
from upstage_docs.evidence.ocr_words import WordInText
from upstage_docs.files.source import PDFIUM_LOCK, Source, holding_interrupts
from upstage_docs.local.pdf.pdfium import placing
from upstage_docs.models import Box, OcrPage

_SLACK = 0.004
"""How far, of the page, the middle of a letter may lie outside its element's box: boxes are answered to 4 decimals, and
recognisers cut close to the ink."""
_ALIKE = 0.85
"""The share of a quote's letters that must be found in order where the whole is not: a recogniser's slips are fewer."""
_MOST_COMPARED = 20_000_000
"""Letters of a page times those of a quote that are compared one by one: about a second."""
_SCATTERED = 2.0
"""Letters between the first and the last one found, per letter of the quote; more is no one place."""
_WIDEST_GAP = 1.5
"""Between two words of one line, in heights of the line; what is wider is another cell or column."""
_ON_LINE = 0.75
"""Of the larger height, how far the middles of two boxes of one line lie apart at most: commas and raised figures lie
lower and higher than letters; letters of the next line are at least 1.2 heights lower."""


class PageText:
    """The letters of a page, or of a part of it, in the order of the file, each with a box."""

    def __init__(self, letters: Iterable[tuple[str, Box]]) -> None:
        self._boxes: list[Box] = []
        self._letters: list[str] = []
        for letter, box in letters:
            self._letters.append(letter)
            self._boxes.append(box)
        self._here = bytearray(b"\1") * len(self._boxes)
        self.keyed = Keyed(enumerate(self._letters))

    def inside(self, box: Box) -> PageText:
        """Return the letters whose middle lies in *box*, or very near to it."""
        x0, y0, x1, y1 = box[0] - _SLACK, box[1] - _SLACK, box[2] + _SLACK, box[3] + _SLACK
        kept = object.__new__(PageText)
        kept._boxes, kept._letters = self._boxes, self._letters
        kept._here = bytearray(
            x0 <= (left + right) / 2 <= x1 and y0 <= (top + bottom) / 2 <= y1
            for left, top, right, bottom in self._boxes
        )
        kept.keyed = self.keyed.only(kept._here)
        return kept

    def find(self, wanted: str) -> list[tuple[Box, ...]]:
        """Return the lines of each place where the key *wanted* stands; where none is exact, of the one most alike."""
        found = self.keyed.find(wanted)
        if found:
            return [self.lines(start, end) for start, end in found]
        alike = self._most_alike(wanted)
        return [alike] if alike else []

    def lines(self, start: int, end: int) -> tuple[Box, ...]:
        """Return a box for each line of a range of the key, with the punctuation of its words."""
        return tuple(_boxes_of_lines(self._boxes[offset] for offset in self._offsets(start, end)))

    def _offsets(self, start: int, end: int) -> Iterator[int]:
        """Yield the offsets of a range of the key, with those of the signs in it and at both its ends."""
        first, last = self.keyed.at[start], self.keyed.at[end - 1]
        while first > 0 and self._is_sign(first - 1):
            first -= 1
        while last + 1 < len(self._letters) and self._is_sign(last + 1):
            last += 1
        wanted = set(self.keyed.at[start:end])
        yield from (offset for offset in range(first, last + 1) if offset in wanted or self._is_sign(offset))

    def _is_sign(self, offset: int) -> bool:
        letter = self._letters[offset]
        return bool(self._here[offset]) and not letter.isspace() and not letter.isalnum() and letter.isprintable()

    def _most_alike(self, wanted: str) -> tuple[Box, ...]:
        if len(self.keyed.key) * len(wanted) > _MOST_COMPARED:
            return ()
        matcher = SequenceMatcher(None, self.keyed.key, wanted, autojunk=False)
        blocks = [(block.a, block.a + block.size) for block in matcher.get_matching_blocks() if block.size]
        size = sum(end - start for start, end in blocks)
        if size < _ALIKE * len(wanted) or blocks[-1][1] - blocks[0][0] > _SCATTERED * len(wanted):
            return ()
        return tuple(_boxes_of_lines(self._boxes[at] for start, end in blocks for at in self._offsets(start, end)))


def _boxes_of_lines(boxes: Iterable[Box]) -> Iterator[Box]:
    """Yield the bounding box of each run of *boxes* that stand on one line."""
    line: Box | None = None
    for box in boxes:
        if line is not None and _is_on_line(line, box):
            line = (min(line[0], box[0]), min(line[1], box[1]), max(line[2], box[2]), max(line[3], box[3]))
            continue
        if line is not None:
            yield line
        line = box
    if line is not None:
        yield line


def _is_on_line(line: Box, box: Box) -> bool:
    apart = abs(line[1] + line[3] - box[1] - box[3]) / 2
    height, own = line[3] - line[1], box[3] - box[1]
    gap = _WIDEST_GAP * max(height, own)
    return apart <= _ON_LINE * max(height, own) and line[0] - own <= box[0] <= line[2] + gap


def pdf_text(source: Source, page: int) -> PageText:
    """Return the text layer of a PDF's *page* (1-based); nothing where the page has none or is damaged."""
    import pypdfium2

    with PDFIUM_LOCK, holding_interrupts(), source.open() as handle:
        try:
            with (
                closing(pypdfium2.PdfDocument(handle, autoclose=False)) as pdf,
                closing(pdf[page - 1]) as sheet,
                closing(sheet.get_textpage()) as text,
            ):
                return PageText(_pdf_letters(sheet, text))
        except pypdfium2.PdfiumError:
            return PageText(())


def _pdf_letters(sheet: Any, text: Any) -> Iterator[tuple[str, Box]]:
    from pypdfium2 import raw

    placed = placing(sheet)
    width, height = sheet.get_size()
    high = ""  # the first half of a letter beyond U+FFFF
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text.raw, index)
        letter = chr(code)
        if 0xD800 <= code < 0xDC00:
            high = letter
            continue
        if high:
            letter = (high + letter).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            high = ""
        x0, y0, x1, y1 = placed(text.get_charbox(index))
        yield letter, (x0 / width, y0 / height, x1 / width, y1 / height)


def ocr_text(page: OcrPage) -> PageText:
    """Return the recognised words of a page, each letter with the box of its word."""

    def letters() -> Iterator[tuple[str, Box]]:
        for word in page.words if page.width > 0 and page.height > 0 else ():
            xs, ys = [x / page.width for x, _ in word.vertices], [y / page.height for _, y in word.vertices]
            if not xs:
                continue
            box = (min(xs), min(ys), max(xs), max(ys))
            yield from ((letter, box) for letter in word.text)
            yield " ", box

    return PageText(letters())


def line_text(text: str, words: Sequence[WordInText]) -> PageText:
    """Return the words of one recognised line, each letter with the box of its word."""

    def letters() -> Iterator[tuple[str, Box]]:
        for word in words:
            yield from ((letter, word.box) for letter in text[word.start : word.end])
            yield " ", word.box

    return PageText(letters())
