"""What recognition does to a page image beforehand: turns it, levels it, evens it out; recognises nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["calmed", "flatness", "ink_box", "is_uneven", "lean", "turned", "zoomed"]

_MOST_LEAN = 22
"""Degrees: photographs of pages are seldom turned by more."""
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


def lean(page: Image) -> float:
    """Return the degrees, counter-clockwise, that level the lines of *page*; 0 where nothing tells.

    Level lines make the sharpest profile of ink over the rows: W. Postl, "Detection of linear oblique structures and
    skew scan in digitized documents", ICPR 1986.
    """
    from PIL import ImageOps

    ink = ImageOps.invert(ImageOps.autocontrast(page.reduce(max(1, round(max(page.size) / 800)))))

    def sharpness(angle: float) -> float:
        turned = ink.rotate(angle)
        rows = turned.reduce((turned.width, 1)).tobytes()
        return float(sum((above - below) ** 2 for above, below in pairwise(rows)))

    best = max(range(-_MOST_LEAN, _MOST_LEAN + 1), key=lambda angle: (sharpness(angle), -abs(angle)))
    finest = float(best)
    for step in (0.5, 0.2):
        finest = max((finest - step, finest, finest + step), key=lambda angle: (sharpness(angle), -abs(angle)))
    return finest if sharpness(finest) > 1.1 * sharpness(0.0) else 0.0


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


def calmed(page: Image) -> Image:
    """Return *page* with its noise smoothed, as little as leaves small letters readable."""
    from PIL.ImageFilter import GaussianBlur

    return page.filter(GaussianBlur(0.8))
