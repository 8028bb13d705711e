"""How many headings stand at the right level, on documents whose levels are known.

    python benchmarks/heading_levels.py [FOLDER] [--count 20] [--seed 1] [--kinds]

Four sets are made: the elements of an answer, each a `heading1` as the API calls them; PDFs read by the local engine
with their outline withheld; Word files with their styles withheld; both with what the engine sees. FOLDER holds PDFs of
yours that have an outline: it is withheld from the rules and says what is right. Of the files, each package of
parsers.py that is installed makes Markdown, whose headings are counted the same way; it sees the file as it is.

A heading is at the right level if its number is right: of the title of a document stands none in the outline, so that
one shift per document is allowed. "Found" says how many of the known headings were called headings at all; the share
is of those. What is called a heading and is none counts as wrong where it has a level.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from made_headings import KINDS, Made, as_elements, made, write_docx, write_pdf
from measured import add_json_option, write_json
from parsers import MARKDOWN

from upstage_docs import Client, ParsedDocument
from upstage_docs.models import Element
from upstage_docs.records.heading_levels import HeadingLevels
from upstage_docs.records.heading_numbering import without_numbering
from upstage_docs.records.render import element_text

DEEPEST = 6
EVERY = 10
"""One of how many made documents is a file, too: other packages take a second a page."""
OF_WORD = ("MarkItDown",)
"""The packages of parsers.py that read Word files."""


class Score(NamedTuple):
    """Of one document: headings known, of those found, at the right level, and at it without a shift."""

    known: int
    found: int
    right: int
    unshifted: int


def key(text: str) -> str:
    """Letters and digits alone: spaces and dots are lost and found."""
    return "".join(filter(str.isalnum, text.casefold()))


def withheld(document: ParsedDocument) -> list[Element]:
    """Return the elements as an engine answers them that sees no outline and no styles."""
    import msgspec

    return [
        msgspec.structs.replace(
            one,
            sub_category="",
            html=one.html if one.category != "heading1" else "<h1" + one.html[3:-5] + "</h1>",
        )
        for one in document.elements
    ]


def score(elements: Sequence[Element], known: Sequence[tuple[str, int]]) -> Score:
    """Compare the levels that the rules tell with those that are known."""
    levels = HeadingLevels()
    return score_levels([(element_text(one, "text"), levels.level_of(one)) for one in elements], known)


def score_markdown(markdown: str, known: Sequence[tuple[str, int]]) -> Score:
    """Compare the levels that the Markdown of another package tells with those that are known."""
    marked = [re.match(r"(#{0,6})\s*(.*)", line) for line in markdown.splitlines()]
    return score_levels([(re.sub(r"[*_`]", "", one[2]), len(one[1])) for one in marked if one], known)


def score_levels(lines: Sequence[tuple[str, int]], known: Sequence[tuple[str, int]]) -> Score:
    """Compare texts and their levels with those that are known, in order; 0 is no heading."""
    told = [(key(text), key(without_numbering(text)), level) for text, level in lines]
    pairs = [
        (min(known[i][1], DEEPEST), told[j][2])
        for i, j in aligned([{key(text), key(without_numbering(text))} for text, _ in known], told)
        if told[j][2] or not known[i][1]
    ]
    shifts = Counter(after - before for before, after in pairs if before and after)
    shift = shifts.most_common(1)[0][0] if shifts else 0
    right = sum(after == (before + shift if before else 0) for before, after in pairs)
    return Score(len(known), len(pairs), right, sum(after == before for before, after in pairs))


def aligned(wanted: Sequence[set[str]], told: Sequence[tuple[str, str, int]]) -> list[tuple[int, int]]:
    """Return which known headings are which elements, in order: the longest common run, headings preferred."""
    keys = set().union(*wanted) if wanted else set()
    places = [j for j, one in enumerate(told) if one[0] in keys or one[1] in keys]
    best = [[0.0] * (len(places) + 1) for _ in range(len(wanted) + 1)]
    for i in reversed(range(len(wanted))):
        for n in reversed(range(len(places))):
            one = told[places[n]]
            gain = 0.0 if wanted[i].isdisjoint(one[:2]) else 1.0 if one[2] else 0.1
            best[i][n] = max(best[i + 1][n], best[i][n + 1], gain and gain + best[i + 1][n + 1])
    pairs, i, n = [], 0, 0
    while i < len(wanted) and n < len(places):
        if best[i][n] == best[i + 1][n]:
            i += 1
        elif best[i][n] == best[i][n + 1]:
            n += 1
        else:
            pairs.append((i, places[n]))
            i, n = i + 1, n + 1
    return pairs


def outline(path: Path) -> list[tuple[str, int]]:
    """Return the outline of a PDF."""
    import pypdfium2

    document: Any = pypdfium2.PdfDocument(path)
    return [(one.get_title(), one.level + 1) for one in document.get_toc(max_depth=DEEPEST)]


def shares(scores: Sequence[Score]) -> dict[str, float]:
    """Add scores up: documents, their headings, the share found, and the shares of these at the right level."""
    known, found, right, unshifted = (sum(column) for column in zip(*scores, strict=True))
    return {
        "documents": len(scores),
        "headings": known,
        "found": found / max(known, 1),
        "right": right / max(found, 1),
        "right without a shift": unshifted / max(found, 1),
    }


def total(scores: Sequence[Score]) -> str:
    """Write scores as a row of a table."""
    documents, known, found, right, unshifted = shares(scores).values()
    return f"{documents:>9.0f} {known:>8.0f} {found:>6.3f} {right:>6.3f} {unshifted:>10.3f}"


def main() -> None:
    """Print the share of each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="PDFs with an outline")
    parser.add_argument("--count", type=int, default=20, help="made documents of each kind; a tenth of them as files")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", action="store_true", help="each kind of made documents and each file too")
    add_json_option(parser)
    options = parser.parse_args()
    sets: defaultdict[str, defaultdict[str, list[Score]]] = defaultdict(lambda: defaultdict(list))
    client = Client(engine="local", cache=False)
    others = MARKDOWN if importlib.util.find_spec("markitdown") else {}

    def read(path: Path) -> ParsedDocument:
        return client.parse(path)

    def both(name: str, kind: str, path: Path, known: list[tuple[str, int]], told: str) -> None:
        document = read(path)
        sets[f"{name}, {told} withheld"][kind].append(score(withheld(document), known))
        sets[f"{name}, {told} seen"][kind].append(score(document.elements, known))
        for other, parse in others.items():
            if path.suffix == ".pdf" or other in OF_WORD:
                sets[f"{name}, {told} seen, {other}"][kind].append(score_markdown(parse(path), known))

    with tempfile.TemporaryDirectory() as temporary:
        for kind in KINDS:
            for number in range(options.count):
                document = made(kind, f"{options.seed} {number}")
                known = [(line.text, line.level) for line in document.lines if line.heading]
                sets["elements"][kind].append(score(as_elements(document, number).elements, known))
                if number % EVERY:
                    continue
                files: list[tuple[str, Callable[[Made, Path], None], str]] = [("docx", write_docx, "styles")]
                if document.language in {"en", "ko"}:
                    files.append(("pdf", write_pdf, "outline"))
                for suffix, write, told in files:
                    path = Path(temporary) / f"made.{suffix}"
                    write(document, path)
                    both(f"made {suffix}", kind, path, [one for one in known if one[1]], told)
    for path in sorted(options.folder.glob("*.pdf")) if options.folder else ():
        if known := outline(path):
            both("your pdf", path.name, path, known, "outline")
    found = {name: shares([one for scores in kinds.values() for one in scores]) for name, kinds in sets.items()}
    write_json(options.json, {"levels": found})
    print(f"{'':40} documents headings  found  right  unshifted")
    for name, kinds in sets.items():
        print(f"{name:40} {total([one for scores in kinds.values() for one in scores])}")
        if options.kinds:
            for kind, scores in kinds.items():
                print(f"    {kind:36} {total(scores)}")


if __name__ == "__main__":
    main()
