"""Measure recognition: word recall, precision and confidence on pages drawn here, upright, turned, skewed and noisy.

    python benchmarks/local_ocr.py [--plain] [--fonts FOLDER]

Needs the extra `ocr`, Tesseract's data for eng and kor, and the fonts of Debian's fonts-dejavu-core and fonts-nanum.
Every page is drawn by a fixed seed, so that the figures are the same on every machine with the same versions. A word
counts as found if it is recognised exactly, and as often as it stands on the page.
"""

from __future__ import annotations

import argparse
import io
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from measured import add_json_option, peak_memory, write_json
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from upstage_docs.local.ocr.tesseract import languages, read

TESSDATA = ("/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tessdata")
WIDTH, HEIGHT = 1240, 1754  # A4 at 150 dpi
FONTS = {
    "serif": "dejavu/DejaVuSerif.ttf",
    "sans": "dejavu/DejaVuSans.ttf",
    "gothic": "nanum/NanumGothic.ttf",
    "myeongjo": "nanum/NanumMyeongjo.ttf",
}
ENGLISH = """Annual report on rainfall and soil
The survey was carried out in fourteen villages between March and October 2023.
Total rainfall reached 1,284.5 mm, an increase of 12% on the year before.
Farmers reported that irrigation started two weeks earlier than usual.
Samples were taken from three depths and dried before they were weighed.
Contact the office at 02-555-0199 or write to survey@example.org.
Table 3 lists all stations, their altitude and the instruments used.
Results for the northern district will be published in a second volume."""
KOREAN = """연간 강수량 및 토양 조사 보고서
조사는 3월부터 10월까지 열네 개 마을에서 진행되었다.
총 강수량은 작년보다 12% 늘어난 1,284.5 밀리미터였다.
농민들은 관개를 평소보다 두 주 먼저 시작했다고 말했다.
시료는 세 가지 깊이에서 채취하여 말린 뒤 무게를 재었다.
문의는 평일 오전 9시부터 오후 6시까지 가능합니다.
관측소의 고도와 장비는 셋째 표에 모두 정리되어 있다.
북부 지역의 결과는 다음 권에서 따로 발표할 예정이다."""
TEXTS = {"English": ENGLISH, "Korean": KOREAN, "both": f"{ENGLISH}\n{KOREAN}"}


def drawn(text: str, font: Path, size: int, *, columns: int = 1) -> Image.Image:
    """Draw *text* in *columns*."""
    page = Image.new("L", (WIDTH, HEIGHT), 255)
    pen, letters = ImageDraw.Draw(page), ImageFont.truetype(str(font), size)
    width = (WIDTH - 200) // columns - 40
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            if line and letters.getlength(f"{line} {word}") > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        lines.append(line)
    share = -(-len(lines) // columns)
    for number, line in enumerate(lines):
        column, row = divmod(number, share)
        pen.text((100 + column * (width + 80), 120 + row * int(size * 1.6)), line, fill=20, font=letters)
    return page


def turned(page: Image.Image, angle: float) -> Image.Image:
    return page.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def noisy(page: Image.Image, share: float) -> Image.Image:
    """Mix in white noise, whose standard deviation is then 74 gray levels times *share*, and a shadow to one side."""
    noise = Image.frombytes("L", page.size, random.Random(7).randbytes(page.width * page.height))
    shadow = Image.linear_gradient("L").rotate(90).resize(page.size).point(lambda value: 255 - value // 3)
    return Image.blend(ImageChops.multiply(page, shadow), noise, share)


def compressed(page: Image.Image, quality: int) -> Image.Image:
    jpeg = io.BytesIO()
    page.save(jpeg, "JPEG", quality=quality)
    return Image.open(jpeg).convert("L")


def samples(fonts: Path) -> Iterator[tuple[str, str, Image.Image, list[str]]]:
    """Yield condition, language, page image and the words on it."""
    for language, text in TEXTS.items():
        words = text.split()
        faces = ("serif", "sans") if language == "English" else ("myeongjo", "gothic")
        for face in faces:
            font = fonts / FONTS[face]
            for points, size in ((8, 17), (10, 21), (14, 29)):
                yield f"{points} point, 150 dpi", language, drawn(text, font, size), words
            page = drawn(text, font, 21)
            yield "two columns", language, drawn(text, font, 21, columns=2), words
            yield "10 point, 75 dpi", language, page.resize((WIDTH // 2, HEIGHT // 2), Image.Resampling.BOX), words
            for angle in (90, 180, 270):
                yield f"turned by {angle}°", language, turned(page, angle), words
            for angle in (1, 3, 7, 12):
                yield f"askew by {angle}°", language, turned(page, angle), words
            yield "turned by 90°, askew by 4°", language, turned(page, 94), words
            for share in (0.15, 0.3, 0.45):
                yield f"noise of {share * 74:.0f} gray levels and a shadow", language, noisy(page, share), words
            yield "blurred (1.2 pixels)", language, page.filter(ImageFilter.GaussianBlur(1.2)), words
            yield "JPEG of quality 15", language, compressed(page, 15), words
            yield "askew by 3°, noise of 11 gray levels", language, noisy(turned(page, 3), 0.15), words


def read_plainly(page: Image.Image) -> list[tuple[str, float]]:
    """Tesseract as it comes, for comparison: its own layout, one threshold, no turning."""
    import tesserocr

    folder = next(folder for folder in TESSDATA if Path(folder).is_dir())
    with tesserocr.PyTessBaseAPI(path=f"{folder}/", lang=languages(), psm=tesserocr.PSM.AUTO) as reader:
        reader.SetImage(page)
        words = reader.GetUTF8Text().split()
        confidence = reader.MeanTextConf() / 100
    return [(word, confidence) for word in words]


def read_here(page: Image.Image) -> list[tuple[str, float]]:
    return [(word.text, word.confidence) for line in read(page).lines for word in line]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts/truetype"), help="folder of the fonts")
    parser.add_argument("--plain", action="store_true", help="Tesseract as it comes, for comparison")
    add_json_option(parser)
    options = parser.parse_args()
    recognised = read_plainly if options.plain else read_here
    read(Image.new("L", (200, 200), 255))  # load the language data before the clock runs
    rows: dict[str, dict[str, list[tuple[float, float, float]]]] = {}
    seconds: list[float] = []
    for condition, language, page, words in samples(options.fonts):
        start = time.process_time()
        found = recognised(page)
        seconds.append(time.process_time() - start)
        right = sum((Counter(words) & Counter(word for word, _ in found)).values())
        figures = (
            right / len(words),
            right / max(len(found), 1),
            sum(confidence for _, confidence in found) / max(len(found), 1),
        )
        for pages in (condition, "all pages"):
            rows.setdefault(pages, {}).setdefault(language, []).append(figures)
    print(f"languages {languages()}; recall / precision of whole words, mean confidence\n")
    print("| page | " + " | ".join(TEXTS) + " |")
    print("|---|" + "---|" * len(TEXTS))
    numbers: dict[str, dict[str, float]] = {}
    for condition, by_language in rows.items():
        cells, row = [], numbers.setdefault(condition + (", Tesseract as it comes" if options.plain else ""), {})
        for language, measured in by_language.items():
            recall, precision, confidence = (sum(column) / len(column) for column in zip(*measured, strict=True))
            row |= {f"{language}, recall": recall, f"{language}, precision": precision}
            row[f"{language}, confidence"] = confidence
            cells.append(f"{recall:.2f} / {precision:.2f}, {confidence:.2f}")
        print(f"| {condition} | " + " | ".join(cells) + " |")
    memory = peak_memory()
    cost = {"pages": len(seconds), "s of CPU per page": sum(seconds) / len(seconds), "peak memory, MB": memory}
    name = "as it comes" if options.plain else "here"
    write_json(options.json, {"words": numbers, "cost": {f"Tesseract {name}": cost}})
    print(f"\n{len(seconds)} pages, {sum(seconds) / len(seconds):.2f} s of CPU each, peak memory {memory:.0f} MB")


if __name__ == "__main__":
    main()
