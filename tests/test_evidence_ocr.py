"""OCR for people: lines in writing order, doubtful words marked, words and ranges, other words in a line's place."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from upstage_docs import (
    OcrPage,
    OcrResult,
    OcrWord,
    Record,
    aoverlay,
    decode_ocr,
    ocr_lines,
    overlay,
    places,
    uncertain,
    word_ranges,
)
from upstage_docs.errors import ConfigError, UpstageDocsError
from upstage_docs.records.ocr_records import ocr_records


def word(
    number: int, text: str, x: float, y: float, confidence: float = 0.9, *, width: float = 40, rise: float = 0
) -> OcrWord:
    corners = ((x, y), (x + width, y + rise), (x + width, y + 12 + rise), (x, y + 12))
    return OcrWord(number, text, confidence, corners)


def page(text: str, *words: OcrWord, number: int = 1) -> OcrPage:
    return OcrPage(number, 300, 400, 0.9, text, words)


def result(*pages: OcrPage) -> OcrResult:
    return OcrResult(
        "letter.png", "ab" * 32, "ocr-made", pages, "\n".join(page.text for page in pages), 0.9, len(pages)
    )


LETTER = page(
    "오늘 날씨가 \n참 좋다",
    word(0, "오늘", 20, 50, 0.4),
    word(1, "날씨가", 70, 52),
    word(2, "참", 20, 80, 0.6),
    word(3, "좋다", 70, 78, 1.0),
)


def test_lines_are_those_of_the_text_with_box_words_and_confidence() -> None:
    one, two = ocr_lines(LETTER)

    assert (one.text, one.start, one.end) == ("오늘 날씨가", 0, 6)
    assert LETTER.text[two.start : two.end] == two.text == "참 좋다"
    assert one.vertices == ((20, 50), (110, 50), (110, 64), (20, 64))
    assert [one.confidence, two.confidence] == pytest.approx([0.65, 0.8])
    assert [found.text for found in two.words] == ["참", "좋다"]


def test_a_slanted_line_has_a_slanted_box() -> None:
    (line,) = ocr_lines(page("a b", word(0, "a", 0, 0, rise=10), word(1, "b", 50, 12.5, rise=10)))
    (x0, y0), (x1, y1), *_ = line.vertices

    assert (y1 - y0) / (x1 - x0) == pytest.approx(0.25, abs=0.01)


def test_words_far_apart_on_one_line_of_the_text_are_two_lines() -> None:
    """A form's fields, or two columns that recognition ran together."""
    lines = ocr_lines(
        page(
            "□ Ham □ Brie",
            word(0, "□", 0, 0, width=9),
            word(1, "Ham", 12, 0),
            word(2, "□", 180, 0),
            word(3, "Brie", 225, 0),
        )
    )

    assert [line.text for line in lines] == ["□ Ham", "□ Brie"]


@pytest.mark.parametrize("text", ["", "other words"])
def test_words_that_the_text_does_not_hold_make_lines_by_their_place(text: str) -> None:
    lines = ocr_lines(page(text, word(0, "a", 0, 0), word(1, "b", 50, 3), word(2, "c", 0, 30)))

    assert [(line.text, line.start) for line in lines] == [("a b", -1), ("c", -1)]


def test_words_map_to_ranges_of_the_text() -> None:
    assert word_ranges(LETTER) == [(0, 2), (3, 6), (8, 9), (10, 12)]
    twice = page(
        "the tide and the sea", *(word(n, text, 0, 0) for n, text in enumerate(["the", "tide", "and", "the", "sea"]))
    )
    assert [twice.text[slice(*found)] for found in word_ranges(twice) if found] == ["the", "tide", "and", "the", "sea"]
    assert word_ranges(twice)[3] == (13, 16)


def test_words_in_another_order_than_the_text_map_too_and_missing_ones_do_not() -> None:
    mixed = page(
        "one two one", word(0, "two", 0, 0), word(1, "one", 0, 0), word(2, "one", 0, 0), word(3, "three", 0, 0)
    )

    assert word_ranges(mixed) == [(4, 7), (0, 3), (8, 11), None]


def test_line_records_hold_their_words() -> None:
    found = list(ocr_records(result(LETTER, page("끝", word(4, "끝", 20, 20), number=2)), split="line"))

    assert [(one.text, one.metadata["page"], one.metadata["element_id"]) for one in found] == [
        ("오늘 날씨가", 1, 0),
        ("참 좋다", 1, 1),
        ("끝", 2, 2),
    ]
    metadata = found[0].metadata
    assert (metadata["category"], metadata["record_type"]) == ("line", "line")
    assert (metadata["page_width"], metadata["page_height"]) == (300, 400)
    start, end, x0, y0, x1, y1, confidence = json.loads(metadata["words"])[1]
    assert found[0].text[start:end] == "날씨가"
    assert (x0, y0, x1, y1, confidence) == (
        pytest.approx(70 / 300, abs=1e-5),
        0.13,
        pytest.approx(110 / 300, abs=1e-5),
        0.16,
        0.9,
    )
    assert len({one.id for one in found}) == 3


def test_doubtful_words_are_marked_in_everything_that_knows_them() -> None:
    first, second = ocr_records(result(LETTER), split="line")
    single = next(iter(ocr_records(result(LETTER), split="word")))

    assert uncertain(result(LETTER)) == uncertain(LETTER) == "오늘[?] 날씨가 \n참[?] 좋다"
    assert uncertain(first) == uncertain(ocr_lines(LETTER)[0]) == "오늘[?] 날씨가"
    assert uncertain(second, below=0.5) == "참 좋다"
    assert uncertain(single, mark=" (?)") == "오늘 (?)"
    assert uncertain(LETTER, below=1) == "오늘[?] 날씨가[?] \n참[?] 좋다"


def test_a_word_without_letters_takes_the_words_beside_it_out_of_no_line() -> None:
    """Recognisers answer such words for stains."""
    (line,) = ocr_records(
        result(page("a b", word(0, "a", 0, 0), word(1, "", 20, 0), word(2, "b", 50, 0, 0.4))), split="line"
    )

    assert [line.text[start:end] for start, end, *_ in json.loads(line.metadata["words"])] == ["a", "b"]
    assert uncertain(line).split() == ["a", "b[?]"]


def test_what_does_not_know_how_sure_its_words_are_says_so() -> None:
    whole = next(iter(ocr_records(result(LETTER))))
    first = next(iter(ocr_records(result(LETTER), split="line")))
    piece = Record("", first.text[1:], first.metadata)

    for unknown in (whole, piece):
        with pytest.raises(ConfigError, match="split='line'"):
            uncertain(unknown)
    wrong: list[dict[str, Any]] = [{"below": 80}, {"below": True}, {"below": "0.8"}, {"mark": None}]
    for options in wrong:
        with pytest.raises(ConfigError):
            uncertain(LETTER, **options)


def test_a_quote_from_a_line_is_placed_without_the_file() -> None:
    first = next(iter(ocr_records(result(LETTER), split="line")))
    (place,) = places(first, quote="날씨가")

    assert place.precision == "words"
    assert place.box == pytest.approx((70 / 300, 0.13, 110 / 300, 0.16), abs=1e-5)


def sheet(paper: str = "white", ink: str = "black") -> bytes:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (300, 400), paper)
    for found in LETTER.words:
        ImageDraw.Draw(image).rectangle((*found.vertices[0], *found.vertices[2]), fill=ink)
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


SCAN = OcrResult("letter.png", "", "ocr-made", (LETTER,), LETTER.text, 0.9, 1)


def test_other_words_stand_in_the_place_of_a_line_and_nowhere_else() -> None:
    pytest.importorskip("PIL")
    (picture,) = overlay(SCAN, ["Fine weather", ""], sheet("#fff0d0"))
    image = picture.image
    grays = image.crop((19, 49, 112, 66)).convert("L").tobytes()

    assert image.size == (300, 400)
    assert grays.count(grays[0]) > len(grays) / 2, "the paper's colour"
    assert min(grays) < 100, "written in dark ink"
    assert image.getpixel((30, 85)) == (0, 0, 0), "the other line is as it was"
    assert image.crop((0, 100, 300, 400)).getcolors() == [(90_000, (255, 240, 208))]


def test_dark_paper_is_written_on_in_white() -> None:
    pytest.importorskip("PIL")
    (picture,) = overlay(SCAN, ["Fine weather", ""], sheet("#101020", "#ffffff"))
    inside = picture.image.crop((20, 50, 110, 64)).convert("L")

    grays = inside.tobytes()
    assert (min(grays) < 60, max(grays) > 180) == (True, True)
    assert picture.image.getpixel((21, 51)) != (255, 255, 255)


def test_lines_of_documents_long_texts_and_slanted_lines_are_written_too() -> None:
    pytest.importorskip("PIL")
    lines = list(ocr_records(SCAN, split="line"))
    plain = overlay(SCAN, ["Fine weather", "It is"], sheet())[0].image

    assert overlay(lines, ["Fine weather", "It is"], sheet())[0].image == plain
    long = overlay(lines, ["word " * 80, ""], sheet())[0].image
    assert long.crop((0, 100, 300, 400)).getcolors() == [(90_000, (255, 255, 255))]
    slanted = page("a b", word(0, "a", 20, 20, rise=8), word(1, "b", 70, 30, rise=8))
    made = OcrResult("s.png", "", "m", (slanted,), "a b", 0.9, 1)
    assert overlay(made, ["x y"], sheet())[0].image.crop((20, 20, 110, 50)).getcolors(10_000) != [
        (2700, (255, 255, 255))
    ]


def test_letters_that_no_font_here_has_are_refused() -> None:
    pytest.importorskip("PIL")
    with pytest.raises(ConfigError, match="font"):
        overlay(SCAN, ["\U0001e900\U00012000\ua6a0", ""], sheet())
    with pytest.raises(ConfigError, match="not a TrueType"):
        overlay(SCAN, ["a", ""], sheet(), font="no-such-font.ttf")


@pytest.mark.parametrize("texts", [[], ["one"], ["one", "two", "three"], "two", [1, 2]])
def test_texts_that_are_not_one_for_each_line_are_refused(texts: Any) -> None:
    with pytest.raises(UpstageDocsError):
        overlay(SCAN, texts, sheet())


def test_a_line_without_a_box_is_refused() -> None:
    with pytest.raises(ConfigError, match="Line 0 has no box"):
        overlay([{"page": 1, "category": "line", "source": "a.png"}], ["x"], sheet())


async def test_overlay_without_blocking() -> None:
    assert (await aoverlay(SCAN, ["a", "b"], sheet()))[0].image == overlay(SCAN, ["a", "b"], sheet())[0].image


def test_an_answer_of_the_api_has_lines() -> None:
    vertices = [{"x": 1, "y": 1}, {"x": 9, "y": 1}, {"x": 9, "y": 5}, {"x": 1, "y": 5}]
    words = [{"id": 0, "text": "Hi", "confidence": 0.7, "boundingBox": {"vertices": vertices}}]
    answered = {"pages": [{"id": 0, "width": 10, "height": 10, "text": "Hi", "confidence": 0.7, "words": words}]}

    (line,) = ocr_records(decode_ocr(json.dumps({**answered, "text": "Hi", "confidence": 0.7}).encode()), split="line")

    assert (line.text, line.metadata["confidence"], line.metadata["x1"]) == ("Hi", 0.7, 0.9)


def test_letters_are_no_higher_than_lines_are_apart() -> None:
    """Recognisers answer boxes that reach into the lines above and below."""
    pytest.importorskip("PIL")
    high = [((20.0, y), (200.0, y), (200.0, y + 60), (20.0, y + 60)) for y in (50.0, 70.0)]
    lines = page("a\nb", *(OcrWord(number, text, 0.9, high[number]) for number, text in enumerate("ab")))
    image = overlay(OcrResult("s.png", "", "m", (lines,), "a\nb", 0.9, 1), ["H", ""], sheet("white", "white"))[0].image
    rows = [row for row in range(400) if min(image.crop((0, row, 300, row + 1)).convert("L").tobytes()) < 128]

    assert 0 < len(rows) <= 20
