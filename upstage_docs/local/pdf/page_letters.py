"""The characters of a page's text layer as pdfium tells them: what they read, where they stand, and their fonts."""

from __future__ import annotations

from ctypes import byref, c_double, c_int, create_string_buffer
from functools import cached_property
from typing import Any

from upstage_docs.local.geometry import Box, bounds

_FONT_NAME_BYTES = 128


class PageLetters:
    """The text layer of one page, places in the page's own space; the caller holds pdfium's lock.

    Args:
        text: The text page of pypdfium2; `close` closes it.
    """

    def __init__(self, text: Any) -> None:
        from pypdfium2 import raw

        self._text, self._raw = text, raw
        self.handle = text.raw
        self._edges = c_double(), c_double(), c_double(), c_double()
        self._written = tuple(map(byref, self._edges))
        self._font, self._flags = create_string_buffer(_FONT_NAME_BYTES), c_int()

    def close(self) -> None:
        """Release the text layer."""
        self._text.close()

    @cached_property
    def text(self) -> str:
        """What the page reads."""
        text: str = self._text.get_text_range()
        return text

    @cached_property
    def characters(self) -> str:
        """The characters, as many as pdfium counts: one beyond U+FFFF is two, surrogates."""
        count = self._text.count_chars()
        if len(self.text) == count:
            return self.text
        # Some have no place of their own in the text.
        return "".join(chr(self._raw.FPDFText_GetUnicode(self.handle, index)) for index in range(count))

    def boxes(self, start: int, end: int) -> list[Box]:
        """Return the `(left, bottom, right, top)` of each character of a slice."""
        read, page = self._raw.FPDFText_GetCharBox, self.handle
        left, bottom, right, top = self._edges
        x0, y0, x1, y1 = self._written
        boxes: list[Box] = []
        for index in range(start, end):
            if not read(page, index, x0, x1, y0, y1):
                self._text.get_charbox(index)  # which raises
            boxes.append((left.value, bottom.value, right.value, top.value))
        return boxes

    def box(self, start: int, end: int) -> Box:
        """Return the box around the characters of a slice, which must not be empty."""
        if end - start > 2 and self._raw.FPDFText_CountRects(self.handle, start, end - start) == 1:
            left, bottom, right, top = self._edges
            x0, y0, x1, y1 = self._written
            told = self._raw.FPDFText_GetRect(self.handle, 0, x0, y1, x1, y0)
            if told and left.value < right.value and bottom.value < top.value:
                return left.value, bottom.value, right.value, top.value
        boxes = self.boxes(start, end)
        return boxes[0] if len(boxes) == 1 else bounds(boxes)

    def origins(self, start: int, end: int) -> list[Box]:
        """Return the point of the baseline that each character of a slice stands on, as a box."""
        x, y, *_ = self._edges
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
