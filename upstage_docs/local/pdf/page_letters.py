"""The characters of a page's text layer as pdfium reports them: which they are, where they stand, and in which font."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from ctypes import PYFUNCTYPE, addressof, c_double, c_int, c_void_p, cast, create_string_buffer
from functools import cache, cached_property
from itertools import pairwise
from struct import Struct
from typing import Any

from upstage_docs.local.geometry import Box, bounds

_FONT_NAME_BYTES = 128
_EDGES = Struct("4d")
_TORN = 0.2
"""Line ends among the characters of a page that pdfium takes for one written downwards: each glyph that is drawn by
itself, as browsers do, has its own line then (0.32 and 0.33; at most 0.1 on 250 other pages)."""
_NO_SIGN = "\u200b"
_SPACE = 0.11
"""Heights of a font: what two glyphs of a line are apart, from advance to advance, with a space between them."""


@cache
def _readers() -> tuple[Callable[..., int], ...]:
    """Return what reads the box of a character, counts the boxes of a slice, and reads one of these, from pdfium.

    They take addresses as numbers: making typed pointers takes longer than the calls themselves.
    """
    from pypdfium2 import raw

    reads = PYFUNCTYPE(c_int, c_void_p, c_int, *[c_void_p] * 4)
    counts = PYFUNCTYPE(c_int, c_void_p, c_int, c_int)
    box, count, rect = raw.FPDFText_GetCharBox, raw.FPDFText_CountRects, raw.FPDFText_GetRect
    return reads(_address(box)), counts(_address(count)), reads(_address(rect))


def _address(pointer: Any) -> int:
    return cast(pointer, c_void_p).value or 0


class PageLetters:
    """The text layer of one page, places in the page's own space; the caller holds pdfium's lock.

    Args:
        text: The text page of pypdfium2; `close` closes it.
    """

    def __init__(self, text: Any) -> None:
        from pypdfium2 import raw

        self._text, self._raw = text, raw
        self.is_rejoined = False
        self.handle = text.raw
        self._page = _address(text.raw)
        self._edges = (c_double * 4)()
        self._left, self._bottom, self._right, self._top = range(addressof(self._edges), addressof(self._edges) + 32, 8)
        self._read_box, self._count_rects, self._read_rect = _readers()
        self._font, self._flags = create_string_buffer(_FONT_NAME_BYTES), c_int()

    def close(self) -> None:
        """Release the text layer."""
        self._text.close()

    @cached_property
    def text(self) -> str:
        """What the page reads."""
        text: str = self._text.get_text_range()
        if text.count("\n") > _TORN * len(text) and len(text) == self._text.count_chars():
            self.is_rejoined = True
            return self._rejoined(text)
        return text

    def _rejoined(self, text: str) -> str:
        """Return a text of as many characters, whose spaces and line ends are told by where its glyphs stand."""
        told = list(text)
        seen = [index for index, letter in enumerate(text) if not letter.isspace()]
        boxes = [self._text.get_charbox(index, loose=True) for index in seen]
        for (before, one), (after, other) in pairwise(zip(seen, boxes, strict=True)):
            if after == before + 1:
                continue
            height, gap = min(one[3] - one[1], other[3] - other[1]), max(other[0] - one[2], one[0] - other[2])
            level = min(one[3], other[3]) - max(one[1], other[1]) > height / 2
            told[before + 1 : after] = _NO_SIGN * (after - before - 1)
            if not level or gap > _SPACE * height:
                told[before + 1] = " " if level else "\n"
        return "".join(told)

    @cached_property
    def characters(self) -> str:
        """The characters, as many as pdfium counts: one beyond U+FFFF is two, surrogates."""
        count = self._text.count_chars()
        if len(self.text) == count:
            return self.text
        # Some have no place of their own in the text.
        return "".join(chr(self._raw.FPDFText_GetUnicode(self.handle, index)) for index in range(count))

    def lines(self, wanted: Set[str]) -> Iterator[tuple[int, int]]:
        """Yield the start and end of each line whose text, without spaces around it, is among *wanted*."""
        if self.characters is not self.text:
            yield 0, len(self.characters)  # the lines of the characters read otherwise
            return
        end = 0
        for line in self.text.splitlines(keepends=True):
            start, end = end, end + len(line)
            if line.strip() in wanted:
                yield start, end

    def boxes(self, start: int, end: int) -> list[Box]:
        """Return the `(left, bottom, right, top)` of each character of a slice."""
        read, page, edges = self._read_box, self._page, self._edges
        left, bottom, right, top = self._left, self._bottom, self._right, self._top
        boxes: list[Box] = []
        for index in range(start, end):
            if not read(page, index, left, right, bottom, top):
                self._text.get_charbox(index)  # which raises
            boxes.append(_EDGES.unpack(edges))
        return boxes

    def box(self, start: int, end: int) -> Box:
        """Return the box around the characters of a slice, which must not be empty."""
        if end - start > 2 and self._count_rects(self._page, start, end - start) == 1:
            told = self._read_rect(self._page, 0, self._left, self._top, self._right, self._bottom)
            left, bottom, right, top = _EDGES.unpack(self._edges)
            if told and left < right and bottom < top:
                return left, bottom, right, top
        boxes = self.boxes(start, end)
        return boxes[0] if len(boxes) == 1 else bounds(boxes)

    def origins(self, start: int, end: int) -> list[Box]:
        """Return the point of the baseline that each character of a slice stands on, as a box."""
        x, y = c_double(), c_double()
        return [
            (x.value, y.value, x.value, y.value)
            if self._raw.FPDFText_GetCharOrigin(self.handle, index, x, y)
            else self.boxes(index, index + 1)[0]
            for index in range(start, end)
        ]

    def font_name(self, index: int) -> str:
        """Return the name of the font of a character, `""` if it has none."""
        length = self._raw.FPDFText_GetFontInfo(self.handle, index, self._font, _FONT_NAME_BYTES, self._flags)
        return self._font.value.decode("utf-8", "replace") if 0 < length <= _FONT_NAME_BYTES else ""
