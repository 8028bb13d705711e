"""Measure `places(thing, quote=...)`: how large an area it marks for words whose own boxes are known.

    python benchmarks/made_pages.py FOLDER
    python benchmarks/quotes.py FOLDER [--quotes 20] [--seed 1] [--split element|page|chunk] [--show 10]

Every page that `made_pages.py` made is parsed by the local engine. Runs of one to fifteen words that stand in the text
of an element (a page, a chunk) are asked for, and the boxes returned are laid over those of the words, which were read
off the print. A quote is well marked if the marks hold nearly all of its words, each time that they
stand in the text, and cover at most 1.5 times their area.
Needs the extras `local` and `view`.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from measured import add_json_option, write_json

from upstage_docs import Client, ParsedDocument, Record, RecordOptions, chunk_elements
from upstage_docs.evidence import Place, places
from upstage_docs.evidence.keys import keyed, keyed_markup
from upstage_docs.records.records import records

Box = tuple[float, float, float, float]
MOST = 1.5
"""Times the area of the words that the marks may cover."""
COVERED = 0.9
"""Share of the words' area that the marks must hold."""
FINE = 2000
"""Areas are counted on a grid of so many lines and columns to a page."""


class Case(NamedTuple):
    """A quote, where its words stand, and what was answered."""

    page: str
    quote: str
    words: list[Box]
    found: list[Place]

    @property
    def ratio(self) -> float:
        """Marked area in times of the words' area."""
        return len(cells(self.marks)) / max(1, len(cells(self.words)))

    @property
    def covered(self) -> float:
        """Share of the words' area that is marked."""
        words = cells(self.words)
        return len(words & cells(self.marks)) / max(1, len(words))

    @property
    def marks(self) -> list[Box]:
        return [box for place in self.found for box in place.boxes]


def cells(boxes: Sequence[Box]) -> set[int]:
    """The cells of the grid whose middle lies in one of *boxes*."""
    found: set[int] = set()
    for x0, y0, x1, y1 in boxes:
        across = range(round(x0 * FINE), max(round(x0 * FINE) + 1, round(x1 * FINE)))
        for y in range(round(y0 * FINE), max(round(y0 * FINE) + 1, round(y1 * FINE))):
            found.update(y * FINE * 2 + x for x in across)
    return found


def units(document: ParsedDocument, split: str) -> list[Record]:
    if split == "chunk":
        return list(chunk_elements(document, chunk_size=600))
    return list(records(document, RecordOptions(split="page" if split == "page" else "element")))


def cases(folder: Path, split: str, quotes: int, seed: int) -> Iterator[Case]:
    truth = json.loads((folder / "words.json").read_text())
    choose = random.Random(seed)
    with Client(engine="local", cache=False) as client:
        for pdf in sorted((folder / "pdfs").glob("*.pdf")):
            words = truth[pdf.stem]
            found = units(client.parse(pdf), split)
            texts = [(record, keyed_markup(record.text)) for record in found]
            asked = 0
            for _ in range(4 * quotes):
                length = choose.choice((1, 2, 3, 5, 8, 12, 15))
                first = choose.randrange(max(1, len(words) - length))
                run = words[first : first + length]
                quote = " ".join(word[1] for word in run)
                key = keyed(quote).key
                things = [record for record, text in texts if key and text.find(key) and stands_in(run, record)]
                if len(key) < 3 or not things:
                    continue
                runs = (words[start : start + length] for start in range(len(words)))
                same = [one for one in runs if keyed("".join(word[1] for word in one)).key == key]
                stand = [tuple(word[2:]) for one in same if stands_in(one, things[0]) for word in one]
                yield Case(pdf.stem, quote, stand, places(things[0], quote=quote))
                asked += 1
                if asked == quotes:
                    break


def stands_in(run: Sequence[list[object]], record: Record) -> bool:
    """Whether the middle of each word lies in a box of the record, or it has none."""
    boxes = [box for place in places(record) for box in place.boxes]
    middles = [((word[2] + word[4]) / 2, (word[3] + word[5]) / 2) for word in run]  # type: ignore[operator]
    return not boxes or all(any(b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in boxes) for x, y in middles)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quotes", type=int, default=20, help="per page, at the most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", choices=("element", "page", "chunk"), default="element")
    parser.add_argument("--show", type=int, default=0, help="how many of those not well marked")
    add_json_option(parser)
    options = parser.parse_args()
    found = list(cases(options.folder, options.split, options.quotes, options.seed))
    ratios = sorted(case.ratio for case in found)
    bad = [case for case in found if case.ratio > MOST or case.covered < COVERED]
    told = Counter(place.precision for case in found for place in case.found)
    quantiles = {q: ratios[int(q * (len(ratios) - 1))] for q in (0.5, 0.9, 0.95)}
    numbers = {
        "quotes": len(found),
        f"area at most {MOST} times": sum(ratio <= MOST for ratio in ratios) / len(ratios),
        "words held": sum(case.covered >= COVERED for case in found) / len(found),
        "both": 1 - len(bad) / len(found),
        "area, median": quantiles[0.5],
        "area, 95 %": quantiles[0.95],
    }
    write_json(options.json, {"quotes": {f"{options.split}s": numbers}})
    print(f"{len(found)} quotes on {len({case.page for case in found})} pages, {options.split}s")
    print(f"well marked: {numbers['both']:.1%}")
    print(f"area at most {MOST} times the words': {numbers[f'area at most {MOST} times']:.1%}")
    print(f"words covered: {numbers['words held']:.1%}")
    print("area, times the words': " + ", ".join(f"{q:.0%} {ratio:.2f}" for q, ratio in quantiles.items()))
    print("precision: " + ", ".join(f"{name} {count}" for name, count in told.most_common()))
    for case in bad[: options.show]:
        told = ", ".join(f"{place.precision} {place.note}" for place in case.found)
        print(f"{case.page} {case.ratio:.2f} {case.covered:.2f} {case.quote!r}: {told}")


if __name__ == "__main__":
    main()
