"""What each rule of the local engine gains: the scores of sets of pages with all rules, less those without one.

`python benchmarks/local_quality.py FOLDER --ablate` runs it. The engine has no switches: a rule is taken out here, by
putting something that does nothing in the place of its function. With all rules in force, each is watched: only the
documents in which it does something are read again without it. What the PDF library reads, and what is recognised, is
kept over all runs.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import io
import json
import pkgutil
import re
import runpy
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from upstage_docs.local import pdf
from upstage_docs.local.answer_writer import write_answer
from upstage_docs.local.pdf import library, pdfium
from upstage_docs.local.pdf.document import Recognise, read_pdf
from upstage_docs.local.pdf.pdfium import PdfPages
from upstage_docs.local.refusal import Refusal

FORMATS = ("html", "markdown", "text")
NEVER = re.compile(r"(?!)")
MARKDOWN = ("overall", "nid", "teds", "mhs")
ELEMENTS = ("category", "recall")
TABLES = ("f1",)
CHANGED = "changed"
CHANGES = re.compile(r"_(?:with|.*ed(?:_|$))")
"""Names of functions that return what they are given, changed; others return what they find in it."""
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


def no_set(*_: Any, **__: Any) -> set[Any]:
    return set()


def no_thing(*_: Any, **__: Any) -> None:
    return None


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
        *_of_lines(),
        *_of_categories(),
        *_of_margins(),
        *_of_pictures(),
        *_of_tables(),
        *_of_the_file(),
    ]
    if ocr:
        found += [
            Rule("words in pictures", {"document._labelled": first}),
            Rule("recognised words have a weight", {"scanned_pages.are_heavy": lambda _, words: [False] * len(words)}),
        ]
    return found


def _of_lines() -> list[Rule]:
    return [
        Rule("paragraphs end where the pitch of the lines changes", {"paragraphs._continues": at_any_pitch}),
        Rule("paragraphs are cut at indents, markers and short lines", {"paragraphs._cut": one_paragraph}),
        Rule("paragraphs end at a ruled line", {"paragraphs._ruled": nothing}),
        Rule("paragraphs begin with words in bold", {"layout.cut_at_weights": first}),
        Rule("paragraphs begin with a drop cap", {"layout.with_drop_caps": first}),
        Rule("reading order: an XY cut", {"layout.reading_order": by_place}),
        Rule("reading order: bands that share a gutter are columns", {"order._share_columns": first}),
        Rule("columns: stripes of white", {"columns._striped": no_set}),
        Rule("columns: words that line up", {"columns._aligned": no_set}),
        Rule("columns: blocks of the library", {"layout._library_blocks": lambda _, words: [-1] * len(words)}),
        Rule("lines of justified text are closed up", {"lines._closed_up": lambda _, cut, __: cut}),
        Rule("a section number at a tab stop belongs to its title", {"lines._hangs": nothing}),
        Rule("words of another font and size are of another line", {"lines._differ": nothing}),
        Rule("boxes of the ink, not of the font", {"layout.ink": font_box}),
    ]


def _of_categories() -> list[Rule]:
    return [
        Rule("headings: by size, weight, capitals and numbers", {"categories.is_heading": nothing}),
        Rule("headings: section numbers", {"headings._SECTION": NEVER}),
        Rule("headings: a font or colour of their own", {"categories.standing_out": no_set}),
        Rule("headings: the size of the body on pages of few words", {"categories._is_title_page": nothing}),
        Rule("headings: several numbered ones are several", {"categories._single_headings": lambda part: [part]}),
        Rule("headings: sentences in bold above texts", {"categories.statements": no_set}),
        Rule("headings: lines behind a square", {"categories._is_marked_title": nothing}),
        Rule("headings: the title of a table is none", {"categories._titles_of_tables": no_set}),
        Rule("headings: the date of a title page is none", {"categories._lone_dates": no_set}),
        Rule("headings: authors under the title of a paper are none", {"categories._bylines": no_set}),
        Rule("lists: a number that stands alone makes none", {"categories._without_lone_items": as_list}),
        Rule("tables of contents", {"layout.contents_of": none_found}),
        Rule("tables of contents without page numbers", {"categories._with_contents": as_list}),
        Rule("captions", {"categories._captions": as_list}),
        Rule("formulas written as text", {"categories.formulas": as_list}),
        Rule("formulas drawn as outlines", {"regions._drawn_formulas": no_items}),
        Rule("formulas drawn within a line", {"layout._inline": lambda parts, _: (list(parts), [])}),
        Rule("listings of code", {"layout.listings_of": none_found}),
        Rule("listings of code: a single line", {"listings._is_lone_code": nothing}),
        Rule("numbers of lines are no text", {"layout.line_numbers": no_items}),
        Rule("drawn bullets", {"layout.bullets_of": no_items}),
    ]


def _of_margins() -> list[Rule]:
    return [
        Rule("running headers, footers and page numbers", {"categories.headers_and_footers": as_list}),
        Rule("headers: lines repeated over pages", {"document.repeated": lambda _: frozenset()}),
        Rule("headers: text up the side of a page", {"margins._with_side_lines": as_list}),
        Rule("headers: the section above the title of a slide", {"margins._is_eyebrow": nothing}),
        Rule("headers: a line smaller than the body", {"margins._is_small": nothing}),
        Rule("headers: a title beside a page number", {"margins._is_beside": nothing}),
        Rule("footers: small print above the last line", {"margins._is_small_print": nothing}),
        Rule("footers: a small title with a page number", {"margins._is_numbered_line": nothing}),
        Rule("footnotes", {"categories.footnotes": as_list}),
        Rule("footnotes: numbers that are raised in the text", {"margins._is_referred_to": nothing}),
    ]


def _of_pictures() -> list[Rule]:
    return [
        Rule("drawings are charts and figures", {"regions._is_picture": nothing}),
        Rule("drawings on one grid or one pair of axes are one", {"regions.joined_drawings": as_list}),
        Rule("legends beside drawings", {"regions.legend_of": no_items}),
        Rule("labels beside drawings", {"regions._with_labels": first}),
        Rule("text over a bitmap is text", {"regions._is_ground": nothing}),
        Rule("text over a drawing is text", {"regions._holds_prose": nothing}),
        Rule("the ground of a slide is no picture", {"regions._is_page_ground": nothing}),
        Rule("charts: data of bars and lines", {"regions.measured_chart": no_thing}),
        Rule("charts: data of pies", {"regions.measured_pies": no_items}),
    ]


def _of_tables() -> list[Rule]:
    tables, aligned, ruled = "tables.tables.", "tables.aligned_tables.", "tables.ruled_tables."
    columns = "tables.text_columns."
    return [
        Rule("tables: full grids of ruled lines", {tables + "lattice_tables": no_items}),
        Rule("tables: a wall where texts part", {"tables.ruled_grids._wall_where_text_parts": nothing}),
        Rule("tables: ruled lines above and below", {tables + "ruled_tables": no_items}),
        Rule("tables: texts that line up between ruled lines", {ruled + "aligned_between": no_thing}),
        Rule("tables: texts that line up", {tables + "aligned_tables": no_items}),
        Rule("tables: lines of prose do not line up", {"tables.text_regions.prose_of": lambda t, *_: [False] * len(t)}),
        Rule("tables: a line over several columns is header", {aligned + "_over_columns": no_items}),
        Rule("tables: marks and names set off texts", {tables + "marked_tables": no_items}),
        Rule("tables: a narrow stripe separates columns", {columns + "_parted": as_list}),
        Rule("tables: signs belong to their numbers", {columns + "_without_signs": as_list}),
        Rule("tables: lines of one row that line up are joined", {aligned + "join_lines": as_list}),
        Rule("tables: a grid in the place of a part of it", {tables + "_completed": as_list}),
        Rule(
            "tables: a line that goes on is the rest of its row",
            {"tables.aligned_rows.is_rest": nothing, ruled + "is_rest": nothing},
        ),
        Rule("tables: rows of a band begin where lines break", {"tables.line_rows._rows_by_breaks": no_thing}),
        Rule("tables: several values in a cell are several cells", {tables + "_holds_several_values": nothing}),
        Rule("tables: one that holds sentences is text", {tables + "_is_prose": nothing}),
        Rule("tables: one that holds lines of text is text", {tables + "_is_text": nothing}),
        Rule("tables: one whose columns are text is text", {tables + "_is_columns_of_text": nothing}),
        Rule("tables: addresses side by side are none", {tables + "_is_address": nothing}),
        Rule("tables: a list behind marks is none", {tables + "_has_marks": nothing}),
        Rule("tables: contents are none", {tables + "_is_contents": nothing}),
        Rule("tables: words right above are the header", {tables + "with_header_words": first}),
        Rule("tables: a title above is not the first row", {"tables.library_tables._without_title": title_kept}),
        Rule("tables: rows are joined where no ruled line separates them", {"tables.library_tables._joined": as_list}),
        Rule("tables: lines of numbers in a row are rows", {"tables.library_tables._unfolded": as_list}),
    ]


def _of_the_file() -> list[Rule]:
    return [
        Rule("spaces, signs and cuts at ruled lines as in the file", {"layout.restored": as_list}),
        Rule("capitals that are set apart are closed up", {"restoration._is_set_apart": nothing}),
        Rule("text from right to left in reading order", {"restoration.has_right_to_left": nothing}),
        Rule("letters that the library left out", {"document._left_out": no_items}),
        Rule("notes and form fields are text", {"pdfium.typed_texts": no_items}),
        Rule("text on layers that are switched off is none", {"pdfium.may_hide_layers": nothing}),
        Rule("pages of which the library drops many letters", {"document.drops_letters": nothing}),
        Rule("pages that lie on a side", {"library._lies_at": nothing}),
        Rule("slanted letters are no turned text", {"layout._SLANT": 0.0}),
        Rule("text in the colour of its ground is none", {"document.unseen_boxes": no_items}),
    ]


def found_rules() -> list[Rule]:
    """Return the rules that have no name here: functions of one module alone whose annotations tell what does nothing.

    A question is answered by no, nothing is found, and what is changed stays as it is.
    """
    named = {place for rule in rules(ocr=True) for place in rule.without}
    found = []
    for info in pkgutil.walk_packages(pdf.__path__, PDF):
        module = importlib.import_module(info.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            place = f"{info.name.removeprefix(PDF)}.{name}"
            instead = _doing_nothing(function)
            if name[0] == "_" and function.__module__ == info.name and place not in named and instead is not None:
                found.append(Rule(place, {place: instead}))
    return found


def _doing_nothing(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return what does nothing in the place of a function, by its annotations; None if these do not tell."""
    kinds = dict(function.__annotations__)
    answer, given = kinds.pop("return", ""), next(iter(kinds.values()), "")
    if answer == "bool":
        return nothing
    if answer == given:
        return first
    if answer.startswith("list["):
        changed = answer.removeprefix("list") == given.removeprefix("Sequence") and CHANGES.match(function.__name__)
        return as_list if changed else no_items
    return no_set if answer == "set[int]" else no_thing if answer.endswith(" | None") else None


def title_kept(rows: list[Any], _: Any, inside: Sequence[int]) -> tuple[list[Any], set[int]]:
    return rows, set(inside)


@contextmanager
def without(rule: Rule) -> Iterator[None]:
    """Take a rule out of the engine."""
    with ExitStack() as back:
        for place, instead in rule.without.items():
            _put(back, PDF + place, instead)
        yield


@contextmanager
def watched(rules: Sequence[Rule]) -> Iterator[set[str]]:
    """Gather, as long as this lasts, the names of the rules that do other than what would stand in their places."""
    acting: set[str] = set()
    with ExitStack() as back:
        for rule in rules:
            for place, instead in rule.without.items():
                module_name, _, attribute = (PDF + place).rpartition(".")
                real = getattr(importlib.import_module(module_name), attribute)
                if callable(real) and callable(instead):
                    _put(back, PDF + place, _watching(real, instead, rule.name, acting))
                else:  # a value, which tells nobody that it is used
                    acting.add(rule.name)
        yield acting


def _watching(real: Callable[..., Any], instead: Callable[..., Any], name: str, acting: set[str]) -> Callable[..., Any]:
    def watching(*given: Any, **named: Any) -> Any:
        if name in acting:
            return real(*given, **named)
        other = instead(*given, **named)  # first: the rule itself may write what it is given
        found = real(*given, **named)
        if found != other:
            acting.add(name)
        return found

    return watching


def _put(back: ExitStack, place: str, instead: Any) -> None:
    module_name, _, attribute = place.rpartition(".")
    module = importlib.import_module(module_name)
    back.callback(setattr, module, attribute, getattr(module, attribute))
    setattr(module, attribute, instead)


@contextmanager
def library_read_once() -> Iterator[None]:
    """Keep what the PDF library reads, and the files that pdfium has open, as long as this lasts."""
    read: dict[Any, Any] = {}
    opened: dict[Any, PdfPages] = {}
    real_parse, real_close = library.parse_pages, PdfPages.close

    def parse_pages(data: bytes, numbers: Sequence[int], turned: dict[int, int]) -> dict[int, Any]:
        key = hashlib.sha256(data).digest(), tuple(numbers), tuple(sorted(turned.items()))
        if key not in read:
            read[key] = real_parse(data, numbers, turned)
        return dict(read[key])

    def open_pages(data: bytes) -> PdfPages:
        key = hashlib.sha256(data).digest(), pdfium.may_hide_layers  # which is asked as the file is opened
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
        self._whole: dict[str, dict[str, Any]] = {}
        self._acting: dict[str, set[str]] = {}
        if not self.of_icdar:
            self._truth = json.loads((folder / "reference.json").read_text("utf-8"))
            self._words = json.loads((folder / "words.json").read_text("utf-8"))

    def read(self, rules: Sequence[Rule], ocr: Recognise | None, labels: Recognise | None) -> dict[str, float]:
        """Read all documents, see which of *rules* do something in which, and return the scores."""
        for name, data in self.documents.items():
            with watched(rules) as acting:
                self._whole[name] = _answer(data, ocr, labels)
            self._acting[name] = acting
        self._full = self._scores(self._whole)
        return self._full

    def gains_of(self, rule: Rule, ocr: Recognise | None, labels: Recognise | None) -> dict[str, float]:
        """Read the documents in which a rule does something again without it.

        Returns:
            What its scores lose so, and as `changed` how many answers are others.
        """
        concerned = [name for name, acting in self._acting.items() if rule.name in acting]
        with without(rule):
            again = {name: _answer(self.documents[name], ocr, labels) for name in concerned}
        changed = sum(answer != self._whole[name] for name, answer in again.items())
        scored = any(
            self._scored_part(answer) != self._scored_part(self._whole[name]) for name, answer in again.items()
        )
        left = self._scores(self._whole | again) if scored else self._full
        return {name: self._full[name] - left[name] for name in self.figures} | {CHANGED: changed}

    def _scored_part(self, answer: dict[str, Any]) -> Any:
        """Return what the scorer looks at: of the ICDAR set, the tables alone."""
        if not self.of_icdar:
            return answer
        return [one for one in answer["elements"] if "<table" in one["content"]["html"]]

    def _scores(self, answers: dict[str, dict[str, Any]]) -> dict[str, float]:
        return self._tables(answers) if self.of_icdar else self._pages(answers)

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


def written(value: float) -> str:
    """Return a number of the table: counts as they are, and of scores those that are not too small."""
    if isinstance(value, int):
        return str(value)
    return f"{value:+.4f}" if abs(value) >= LEAST else ""


def ablate(
    sets: Sequence[Pages],
    ocr: Recognise | None,
    labels: Recognise | None,
    tell: Callable[[str], None],
    *,
    named: str = "",
    every: bool = False,
) -> dict[str, dict[str, float]]:
    """Tell, as a table of Markdown, the scores of each set with all rules and what each rule gains on it.

    Args:
        sets: Of pages.
        ocr: What recognises pages, None to leave those without text unread.
        labels: What recognises words in pictures.
        tell: Takes each line of the table.
        named: An expression that the names of the rules match; all rules if empty.
        every: Whether the rules that no name is given here are tried too, by the names of their functions.

    Returns:
        The gains of each rule, by set and score, and the number of answers that it changes; those of "all rules" are
        the scores themselves, and the number of documents.
    """
    ocr, labels = once(ocr), once(labels)
    columns = [f"{pages.name} {figure}" for pages in sets for figure in (*pages.figures, CHANGED)]
    tell(f"| rule | {' | '.join(columns)} |")
    tell("|---|" + "---|" * len(columns))
    numbers: dict[str, dict[str, float]] = {}

    def row(name: str, of_sets: Sequence[dict[str, float]]) -> None:
        numbers[name] = {
            f"{pages.name} {figure}": of_set[figure]
            for pages, of_set in zip(sets, of_sets, strict=True)
            for figure in (*pages.figures, CHANGED)
        }
        tell(f"| {name} | {' | '.join(map(written, numbers[name].values()))} |")

    with library_read_once():
        tried = [*rules(ocr=ocr is not None), *(found_rules() if every else ())]
        chosen = [rule for rule in tried if re.search(named, rule.name)]
        row("all rules", [pages.read(chosen, ocr, labels) | {CHANGED: len(pages.documents)} for pages in sets])
        for rule in chosen:
            row(rule.name, [pages.gains_of(rule, ocr, labels) for pages in sets])
    return numbers
