"""`crop` and `highlight`: pictures of the pages that a text stands on, cut out or marked."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from upstage_docs.errors import ConfigError
from upstage_docs.evidence.async_forms import in_thread
from upstage_docs.evidence.citation import Citation
from upstage_docs.evidence.keys import keyed_markup
from upstage_docs.evidence.locate import PageTexts, has_quote, narrow_to_quote
from upstage_docs.evidence.page_pictures import page_picture, require_pillow
from upstage_docs.evidence.place import Place, places_of
from upstage_docs.evidence.things import Parsed, parsed_answer, read_things
from upstage_docs.files.source import DocumentInput
from upstage_docs.models import Box, OcrResult, ParsedDocument
from upstage_docs.options.definitions import require_whole_number
from upstage_docs.records.records import union_of

if TYPE_CHECKING:
    from PIL.Image import Image

_COLOUR = "#ffe94d"
_MARGIN = 0.006
"""Of the page's longer side, what a crop shows around a box: letters reach a little over the boxes answered."""
_PAD = 0.0015
"""Of the page's longer side, what a mark reaches over its box."""


@dataclass(frozen=True)
class PagePicture:
    """A page, or what was cut from it.

    Attributes:
        page: 1-based.
        image: A Pillow picture in RGB.
        places: What it shows.
        source: Path, URI or name of the file.
    """

    page: int
    image: Image
    places: tuple[Place, ...]
    source: str = ""

    def png(self) -> bytes:
        """Return the picture as PNG bytes."""
        target = io.BytesIO()
        self.image.save(target, "PNG")
        return target.getvalue()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to *path*, in the format of its suffix."""
        self.image.save(path)

    def _repr_png_(self) -> bytes:
        return self.png()

    def __repr__(self) -> str:
        return f"PagePicture({self.source!r}, page {self.page}, {self.image.width} x {self.image.height} pixels)"


def crop(
    thing: object, file: DocumentInput | None = None, *, quote: str = "", parsed: Parsed | None = None, dpi: int = 150
) -> list[PagePicture]:
    """Return a picture of *thing* for each page that it stands on: cut from the page, with nothing drawn over it.

    Where only the page is known, the picture is the whole page.

    Args:
        thing: As for `places`; or what `places` or `cite` returned; or several of these, of one file; or a
            `ParsedDocument` or `OcrResult`.
        file: The file, if its `source` no longer leads to it: a path, bytes, or a binary file object.
        quote: Words of the text: then only their lines are shown.
        parsed: What was answered for the file, as for `places`.
        dpi: Dots per inch of a PDF page, 30 to 600; images keep their own pixels.

    Raises:
        ConfigError: The place is unknown, or an option is wrong.
        SourceError: The file has changed, is missing or damaged, has no pages to draw (Office) or no such page.
        MissingExtraError: Pillow is not installed.
    """
    pictures = []
    for page in _pages_of(thing, file, quote, parsed, dpi):
        boxes = [place.box for place in page.places]
        known = [box for box in boxes if box]
        image = _crop_to(page.image, known) if len(known) == len(boxes) else page.image
        pictures.append(replace(page, image=image))
    return pictures


def highlight(
    things: object,
    file: DocumentInput | None = None,
    *,
    quote: str = "",
    parsed: Parsed | None = None,
    dpi: int = 150,
    colour: str = _COLOUR,
) -> list[PagePicture]:
    """Return a picture of each page that *things* stand on, with these regions marked as with a highlighter.

    Args:
        things: One or many, as for `crop`, of one file.
        file: As for `crop`.
        quote: Words of the texts: then only these are marked, in those of the things that hold them.
        parsed: What was answered for the file, as for `places`.
        dpi: As for `crop`.
        colour: The colour of the marks, as `#rrggbb` or a name. Ink stays readable below it.

    Raises:
        ConfigError, SourceError, MissingExtraError: As `crop`.
    """
    require_pillow()
    from PIL import ImageColor

    try:
        ink = ImageColor.getrgb(colour)[:3]
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"colour={colour!r} is not a colour; write it as '#ffe94d'.") from error
    pictures = _pages_of(things, file, quote, parsed, dpi)
    return [replace(page, image=_marked(page.image, page.places, ink)) for page in pictures]


acrop = in_thread(crop)


ahighlight = in_thread(highlight)


def _pages_of(
    things: object, file: DocumentInput | None, quote: str, parsed: Parsed | None, dpi: int
) -> list[PagePicture]:
    """Return the pages that *things* stand on, in order, with their places."""
    require_pillow()
    dpi = require_whole_number("dpi", dpi, least=30, most=600)
    if not isinstance(quote, str):
        raise ConfigError(f"quote={quote!r} must be a text.")
    with ExitStack() as stack:
        answer = things if parsed is None and isinstance(things, OcrResult) else parsed_answer(parsed)

        @cache
        def texts_of(source: str, file_sha256: str) -> PageTexts:  # each file is opened and hashed once
            return stack.enter_context(PageTexts(Place(source, file_sha256), file, answer))

        found = _located(things, quote, answer, texts_of)
        if unknown := [place for place in found if not place.known]:
            raise ConfigError(f"The place of this text is unknown, so there is no picture of it: {unknown[0].note}")
        if file is not None and len({place.file_sha256 for place in found if place.file_sha256}) > 1:
            raise ConfigError("These texts are of several files, and file= is one: give those of one file at a time.")
        of_page: dict[tuple[str, int], list[Place]] = {}
        order = list(dict.fromkeys(place.source for place in found))
        for place in sorted(found, key=lambda place: (order.index(place.source), place.page)):
            of_page.setdefault((place.source, place.page), []).append(place)
        pictures = []
        for (name, number), places in of_page.items():
            source = texts_of(name, places[0].file_sha256).source
            image = page_picture(source, number, dpi=dpi)
            pictures.append(PagePicture(number, image, tuple(places), name or source.name))
        return pictures


def _located(
    things: object,
    quote: str,
    answer: ParsedDocument | OcrResult | None,
    texts_of: Callable[[str, str], PageTexts],
) -> list[Place]:
    """Return the places of all *things*; given places are taken as they are."""
    if isinstance(things, Place):
        return [things]
    if isinstance(things, Citation):
        return list(things.places)
    if isinstance(things, (list, tuple)) and any(isinstance(one, (Place, Citation)) for one in things):
        return [place for one in things for place in _located(one, quote, answer, texts_of)]
    given = list(read_things(things))
    if quote.strip():  # of many, those that say it; all, each with its note, where none does
        wanted = keyed_markup(quote).key
        given = [thing for thing in given if thing.text is None or has_quote(thing, wanted)] or given
    located: list[Place] = []
    for thing in given:
        found = places_of(thing, answer)
        if quote.strip() and any(place.known for place in found):
            found = narrow_to_quote(thing, found, quote, texts_of(found[0].source, found[0].file_sha256))
        located += found
    if not located:
        raise ConfigError("There is nothing to show: no Document, node or place was given.")
    return located


def _crop_to(image: Image, boxes: Sequence[Box]) -> Image:
    x0, y0, x1, y1 = union_of(boxes)
    margin = _MARGIN * max(image.size)
    left, top = max(0, int(x0 * image.width - margin)), max(0, int(y0 * image.height - margin))
    right = min(image.width, round(x1 * image.width + margin) + 1)
    bottom = min(image.height, round(y1 * image.height + margin) + 1)
    return image.crop((left, top, right, bottom))


def _marked(image: Image, places: Iterable[Place], colour: tuple[int, ...]) -> Image:
    from PIL import Image, ImageChops, ImageDraw

    layer = Image.new("RGB", image.size, "white")
    draw = ImageDraw.Draw(layer)
    pad = _PAD * max(image.size)
    for place in places:
        if len(place.corners) > 2 and place.precision == "element":
            draw.polygon([(x * image.width, y * image.height) for x, y in place.corners], fill=colour)
            continue
        for x0, y0, x1, y1 in place.boxes or ((0.0, 0.0, 1.0, 1.0),):
            sides = (x0 * image.width - pad, y0 * image.height - pad, x1 * image.width + pad, y1 * image.height + pad)
            draw.rectangle(sides, fill=colour)
    return ImageChops.multiply(image, layer)
