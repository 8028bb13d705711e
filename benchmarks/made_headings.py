"""Documents of many kinds of headings whose levels are known: as elements of an answer, as PDF, as DOCX.

    python benchmarks/made_headings.py FOLDER [--count 6] [--seed 1]

FOLDER gets PDFs with an outline and DOCX files with heading styles, several of each kind.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from made_words import Words

from upstage_docs.models import Element, ParsedDocument

HANGUL = "가나다라마바사아자차카타파하"
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
UNICODE_ROMAN = "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ"
CHINESE = "一二三四五六七八九十"
FONTS = {
    "ko": ("NanumGothic", "/usr/share/fonts/truetype/nanum/NanumGothic.ttf"),
    "ko bold": ("NanumGothicBold", "/usr/share/fonts/truetype/nanum/NanumGothicBold.ttf"),
}
Number = Callable[[int, str], str]
"""The number of the n-th heading of a level, 1-based, below the number of its parent."""


@dataclass
class Line:
    """A heading of *level* 1-6, text (level 0 with *heading* False), or what is wrongly called a heading (0, True)."""

    text: str
    level: int = 0
    heading: bool = False


@dataclass
class Made:
    """A document: its kind, its lines in order, and the size in points of the headings of each level.

    Attributes:
        contents: Its table of contents, one entry a line; "" if it has none.
        styled: Whether the answer tells font sizes.
    """

    kind: str
    language: str
    lines: list[Line] = field(default_factory=list)
    sizes: dict[int, float] = field(default_factory=dict)
    contents: str = ""
    styled: bool = True


def decimal(number: int, parent: str) -> str:
    """1, 1.1, 1.1.1."""
    return f"{parent}.{number}" if parent else str(number)


def plain(form: str, signs: Any = None) -> Number:
    """A number of its own for each level, restarted below each parent."""
    return lambda number, _: form.format(signs[number - 1] if signs else number)


NUMBERS: dict[str, tuple[str, list[list[Number]]]] = {
    "decimal": ("en", [[decimal, decimal, decimal]]),
    "decimal of one level": ("en", [[plain("{}.")]]),
    "outline": ("en", [[plain("{}.", ROMAN), plain("{}.", "ABCDEFGHIJ"), plain("{}.")]]),
    "chapters": ("en", [[plain("Chapter {}"), decimal, decimal], [plain("CHAPTER {}:", ROMAN), plain("{}."), plain("({})", "abcdefgh")]]),
    "filing": ("en", [[plain("PART {}", ROMAN), plain("Item {}."), plain("{}", [""] * 10)]]),
    "law": ("ko", [[plain("제{}장"), plain("제{}절"), plain("제{}조")], [plain("제{}편"), plain("제{}장"), plain("제{}절")]]),
    "korean report": ("ko", [[plain("{}."), plain("{}.", HANGUL), plain("{})"), plain("{})", HANGUL), plain("({})"), plain("({})", HANGUL)],
                             [plain("제{}장"), plain("{}."), plain("{}.", HANGUL), plain("{})"), plain("({})"), plain("{}", CIRCLED)],
                             [plain("제{}장"), plain("제{}절"), plain("{}."), plain("{}.", HANGUL), plain("{})")],
                             [plain("{}.", UNICODE_ROMAN), plain("{}."), plain("{}.", HANGUL), plain("({})")],
                             [plain("{}", UNICODE_ROMAN), plain("{}."), plain("{})"), plain("{}", CIRCLED)]]),
    "korean markers": ("ko", [[plain("{}.", UNICODE_ROMAN), plain("□"), plain("○")], [plain("{}."), plain("□")], [plain("□"), plain("○"), plain("-")]]),
    "chinese": ("zh", [[plain("第{}章", CHINESE), plain("第{}节", CHINESE), plain("{}、", CHINESE), plain("（{}）", CHINESE)],
                       [plain("{}、", CHINESE), plain("（{}）", CHINESE), plain("{}."), plain("({})")]]),
    "japanese": ("ja", [[plain("第{}章"), plain("第{}節"), plain("({})")], [plain("第{}章"), decimal, decimal], [plain("{}."), plain("({})"), plain("{}", CIRCLED)]]),
}  # fmt: skip
UNNUMBERED = ("sizes", "sizes in Korean", "contents alone", "numbered chapters, unnumbered sections", "back matter")
KINDS = (*NUMBERS, *UNNUMBERED)
BACK = ("References", "Acknowledgements", "Appendix", "Glossary")
NO_HEADINGS = {
    "en": ("March 2024", "12 May 2023", "By Ada Byron", "(in thousands)", "Table 3. Output of each site", "2023-11-04", "a.byron@example.org"),
    "ko": ("2024. 3. 15.", "2023년 12월", "(단위: 백만원)", "표 2. 지역별 산출", "작성자: 김하나", "※ 잠정치", "<그림 1> 추이"),
    "zh": ("2024年3月", "单位：万元", "表3 各地区产量", "作者：王明"),
    "ja": ("2024年3月15日", "（単位：千円）", "図2 推移", "出典：統計局"),
}  # fmt: skip


def made(kind: str, seed: str) -> Made:
    """Write a document of a kind; the same seed writes the same."""
    choose = random.Random(f"{kind} {seed}")
    language = "ko" if "orean" in kind else NUMBERS[kind][0] if kind in NUMBERS else "en"
    words = Words(choose, language)
    document = Made(kind, language)
    first = choose.choice((16.0, 18.0, 20.0, 22.0))
    document.sizes = {level: max(first - choose.choice((2.5, 3.0, 3.5)) * (level - 1), 10.5) for level in range(1, 7)}
    numbers = choose.choice(NUMBERS[kind][1]) if kind in NUMBERS else []
    depth = len(numbers) or choose.choice((2, 3))
    if kind == "numbered chapters, unnumbered sections":
        numbers, depth = [choose.choice((plain("{}."), plain("Chapter {}"), plain("{}.", ROMAN)))], 2
    if kind == "back matter":
        numbers, depth = [decimal, decimal], 2
        document.lines.append(Line(choose.choice(("Abstract", "Executive Summary")), 1, heading=True))
        document.lines += _texts(words)
    _write(document, words, numbers, depth, 1, "", choose.randint(2, 5))
    if kind == "back matter":
        for title in choose.sample(BACK, 2):
            document.lines.append(Line(title, 1, heading=True))
            document.lines += _texts(words)
    for noise in choose.sample(NO_HEADINGS[language], choose.randint(0, 2)):
        before = choose.choice([i for i, line in enumerate(document.lines) if not line.heading])
        document.lines.insert(before, Line(noise, 0, heading=True))
    if kind == "contents alone":
        document.styled = False
    if kind == "contents alone" or choose.random() < 0.3:
        listed = choose.choice((1, 2)) if kind != "contents alone" else depth - 1
        entries = ["  " * (line.level - 1) + line.text for line in document.lines if 1 <= line.level <= listed]
        page = 1
        for number, entry in enumerate(entries):
            page += choose.randint(0, 6)
            entries[number] = f"{entry} {choose.choice(('', '.... ', '……… '))}{page}"
        document.contents = "\n".join(entries)
    elif kind in NUMBERS and kind != "filing":
        document.styled = choose.random() < 0.7
    return document


def _texts(words: Words) -> Iterator[Line]:
    for _ in range(words.choose.randint(1, 2)):
        yield Line(words.paragraph(2, 4))


def _write(
    document: Made, words: Words, numbers: list[Number], depth: int, level: int, parent: str, count: int
) -> None:
    choose = words.choose
    for number in range(1, count + 1):
        mark = numbers[level - 1](number, parent) if level <= len(numbers) else ""
        title = words.title(2, 5)
        document.lines.append(Line(f"{mark} {title}".strip(), level, heading=True))
        # Some headings stand right above their first part.
        if choose.random() < 0.75 or level == depth:
            document.lines += _texts(words)
        if level < depth and choose.random() < (0.8 if level == 1 else 0.5):
            _write(
                document,
                words,
                numbers,
                depth,
                level + 1,
                mark
                if mark[-1:].isdigit() and mark[0].isdigit()
                else mark.removeprefix("Chapter ").removeprefix("第").removesuffix("章"),
                choose.randint(2, 4),
            )


def as_elements(document: Made, seed: int = 0) -> ParsedDocument:
    """Return the document as Upstage answers it: each heading a `heading1`, with a font size that was recognised."""
    choose = random.Random(seed)
    lines: list[tuple[str, str, float]] = []
    for line in document.lines:
        size = document.sizes.get(line.level, 10.5) if line.heading and line.level else 10.5
        lines.append(("heading1" if line.heading else "paragraph", line.text, size * choose.uniform(0.97, 1.03)))
    if document.contents:
        lines.insert(0, ("index", document.contents, 10.5))
    elements = []
    for number, (category, text, size) in enumerate(lines):
        style = f" style='font-size:{round(size * 1.5)}px'" if document.styled else ""
        tag, kind = ("h1", "") if category == "heading1" else ("p", f" data-category='{category}'")
        html = f"<{tag} id='{number}'{kind}{style}>{escape(text, quote=False)}</{tag}>".replace("\n", "<br>")
        markdown = f"# {text}" if tag == "h1" else text
        elements.append(Element(number, 1 + number // 12, category, html, markdown, text))
    return ParsedDocument(f"{document.kind}.pdf", "0" * 64, "made", tuple(elements), total_pages=1 + len(lines) // 12)


def write_pdf(document: Made, path: Path) -> None:
    """Print the document with an outline of its headings; needs reportlab and, for Korean, the Nanum fonts."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    text_font, bold_font = "Helvetica", "Helvetica-Bold"
    if document.language == "ko":
        text_font, bold_font = FONTS["ko"][0], FONTS["ko bold"][0]
        for name, file in FONTS.values():
            pdfmetrics.registerFont(TTFont(name, file))
    body = ParagraphStyle("body", fontName=text_font, fontSize=10.5, leading=15, spaceAfter=8)

    class Heading(Paragraph):  # type: ignore[misc]
        """A heading that is entered in the outline where it is drawn."""

        level = 0

        def draw(self) -> None:
            super().draw()
            key = str(id(self))
            self.canv.bookmarkHorizontal(key, 0, self.height)
            self.canv.addOutlineEntry(self.getPlainText(), key, self.level - 1)

    flow: list[Any] = []
    flow += [Paragraph(escape(entry), body) for entry in document.contents.split("\n") if entry]
    for line in document.lines:
        if line.level:
            size = document.sizes[line.level]
            style = ParagraphStyle("h", fontName=bold_font, fontSize=size, leading=size * 1.3, spaceBefore=12,
                                   spaceAfter=6, keepWithNext=True)  # fmt: skip
            heading = Heading(escape(line.text), style)
            heading.level = line.level
            flow.append(heading)
        else:
            flow.append(Paragraph(escape(line.text), body))
    SimpleDocTemplate(str(path), pagesize=A4, title=document.kind).build(flow)


def write_docx(document: Made, path: Path) -> None:
    """Save the document with Word's heading styles; needs python-docx."""
    from docx import Document

    word = Document()
    for line in document.lines:
        if line.level:
            word.add_heading(line.text, line.level)
        else:
            word.add_paragraph(line.text)
    word.save(str(path))


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=6, help="documents of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        for number in range(options.count):
            document = made(kind, f"{options.seed} {number}")
            stem = f"{kind.replace(' ', '-').replace(',', '')}-{number}"
            if document.language in {"en", "ko"}:
                write_pdf(document, options.folder / f"{stem}.pdf")
            write_docx(document, options.folder / f"{stem}.docx")


if __name__ == "__main__":
    main()
