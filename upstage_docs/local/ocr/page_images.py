"""Prepares a page image for recognition: turns it upright, levels it, and evens its brightness out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

READING_DPI = 300
"""Dots per inch of a page that is recognised, as Tesseract's manual advises; too large a page has fewer."""
_MOST_LEAN = 22
"""Degrees: photographs of pages are seldom turned by more."""
_PROFILE_PIXELS = 800
"""Of the longer side of the page on which its lean is sought: lines of text are still rows of ink apart."""
_FINER_STEPS = (0.5, 0.2)
"""Degrees by which the best whole degree is made finer."""
_SHARPER = 1.1
"""Times as sharp as the page as it is: less, and the lean is not sure."""
_ABOVE_DOT, _FURTHER_ABOVE = 1.0, 1.7
"""Heights of a dot above and below it where it must be free."""
_DOT_STEP, _EVEN_STEP, _LEAST_STEP = 1.2, 0.25, 2
"""From a dot to the next: of the height of a line at most, and what it may differ by, as a share and in pixels."""
_BLUR = 0.8
"""Pixels: noise is gone, and the strokes of letters of ten pixels are not."""
_DOT, _WIDEST_DOT = 0.13, 0.2
"""Height and width of a dot of a leader, of the height of a line of text, at most."""
_DOT_INK = 60
"""Gray levels by which a dot is darker than the paper: thin ones are seldom black."""
_LEAST_DOTS = 6
"""In a row: an ellipsis has three, and three dots of `i` may come near."""
_INK = re.compile(b"\xff+")
_EVEN_SHARE = 0.8
"""Share of a page that has nearly one shade, if it is plain paper."""
_NEAR = 24
"""Gray levels, of 255."""
_LEAST_INK = 0.005
"""Share of a page that is not its ground; a scan of blank paper has specks and a shaded edge, which are less."""


def turned(image: Image, angle: float) -> Image:
    """Return *image* turned counter-clockwise by *angle* degrees, on white, with all of it kept."""
    from PIL.Image import Resampling

    return image.rotate(angle, resample=Resampling.BICUBIC, expand=True, fillcolor="white") if angle else image


def zoomed(page: Image, zoom: float) -> Image:
    """Return *page* made *zoom* times as large."""
    from PIL.Image import Resampling

    if zoom == 1:
        return page
    size = (max(1, round(page.width * zoom)), max(1, round(page.height * zoom)))
    return page.resize(size, Resampling.BICUBIC, reducing_gap=2.0)


def skew_angle(page: Image) -> float:
    """Return the degrees, counter-clockwise, that level the lines of *page*; 0 if that cannot be seen.

    Level lines make the sharpest profile of ink over the rows: W. Postl, "Detection of linear oblique structures and
    skew scan in digitized documents", ICPR 1986.
    """
    from PIL import ImageOps

    ink = ImageOps.invert(ImageOps.autocontrast(page.reduce(max(1, round(max(page.size) / _PROFILE_PIXELS)))))

    def sharpness(angle: float) -> float:
        turned = ink.rotate(angle)
        rows = turned.reduce((turned.width, 1)).tobytes()
        return float(sum((above - below) ** 2 for above, below in pairwise(rows)))

    best = max(range(-_MOST_LEAN, _MOST_LEAN + 1), key=lambda angle: (sharpness(angle), -abs(angle)))
    finest = float(best)
    for step in _FINER_STEPS:
        finest = max((finest - step, finest, finest + step), key=lambda angle: (sharpness(angle), -abs(angle)))
    return finest if sharpness(finest) > _SHARPER * sharpness(0.0) else 0.0


def without_leaders(page: Image, line_height: float) -> Image:
    """Return a gray *page* without the rows of dots that lead from a title to its page number.

    Tesseract reads them as letters, and the end of the title with them.

    Args:
        page: Level and upright.
        line_height: Median height of its lines of text, in pixels.
    """
    from PIL import ImageChops

    shade = max(range(256), key=page.histogram().__getitem__)
    ink = page.point([255 * (value < shade - _DOT_INK) for value in range(256)])
    low = ink
    reaches = [
        sign * (round(share * _DOT * line_height) + 1) for share in (_ABOVE_DOT, _FURTHER_ABOVE) for sign in (1, -1)
    ]
    for reach in reaches:  # what has ink above or below it is no dot
        low = ImageChops.subtract(low, ImageChops.offset(ink, 0, reach))
    rows, inked, width = low.tobytes(), ink.tobytes(), page.width

    def is_free(row: int, start: int, end: int) -> bool:
        """Say whether a piece of ink has none above or below its sides either, as the foot of a letter has."""
        places = ((row + reach) * width for reach in reaches if 0 <= row + reach < page.height)
        return all(b"\xff" not in inked[place + max(start - 1, 0) : place + end + 1] for place in places)

    dots = [
        (start, row, end)
        for row in range(0, page.height, 2)
        for start, end in _dots(rows[row * width : (row + 1) * width], line_height, partial(is_free, row))
    ]
    if not dots:
        return page
    free, reach = page.copy(), round(_DOT * line_height)
    for start, row, end in dots:
        free.paste(shade, (max(start - 1, 0), max(row - reach, 0), end + 1, row + reach + 1))
    return free


def _dots(row: bytes, line_height: float, is_free: Callable[[int, int], bool]) -> Iterator[tuple[int, int]]:
    """Yield where rows of dots begin and end: small free pieces of ink in one row of pixels, at one distance."""
    pieces = [piece.span() for piece in _INK.finditer(row)] if b"\xff" in row else []
    pieces = [piece for piece in pieces if is_free(*piece)] if len(pieces) >= _LEAST_DOTS else []
    run: list[tuple[int, int]] = []
    for piece in [*pieces, (len(row) * 2, len(row) * 2)]:
        step = piece[0] - run[-1][0] if run else 0
        usual = (run[-1][0] - run[0][0]) / (len(run) - 1) if len(run) > 1 else step
        small = piece[1] - piece[0] <= _WIDEST_DOT * line_height
        if (
            run
            and small
            and step < _DOT_STEP * line_height
            and abs(step - usual) <= max(_LEAST_STEP, _EVEN_STEP * usual)
        ):
            run.append(piece)
            continue
        if len(run) >= _LEAST_DOTS:
            yield run[0][0], run[-1][1]
        run = [piece] if small else []


def is_uneven(page: Image) -> bool:
    """Say whether the ground of a gray *page* is not one shade: shadows, noise, tinted boxes, photographs."""
    return flatness(page) < _EVEN_SHARE


def flatness(page: Image) -> float:
    """Return the share of a gray *page* that has nearly one shade: its ground."""
    counts = page.histogram()
    shade = max(range(256), key=counts.__getitem__)
    near = sum(counts[max(shade - _NEAR, 0) : shade + _NEAR + 1])
    return near / max(page.width * page.height, 1)


def ink_box(image: Image) -> tuple[int, int, int, int] | None:
    """Return the box, in pixels, of what stands out from the ground of *image*; None for blank paper."""
    page = image.convert("L")
    counts = page.histogram()
    shade = max(range(256), key=counts.__getitem__)
    ink = page.point([255 * (abs(value - shade) > _NEAR) for value in range(256)])
    return ink.getbbox() if ink.histogram()[255] > _LEAST_INK * page.width * page.height else None


def smoothed(page: Image) -> Image:
    """Return *page* with its noise smoothed, lightly enough that small letters stay readable."""
    from PIL.ImageFilter import GaussianBlur

    return page.filter(GaussianBlur(_BLUR))
