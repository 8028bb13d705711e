"""Scans that lie askew are laid out as they read, and several pages are recognised at once."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest

pytest.importorskip("liteparse", reason="needs the extra local")

from PIL import Image, ImageDraw, ImageFont
from test_local_damage import pdf, picture

from upstage_docs.local.geometry import Box
from upstage_docs.local.pdf.document import read_pdf
from upstage_docs.local.pdf.skew import Skew, slope

SIZE = (620, 877)
LEFT = ["Each morning the baker", "sweeps the step, lights", "the lamp, and hangs the", "list of loaves outside"]
RIGHT = ["At noon the last of them", "is sold, so he shuts his", "door and walks down to", "the river with a bag of"]
COLUMNS = ((60, LEFT), (340, RIGHT))


def askew_page(degrees: float) -> tuple[bytes, list[tuple[str, float, Box]]]:
    """Return a PDF with a picture of two columns, turned clockwise, and the words with the boxes around their own."""
    font = ImageFont.load_default(20)

    def blank() -> Image.Image:
        return Image.new("L", SIZE, 255)

    def lying(image: Image.Image) -> Image.Image:
        return image.rotate(-degrees, Image.Resampling.BICUBIC, fillcolor=255)

    page, words = blank(), []
    rows = [(float(x), 200 + 26 * n, line) for x, lines in COLUMNS for n, line in enumerate(lines)]
    for x, y, line in rows:
        for word in line.split():
            alone, pen = blank(), ImageDraw.Draw(page)
            pen.text((x, y), word, fill=0, font=font)
            ImageDraw.Draw(alone).rectangle(pen.textbbox((x, y), word, font=font), fill=0)
            box = lying(alone).point(lambda value: 255 * (value < 128)).getbbox()
            assert box is not None
            words.append((word, 0.95, tuple(map(float, box))))
            x += font.getlength(word + " ")  # noqa: PLW2901 - the next word stands behind it
    file = io.BytesIO()
    lying(page).save(file, "PDF", resolution=72)
    return file.getvalue(), words  # type: ignore[return-value]


@pytest.mark.parametrize("degrees", [-17, -6, -2.5, 3, 9, 20])
def test_columns_of_a_page_that_lies_askew_are_read_one_after_the_other(degrees: float) -> None:
    """Text is in reading order, in one piece for each column, and the boxes lie on the page as it is shown."""
    data, words = askew_page(degrees)

    def recognise(image: Image.Image) -> list[tuple[str, float, Box]]:
        scale = image.width / SIZE[0]
        return [(text, sure, tuple(value * scale for value in box)) for text, sure, box in words]  # type: ignore[misc]

    (page,) = read_pdf(data, ocr=recognise)

    assert not page.losses
    assert [" ".join(block.text.split()) for block in page.blocks] == [" ".join(lines) for _, lines in COLUMNS]
    half = sum(len(line.split()) for line in LEFT)
    for block, column in zip(page.blocks, (words[:half], words[half:]), strict=True):
        assert block.box is not None
        x0, y0, x1, y1 = block.box
        inside = [
            x0 - 0.02 <= (box[0] + box[2]) / 2 / SIZE[0] <= x1 + 0.02
            and y0 - 0.02 <= (box[1] + box[3]) / 2 / SIZE[1] <= y1 + 0.02
            for _, _, box in column
        ]
        assert sum(inside) >= 0.9 * len(inside)


@pytest.mark.parametrize("angle", [-20.0, -3.0, 0.5, 14.0])
def test_a_box_goes_to_the_levelled_page_and_back(angle: float) -> None:
    """The middle of a word is where it was, and its box is no smaller than its letters."""
    skew = Skew(angle, 595, 842)
    width, height = skew.size
    x0, y0, x1, y1 = skew.levelled((100, 300, 160, 325))
    back = skew.back((x0 / width, y0 / height, x1 / width, y1 / height))

    assert ((back[0] + back[2]) / 2 * 595, (back[1] + back[3]) / 2 * 842) == pytest.approx((130, 312.5))
    assert x1 - x0 > 50


def test_words_that_tell_no_line_have_no_slope() -> None:
    """A few words, or words under each other, do not say that a page lies askew."""
    assert slope([(10, 10, 40, 20), (50, 14, 80, 24)]) == 0.0
    assert slope([(10.0, 20.0 * n, 60.0, 20.0 * n + 10) for n in range(20)]) == 0.0


def test_pages_are_recognised_at_once_and_stay_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pages are recognised at the same time, each has its own words, and the threads end with the document."""
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    both = threading.Barrier(2, timeout=60)
    running: set[int] = set()
    seen: list[int] = []

    def recognise(image: Any) -> list[tuple[str, float, Box]]:
        running.add(threading.get_ident())
        both.wait()
        seen.append(image.width)
        return [(f"width{image.width}", 0.95, (100.0, 100.0, 600.0, 140.0))]

    data = pdf(picture("photograph"), picture("photograph"))
    before = threading.active_count()
    pages = list(read_pdf(data, ocr=recognise, force_ocr=True))

    assert len(running) == 2
    assert [block.text for page in pages for block in page.blocks if "width" in block.text] == [
        f"width{width}" for width in seen
    ]
    assert threading.active_count() == before
