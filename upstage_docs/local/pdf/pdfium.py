"""Reads one PDF with pdfium: pictures of its pages, what is drawn on them, and their bare words."""

from __future__ import annotations

import io
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from ctypes import addressof
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from upstage_docs.files.source import PDFIUM_LOCK
from upstage_docs.local.geometry import Box, holds_middle, overlap
from upstage_docs.local.pdf.annotations import typed_texts
from upstage_docs.local.pdf.hidden_text import HiddenText
from upstage_docs.local.pdf.layers import may_hide_layers, without_hidden_layers
from upstage_docs.local.pdf.missed_words import Lacking
from upstage_docs.local.pdf.outline import OutlineEntry
from upstage_docs.local.pdf.page_letters import PageLetters
from upstage_docs.local.pdf.page_objects import moved, object_box, objects_of
from upstage_docs.local.pdf.restoration import FileText
from upstage_docs.local.pdf.subpaths import Subpath, subpaths_of
from upstage_docs.local.pdf.text_layer import BareWord
from upstage_docs.local.pdf.words import is_heavy_name, is_no_letter
from upstage_docs.local.refusal import Refusal

if TYPE_CHECKING:
    from PIL.Image import Image

_WORD = re.compile(r"[^\s\ufffe]+")
"""U+FFFE is what pdfium writes for the hyphen of a word that goes on in the next line."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_ASCII = frozenset(string.ascii_letters + string.digits)
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
        self._words: dict[int, list[BareWord]] = {}
        self._open: dict[int, Any] = {}
        self._texts: dict[int, PageLetters] = {}
        self._pictures: dict[int, list[Box]] = {}
        self._mostly_hidden: dict[int, bool] = {}
        self._outline_is_endless = False
        self._may_hide_layers = may_hide_layers(data)
        self._layers_hidden: dict[int, bool] = {}
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
        for one in (*self._texts.values(), *self._open.values()):
            one.close()
        self._texts.clear()
        self._open.clear()

    def outline(self) -> list[OutlineEntry]:
        """Return the entries of the outline that lead to a page, as many as a book has; none where it is damaged."""
        from pypdfium2 import PdfBookmark, PdfiumError, raw

        entries: list[OutlineEntry] = []
        seen: set[int] = set()
        with PDFIUM_LOCK:
            waiting = [(raw.FPDFBookmark_GetFirstChild(self._pdf, None), 1)]
            try:
                while waiting and len(seen) < _MOST_ENTRIES:
                    found, level = waiting.pop()
                    if not found:
                        continue
                    if addressof(found.contents) in seen:
                        self._outline_is_endless = True
                        break
                    seen.add(addressof(found.contents))
                    waiting += [
                        (raw.FPDFBookmark_GetNextSibling(self._pdf, found), level),
                        (raw.FPDFBookmark_GetFirstChild(self._pdf, found), level + 1),
                    ]
                    mark = PdfBookmark(found, self._pdf, level)
                    place = mark.get_dest()
                    index = place.get_index() if place is not None else None
                    if index is not None:
                        entries.append(OutlineEntry(mark.get_title(), level, index + 1))
            except (PdfiumError, UnicodeError):
                return entries
        return entries

    def _page(self, number: int) -> Any:
        """Return a page of pypdfium2; the caller holds the lock as long as it asks the page.

        Raises:
            Refusal: 422 if the page is damaged.
        """
        if number not in self._open:
            from pypdfium2 import PdfiumError

            if len(self._open) >= _OPEN:
                self._close_pages()
            try:
                self._open[number] = self._pdf[number - 1]
            except PdfiumError as error:
                raise Refusal(f"Page {number} of the PDF is damaged: it cannot be opened.") from error
            if self._may_hide_layers and number not in self._layers_hidden:
                self._layers_hidden[number] = without_hidden_layers(self._open[number])
                if self._layers_hidden[number]:
                    self._open.pop(number).close()
                    return self._page(number)
        return self._open[number]

    def as_shown(self, data: bytes, numbers: Sequence[int]) -> bytes:
        """Return the PDF *data* without what hidden layers draw on these pages, which were opened before.

        It is also without its outline if that leads back to itself: the PDF library would follow it for ever.
        """
        from pypdfium2 import PdfDocument, PdfiumError

        if not self._outline_is_endless and not any(self._layers_hidden.get(number) for number in numbers):
            return data
        shown = io.BytesIO()
        try:
            with PDFIUM_LOCK:
                if not self._outline_is_endless:
                    self._pdf.save(shown)
                else:
                    with closing(PdfDocument.new()) as copy:
                        copy.import_pages(self._pdf)
                        copy.save(shown)
        except PdfiumError:
            return data
        return shown.getvalue()

    def _text_layer(self, number: int) -> PageLetters:
        if number not in self._texts:
            self._texts[number] = PageLetters(self._page(number).get_textpage())
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
                self._words.clear()
            with PDFIUM_LOCK:
                page = self._page(number)
                count = int(raw.FPDFPage_CountObjects(page.raw))
                try:
                    letters = self._text_layer(number).text
                except PdfiumError:  # what is drawn may still be seen, and recognised
                    letters = ""
                self._facts[number] = Facts(page.get_width(), page.get_height(), count, letters)
        return self._facts[number]

    def pictured(self, number: int) -> float:
        """Return the share of a page that its largest picture covers, 0-1."""
        with PDFIUM_LOCK:
            page = self._page(number)
            area = page.get_width() * page.get_height()
            boxes = self._picture_boxes(number, page)
            return max(((x1 - x0) * (y1 - y0) / max(area, 1e-6) for x0, y0, x1, y1 in boxes), default=0.0)

    def draws_text(self, number: int) -> bool:
        """Say whether a page draws any text, readable or not."""
        from pypdfium2 import raw

        with PDFIUM_LOCK:
            page = self._page(number)
            return any(True for _ in objects_of(page, raw.FPDF_PAGEOBJ_TEXT))

    def _picture_boxes(self, number: int, page: Any) -> list[Box]:
        from pypdfium2 import raw

        if number not in self._pictures:
            boxes = ((object_box(image), matrix) for image, matrix in objects_of(page, raw.FPDF_PAGEOBJ_IMAGE))
            self._pictures[number] = [moved(box, matrix) for box, matrix in boxes if box is not None]
        return self._pictures[number]

    def _repeats_what_is_seen(self, number: int, page: Any, box: Box) -> bool:
        """Say whether hidden text in *box* is the text of what is seen there: of a scan, or of letters drawn as shapes.

        It stands over a picture, or the page has at least as many hidden letters as others.
        """
        if any(overlap(box, picture) > _OVER_PICTURE for picture in self._picture_boxes(number, page)):
            return True
        if number not in self._mostly_hidden:
            text = self._text_layer(number)
            hidden_text = HiddenText(text)
            letters = [0, 0]
            for found in _WORD.finditer(text.characters):
                hidden = hidden_text.holds(found.start(), text.box(*found.span()))
                letters[hidden] += len(found[0])
            self._mostly_hidden[number] = letters[True] >= letters[False]
        return self._mostly_hidden[number]

    def has_text(self, numbers: Sequence[int]) -> bool:
        """Say whether one of these pages has text, or whether nothing at all is drawn on those that can be opened.

        Text whose fonts do not say which letters it has is text, too.
        """
        drawn = False
        for number in numbers:
            try:
                facts = self.facts(number)
            except Exception:  # noqa: BLE001, S112 - it is told when the page is read
                continue
            if any(letter.isalnum() or is_no_letter(letter) for letter in facts.text):
                return True
            drawn = drawn or facts.objects > 0
        return not drawn

    def image(self, number: int, *, dots: int) -> tuple[Image, float]:
        """Return a page as shown, at *dots* per inch if it is not too large, and its pixels per point."""
        with PDFIUM_LOCK:
            page = self._page(number)
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

    def words(self, number: int, lacking: Lacking | None = None) -> list[BareWord]:
        """Return the words of a page's text layer in the file's order, and whether each font is bold.

        What stands beside the page is left out, and so is what is hidden, but for the text of a scan. All words of a
        page are read once; what is returned is shared.

        Args:
            number: Of the page.
            lacking: Words that may be lacking are returned alone: those of its lines that have its letters and no
                others, or more of them; no font is looked at. None leaves out none.
        """
        if (known := self._words.get(number)) is not None:
            return known if lacking is None else [word for word in known if _is_among(word.text, lacking.letters)]
        with PDFIUM_LOCK:
            page = self._page(number)
            text = self._text_layer(number)
            placed = placing(page)
            sheet = (0.0, 0.0, *page.get_size())
            hidden_text = HiddenText(text)
            words = []
            beyond = not text.characters.isascii() and _SURROGATE.search(text.characters) is not None
            banned = _ASCII.difference(lacking.letters) if lacking is not None else frozenset()
            for start, end in text.lines(lacking.lines) if lacking is not None else [(0, len(text.characters))]:
                for found in _WORD.finditer(text.characters, start, end):
                    word = found[0]
                    if not banned.isdisjoint(word):
                        continue
                    if beyond:
                        word = word.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
                    if lacking is not None and not _is_among(word, lacking.letters):
                        continue
                    own = text.box(*found.span())
                    box = placed(own)
                    if not holds_middle(sheet, box):
                        continue
                    if hidden_text.holds(found.start(), own) and not self._repeats_what_is_seen(number, page, own):
                        continue
                    bold = lacking is None and is_heavy_name(text.font_name(found.start()))
                    words.append(BareWord(word, box, bold))
            if lacking is None:
                self._words[number] = words
            return words

    def typed_texts(self, number: int, angle: int, kept: Callable[[], AbstractContextManager[None]]) -> list[BareWord]:
        """Return the lines that were typed over a page, turned upright where its text lies at *angle* degrees.

        Each annotation is read inside a block of *kept*, which notes an error. What stands beside the page is left out.
        """
        from pypdfium2 import raw

        with PDFIUM_LOCK:
            page = self._page(number)
            if not raw.FPDFPage_GetAnnotCount(page.raw):
                return []
            width, height = page.get_size()
            if angle % 180:
                width, height = height, width
            return typed_texts(page, placing(page, angle), partial(holds_middle, (0.0, 0.0, width, height)), kept)

    def file_text(self, number: int, angle: int = 0) -> FileText:
        """Return the text of a page with its boxes, turned upright where its text lies at *angle* degrees."""
        with PDFIUM_LOCK:
            placed = placing(self._page(number), angle)
            letters = self._text_layer(number)
            characters = letters.characters

        def boxes(start: int, end: int) -> list[Box]:
            with PDFIUM_LOCK:
                return [placed(box) for box in self._text_layer(number).boxes(start, end)]

        def box(start: int, end: int) -> Box:
            with PDFIUM_LOCK:
                return placed(self._text_layer(number).box(start, end))

        def baselines(start: int, end: int) -> list[float]:
            with PDFIUM_LOCK:
                return [placed(box)[3] for box in self._text_layer(number).origins(start, end)]

        def font_of(index: int) -> str:
            with PDFIUM_LOCK:
                return self._text_layer(number).font_name(index)

        return FileText(
            characters, boxes=boxes, box=box, baselines=baselines, font_of=font_of, is_rejoined=letters.is_rejoined
        )

    def subpaths(self, number: int, angle: int = 0) -> list[Subpath]:
        """Return what a page draws, point by point, turned upright where its text lies at *angle* degrees."""
        with PDFIUM_LOCK:
            page = self._page(number)
            placed = placing(page, angle)
            return subpaths_of(page, lambda point: placed((*point, *point))[:2])


def _is_among(word: str, letters: Counter[str]) -> bool:
    """Say whether the ASCII letters and digits of *word* are all among *letters*, as often as it has them."""
    return all(word.count(letter) <= letters[letter] for letter in set(word) & _ASCII)


def placing(page: Any, angle: int = 0) -> Callable[[Box], Box]:
    """Return a function from a box in a page's own space, `(left, bottom, right, top)`, to the box as shown.

    Args:
        page: Of pypdfium2.
        angle: Clockwise degrees at which the page's text lies; it is turned upright.
    """
    left, bottom, right, top = page.get_bbox()  # what the media box and the crop box share, in order
    rotation = page.get_rotation()
    width, height = right - left, top - bottom
    wide, tall = (height, width) if rotation % 180 else (width, height)

    def placed(box: Box) -> Box:
        x0, y0, x1, y1 = box
        place = x0 - left, top - y1, x1 - left, top - y0
        if rotation:
            place = shown(place, rotation, width, height)
        return shown(place, -angle % 360, wide, tall) if angle else place

    return placed


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
