"""Recognised words → a page with an invisible text layer, so that scans take the layout path of every other page."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from upstage_docs.local.elements import Box
from upstage_docs.local.lines import ink

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["LAYER_FONT", "Recognise", "ScannedWord", "fit", "text_layer"]

Recognise = Callable[["Image"], "list[tuple[str, float, Box]]"]
"""A page image → its words in reading order: text, confidence 0-1, and box in pixels."""

LAYER_FONT = "Layer"
"""The font name of every recognised word: its weight is not known."""
_EM = 1000
_SAME_SIZE = 0.18
_WIDE = 0.5
"""The width of every letter of the layer's font, in ems; each word is stretched to its box."""


class ScannedWord(NamedTuple):
    """A word and its box in points from the top left of the page."""

    text: str
    box: Box


class _Set(NamedTuple):
    text: str
    x: float
    baseline: float
    size: float
    width: float
    spaced: bool


def lies_at(words: Sequence[ScannedWord]) -> int:
    """Return the clockwise degrees, in quarter turns, at which most of *words* lie; they stand in reading order."""
    shapes = [(word.box[2] - word.box[0], word.box[3] - word.box[1]) for word in words if len(word.text) > 2]
    along = int(sum(tall > wide for wide, tall in shapes) > len(shapes) / 2)  # the axis that lines run along
    steps: Counter[bool] = Counter()
    for one, other in pairwise(word.box for word in words):
        if min(one[3 - along], other[3 - along]) > max(one[1 - along], other[1 - along]):  # on one line
            steps[other[along] > one[along]] += 1
    backwards = steps[False] > steps[True]
    return (270 if backwards else 90) if along else (180 if backwards else 0)


def text_layer(words: Sequence[ScannedWord], width: float, height: float) -> bytes:
    """Return a PDF of one page *width* x *height* points that shows nothing and holds *words* where they stand."""
    numbers: dict[str, int] = {}
    drawn = []
    for word in _set(words):
        shown = f"{word.text} " if word.spaced else word.text
        codes = "".join(f"{numbers.setdefault(letter, len(numbers) + 1):04X}" for letter in shown)
        natural = len(word.text) * _WIDE * word.size
        stretch = 100 * word.width / natural
        drawn.append(
            f"/F {word.size:.2f} Tf {stretch:.2f} Tz 1 0 0 1 {word.x:.2f} {height - word.baseline:.2f} Tm <{codes}> Tj"
        )
    return _pdf(f"BT 3 Tr\n{chr(10).join(drawn)}\nET".encode("ascii"), numbers, width, height)


def _set(words: Sequence[ScannedWord]) -> Iterator[_Set]:
    """Give the words of a line one baseline and one size, and lines of nearly one size the same."""
    rows = []
    for row in _rows([word for word in words if word.text.strip()]):
        fits = [fit(word) for word in row]
        rows.append((row, median(size for _, size in fits), median(baseline for baseline, _ in fits)))
    sizes = _levelled([(size, sum(len(word.text) for word in row)) for row, size, _ in rows])
    for (row, _, baseline), size in zip(rows, sizes, strict=True):
        for place, word in enumerate(row):
            text = word.text.strip()
            # pdfium drops a lone letter that its own fonts lack, as all Hangul, and spaces it finds too narrow.
            alone = len(text) == 1 and not text.isascii()
            spaced = alone or (place + 1 < len(row) and _is_narrow(word, row[place + 1]))
            yield _Set(text, word.box[0], baseline, size, max(word.box[2] - word.box[0], 0.5), spaced)


def _is_narrow(word: ScannedWord, following: ScannedWord) -> bool:
    """Say whether the gap between two words of a line is small beside their letters."""
    letter = max((one.box[2] - one.box[0]) / len(one.text) for one in (word, following))
    return following.box[0] - word.box[2] < 0.8 * letter


def _rows(words: Sequence[ScannedWord]) -> Iterator[list[ScannedWord]]:
    row: list[ScannedWord] = []
    for word in words:
        if row:
            last = row[-1].box
            shared = min(last[3], word.box[3]) - max(last[1], word.box[1])
            near = shared > 0.4 * min(last[3] - last[1], word.box[3] - word.box[1])
            if not near or word.box[0] < last[0]:
                yield row
                row = []
        row.append(word)
    if row:
        yield row


def fit(word: ScannedWord) -> tuple[float, float]:
    """Return the baseline and size at which the ink of *word* fills its box."""
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
    return _file(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.2f %.2f]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
            % (width, height),
            _stream(content),
            b"<</Type/Font/Subtype/Type0/BaseFont/Layer/Encoding/Identity-H/DescendantFonts[6 0 R]/ToUnicode 8 0 R>>",
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Layer/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
            b"/Supplement 0>>/DW %d/FontDescriptor 7 0 R>>" % (_WIDE * _EM),
            (
                b"<</Type/FontDescriptor/FontName/Layer/Flags 4/FontBBox[0 -220 1000 780]/ItalicAngle 0/Ascent 780"
                b"/Descent -220/CapHeight 740/StemV 80>>"
            ),
            _stream(to_unicode),
        ]
    )


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
