"""The page of `view` in a real browser: what is seen, found and pressed, and what hostile documents do not do."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("PIL", reason='needs the extra "view"')
pytest.importorskip("nh3", reason='needs the extra "view"')
pytest.importorskip("playwright.sync_api", reason="needs the dependency group browser")
from PIL import Image
from playwright import sync_api as playwright
from stand_in import make_pdf

from upstage_docs import chunk_elements
from upstage_docs.evidence.place import Place
from upstage_docs.models import Element, PageWarning, ParsedDocument, Record
from upstage_docs.view import view_html, write_view

ROOT = Path(__file__).resolve().parent.parent
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 375, "height": 760}


def where_a_browser_is() -> str | None:
    """Return the path of a Chromium of this machine, None if there is none."""
    for name in (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome", "chrome"):
        if name and (found := shutil.which(name)):
            return found
    with playwright.sync_playwright() as driver:
        own = driver.chromium.executable_path
    return own if Path(own).exists() else None


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = where_a_browser_is()
    if path is None:
        pytest.skip("there is no Chromium on this machine: bash .ci/run browser installs one")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


class Opened:
    """A page in a browser, and what it did by itself: requests, dialogs, errors, violations of its policy."""

    def __init__(self, browser: Any, path: Path, viewport: dict[str, int], **options: Any) -> None:
        self.context = browser.new_context(viewport=viewport, **options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.events: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", self._dismiss)
        self.page.on("pageerror", lambda error: self.events.append(f"error {error}"))
        self.page.on("console", lambda message: self.events.append(f"{message.type} {message.text}"))
        self.page.on("popup", lambda popup: self.events.append(f"popup {popup.url}"))
        self.page.goto(path.as_uri())

    def _dismiss(self, dialog: Any) -> None:
        self.events.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def rect(self, selector: str) -> dict[str, float]:
        found = self.page.evaluate(
            "selector => { const { x, y, width, height, right, bottom } = "
            "document.querySelector(selector).getBoundingClientRect(); return { x, y, width, height, right, bottom } }",
            selector,
        )
        return dict(found)

    def shown(self, selector: str = ".elements .entry") -> list[str]:
        """Return the ids of what is shown of *selector*."""
        found = self.page.evaluate(
            "selector => [...document.querySelectorAll(selector)].filter(node => node.checkVisibility())"
            ".map(node => node.id)",
            selector,
        )
        return list(found)

    def search(self, words: str) -> None:
        self.page.fill("#search", words)
        self.page.wait_for_function("() => document.getElementById('pages').ariaBusy === 'false'")

    def status(self) -> str:
        return str(self.page.inner_text("#status"))

    def overflow(self) -> float:
        """Return how many pixels of the page lie right of the window."""
        return float(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    opened: list[Opened] = []

    def open_it(html: str | Path, viewport: dict[str, int] = WIDE, **options: Any) -> Opened:
        path = html if isinstance(html, Path) else tmp_path / f"page-{len(opened)}.html"
        if isinstance(html, str):
            path.write_text(html, encoding="utf-8")
        opened.append(Opened(browser, path, viewport, **options))
        return opened[-1]

    yield open_it
    for one in opened:
        one.context.close()


def box(x0: float, y0: float, x1: float, y1: float) -> tuple[tuple[float, float], ...]:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def parsed(*elements: Element, source: str = "report.pdf", pages: int = 1, **more: Any) -> ParsedDocument:
    return ParsedDocument(source, "", "made", elements, total_pages=pages, **more)


def white(width: int = 400, height: int = 560) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(target, "PNG")
    return target.getvalue()


TABLE = "<table><tr><th>Site</th><th>Power</th></tr><tr><td>Norabi</td><td>9.0</td></tr></table>"
REPORT = [
    Element(0, 1, "heading1", text="Tides of the strait", coordinates=box(0.1, 0.1, 0.6, 0.15)),
    Element(1, 1, "paragraph", text="Four sites turn\nwith the current.", coordinates=box(0.1, 0.2, 0.9, 0.3)),
    Element(2, 2, "table", html=TABLE, text="Site Power Norabi 9.0", coordinates=box(0.1, 0.1, 0.9, 0.4)),
    Element(3, 2, "equation", text="$$P = \\frac{1}{2} A v^3$$", coordinates=box(0.2, 0.5, 0.7, 0.55)),
    Element(4, 3, "paragraph", text="The current of Maehyang is the strongest.", coordinates=box(0.1, 0.2, 0.9, 0.3)),
    Element(5, 3, "list", text="• one\n• two", coordinates=box(0.1, 0.4, 0.9, 0.5)),
]


def report(**more: Any) -> str:
    made = parsed(*REPORT, pages=3, warnings=(PageWarning(2, "a font has no names"),))
    return "".join(view_html(made, make_pdf("report", 3), width=400, **more))


def test_boxes_lie_where_the_words_are(open_page: Any) -> None:
    """Words that are drawn at known places: their ink lies in their boxes, and each box where its element says."""
    canvas = pytest.importorskip("reportlab.pdfgen.canvas", reason="draws the page")
    target = io.BytesIO()
    drawing = canvas.Canvas(target, pagesize=(400, 600))
    words = [("Turbines", 60, 500, 20), ("slowly", 220, 300, 14), ("underwater", 100, 80, 30)]
    elements = []
    for number, (word, x, y, size) in enumerate(words):
        drawing.setFont("Helvetica", size)
        drawing.drawString(x, y, word)
        right = x + drawing.stringWidth(word, "Helvetica", size)
        corners = box(x / 400, (600 - y - size) / 600, right / 400, (600 - y + size / 3) / 600)
        elements.append(Element(number, 1, "paragraph", text=word, coordinates=corners))
    drawing.save()
    target.seek(0)
    opened = open_page("".join(view_html(parsed(*elements), target)))

    shot = Image.open(io.BytesIO(opened.page.locator(".sheet img").screenshot())).convert("L")  # it scrolls there
    sheet = opened.rect(".sheet")
    assert opened.rect(".sheet img") == sheet
    for element in elements:
        drawn = opened.rect(f"#box-{element.id}")
        x0, y0, x1, y1 = element.box
        assert drawn["x"] == pytest.approx(sheet["x"] + x0 * sheet["width"], abs=0.6)
        assert drawn["y"] == pytest.approx(sheet["y"] + y0 * sheet["height"], abs=0.6)
        assert drawn["right"] == pytest.approx(sheet["x"] + x1 * sheet["width"], abs=0.6)
        assert drawn["bottom"] == pytest.approx(sheet["y"] + y1 * sheet["height"], abs=0.6)
        inner = [round(drawn["x"] - sheet["x"]), round(drawn["y"] - sheet["y"])]
        inside = shot.crop((inner[0], inner[1], inner[0] + int(drawn["width"]), inner[1] + int(drawn["height"])))
        assert inside.histogram()[:60] != [0] * 60, f"no ink in the box of {element.text}"
    empty = shot.crop((0, round(0.3 * shot.height), shot.width, round(0.45 * shot.height)))
    assert empty.histogram()[:200] == [0] * 200, "and none where there is no box"


def test_the_page_asks_for_nothing_and_reports_nothing(open_page: Any) -> None:
    opened = open_page(report(chunks=list(chunk_elements(parsed(*REPORT, pages=3)))))
    opened.search("current")

    assert [urlsplit(url).scheme for url in opened.requests if not url.startswith("data:")] == ["file"]
    assert opened.events == []


def test_tables_equations_and_texts_are_seen(open_page: Any) -> None:
    opened = open_page(report())

    assert opened.page.locator("#element-2 td").all_inner_texts() == ["Norabi", "9.0"]
    assert opened.page.evaluate("document.querySelector('#element-3 mfrac') instanceof MathMLElement")
    assert opened.rect("#element-3 mfrac")["height"] > 20, "a fraction stands on two lines"
    assert not opened.page.locator("#element-3 .latex").is_visible()
    assert opened.page.locator(".warnings").inner_text() == "1 warning"


def test_search_shows_what_it_finds_and_where(open_page: Any) -> None:
    opened = open_page(report())
    opened.search("CURRENT")

    assert opened.shown() == ["element-1", "element-4"]
    assert opened.shown(".box") == ["box-1", "box-4"]
    assert opened.shown("section.page") == ["page-1", "page-3"]
    assert opened.status() == "2 of 6 elements on 2 pages"
    assert opened.page.evaluate("CSS.highlights.get('found').size") == 2
    opened.page.press("#search", "Enter")
    assert opened.page.locator(".entry.at").get_attribute("id") == "element-1"
    opened.page.press("#search", "Enter")
    assert opened.page.locator(".entry.at").get_attribute("id") == "element-4"
    opened.page.press("#search", "Shift+Enter")
    assert opened.page.locator(".entry.at").get_attribute("id") == "element-1"
    opened.page.keyboard.press("Escape")
    assert len(opened.shown()) == 6
    assert opened.status() == ""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("turn with", ["element-1"]),  # over the end of a line
        ("norabi 9.0", ["element-2"]),  # over two cells
        ("site", ["element-1", "element-2"]),
        ("frac", ["element-3"]),  # the LaTeX of an equation
        ("a.*b(", []),
        ("nowhere", []),
        ("ｍａｅｈｙａｎｇ", ["element-4"]),
    ],
)
def test_what_a_search_finds(open_page: Any, words: str, found: list[str]) -> None:
    opened = open_page(report())
    opened.search(words)

    assert opened.shown() == found
    assert opened.events == []


def test_the_legend_filters(open_page: Any) -> None:
    opened = open_page(report())
    chip = '.chip[data-category="{}"]'
    opened.page.click(chip.format("table"))

    assert opened.shown() == ["element-2"]
    assert opened.page.get_attribute(chip.format("table"), "aria-pressed") == "true"
    opened.page.click(chip.format("list"))
    assert opened.shown() == ["element-2", "element-5"], "a second one adds to the first"
    opened.search("two")
    assert opened.shown() == ["element-5"], "a search looks among them"
    opened.page.fill("#search", "")
    opened.page.click(chip.format("table"))
    opened.page.click(chip.format("list"))
    opened.page.wait_for_function("() => document.getElementById('status').textContent === ''")
    assert len(opened.shown()) == 6


def test_pages_are_reached_by_number_list_and_keys(open_page: Any) -> None:
    opened = open_page(report())
    at_top = "number => Math.abs(document.getElementById('page-' + number).getBoundingClientRect().top) < 120"
    opened.page.fill("#jump", "3")
    opened.page.press("#jump", "Enter")
    opened.page.wait_for_function("() => document.querySelector('nav a[aria-current]').hash === '#page-3'")
    opened.page.click('nav a[href="#page-2"]')
    opened.page.wait_for_function(at_top, arg=2)
    opened.page.locator("body").press("p")
    opened.page.wait_for_function(at_top, arg=1)
    opened.page.keyboard.press("/")
    assert opened.page.evaluate("document.activeElement.id") == "search"
    opened.page.keyboard.press("Escape")
    opened.page.keyboard.press("j")
    assert opened.page.locator(".entry.at").count() == 1
    opened.page.keyboard.press("g")
    assert opened.page.evaluate("document.activeElement.id") == "jump"
    opened.page.fill("#jump", "99")
    opened.page.press("#jump", "Enter")
    assert opened.status() == "There is no page 99 here."


def test_a_filter_goes_on_where_one_read(open_page: Any) -> None:
    """What was in sight is hidden: the next page with something to show comes there, and its number is told."""
    opened = open_page(report())
    opened.page.fill("#jump", "2")
    opened.page.press("#jump", "Enter")
    opened.page.wait_for_function("() => scrollY > 100")
    opened.page.click('.chip[data-category="paragraph"]')
    opened.page.wait_for_function("() => Math.abs(document.getElementById('page-3').getBoundingClientRect().top) < 120")

    assert opened.page.input_value("#jump") == "3"
    opened.page.keyboard.press("Escape")
    opened.page.evaluate("scrollTo(0, 0)")
    opened.page.click('.chip[data-category="table"]')
    opened.page.wait_for_function("() => document.getElementById('jump').value === '2'")


def test_a_box_and_its_text_show_each_other(open_page: Any) -> None:
    opened = open_page(report())
    opened.page.hover("#element-1 .name")
    assert "on" in str(opened.page.get_attribute("#box-1", "class")).split()
    opened.page.click("#box-0")
    assert "at" in str(opened.page.get_attribute("#element-0", "class")).split()
    opened.search("Maehyang")
    opened.page.evaluate("document.querySelector('#element-1 .name').click()")
    assert len(opened.shown()) == 6, "a link to what is hidden shows it"


def test_the_picture_stays_in_sight_while_texts_scroll(open_page: Any) -> None:
    elements = [
        Element(number, 1, "paragraph", text=f"Line {number}. " * 40, coordinates=box(0.1, 0.1, 0.9, 0.2))
        for number in range(30)
    ]
    html = "".join(view_html(parsed(*elements), white()))
    for viewport in (WIDE, PHONE):
        opened = open_page(html, viewport)
        opened.page.evaluate("scrollTo(0, 1500)")
        opened.page.wait_for_function("() => scrollY > 1000")
        sheet, header = opened.rect(".sheet"), opened.rect("header")

        assert sheet["y"] >= header["bottom"]
        assert sheet["bottom"] <= viewport["height"]
        assert sheet["height"] > 200


def test_nothing_is_wider_than_a_phone(open_page: Any) -> None:
    long = "extraordinarily-" * 40
    elements = [
        *REPORT,
        Element(6, 3, long, text=long + "불가분" * 200, sub_category=long, coordinates=box(0, 0, 1, 1)),
        Element(7, 3, "table", html=f"<table><tr>{f'<td>{long}</td>' * 30}</tr></table>"),
        Element(8, 3, "equation", text="$$" + "a+" * 400 + "b$$"),
        Element(9, 3, "code", text="x = " + "y" * 3000),
    ]
    made = parsed(*elements, source=f"{long}.pdf", pages=3, warnings=(PageWarning(1, long),))
    places = [Place(page=1, boxes=((0.1, 0.1, 0.3, 0.2),), precision="words", note=long, category=long)]
    chunks = [Record("1", long, {"category": long, "headings": long, "page": 1}), *chunk_elements(made)]
    html = "".join(view_html(made, make_pdf("a", 3), width=300, places=places, chunks=chunks))
    opened = open_page(html, PHONE, has_touch=True, is_mobile=True)

    assert opened.overflow() == 0
    opened.page.click('.modes [data-mode="elements"]')
    assert opened.overflow() == 0
    opened.search("불가분")
    assert opened.overflow() == 0
    assert opened.rect("h1")["right"] <= PHONE["width"]
    for control in ("#search", "#jump", "#theme"):
        rect = opened.rect(control)
        assert rect["x"] >= 0
        assert rect["right"] <= PHONE["width"]
        assert rect["height"] >= 32, "a finger hits it"


CONTRAST = """selector => {
  const light = colour => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  return [...document.querySelectorAll(selector)].slice(0, 40).map(node => {
    let behind = node;
    while (/, 0\\)$|transparent/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
    const a = light(getComputedStyle(node).color), b = light(getComputedStyle(behind).backgroundColor);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) }) }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_are_readable_in_light_and_dark(open_page: Any, scheme: str) -> None:
    opened = open_page(report(chunks=list(chunk_elements(parsed(*REPORT, pages=3)))), color_scheme=scheme)
    background = "getComputedStyle(document.body).backgroundColor"
    before = opened.page.evaluate(background)

    for selector in (
        "h1, h2, .facts, nav a, .chip, .chip b, .jump",
        ".chunk pre, .chunk .head, .path, .parts a, .facts",
    ):
        assert min(opened.page.evaluate(CONTRAST, selector)) >= 4.5, selector
    opened.page.click('.modes [data-mode="elements"]')
    assert min(opened.page.evaluate(CONTRAST, ".entry pre, .entry .name, .entry .id, td, th, .modes button")) >= 4.5
    opened.page.click("#theme")
    assert opened.page.evaluate(background) != before


def test_controls_have_names_and_pages_are_landmarks(open_page: Any) -> None:
    opened = open_page(report(chunks=list(chunk_elements(parsed(*REPORT, pages=3)))))
    tree = opened.page.locator("body").aria_snapshot()

    for line in ('searchbox "Search the texts"', 'spinbutton "Page of 3"', 'button "Dark or light"', "main:",
                 'navigation "Pages"', 'region "Page 1"', 'heading "report.pdf" [level=1]', 'img "Page 1"',
                 'group "Show only these categories"', 'button "Chunks" [pressed]'):  # fmt: skip
        assert line in tree, f"{line} is not in\n{tree}"
    assert opened.page.evaluate("document.documentElement.lang") == "en"
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.className") == "skip"


def test_all_can_be_read_without_the_script(open_page: Any) -> None:
    opened = open_page(report(), java_script_enabled=False)

    assert opened.page.locator("#element-1 pre").inner_text() == "Four sites turn with the current."
    assert opened.page.locator("#element-2 td").first.is_visible()
    assert not opened.page.locator("#search").is_visible(), "what would do nothing is not there"


def test_chunks_are_groups_of_elements(open_page: Any) -> None:
    chunks = list(chunk_elements(parsed(*REPORT, pages=3), chunk_size=120))
    opened = open_page(report(chunks=chunks))
    first = opened.page.locator("#chunk-1")

    assert opened.shown() == []
    assert len(opened.shown(".chunk")) == len(chunks)
    assert first.locator("pre").inner_text() == chunks[0].text, "the text that would be embedded, as it is"
    assert f"{len(chunks[0].text)} characters" in first.inner_text()
    first.locator("pre").hover()
    lit = opened.page.evaluate("[...document.querySelectorAll('.box.on')].map(box => box.id)")
    assert lit == [f"box-{number}" for number in str(first.get_attribute("data-elements")).split()]
    opened.page.click("#box-2")
    at = opened.page.locator(".chunk.at")
    assert "2" in str(at.get_attribute("data-elements")).split()
    opened.search("Norabi")
    assert opened.status() == f"1 of {len(chunks)} chunks on 1 page"
    opened.page.click('.modes [data-mode="elements"]')
    assert opened.shown() == ["element-2"]


def test_places_are_marked_and_reached(open_page: Any) -> None:
    places = [
        Place(page=3, boxes=((0.1, 0.2, 0.5, 0.25), (0.1, 0.25, 0.3, 0.3)), precision="words", category="paragraph"),
        Place(page=2, precision="page", note="Only the page is known."),
        Place(note="Nobody knows."),
    ]
    opened = open_page(report(places=places))
    sheet, mark = opened.rect("#page-3 .sheet"), opened.rect("#place-1")

    assert mark["x"] == pytest.approx(sheet["x"] + 0.1 * sheet["width"], abs=0.6)
    assert mark["width"] == pytest.approx(0.4 * sheet["width"], abs=0.6)
    assert opened.page.locator("#page-3 .place").count() == 2
    assert 0 < mark["y"] < WIDE["height"], "the first place is in sight when the page opens"
    assert opened.page.locator(".places li").all_inner_texts() == [
        "p. 3, paragraph",
        "p. 2 Only the page is known.",
        "place unknown Nobody knows.",
    ]


def test_a_place_that_is_an_element_is_reached_from_among_chunks(open_page: Any) -> None:
    chunks = list(chunk_elements(parsed(*REPORT, pages=3)))
    opened = open_page(report(chunks=chunks, places=[Place(page=3, element_id=5, category="list", precision="page")]))
    opened.page.click(".places a")

    assert opened.page.get_attribute("body", "data-mode") == "elements"
    assert 0 < opened.rect("#element-5")["y"] < WIDE["height"]


HOSTILE = {
    "script": "<script>hacked()</script>",
    "script in capitals": "<ScRiPt\x0c>hacked()</sCrIpT\n>",
    "end of our script": "</script><script>hacked()</script>",
    "end of our style": "</style><script>hacked()</script><style>*{display:none}",
    "end of a text": "</pre></li></ol></main></body><script>hacked()</script>",
    "picture with an error": "<img src=x onerror=hacked()>",
    "picture in quotes": "\"><img src='x' onerror='hacked()'>",
    "single quotes": "' onmouseover='hacked()' autofocus onfocus='hacked()",
    "double quotes": '" onmouseover="hacked()" style="position:fixed;inset:0" x="',
    "svg": "<svg onload=hacked()><animate onbegin=hacked() attributeName=x dur=1s>",
    "svg script": '<svg><script href="data:text/javascript,hacked()"/></svg>',
    "link": "<a href='javascript:hacked()' id=x>click</a>",
    "link in disguise": "<a href='&#106;ava&#9;script:hacked()'>click</a>",
    "data address": "<iframe src='data:text/html,<script>parent.hacked()</script>'></iframe>",
    "srcdoc": "<iframe srcdoc='<script>parent.hacked()</script>'></iframe>",
    "object": "<object data='javascript:hacked()'></object><embed src='http://a.invalid/x.swf'>",
    "base": "<base href='http://a.invalid/'><link rel=stylesheet href=http://a.invalid/x.css>",
    "refresh": "<meta http-equiv=refresh content='0;url=http://a.invalid/'>",
    "form": "<form action='http://a.invalid/' id=search><input name=x autofocus onfocus=hacked()><button>",
    "style": "<style>@import 'http://a.invalid/x.css'; body{display:none}</style>",
    "style attribute": '<p style="background:url(http://a.invalid/x);position:fixed;inset:0;z-index:99">over</p>',
    "table with handlers": "<table onclick=hacked() style='position:fixed'><tr><td onmouseover=hacked() "
    "background=http://a.invalid/x><img src=http://a.invalid/y onerror=hacked()>cell</td></tr></table>",
    "table in a table": "<table><tr><td><table><tr><td></table></table></table><script>hacked()</script>",
    "mutation": "<table><math><mi><mglyph><style><img src=x onerror=hacked()></style></mglyph></mi></math></table>",
    "mutation by noscript": "<table><noscript><p title='</noscript><img src=x onerror=hacked()>'></table>",
    "comment": "<!--><img src=x onerror=hacked()>--><table><!-- <tr><td> --><tr><td>x</td></tr></table>",
    "equation": "$$\\href{javascript:hacked()}{x} \\style{position:fixed}{y} \\text{<img src=x onerror=hacked()>}$$",
    "equation in a cell": "<table><tr><td>\\(\\text{</math><img src=x onerror=hacked()>}\\)</td></tr></table>",
    "equation that covers": "$$\\rule{9999em}{9999em}\\hspace{99999em}x$$",
    "template": "{{constructor.constructor('hacked()')()}} ${hacked()} <%= hacked() %> #{hacked()}",
    "names of the page": "<i id=search></i><i name=getElementById></i><i id=status></i><i id=CSS></i>",
    "JSON": '{"a": "</script><script>hacked()</script>", "__proto__": {"x": 1}}',
    "control characters": "a\x00b\x01c\x1b[31md\x85e\ufffe\ud800f",
    "direction": "\u202egnp.exe\u2066\u2067 left \u202d\u200f",
    "line separators": "a\u2028hacked()\u2029b\rc",
    "very long word": "W" * 20_000,
    "many marks": "Z" + "\u0335\u0489" * 400,
    "entities": "&lt;script&gt;hacked()&lt;/script&gt; &#x3c;script&#x3e; &amp;lt; &notit;",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_do_nothing(open_page: Any, name: str) -> None:
    """Wherever a document's word goes: texts, markup, categories, names, headings, chunks, warnings, places."""
    text = HOSTILE[name]
    elements = (
        Element(0, 1, "heading1", text=text, coordinates=box(0.1, 0.1, 0.9, 0.2)),
        Element(1, 1, text, sub_category=text, text=text, coordinates=box(0.1, 0.2, 0.9, 0.3)),
        Element(2, 1, "table", html=text, coordinates=box(0.1, 0.3, 0.9, 0.4)),
        Element(3, 1, "table", html=f"<table><tr><td>{text}</td></tr></table>"),
        Element(4, 1, "table", markdown=f"| a |\n| --- |\n| {text} |"),
        Element(5, 1, "equation", text=text),
        Element(6, 1, "chart", html=f"<figure><table><tr><td title='{text}'>{text}</td></tr></table></figure>"),
        Element(7, 1, "paragraph", text="An innocent text."),
    )
    made = parsed(*elements, source=f"folder/{text}.pdf", warnings=(PageWarning(1, text),))
    made = ParsedDocument(made.source, "", text, elements, total_pages=1, warnings=made.warnings)
    chunks = [Record("1", text, {"page": 1, "headings": text, "categories": text, "spans": text, "element_id": 1})]
    places = [Place(page=1, category=text, note=text, boxes=((0.1, 0.1, 0.2, 0.2),))]
    html = "".join(view_html(made, white(), chunks=chunks, places=places))
    opened = open_page(html)
    for mode in ("elements", "chunks"):
        opened.page.click(f'.modes [data-mode="{mode}"]')
        opened.search(text[:200].strip() or "x")
        opened.page.keyboard.press("Escape")
    for chip in range(opened.page.locator(".chip").count()):
        opened.page.evaluate("number => document.querySelectorAll('.chip')[number].click()", chip)
    opened.page.keyboard.press("Escape")
    opened.page.evaluate("for (const a of document.querySelectorAll('a')) a.dispatchEvent(new Event('mouseover'))")

    assert opened.events == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:image/jpeg"))] == []
    assert len([url for url in opened.requests if url.startswith("file:")]) == 1
    counts = opened.page.evaluate(
        """() => ({
          scripts: document.scripts.length, styles: document.querySelectorAll('style, link').length,
          metas: document.querySelectorAll('meta').length,
          foreign: document.querySelectorAll(
            'iframe, object, embed, form, base, svg, video, audio, source, template').length,
          pictures: document.images.length, handlers: [...document.querySelectorAll('*')].flatMap(node =>
            [...node.attributes].filter(one => /^on/i.test(one.name)).map(one => one.name)),
          addresses: [...document.querySelectorAll('[href], [src], [action]')].map(node =>
            node.getAttribute('href') ?? node.getAttribute('src')).filter(one => !/^(#|data:image\\/jpeg)/.test(one)),
          entries: document.querySelectorAll('.elements > .entry').length,
          ids: [...document.querySelectorAll('[id]')].map(node => node.id),
          fixed: [...document.querySelectorAll('.body *')].filter(node =>
            getComputedStyle(node).position === 'fixed').length,
        })"""
    )
    ids = counts.pop("ids")
    assert len(ids) == len(set(ids)), "no name of the page is taken twice"
    assert counts == {
        "scripts": 1, "styles": 1, "metas": 4, "foreign": 0, "pictures": 1, "handlers": [], "addresses": [],
        "entries": len(elements), "fixed": 0,
    }  # fmt: skip
    opened.page.click('.modes [data-mode="elements"]')
    assert opened.page.locator("#element-7 pre").inner_text() == "An innocent text."
    assert opened.page.locator("#element-7 pre").is_visible()
    assert opened.overflow() == 0
    assert opened.rect("#element-1 .name")["x"] < opened.rect("#element-1 .id")["x"], "no name turns its line"


def test_an_answer_cannot_turn_what_stands_beside_it(open_page: Any) -> None:
    """A name that would write from right to left is isolated: what follows it stays where it is."""
    turned = "\u202eevil"
    made = parsed(
        Element(0, 1, turned, sub_category=turned, text="x", coordinates=box(0, 0, 1, 1)), source=f"{turned}.pdf"
    )
    made = ParsedDocument(made.source, "", turned, made.elements, total_pages=1)
    opened = open_page("".join(view_html(made, white())))
    order = opened.page.evaluate(
        """() => { const chip = document.querySelector('.chip'); const x = node => node.getBoundingClientRect().x;
          const facts = document.querySelector('.about .facts'); const range = new Range();
          range.setStart(facts.firstChild, 0); range.setEnd(facts.firstChild, 6);
          return [x(chip.querySelector('bdi')) < x(chip.querySelector('b')),
                  x(range) < x(facts.querySelector('bdi'))] }"""
    )

    assert order == [True, True]


def test_pictures_beside_the_page_are_loaded_when_they_come_into_sight(open_page: Any, tmp_path: Path) -> None:
    elements = [Element(n, n, "paragraph", text=f"Page {n}", coordinates=box(0.1, 0.1, 0.5, 0.2)) for n in range(1, 61)]
    target = tmp_path / "ein Bericht #1 100%.html"
    folder = write_view(parsed(*elements, pages=60), make_pdf("a", 60), target, width=300)
    opened = open_page(target)
    opened.page.wait_for_function("() => document.images[0].naturalWidth === 300")

    assert folder == tmp_path / "ein Bericht #1 100%_pages"
    assert len(list(folder.iterdir())) == 60
    loaded = [url for url in opened.requests if url.endswith(".jpg")]
    assert 1 <= len(loaded) < 30
    assert opened.events == []


@pytest.mark.slow
def test_a_thousand_pages_open_and_scroll(open_page: Any, tmp_path: Path) -> None:
    """Fifteen elements each: it opens in seconds, finds one word, and lands where one jumps to."""
    elements = [
        Element(
            page * 15 + row, page + 1, "paragraph" if row else "heading1", text=f"Row {row} of leaf {page + 1}. " * 8,
            coordinates=box(0.1, row / 16, 0.9, (row + 0.8) / 16),
        )
        for page in range(1000)
        for row in range(15)
    ]  # fmt: skip
    target = tmp_path / "thousand.html"
    write_view(parsed(*elements, pages=1000), make_pdf("a", 1000), target, width=400)
    opened = open_page(target)

    assert target.stat().st_size < 20_000_000, "texts stay in the page, pictures do not"
    assert len([url for url in opened.requests if url.endswith(".jpg")]) < 50
    assert (
        opened.page.evaluate("performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart")
        < 20_000
    )
    at_top = "number => Math.abs(document.getElementById('page-' + number).getBoundingClientRect().top) < 120"
    opened.page.fill("#jump", "700")
    opened.page.press("#jump", "Enter")
    opened.page.wait_for_function(at_top, arg=700)
    opened.page.wait_for_function("() => document.querySelector('#page-700 img').naturalWidth > 0")
    opened.page.mouse.wheel(0, 3000)
    opened.page.wait_for_function("() => +document.querySelector('nav a[aria-current] b').textContent > 700")
    opened.search("row 7 of leaf 937.")
    assert opened.status() == "1 of 15,000 elements on 1 page"
    opened.page.press("#search", "Enter")
    assert 0 < opened.rect(".entry.at")["y"] < WIDE["height"]
    assert opened.events == []
