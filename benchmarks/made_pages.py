"""Make pages of many kinds with their truth: what the local engine's rules were not written on.

    python benchmarks/made_pages.py FOLDER [--pages 160] [--seed 1] [--chromium PATH]

Papers, reports, letters, forms, slides, contents and notes in several languages, written as HTML in random styles and
printed by Chromium. FOLDER gets `pdfs/`, `markdown/`, `reference.json` and `words.json`, which `local_quality.py` reads.

The truth is read off the print: every element is drawn in an ink of its own, whose number stands in the three lowest
bits of red, green and blue. No reader sees it, and no rule of the engine looks at colours.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from made_truth import as_elements, as_markdown, read_truth
from made_words import Words

Block = str
SIZES = {
    "a4": "210mm 297mm",
    "letter": "8.5in 11in",
    "slide": "13.33in 7.5in",
    "wide": "10in 5.63in",
    "a5": "148mm 210mm",
}
FONTS = ("Liberation Serif", "Liberation Sans", "Carlito", "DejaVu Sans", "DejaVu Serif", "Linux Libertine O",
         "Latin Modern Roman", "Noto Serif", "Noto Sans", "NanumGothic")  # fmt: skip
COLOURS = ("#1f3864", "#7a1f1f", "#205030", "#444444", "#0b6fa4", "#8a4b08")
FIT = """<script>for (const body of document.querySelectorAll('.body')) {
const column = body.firstElementChild?.clientWidth
for (const block of [...body.children]) if (block.scrollWidth > column + 1) block.remove()
while (body.lastElementChild && (body.scrollHeight > body.clientHeight + 1 || body.scrollWidth > body.clientWidth + 1))
body.lastElementChild.remove() }</script>"""


class Page:
    """A page being written: its style, chosen once, and the categories of the elements drawn so far."""

    def __init__(self, seed: str) -> None:
        self.choose = random.Random(seed)
        self.words = Words(self.choose, self.choose.choices(("en", "de", "ko", "zh", "ja"), (80, 6, 7, 4, 3))[0])
        self.truth: list[tuple[str, list[list[str]] | None]] = []
        self.colours: list[str] = []
        self.number = 0
        choose = self.choose
        self.numbered = choose.random() < 0.4
        self.heading = choose.choice(
            (
                "font-weight:bold;font-size:1.35em",
                "font-weight:bold;font-size:1.15em",
                "font-weight:bold",
                "font-weight:bold;font-style:italic",
                "font-variant:small-caps;font-weight:bold",
                "text-transform:uppercase;font-weight:bold;font-size:.95em",
                "font-size:1.5em",
                "font-size:1.2em;text-decoration:underline;font-weight:bold",
            )
        )
        self.accent = choose.choice((*COLOURS, "#000000", "#000000", "#000000"))
        self.centred = choose.random() < 0.15
        indent = choose.random() < 0.4
        gap = "0" if indent else choose.choice((".5em", ".8em", "1.1em"))
        align = choose.choice(("justify", "left"))
        self.paragraph_style = (
            f"margin:0 0 {gap};text-indent:{'1.4em' if indent else '0'};text-align:{align};hyphens:auto"
        )

    def ink(self, category: str, base: str = "#000000", grid: list[list[str]] | None = None) -> str:
        """Begin an element; return its colour, which looks like *base*."""
        self.truth.append((category, grid))
        self.colours.append(self.shade(base))
        return self.colours[-1]

    def shade(self, base: str) -> str:
        """Return another colour of the element begun last."""
        number, shades = len(self.truth), [int(base[i : i + 2], 16) & ~7 for i in (1, 3, 5)]
        return "#" + "".join(f"{shade | number >> 3 * i & 7:02x}" for i, shade in enumerate(shades))

    def element(self, category: str, text: str, style: str = "", base: str = "#000000", tag: str = "div") -> Block:
        return f"<{tag} style='color:{self.ink(category, base)};{style}'>{text}</{tag}>"

    # --- blocks

    def title(self) -> Block:
        style = f"font-size:{self.choose.choice((1.6, 2, 2.4))}em;margin:0 0 .5em;line-height:1.15;"
        style += self.choose.choice(("font-weight:bold", "", "text-align:center;font-weight:bold", "text-align:center"))
        return self.element("heading1", self.words.title(4, 9), style, self.accent)

    def section(self) -> Block:
        self.number += 1
        prefix = f"{self.number}{self.choose.choice(('', '.'))} " if self.numbered else ""
        style = f"{self.heading};margin:1em 0 .45em;break-after:avoid;line-height:1.2;"
        style += "text-align:center" if self.centred else ""
        return self.element("heading1", prefix + self.words.title(2, 6), style, self.accent)

    def paragraph(self, least: int = 2, most: int = 6) -> Block:
        return self.element("paragraph", self.words.paragraph(least, most), self.paragraph_style)

    def sections(self) -> Iterator[Block]:
        """Endless text of a report or paper; what does not fit the page is left away."""
        while True:
            yield self.section()
            for _ in range(self.choose.randint(1, 3)):
                yield self.paragraph()
            draw = self.choose.choices(
                (self.listing, self.captioned_table, self.captioned_figure, self.formula, self.quote, self.paragraph),
                (5, 4, 4, 1, 1, 5),
            )[0]
            yield draw()

    def listing(self) -> Block:
        """A list; where its items stand apart each is an element, as in DP-Bench."""
        kind = self.choose.choice(("disc", "decimal", "square", "lower-alpha", "disc"))
        apart = self.choose.random() < 0.4
        colour = "" if apart else self.ink("list")
        items = []
        for _ in range(self.choose.randint(2, 6)):
            own = self.ink("list") if apart else colour
            text = self.words.paragraph(1, 2) if self.choose.random() < 0.5 else self.words.title(3, 7)
            items.append(f"<li style='color:{own};margin-bottom:{'.7em' if apart else 0}'>{text}</li>")
        return f"<ul style='list-style-type:{kind};margin:.3em 0 .8em;padding-left:1.8em'>{''.join(items)}</ul>"

    def formula(self) -> Block:
        colour = self.ink("equation")
        row = "<mi>{}</mi><mo>=</mo><mfrac><mrow><mi>{}</mi><mo>+</mo><mn>{}</mn></mrow><mi>{}</mi></mfrac><mo>−</mo><msup><mi>{}</mi><mn>2</mn></msup>"
        math = row.format(*(self.choose.choice("abcnxyzkst") for _ in range(2)), self.choose.randint(1, 9), "m", "x")
        number = ""
        if self.choose.random() < 0.5:
            number = f"<span style='color:{self.ink('caption')};position:absolute;right:0'>({self.choose.randint(1, 9)})</span>"
        return f"<div style='color:{colour};text-align:center;margin:.7em 0;position:relative'><math>{math}</math>{number}</div>"

    def quote(self) -> Block:
        style = self.choose.choice(
            (
                f"margin:1em 3em;font-style:italic;border-left:3px solid {self.accent};padding-left:1em",
                "margin:1em 0;padding:.8em 1em;background:#eef2f7",
                "margin:1em 0;padding:.8em 1em;border:1px solid #888",
            )
        )
        return f"<div style='{style}'>{self.element('paragraph', self.words.paragraph(1, 3))}</div>"

    def footnotes(self) -> Block:
        count = self.choose.randint(1, 3)
        notes = "<br>".join(f"<sup>{n}</sup> {self.words.paragraph(1, 2)}" for n in range(1, count + 1))
        rule = self.choose.choice(
            ("<hr style='width:30%;margin:.6em auto .3em 0;border:0;border-top:.6px solid #000'>", "")
        )
        return f"<div>{rule}{self.element('footnote', notes, 'font-size:.8em;line-height:1.25')}</div>"

    def captioned(self, label: str, drawn: Block, *, above: bool) -> Block:
        number = f"{self.words.label(label)} {self.choose.randint(1, 12)}{self.choose.choice(('.', ':', ''))}"
        style = self.choose.choice(
            ("font-size:.85em", "font-size:.9em;font-style:italic", "font-size:.9em;text-align:center")
        )
        text = f"{self.choose.choice(('<b>{}</b>', '{}')).format(number)} {self.words.sentence()}"
        caption = self.element("caption", text, f"margin:.4em 0 .6em;line-height:1.25;{style}")
        both = caption + drawn if above else drawn + caption
        return f"<div style='break-inside:avoid;margin:.8em 0'>{both}</div>"

    def captioned_table(self) -> Block:
        return self.captioned("Table", self.table(), above=self.choose.random() < 0.8)

    def captioned_figure(self) -> Block:
        return self.captioned("Figure", self.picture(), above=self.choose.random() < 0.1)

    def table(self, columns: int = 0, rows: int = 0) -> Block:
        """A table in one of several dresses: rules, stripes, a filled header, or nothing but white space."""
        columns, rows = columns or self.choose.randint(2, 6), rows or self.choose.randint(3, 9)
        dress = self.choose.choice(("grid", "lines", "booktabs", "zebra", "plain", "filled"))
        wordy = self.choose.random() < 0.25
        grid = [
            [
                "" if self.choose.random() < 0.2 else self.words.title(1, 2),
                *(self.words.title(1, 2) for _ in range(columns - 1)),
            ]
        ]
        for _ in range(rows):
            row = [self.words.title(1, 3)]
            for _ in range(columns - 1):
                row.append(self.words.sentence() if wordy else self.words.figure())
            grid.append(["" if number and self.choose.random() < 0.05 else cell for number, cell in enumerate(row)])
        colour = self.ink("table", grid=grid)
        white = self.shade("#ffffff")
        line = (
            f"border:1px solid {colour};"
            if dress == "grid"
            else f"border-bottom:.7px solid {colour};"
            if dress == "lines"
            else ""
        )
        right = "" if wordy else "text-align:right;"
        out = []
        for number, row in enumerate(grid):
            fill = "background:#eeeeee;" if dress == "zebra" and number % 2 else ""
            if dress == "filled" and not number:
                fill = f"background:#335577;color:{white};"
            if dress == "booktabs":
                fill += f"border-top:1px solid {colour};" if number < 2 else ""
                fill += f"border-bottom:1px solid {colour};" if number == rows else ""
            weight = "font-weight:bold;" if not number else ""
            cells = (
                f"<td style='{line}{weight}{right if c else ''}padding:.2em .7em'>{cell}</td>"
                for c, cell in enumerate(row)
            )
            out.append(f"<tr style='{fill}'>{''.join(cells)}</tr>")
        width = self.choose.choice(("width:100%", "margin:0 auto" if self.choose.random() < 0.5 else ""))
        return f"<table style='color:{colour};border-collapse:collapse;line-height:1.25;font-size:.92em;{width}'>{''.join(out)}</table>"

    def picture(self) -> Block:
        kind = self.choose.choice((self.bars, self.lines, self.pie, self.boxes, self.photo))
        return f"<div style='text-align:center'>{kind()}</div>"

    def bars(self) -> Block:
        colour, fill = self.ink("chart"), self.shade(self.choose.choice(COLOURS))
        values = [self.choose.randint(10, 100) for _ in range(self.choose.randint(3, 8))]
        step = 260 / len(values)
        drawn = "".join(
            f"<rect x='{45 + i * step:.0f}' y='{150 - v}' width='{step * 0.6:.0f}' height='{v}' fill='{fill}'/>"
            f"<text x='{45 + i * step:.0f}' y='162'>{self.words.title(1, 1)[:7]}</text><text x='{45 + i * step:.0f}' y='{147 - v}'>{v}</text>"
            for i, v in enumerate(values)
        )
        return self.chart(colour, drawn)

    def lines(self) -> Block:
        colour, fill = self.ink("chart"), self.shade(self.choose.choice(COLOURS))
        points = " ".join(f"{45 + 36 * i},{self.choose.randint(40, 145)}" for i in range(8))
        years = "".join(f"<text x='{38 + 36 * i}' y='162'>{2010 + i}</text>" for i in range(8))
        return self.chart(colour, f"<polyline points='{points}' fill='none' stroke='{fill}' stroke-width='2'/>{years}")

    def chart(self, colour: str, drawn: str) -> Block:
        ticks = "".join(
            f"<text x='20' y='{153 - t}'>{t}</text><path d='M40 {150 - t} H310' stroke='#bbb'/>"
            for t in range(0, 120, 20)
        )
        axis = f"<path d='M40 30 V150 H310' fill='none' stroke='{colour}'/>"
        title = f"<text x='90' y='14' font-size='10'>{self.words.title(2, 4)}</text>"
        return f"<svg viewBox='0 0 320 170' width='70%' font-size='8' fill='{colour}'>{ticks}{axis}{title}{drawn}</svg>"

    def pie(self) -> Block:
        colour, shares = self.ink("chart"), (35, 25, 22, 18)
        rings, legend, start = "", "", 0
        for i, share in enumerate(shares):
            rings += (
                f"<circle cx='80' cy='80' r='30' fill='none' stroke='{self.shade(COLOURS[i])}' stroke-width='60' pathLength='100'"
                f" stroke-dasharray='{share} 100' stroke-dashoffset='{-start}'/>"
            )
            legend += f"<rect x='170' y='{38 + 22 * i}' width='9' height='9' fill='{self.shade(COLOURS[i])}'/><text x='184' y='{46 + 22 * i}'>{self.words.title(1, 2)} {share}%</text>"
            start += share
        return f"<svg viewBox='0 0 320 160' width='60%' font-size='9' fill='{colour}'>{rings}{legend}</svg>"

    def boxes(self) -> Block:
        colour, count = self.ink("figure"), self.choose.randint(3, 4)
        drawn = "".join(
            f"<rect x='{10 + 105 * i}' y='20' width='80' height='40' rx='6' fill='#dde8f4' stroke='{colour}'/><text x='{18 + 105 * i}' y='43'>"
            f"{self.words.title(1, 2)[:14]}</text>"
            + (
                f"<path d='M{90 + 105 * i} 40 h20 l-5 -4 m5 4 l-5 4' stroke='{colour}' fill='none'/>"
                if i < count - 1
                else ""
            )
            for i in range(count)
        )
        return f"<svg viewBox='0 0 {105 * count} 80' width='85%' font-size='9' fill='{colour}'>{drawn}</svg>"

    def photo(self) -> Block:
        """A gradient as a bitmap, in a thin frame of the element's ink."""
        from base64 import b64encode

        from PIL import Image

        out = io.BytesIO()
        Image.radial_gradient("L").resize((320, self.choose.randint(120, 260))).save(out, "PNG")
        colour = self.ink("figure")
        return f"<img src='data:image/png;base64,{b64encode(out.getvalue()).decode()}' style='width:60%;border:1px solid {colour}'>"

    # --- kinds of pages

    def sheet(
        self, size: str, body: Iterator[Block] | list[Block], *, columns: int = 1, notes: bool = False, top: Block = ""
    ) -> Block:
        """Put blocks on a page with its running lines; *top* stands over all columns."""
        blocks = "".join(islice(body, 60))
        header, footer = "", ""
        if self.choose.random() < 0.5:
            header = self.running("header")
        if self.choose.random() < 0.75:
            footer = self.running("footer")
        foot = self.footnotes() if notes else ""
        flow = (
            f"columns:{columns};column-gap:{self.choose.choice((1.6, 2, 2.6))}em;column-fill:auto;"
            if columns > 1
            else ""
        )
        points = self.choose.choice((9, 9.5, 10, 11, 12)) * (
            1.7 if size in {"slide", "wide"} else 0.9 if columns > 1 else 1
        )
        margin = self.choose.choice((14, 18, 22, 26)) * (0.7 if size in {"slide", "wide", "a5"} else 1)
        font = self.choose.choice(FONTS)
        style = (
            f"page:{size};width:{SIZES[size].split()[0]};height:calc({SIZES[size].split()[1]} - 1px);box-sizing:border-box;"
            f"padding:{margin * 0.8}mm {margin}mm;font:{points}pt/{self.choose.choice((1.2, 1.3, 1.45, 1.6))} '{font}',serif;"
            "display:flex;flex-direction:column;break-after:page;overflow:hidden;background:white"
        )
        body_style = f"flex:1;min-height:0;overflow:hidden;{flow}"
        return (
            f"<section lang='{self.words.language}' style=\"{style}\">{header}{top}"
            f"<div class='body' style='{body_style}'>{blocks}</div>{foot}{footer}</section>"
        )

    def running(self, category: str) -> Block:
        number, name = str(self.choose.randint(2, 400)), self.words.title(2, 5)
        parts = self.choose.choice(([number], [name, number], [number, name], [name], [f"{name} | {number}"]))
        if category == "footer" and self.choose.random() < 0.5:
            parts = [number]
        rule = (
            f"border-{'bottom' if category == 'header' else 'top'}:.6px solid #777;"
            if self.choose.random() < 0.3
            else ""
        )
        place = "space-between" if len(parts) > 1 else self.choose.choice(("center", "flex-end", "flex-start"))
        cells = "".join(self.element(category, part, "", "#333333") for part in parts)
        gap = "margin-bottom:2.2em" if category == "header" else "margin-top:1.6em"
        return f"<div style='display:flex;justify-content:{place};font-size:.8em;{rule}{gap}'>{cells}</div>"

    def paper(self) -> Block:
        columns = self.choose.choice((1, 2, 2, 2, 3))
        top = ""
        if self.choose.random() < 0.5:
            authors = self.element(
                "paragraph",
                ", ".join(self.words.title(2, 2) for _ in range(3)),
                "text-align:center;margin-bottom:1.2em",
            )
            top = self.title() + authors
        return self.sheet(
            self.choose.choice(("a4", "letter")),
            self.sections(),
            columns=columns,
            top=top,
            notes=self.choose.random() < 0.4,
        )

    def report(self) -> Block:
        top = self.title() if self.choose.random() < 0.4 else ""
        return self.sheet(
            self.choose.choice(("a4", "letter", "a5")), self.sections(), top=top, notes=self.choose.random() < 0.3
        )

    def letter(self) -> Block:
        """A letter or an invoice: addresses, a table of items, a closing."""
        lines = "<br>".join(self.words.title(2, 3) for _ in range(3))
        blocks = [
            self.element("paragraph", lines, "margin-bottom:2em"),
            self.element(
                "paragraph",
                f"{self.words.title(1, 1)} {self.choose.randint(1, 28)}, 2024",
                "text-align:right;margin-bottom:1.5em",
            ),
            self.element(
                "heading1", self.words.title(2, 5), "font-weight:bold;font-size:1.2em;margin-bottom:1em", self.accent
            ),
            self.paragraph(),
            f"<div style='margin:1em 0'>{self.table(self.choose.randint(3, 5))}</div>",
            *(self.paragraph() for _ in range(2)),
        ]
        return self.sheet(self.choose.choice(("a4", "letter")), blocks)

    def form(self) -> Block:
        """Questions with ruled fields in a table, and boxes to tick."""
        blocks = [self.title(), self.paragraph(1, 2)]
        for _ in range(3):
            blocks.append(self.section())
            grid = [
                [f"{self.words.title(1, 3)}:", self.words.title(1, 3) if self.choose.random() < 0.4 else ""]
                for _ in range(4)
            ]
            colour = self.ink("table", grid=grid)
            cell = f"border:1px solid {colour};padding:.35em .6em"
            rows = "".join(
                f"<tr><td style='{cell};width:35%'>{a}</td><td style='{cell}'>{b}</td></tr>" for a, b in grid
            )
            blocks.append(
                f"<table style='color:{colour};border-collapse:collapse;width:100%;line-height:1.25'>{rows}</table>"
            )
            ticks = "<br>".join(f"☐ {self.words.title(2, 4)}" for _ in range(3))
            blocks.append(self.element("list", ticks, "margin:.8em 0"))
        return self.sheet(self.choose.choice(("a4", "letter")), blocks)

    def slide(self) -> Block:
        half = "flex:1;min-width:0"
        left = self.listing() if self.choose.random() < 0.7 else self.paragraph(1, 3)
        right = self.choose.choice((self.picture, self.listing, self.table, lambda: self.paragraph(1, 2)))()
        both = f"<div style='display:flex;gap:2.5em;align-items:center'><div style='{half}'>{left}</div><div style='{half}'>{right}</div></div>"
        blocks = [self.title(), both if self.choose.random() < 0.7 else left + right]
        return self.sheet(self.choose.choice(("slide", "wide")), blocks)

    def contents(self) -> Block:
        leader = self.choose.choice(("dotted", "none"))
        number, entries = 3, ""
        for chapter in range(1, self.choose.randint(8, 22)):
            number += self.choose.randint(1, 9)
            entries += (
                f"<div style='display:flex;gap:.5em'><span>{chapter}. {self.words.title(2, 5)}</span>"
                f"<span style='flex:1;border-bottom:1px {leader} #999'></span><span>{number}</span></div>"
            )
        title = self.element(
            "heading1", self.words.title(1, 2), "font-size:1.6em;font-weight:bold;margin-bottom:1em", self.accent
        )
        return self.sheet(self.choose.choice(("a4", "letter")), [title, self.element("index", entries)])


KINDS: dict[str, tuple[Callable[[Page], Block], int]] = {
    "paper": (Page.paper, 6),
    "report": (Page.report, 7),
    "letter": (Page.letter, 2),
    "form": (Page.form, 2),
    "slide": (Page.slide, 4),
    "contents": (Page.contents, 1),
}


def printed(html: str, chromium: str) -> bytes:
    """Print HTML to a PDF."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "pages.html"), Path(folder, "pages.pdf")
        source.write_text(html, "utf-8")
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        command += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}", source.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        return target.read_bytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=160)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--chromium", default="chromium")
    options = parser.parse_args()
    import pypdfium2

    pages: list[tuple[str, Page, list[int]]] = []
    drawn = ""
    kinds = random.Random(options.seed).choices(list(KINDS), [weight for _, weight in KINDS.values()], k=options.pages)
    for number, kind in enumerate(kinds):
        page = Page(f"{options.seed}-{number}")
        section = KINDS[kind][0](page)
        drawn += section
        order = sorted(range(1, len(page.truth) + 1), key=lambda n: section.index(page.colours[n - 1]))
        pages.append((f"{number:03}-{kind}", page, order))
    sizes = "".join(f"@page {name}{{size:{size};margin:0}}" for name, size in SIZES.items())
    html = f"<meta charset=utf-8><style>{sizes}body{{margin:0}}p{{margin:0}}</style>{drawn}{FIT}"
    document = pypdfium2.PdfDocument(printed(html, options.chromium))
    if len(document) != len(pages):
        raise SystemExit(f"{len(pages)} pages were written, {len(document)} were printed.")
    for name in ("pdfs", "markdown"):
        (options.folder / name).mkdir(parents=True, exist_ok=True)
    reference, words = {}, {}
    for number, (name, page, order) in enumerate(pages):
        one = pypdfium2.PdfDocument.new()
        one.import_pages(document, [number])
        one.save(str(options.folder / "pdfs" / f"{name}.pdf"))
        found, words[name] = read_truth(one[0], page.truth, order)
        reference[f"{name}.pdf"] = {"elements": as_elements(found)}
        (options.folder / "markdown" / f"{name}.md").write_text(as_markdown(found), "utf-8")
    (options.folder / "reference.json").write_text(json.dumps(reference), "utf-8")
    (options.folder / "words.json").write_text(json.dumps(words), "utf-8")


if __name__ == "__main__":
    main()
