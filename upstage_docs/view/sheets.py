"""Gives the pages of a parsed document, each with its elements and its picture."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upstage_docs.api.limits import LIMITS
from upstage_docs.errors import ConfigError, SourceError
from upstage_docs.evidence.page_pictures import DRAWN, page_picture, require_pillow
from upstage_docs.files.source import DocumentInput, Source, inspect
from upstage_docs.models import Element, ParsedDocument
from upstage_docs.options.definitions import require_whole_number

if TYPE_CHECKING:
    from PIL.Image import Image

BLANK_RATIO = 297 / 210
"""Height by width of the sheet of a page that has no picture."""
_TALLEST = 4
"""Height by width of the tallest picture; a page that is taller is drawn smaller."""


@dataclass(frozen=True)
class Sheet:
    """One page of a document.

    Attributes:
        number: 1-based; 0 holds the elements that the answer puts on no page of the document.
        elements: In the API's order.
        picture: None where the file has no page to draw, or it is damaged.
        note: Why there is no picture, in a sentence; `""` where there is one.
    """

    number: int
    elements: tuple[Element, ...]
    picture: Image | None
    note: str = ""


class Sheets:
    """The pages of a document that are shown, each drawn when it is asked for; use it in a `with`.

    Args:
        parsed: What was answered for *document*.
        document: The file.
        pages: Numbers of the pages that are wanted, 1-based; all of them if None.
        width: Of a picture, in pixels.

    Raises:
        MissingExtraError: Pillow is not installed.
        SourceError: The file cannot be read.
        ConfigError: *document* is not what *parsed* is of, a page is not there, or *width* is no number of pixels.
    """

    def __init__(
        self, parsed: ParsedDocument, document: DocumentInput, pages: Collection[int] | None, width: int
    ) -> None:
        require_pillow()
        self.width = require_whole_number("width", width, least=1, most=10_000)
        with ExitStack() as stack:
            self._source: Source = inspect(document)
            stack.callback(self._source.close)
            self.numbers = self._wanted(parsed, pages)
            self._stack = stack.pop_all()
        self._elements: dict[int, list[Element]] = {}
        for element in parsed.elements:
            self._elements.setdefault(element.page, []).append(element)

    def __enter__(self) -> Sheets:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[Sheet]:
        for number in self.numbers:
            picture, note = self._picture(number)
            yield Sheet(number, self.elements(number), picture, note)

    def elements(self, number: int) -> tuple[Element, ...]:
        """Return the elements of page *number*."""
        return tuple(self._elements.get(number, ()))

    def _wanted(self, parsed: ParsedDocument, pages: Collection[int] | None) -> list[int]:
        source = self._source
        if parsed.file_sha256 and source.sha256 != parsed.file_sha256:
            raise ConfigError(
                f"{source.name!r} is not the file that was parsed as {parsed.source!r}, or it has changed."
            )
        # An answer may name any number: of a file that tells none, no more than the API reads is believed.
        told = source.pages or min(parsed.total_pages, LIMITS.async_pages)
        there = {*range(1, told + 1), *(element.page for element in parsed.elements)}
        for number in pages or ():
            if number not in there:
                raise ConfigError(f"{source.name!r} has no page {number}: its last page is {told}.")
        return sorted(there if pages is None else set(pages))

    def _picture(self, number: int) -> tuple[Image | None, str]:
        """Return page *number* as a picture, or why there is none: one page never costs the others."""
        source = self._source
        if source.format not in DRAWN:
            return None, "Files of this format have no pages to draw."
        if not 1 <= number <= (source.pages or 1):
            return (
                None,
                "The file has no such page."
                if number
                else "The answer names a page for these that the file does not have.",
            )
        try:
            return page_picture(source, number, within=(self.width, _TALLEST * self.width)), ""
        except SourceError as error:
            return None, str(error)
