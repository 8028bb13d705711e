"""What each rule of the local engine gains: the scores of sets of pages with all rules, less those without one.

`python benchmarks/local_quality.py FOLDER --ablate` runs it. The engine has no switches: a rule is taken out here, by
putting something that does nothing in the place of its function. What the PDF library reads, and what is recognised, is
kept over all runs; only answers that change are scored anew.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import re
import runpy
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from upstage_docs.local.answer_writer import write_answer
from upstage_docs.local.pdf import library
from upstage_docs.local.pdf.document import Recognise, read_pdf
from upstage_docs.local.pdf.pdfium import PdfPages
from upstage_docs.local.refusal import Refusal

FORMATS = ("html", "markdown", "text")
NEVER = re.compile(r"(?!)")
MARKDOWN = ("overall", "nid", "teds", "mhs")
ELEMENTS = ("category", "recall")
TABLES = ("f1",)
LEAST = 0.0005
"""A smaller gain is not shown."""
PDF = "upstage_docs.local.pdf."


class Rule(NamedTuple):
    """A rule by its name, and what stands in its place when it is taken out: `module.attribute` → what is put there."""

    name: str
    without: dict[str, Any]


def nothing(*_: Any, **__: Any) -> bool:
    return False


def no_items(*_: Any, **__: Any) -> list[Any]:
    return []


def first(things: Any, *_: Any, **__: Any) -> Any:
    """Return what the rule was given, as it was."""
    return things


def as_list(things: Sequence[Any], *_: Any, **__: Any) -> list[Any]:
    return list(things)


def none_found(lines: Sequence[Any], *_: Any, **__: Any) -> tuple[list[Any], list[Any]]:
    return [], list(lines)


def by_place(boxes: Sequence[Any], *_: Any, **__: Any) -> list[int]:
    return sorted(range(len(boxes)), key=lambda number: (boxes[number][1], boxes[number][0]))


def font_box(_: str, baseline: float, size: float) -> tuple[float, float]:
    return baseline - 0.95 * size, baseline + 0.25 * size


def one_paragraph(stack: Sequence[Any]) -> list[Any]:
    from upstage_docs.local.pdf.paragraphs import Paragraph

    return [Paragraph(stack)]


def at_any_pitch(stack: Sequence[Any], line: Any, _: Any) -> bool:
    last = stack[-1]
    alike = abs(last.size - line.size) <= 0.11 * max(last.size, line.size)
    return bool(line.baseline - last.baseline < 1.8 * line.size and alike and (last.bold > 0.9) == (line.bold > 0.9))


def rules(*, ocr: bool = False) -> list[Rule]:
    """Return the rules that can be taken out; those on recognised words only where words are recognised."""
    found = [
        Rule("paragraphs end where the pitch of the lines changes", {"paragraphs._continues": at_any_pitch}),
        Rule("paragraphs are cut at indents, markers and short lines", {"paragraphs._cut": one_paragraph}),
        Rule("headings: by size, weight, capitals and numbers", {"categories.is_heading": nothing}),
        Rule("headings: section numbers", {"headings._SECTION": NEVER}),
        Rule("headings: a font or colour of their own", {"categories.standing_out": lambda *_: set()}),
        Rule("headings: the size of the body on pages of few words", {"categories._is_title_page": nothing}),
        Rule("reading order: an XY cut", {"layout.reading_order": by_place}),
        Rule("reading order: bands that share a gutter are columns", {"order._share_columns": first}),
        Rule("columns: stripes of white", {"columns._striped": lambda *_: set()}),
        Rule("columns: words that line up", {"columns._aligned": lambda *_: set()}),
        Rule("columns: blocks of the library", {"layout._library_blocks": lambda _, words: [-1] * len(words)}),
        Rule("lines of justified text are closed up", {"lines._closed_up": lambda _, cut, __: cut}),
        Rule("a section number at a tab stop belongs to its title", {"lines._hangs": nothing}),
        Rule("tables of contents", {"layout.contents_of": none_found}),
        Rule("captions", {"categories._captions": as_list}),
        Rule("running headers, footers and page numbers", {"categories.headers_and_footers": as_list}),
        Rule("footnotes", {"categories.footnotes": as_list}),
        Rule("formulas written as text", {"categories.formulas": as_list}),
        Rule("formulas drawn as outlines", {"regions._drawn_formulas": no_items}),
        Rule("formulas drawn within a line", {"layout._inline": lambda parts, _: (list(parts), [])}),
        Rule("listings of code", {"layout.listings_of": none_found}),
        Rule("drawn bullets", {"layout.bullets_of": no_items}),
        Rule("legends beside drawings", {"regions.legend_of": no_items}),
        Rule("labels beside drawings", {"regions._with_labels": first}),
        Rule("drawings are charts and figures", {"regions._is_picture": nothing}),
        Rule("low drawings of labelled boxes are pictures", {"regions._is_flow": nothing}),
        Rule("text over a bitmap is text", {"regions._is_ground": nothing}),
        Rule("text over a drawing is text", {"regions._holds_prose": nothing}),
        Rule("the ground of a slide is no picture", {"regions._is_page_ground": nothing}),
        Rule("tables: full grids of rules", {"tables.tables.lattice_tables": no_items}),
        Rule("tables: rules above and below", {"tables.tables.ruled_tables": no_items}),
        Rule("tables: one that holds sentences is text", {"tables.tables._is_prose": nothing}),
        Rule("tables: one that holds lines of text is text", {"tables.tables._is_text": nothing}),
        Rule("tables: one whose columns are text is text", {"tables.tables._is_columns_of_text": nothing}),
        Rule("tables: contents are none", {"tables.tables._is_contents": nothing}),
        Rule("tables: a filled band above is the header", {"tables.tables._with_drawn_header": first}),
        Rule("tables: a grid in the place of a part of it", {"tables.tables._completed": lambda kept, _, __: kept}),
        Rule("tables: a title above is not the first row", {"tables.library_tables._without_title": title_kept}),
        Rule("tables: rows are joined where no rule parts them", {"tables.library_tables._joined": as_list}),
        Rule("boxes of the ink, not of the font", {"layout.ink": font_box}),
        Rule("spaces, signs and cuts at rules as in the file", {"layout.restored": as_list}),
        Rule("letters that the library left out", {"document._left_out": no_items}),
        Rule("pages of which the library drops many letters", {"document.drops_letters": nothing}),
        Rule("pages that lie on a side", {"library._lies_at": nothing}),
        Rule("slanted letters are no turned text", {"layout._SLANT": 0.0}),
        Rule("lines repeated over pages", {"document.repeated": lambda _: frozenset()}),
    ]
    if ocr:
        found += [
            Rule("words in pictures", {"document._labelled": first}),
            Rule("recognised words have a weight", {"scanned_pages.are_heavy": lambda _, words: [False] * len(words)}),
        ]
    return found


def title_kept(rows: list[Any], _: Any, inside: Sequence[int]) -> tuple[list[Any], set[int]]:
    return rows, set(inside)


@contextmanager
def without(rule: Rule) -> Iterator[None]:
    """Take a rule out of the engine."""
    with ExitStack() as back:
        for place, instead in rule.without.items():
            _put(back, PDF + place, instead)
        yield


def _put(back: ExitStack, place: str, instead: Any) -> None:
    module_name, _, attribute = place.rpartition(".")
    module = importlib.import_module(module_name)
    back.callback(setattr, module, attribute, getattr(module, attribute))
    setattr(module, attribute, instead)


@contextmanager
def library_read_once() -> Iterator[None]:
    """Keep what the PDF library reads, and the files that pdfium has open, as long as this lasts."""
    read: dict[Any, Any] = {}
    opened: dict[bytes, PdfPages] = {}
    real_parse, real_close = library.parse_pages, PdfPages.close

    def parse_pages(data: bytes, numbers: Sequence[int], turned: dict[int, int]) -> dict[int, Any]:
        key = hashlib.sha256(data).digest(), tuple(numbers), tuple(sorted(turned.items()))
        if key not in read:
            read[key] = real_parse(data, numbers, turned)
        return dict(read[key])

    def open_pages(data: bytes) -> PdfPages:
        key = hashlib.sha256(data).digest()
        if key not in opened:
            opened[key] = PdfPages(data)
        return opened[key]

    with ExitStack() as back:
        _put(back, PDF + "library.parse_pages", parse_pages)
        _put(back, PDF + "scanned_pages.parse_pages", parse_pages)
        _put(back, PDF + "document.PdfPages", open_pages)
        PdfPages.close = lambda _: None  # type: ignore[method-assign]
        try:
            yield
        finally:
            PdfPages.close = real_close  # type: ignore[method-assign]
            for pages in opened.values():
                pages.close()


def once(recognise: Recognise | None) -> Recognise | None:
    """Return what recognises each image once."""
    if recognise is None:
        return None
    known: dict[bytes, Any] = {}

    def remembered(image: Any) -> Any:
        key = hashlib.sha256(image.tobytes()).digest()
        if key not in known:
            known[key] = recognise(image)
        return known[key]

    return remembered


class Pages:
    """A set of documents with their truth.

    Args:
        name: What heads its columns.
        folder: Holds `pdfs/`, `markdown/`, `reference.json` and `words.json`; of the ICDAR set, PDFs and `-str.xml`.
        scorer: The folder of `score.py` and `icdar.py`.
        only: The stems of its documents; all if empty.
    """

    def __init__(self, name: str, folder: Path, scorer: Path, only: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.folder, self.scorer = folder, scorer
        self.of_icdar = not (folder / "pdfs").is_dir()
        found = sorted((folder if self.of_icdar else folder / "pdfs").glob("*.pdf"))
        self.documents = {path.stem: path.read_bytes() for path in found if not only or path.stem in only}
        self.figures = TABLES if self.of_icdar else (*MARKDOWN, *ELEMENTS)
        self._scored: dict[str, tuple[str, dict[str, float]]] = {}
        self._total: tuple[int, dict[str, float]] = 0, {}
        if not self.of_icdar:
            self._truth = json.loads((folder / "reference.json").read_text("utf-8"))
            self._words = json.loads((folder / "words.json").read_text("utf-8"))

    def scores(self, ocr: Recognise | None, labels: Recognise | None) -> dict[str, float]:
        """Read all documents and score them."""
        answers = {name: _answer(data, ocr, labels) for name, data in self.documents.items()}
        key = hash(tuple(json.dumps(answer) for answer in answers.values()))
        if key != self._total[0]:
            self._total = key, self._tables(answers) if self.of_icdar else self._pages(answers)
        return self._total[1]

    def _tables(self, answers: dict[str, dict[str, Any]]) -> dict[str, float]:
        """Return the F1 of neighbouring cells by the scorer of the set; its TEDS, which takes minutes, is left out."""
        score = _scorer(self.scorer)
        told = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, ExitStack() as back:
            for name, answer in answers.items():
                Path(folder, f"{name}.json").write_text(json.dumps(answer), "utf-8")
            _put(back, f"{score.__name__}.tree_similarity", lambda *_: 0.0)
            _put(back, "sys.argv", ["icdar.py", folder, str(self.folder)])
            back.enter_context(redirect_stdout(told))
            runpy.run_path(str(self.scorer / "icdar.py"))
        return {name: float(json.loads(told.getvalue().splitlines()[-1])[name]) for name in TABLES}

    def _pages(self, answers: dict[str, dict[str, Any]]) -> dict[str, float]:
        score = _scorer(self.scorer)
        for name, answer in answers.items():
            text = answer["content"]["markdown"]
            if self._scored.get(name, (None,))[0] != text:
                truth = (self.folder / "markdown" / f"{name}.md").read_text("utf-8")
                self._scored[name] = text, score.score_markdown(truth, text)
        rows = [self._scored[name][1] for name in answers]
        means = {key: [row[key] for row in rows if key in row] for key in MARKDOWN}
        elements = score.score_elements(
            (score.boxes(self._truth[f"{name}.pdf"]), score.boxes(answers[name]), self._words[name]) for name in answers
        )
        return {key: sum(values) / max(len(values), 1) for key, values in means.items()} | {
            key: elements[key] for key in ELEMENTS
        }


def _scorer(folder: Path) -> Any:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module("score")


def _answer(data: bytes, ocr: Recognise | None, labels: Recognise | None) -> dict[str, Any]:
    try:
        pages = list(read_pdf(data, ocr=ocr, labels=labels))
    except Refusal:
        pages = []
    answer: dict[str, Any] = write_answer(pages, model="local", output_formats=FORMATS, coordinates=True)
    return answer


def ablate(
    sets: Sequence[Pages],
    ocr: Recognise | None,
    labels: Recognise | None,
    tell: Callable[[str], None],
    *,
    named: str = "",
) -> dict[str, dict[str, float]]:
    """Tell, as a table of Markdown, the scores of each set with all rules and what each rule gains on it.

    Args:
        sets: Of pages.
        ocr: What recognises pages, None to leave those without text unread.
        labels: What recognises words in pictures.
        tell: Takes each line of the table.
        named: An expression that the names of the rules match; all rules if empty.

    Returns:
        The gains of each rule, by set and score; those of "all rules" are the scores themselves.
    """
    ocr, labels = once(ocr), once(labels)
    numbers: dict[str, dict[str, float]] = {}
    columns = [f"{pages.name} {figure}" for pages in sets for figure in pages.figures]
    tell(f"| rule | {' | '.join(columns)} |")
    tell("|---|" + "---|" * len(columns))
    with library_read_once():
        whole = [pages.scores(ocr, labels) for pages in sets]
        told = [f"{scores[figure]:.4f}" for scores, pages in zip(whole, sets, strict=True) for figure in pages.figures]
        numbers["all rules"] = {
            f"{pages.name} {figure}": scores[figure]
            for scores, pages in zip(whole, sets, strict=True)
            for figure in pages.figures
        }
        tell(f"| **all rules** | {' | '.join(told)} |")
        for rule in rules(ocr=ocr is not None):
            if re.search(named, rule.name) is None:
                continue
            with without(rule):
                left = [pages.scores(ocr, labels) for pages in sets]
            gains = [
                full[figure] - rest[figure]
                for full, rest, pages in zip(whole, left, sets, strict=True)
                for figure in pages.figures
            ]
            numbers[rule.name] = dict(zip(columns, gains, strict=True))
            tell(f"| {rule.name} | {' | '.join(f'{g:+.4f}' if abs(g) >= LEAST else '' for g in gains)} |")
    return numbers
