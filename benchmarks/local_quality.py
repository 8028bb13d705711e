"""Score the local engine against pages with human ground truth, with a scorer like DP-Bench's.

    python benchmarks/local_quality.py FOLDER [--documents] [--icdar] [--no-ocr | --force-ocr]
    python benchmarks/local_quality.py FOLDER --ablate [--every] [--no-ocr] [--rules NAMES] [--first FILE]

The folder holds `score.py`, `pdfs/`, `markdown/`, `reference.json` and `words.json`; nothing of it is in this project.
Beside them may stand `icdar.py` and `icdar/`, documents of the ICDAR 2013 table competition, which `--icdar`
scores, and `--ablate` too. The scorers need rapidfuzz, apted and beautifulsoup4.

`--ablate` takes out one rule of the engine after the other and prints what each gains on each set of pages;
`--every`, also the smaller ones, by the names of their functions. `--made FOLDER` adds a set of made_pages.py.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import ablation
from measured import add_json_option, write_json

from upstage_docs.local.answer_writer import write_answer
from upstage_docs.local.blocks import PageLayout
from upstage_docs.local.pdf.document import Recognise, read_pdf
from upstage_docs.local.refusal import Refusal

FORMATS = ("html", "markdown", "text")


def recognisers() -> tuple[Recognise | None, Recognise | None]:
    """Tesseract for pages and for pictures, None where it is not installed."""
    from upstage_docs.local.ocr import tesseract

    return (tesseract.words, tesseract.labels) if tesseract.available() else (None, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--documents", action="store_true", help="every document too")
    parser.add_argument("--no-ocr", action="store_true", help="leave pages without text unread")
    parser.add_argument("--force-ocr", action="store_true", help="recognise every page, whatever text it has")
    parser.add_argument("--icdar", action="store_true", help="the ICDAR documents instead: some minutes")
    parser.add_argument("--keep", type=Path, help="keep the answers in this folder")
    parser.add_argument("--ablate", action="store_true", help="what each rule gains on each set")
    parser.add_argument("--every", action="store_true", help="with --ablate: also the rules within rules")
    parser.add_argument("--rules", default="", help="with --ablate: an expression that the names of rules match")
    parser.add_argument("--first", type=Path, help="the stems of the pages that rules were written on: a set apart")
    parser.add_argument("--made", type=Path, help="a folder of made_pages.py, a further set")
    add_json_option(parser)
    options = parser.parse_args()
    ocr, labels = (None, None) if options.no_ocr else recognisers()
    if options.ablate:
        pages = sets(options.bench, options.first, options.made)
        gains = ablation.ablate(pages, ocr, labels, print, named=options.rules, every=options.every)
        write_json(options.json, {"rules": gains})
        return
    score(options, ocr, labels)


def sets(bench: Path, first: Path | None, made: Path | None) -> list[ablation.Pages]:
    """Return the sets of pages that rules are tried on."""
    known = frozenset(first.read_text("utf-8").split()) if first else frozenset()
    stems = frozenset(path.stem for path in (bench / "pdfs").glob("*.pdf"))
    parts = [("first", known), ("new", stems - known)] if known else [("pages", frozenset())]
    found = [ablation.Pages(name, bench, bench, only) for name, only in parts]
    if (bench / "icdar").is_dir():
        found.append(ablation.Pages("ICDAR", bench / "icdar", bench))
    if made is not None:
        found.append(ablation.Pages("made", made, bench))
    return found


def score(options: argparse.Namespace, ocr: Recognise | None, labels: Recognise | None) -> None:
    """Read every page, or every ICDAR document, and print the scores."""
    bench: Path = options.bench
    row = "ours, " + ("every page recognised" if options.force_ocr else "without OCR" if options.no_ocr else "with OCR")
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = options.keep or Path(temporary)
        pdfs = bench / ("icdar" if options.icdar else "pdfs")
        answer_all(pdfs, folder, ocr, labels, force_ocr=options.force_ocr)
        if options.icdar:
            scores = scored([str(bench / "icdar.py"), str(folder), str(pdfs)])
            write_json(options.json, {"icdar": {row: {name: scores[name] for name in ("f1", "teds")}}})
            return
        command = [str(bench / "score.py"), "--markdown", str(folder), "--elements", str(folder)]
        scores = scored([*command, *(["--documents"] if options.documents else [])])
    write_json(options.json, {"scores": {row: {**scores["markdown"], **scores["elements"]}}})


def answer_all(
    pdfs: Path, folder: Path, ocr: Recognise | None, labels: Recognise | None, *, force_ocr: bool = False
) -> None:
    """Read each PDF, and write its answer and its Markdown to *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(pdfs.glob("*.pdf")):
        try:
            pages: list[PageLayout] = list(read_pdf(path.read_bytes(), ocr=ocr, force_ocr=force_ocr, labels=labels))
        except Refusal as refusal:
            print(f"{path.name}: {refusal}")
            pages = []
        answer: dict[str, Any] = write_answer(pages, model="local", output_formats=FORMATS, coordinates=True)
        (folder / f"{path.stem}.json").write_text(json.dumps(answer), "utf-8")
        (folder / f"{path.stem}.md").write_text(answer["content"]["markdown"], "utf-8")


def scored(command: list[str]) -> dict[str, Any]:
    """Run a scorer, print what it prints, and return the JSON of its last line."""
    told = subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True).stdout
    print(told, end="", flush=True)
    found: dict[str, Any] = json.loads(told.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
