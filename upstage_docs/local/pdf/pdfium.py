"""Reads one PDF with pdfium: pictures of its pages, what is drawn on them, and their bare words."""

from __future__ import annotations

import io
import re
import string
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ctypes import byref, c_double
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from upstage_docs.files.source import PDFIUM_LOCK
from upstage_docs.local.geometry import Box, bounds, overlap
from upstage_docs.local.pdf.hidden_text import HiddenText
from upstage_docs.local.pdf.outline import OutlineEntry
from upstage_docs.local.pdf.restoration import FileText
from upstage_docs.local.pdf.subpaths import Point, Subpath, subpaths_of
from upstage_docs.local.pdf.text_layer import ScannedWord
from upstage_docs.local.pdf.words import is_heavy_name, is_no_letter
from upstage_docs.local.refusal import Refusal

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["PdfPages", "shown"]

_WORD = re.compile(r"[^\s\ufffe]+")
"""U+FFFE is what pdfium writes for the hyphen of a word that goes on in the next line."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_ASCII = frozenset(string.ascii_letters + string.digits)
_FONT_NAME_BYTES = 128
_REMEMBERED = 32
_OPEN = 10
"""Pages kept open at once: loading one is most of what asking it costs."""
_OVER_PICTURE = 0.5
"""Share of a hidden word that lies on a picture, at least, if it is the picture's text."""
_MOST_ENTRIES = 20_000
"""Of an outline; a file can repeat one without end."""
_MOST_PIXELS = 40_000_000
"""Of one rendered page; a larger one is rendered at fewer dots per inch."""


class Facts(NamedTuple):
    """Simple facts about a page as shown: its size in points, how many things are drawn on it, whether it has text."""

    width: float
    height: float
    objects: int
    text: str


class PdfPages:
    """An open PDF; close it when done.

    Args:
        data: The file.

    Raises:
        Refusal: 422 if it is encrypted, damaged or has no pages.
    """

    def __init__(self, data: bytes) -> None:
        import pypdfium2

        self._facts: dict[int, Facts] = {}
        self._open: dict[int, Any] = {}
        self._texts: dict[int, Any] = {}
        self._pictures: dict[int, list[Box]] = {}
        self._layered: dict[int, bool] = {}
        try:
            with PDFIUM_LOCK:
                self._pdf: Any = pypdfium2.PdfDocument(data)
                self.count = len(self._pdf)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise Refusal("The PDF is encrypted: save it without a password first.") from error
            raise Refusal("The PDF is damaged or cut off: it cannot be opened.") from error
        if self.count < 1:
            self.close()
            raise Refusal("The PDF has no pages.")

    def close(self) -> None:
        """Release the document."""
        with PDFIUM_LOCK:
            self._close_pages()
            self._pdf.close()

    def _close_pages(self) -> None:
        for held in (self._texts, self._open):
            for one in held.values():
                one.close()
            held.clear()

    def outline(self) -> list[OutlineEntry]:
        """Return the entries of the outline that lead to a page, as many as a book has; none where it is damaged."""
        from pypdfium2 import PdfiumError

        entries: list[OutlineEntry] = []
        with PDFIUM_LOCK:
            try:
                for mark in islice(self._pdf.get_toc(), _MOST_ENTRIES):
                    place = mark.get_dest()
                    index = place.get_index() if place is not None else None
                    if index is not None:
                        entries.append(OutlineEntry(mark.get_title(), mark.level + 1, index + 1))
            except (PdfiumError, UnicodeError, RecursionError):
                return entries
        return entries

    @contextmanager
    def _page(self, number: int) -> Iterator[Any]:
        import pypdfium2

        with PDFIUM_LOCK:
            if number not in self._open:
                if len(self._open) >= _OPEN:
                    self._close_pages()
                try:
                    self._open[number] = self._pdf[number - 1]
                except pypdfium2.PdfiumError as error:
                    raise Refusal(f"Page {number} of the PDF is damaged: it cannot be opened.") from error
            yield self._open[number]

    def _text_page(self, number: int, page: Any) -> Any:
        if number not in self._texts:
            self._texts[number] = page.get_textpage()
        return self._texts[number]

    def facts(self, number: int) -> Facts:
        """Return simple facts about a page; those of the last pages asked for are remembered.

        Raises:
            Refusal: 422 if the page is damaged.
        """
        from pypdfium2 import PdfiumError, raw

        if number not in self._facts:
            if len(self._facts) >= _REMEMBERED:
                self._facts.clear()
            with self._page(number) as page:
                count = int(raw.FPDFPage_CountObjects(page.raw))
                try:
                    letters = self._text_page(number, page).get_text_range()
                except PdfiumError:  # what is drawn may still be seen, and recognised
                    letters = ""
                self._facts[number] = Facts(page.get_width(), page.get_height(), count, letters)
        return self._facts[number]

    def pictured(self, number: int) -> float:
        """Return the share of a page that its largest picture covers, 0-1."""
        with self._page(number) as page:
            area = page.get_width() * page.get_height()
            boxes = self._picture_boxes(number, page)
            return max(((x1 - x0) * (y1 - y0) / max(area, 1e-6) for x0, y0, x1, y1 in boxes), default=0.0)

    def draws_text(self, number: int) -> bool:
        """Say whether a page draws any text, readable or not."""
        from pypdfium2 import raw

        with self._page(number) as page:
            return any(True for _ in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=4))

    def _picture_boxes(self, number: int, page: Any) -> list[Box]:
        from pypdfium2 import raw

        if number not in self._pictures:
            images = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4)
            self._pictures[number] = [image.get_bounds() for image in images]
        return self._pictures[number]

    def _is_layer(self, number: int, page: Any, box: Box) -> bool:
        """Say whether hidden text in *box* is the text of what is seen there: of a scan, or of letters drawn as shapes.

        It stands over a picture, or the page has at least as many hidden letters as others.
        """
        if any(overlap(box, picture) > _OVER_PICTURE for picture in self._picture_boxes(number, page)):
            return True
        if number not in self._layered:
            text = self._text_page(number, page)
            hidden_text = HiddenText(text)
            letters = [0, 0]
            for found in _WORD.finditer(_letters(text)):
                hidden = hidden_text.holds(found.start(), bounds(_letter_boxes(text, *found.span())))
                letters[hidden] += len(found[0])
            self._layered[number] = letters[True] >= letters[False]
        return self._layered[number]

    def has_text(self, numbers: Sequence[int]) -> bool:
        """Say whether one of these pages has text, or whether nothing at all is drawn on those that can be opened.

        Text whose fonts do not say which letters it has is text, too.
        """
        drawn = False
        for number in numbers:
            try:
                facts = self.facts(number)
            except Refusal:
                continue
            if any(letter.isalnum() or is_no_letter(letter) for letter in facts.text):
                return True
            drawn = drawn or facts.objects > 0
        return not drawn

    def image(self, number: int, *, dots: int) -> tuple[Image, float]:
        """Return a page as shown, at *dots* per inch if it is not too large, and its pixels per point."""
        with self._page(number) as page:
            width, height = page.get_size()
            scale = min(dots / 72, (_MOST_PIXELS / max(width * height, 1.0)) ** 0.5)
            return page.render(scale=scale).to_pil().convert("RGB"), scale

    def crop(self, image: Image, box: Box) -> bytes:
        """Return the part of a page's *image* in a relative *box*, as JPEG bytes."""
        x0, y0, x1, y1 = box
        left, top = int(x0 * image.width), int(y0 * image.height)
        right, bottom = max(left + 1, round(x1 * image.width)), max(top + 1, round(y1 * image.height))
        jpeg = io.BytesIO()
        image.crop((left, top, right, bottom)).save(jpeg, "JPEG", quality=85)
        return jpeg.getvalue()

    def words(self, number: int, among: Counter[str] | None = None) -> list[ScannedWord]:
        """Return the words of a page's text layer in the file's order, and whether each font is a heavy one.

        What is hidden is left out, but for the text of a scan.

        Args:
            number: Of the page.
            among: Letters and digits; words that need others, or more of them, are left out, and no font is looked
                at. None leaves out none.
        """
        with self._page(number) as page:
            text = self._text_page(number, page)
            letters = _letters(text)
            left, bottom, right, top = page.get_cropbox()
            rotation = page.get_rotation()
            hidden_text = HiddenText(text)
            words = []
            beyond = _SURROGATE.search(letters) is not None
            banned = _ASCII.difference(among) if among is not None else frozenset()
            for found in _WORD.finditer(letters):
                word = found[0]
                if not banned.isdisjoint(word):
                    continue
                if beyond:
                    word = word.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
                if among is not None and any(among[letter] < word.count(letter) for letter in set(word) & _ASCII):
                    continue
                x0, y0, x1, y1 = own = bounds(_letter_boxes(text, *found.span()))
                if hidden_text.holds(found.start(), own) and not self._is_layer(number, page, own):
                    continue
                box = (x0 - left, top - y1, x1 - left, top - y0)
                bold = among is None and is_heavy_name(_font_name(text, found.start()))
                words.append(ScannedWord(word, shown(box, rotation, right - left, top - bottom), bold))
            return words

    def file_text(self, number: int, angle: int = 0) -> FileText:
        """Return the text of a page with its boxes, of a page whose text lies at *angle* degrees turned upright."""
        with self._page(number) as page:
            return FileText(
                _letters(self._text_page(number, page)),
                partial(self._shown_boxes, number, angle, _letter_boxes),
                lambda start, end: [box[3] for box in self._shown_boxes(number, angle, _letter_origins, start, end)],
                partial(self._font_of, number),
            )

    def _font_of(self, number: int, index: int) -> str:
        """Return the name of the font of a character of a page."""
        with self._page(number) as page:
            return _font_name(self._text_page(number, page), index)

    def subpaths(self, number: int, angle: int = 0) -> list[Subpath]:
        """Return what a page draws, point by point, of a page whose text lies at *angle* degrees turned upright."""
        with self._page(number) as page:
            left, bottom, right, top = page.get_cropbox()
            rotation = page.get_rotation()
            width, height = right - left, top - bottom
            wide, tall = (height, width) if rotation % 180 else (width, height)

            def placed(point: Point) -> Point:
                x, y = point[0] - left, top - point[1]
                box = shown((x, y, x, y), rotation, width, height)
                return (shown(box, -angle % 360, wide, tall) if angle else box)[:2]

            return subpaths_of(page, placed)

    def _shown_boxes(
        self, number: int, angle: int, boxes_of: Callable[[Any, int, int], list[Box]], start: int, end: int
    ) -> list[Box]:
        with self._page(number) as page:
            left, bottom, right, top = page.get_cropbox()
            rotation = page.get_rotation()
            width, height = right - left, top - bottom
            wide, tall = (height, width) if rotation % 180 else (width, height)
            boxes = []
            for x0, y0, x1, y1 in boxes_of(self._text_page(number, page), start, end):
                box = shown((x0 - left, top - y1, x1 - left, top - y0), rotation, width, height)
                boxes.append(shown(box, -angle % 360, wide, tall) if angle else box)
            return boxes


def _letter_boxes(text: Any, start: int, end: int) -> list[Box]:
    """Return the `(left, bottom, right, top)` of each of some characters in the page's own space."""
    from pypdfium2 import raw

    read, page = raw.FPDFText_GetCharBox, text.raw
    left, bottom, right, top = c_double(), c_double(), c_double(), c_double()
    x0, y0, x1, y1 = byref(left), byref(bottom), byref(right), byref(top)
    boxes: list[Box] = []
    for index in range(start, end):
        if not read(page, index, x0, x1, y0, y1):
            text.get_charbox(index)  # which raises
        boxes.append((left.value, bottom.value, right.value, top.value))
    return boxes


def _letter_origins(text: Any, start: int, end: int) -> list[Box]:
    """Return the point of the baseline that each of some characters stands on, as a box."""
    from pypdfium2 import raw

    x, y = c_double(), c_double()
    return [
        (x.value, y.value, x.value, y.value)
        if raw.FPDFText_GetCharOrigin(text.raw, index, x, y)
        else _letter_boxes(text, index, index + 1)[0]
        for index in range(start, end)
    ]


def _font_name(text: Any, index: int) -> str:
    """Return the name of the font of a character, `""` if it has none."""
    from ctypes import c_int, create_string_buffer

    from pypdfium2 import raw

    buffer, flags = create_string_buffer(_FONT_NAME_BYTES), c_int()
    length = raw.FPDFText_GetFontInfo(text.raw, index, buffer, _FONT_NAME_BYTES, flags)
    return buffer.value.decode("utf-8", "replace") if 0 < length <= _FONT_NAME_BYTES else ""


def _letters(text: Any) -> str:
    """Return the characters of pdfium's text page, as many as it counts: one beyond U+FFFF is two, surrogates."""
    from pypdfium2 import raw

    letters: str = text.get_text_range()
    if len(letters) != text.count_chars():  # some have no place of their own in the string
        letters = "".join(chr(raw.FPDFText_GetUnicode(text.raw, index)) for index in range(text.count_chars()))
    return letters


def shown(box: Box, rotation: int, width: float, height: float) -> Box:
    """Return a *box* as it stands once its page, *width* x *height*, is turned clockwise by *rotation* degrees."""
    x0, y0, x1, y1 = box
    match rotation:
        case 90:
            return height - y1, x0, height - y0, x1
        case 180:
            return width - x1, height - y1, width - x0, height - y0
        case 270:
            return y0, width - x1, y1, width - x0
    return box
