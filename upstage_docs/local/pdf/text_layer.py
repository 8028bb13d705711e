"""Puts recognised words under a scanned page as invisible text, so that it is laid out as any other page."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, zip_longest
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from upstage_docs.local.geometry import Box, shared_height
from upstage_docs.local.pdf.words import LAYER_FONT, Word, ink

if TYPE_CHECKING:
    from PIL.Image import Image

Recognise = Callable[["Image"], "list[tuple[str, float, Box]]"]
"""A page image → its words in reading order: text, confidence 0-1, and box in pixels."""

_EM = 1000
_LEAST_WIDTH = 0.5
"""Points of a recognised word."""
_NARROW = 0.8
"""Of the width of a letter: a narrower gap is told by a space, since pdfium tells none."""
_ONE_LINE = 0.4
"""Share of the lower of two words that both stand beside each other, at least, on one line."""
_SAME_SIZE = 0.18
_WIDE = 0.5
"""The width of every letter of the layer's font, in ems; each word is stretched to its box."""


class BareWord(NamedTuple):
    """A word without font or baseline: its box in points from the top left of the page, and whether it is bold."""

    text: str
    box: Box
    bold: bool = False


def lies_at(words: Sequence[BareWord]) -> int:
    """Return the clockwise degrees, in quarter turns, by which most of *words*, in reading order, are turned."""
    shapes = [(word.box[2] - word.box[0], word.box[3] - word.box[1]) for word in words if len(word.text) > 2]
    along = int(sum(tall > wide for wide, tall in shapes) > len(shapes) / 2)  # the axis that lines run along
    steps: Counter[bool] = Counter()
    for one, other in pairwise(word.box for word in words):
        if min(one[3 - along], other[3 - along]) > max(one[1 - along], other[1 - along]):  # on one line
            steps[other[along] > one[along]] += 1
    backwards = steps[False] > steps[True]
    return (270 if backwards else 90) if along else (180 if backwards else 0)


def set_words(words: Sequence[BareWord]) -> list[Word]:
    """Give the words of a line one baseline and one size, and lines of nearly one size the same.

    Args:
        words: In reading order; none is blank.
    """
    rows = []
    for row in _rows(words):
        fits = [fit(word) for word in row]
        rows.append((row, median(size for _, size in fits), median(baseline for baseline, _ in fits)))
    sizes = _levelled([(size, sum(len(word.text) for word in row)) for row, size, _ in rows])
    placed = []
    for (row, _, baseline), size in zip(rows, sizes, strict=True):
        for text, (x0, _, x1, _), bold in row:
            top, bottom = ink(text, baseline, size)
            placed.append(Word(text, (x0, top, max(x1, x0 + _LEAST_WIDTH), bottom), baseline, size, bold, LAYER_FONT))
    return placed


def text_layer(words: Sequence[Word], width: float, height: float) -> bytes:
    """Return a PDF of one page *width* x *height* points that shows nothing and holds *words* where they stand."""
    numbers: dict[str, int] = {}
    drawn = []
    for word, following in zip_longest(words, words[1:]):
        # pdfium drops a lone letter that its own fonts lack, as all Hangul, and spaces it finds too narrow.
        alone = len(word.text) == 1 and not word.text.isascii()
        spaced = alone or (following is not None and _is_narrow(word, following))
        codes = "".join(f"{numbers.setdefault(c, len(numbers) + 1):04X}" for c in word.text + " " * spaced)
        stretch = 100 * (word.box[2] - word.box[0]) / (len(word.text) * _WIDE * word.size)
        font = "B" if word.bold else "F"
        place = f"1 0 0 1 {word.box[0]:.2f} {height - word.baseline:.2f} Tm"
        drawn.append(f"/{font} {word.size:.2f} Tf {stretch:.2f} Tz {place} <{codes}> Tj")
    return _pdf(f"BT 3 Tr\n{chr(10).join(drawn)}\nET".encode("ascii"), numbers, width, height)


def _is_narrow(word: Word, following: Word) -> bool:
    """Say whether the gap between two words of a line is small beside their letters."""
    letter = max((one.box[2] - one.box[0]) / len(one.text) for one in (word, following))
    return following.baseline == word.baseline and following.box[0] - word.box[2] < _NARROW * letter


def _rows(words: Sequence[BareWord]) -> Iterator[list[BareWord]]:
    row: list[BareWord] = []
    for word in words:
        if row:
            last = row[-1].box
            shared = shared_height(last, word.box)
            near = shared > _ONE_LINE * min(last[3] - last[1], word.box[3] - word.box[1])
            if not near or word.box[0] < last[0]:
                yield row
                row = []
        row.append(word)
    if row:
        yield row


def fit(word: BareWord) -> tuple[float, float]:
    """Return the baseline and the font size with which the letters of *word* fill its box."""
    top, bottom = ink(word.text, 0.0, 1.0)
    size = max((word.box[3] - word.box[1]) / (bottom - top), 1.0)
    return word.box[3] - bottom * size, size


def _levelled(sizes: Sequence[tuple[float, int]]) -> list[float]:
    """Return each of `(size, letters)`, moved to the commonest size near it: boxes of words tell it within a tenth."""
    counts: Counter[float] = Counter()
    for size, letters in sizes:
        counts[round(size * 2) / 2] += letters
    levels: list[float] = []
    for size, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if all(abs(size - level) > _SAME_SIZE * level for level in levels):
            levels.append(size)
    return [min(levels, key=lambda level: (abs(level - size), level)) for size, _ in sizes]


def _pdf(content: bytes, numbers: dict[str, int], width: float, height: float) -> bytes:
    pairs = [f"<{number:04X}> <{letter.encode('utf-16-be', 'replace').hex()}>" for letter, number in numbers.items()]
    chunks = [pairs[start : start + 100] for start in range(0, len(pairs), 100)]
    table = "\n".join(f"{len(chunk)} beginbfchar\n{chr(10).join(chunk)}\nendbfchar" for chunk in chunks)
    to_unicode = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Layer def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <FFFF> endcodespacerange\n{table}\n"
        "endcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode("ascii")
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.2f %.2f]/Contents 4 0 R/Resources<</Font<</F 6 0 R/B 9 0 R>>>>>>"
    return _file(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            page % (width, height),
            _stream(content),
            _stream(to_unicode),
            *_font(6, LAYER_FONT),
            *_font(9, f"{LAYER_FONT}-Bold"),
        ]
    )


def _font(number: int, name: str) -> list[bytes]:
    """Return three objects, *number* the first: a font that is not there, for its letters are never shown."""
    font = name.encode("ascii")
    return [
        b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode 5 0 R>>"
        % (font, number + 1),
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/%b/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        b"/Supplement 0>>/DW %d/FontDescriptor %d 0 R>>" % (font, _WIDE * _EM, number + 2),
        b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[0 -220 1000 780]/ItalicAngle 0/Ascent 780"
        b"/Descent -220/CapHeight 740/StemV 80>>" % font,
    ]


def _stream(data: bytes) -> bytes:
    packed = zlib.compress(data)
    return b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(packed), packed)


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.5\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)
    return bytes(out)
