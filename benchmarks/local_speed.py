"""How long the local engine takes per page, how soon its first pages come, and how much memory it needs.

    python benchmarks/local_speed.py [FOLDER]      PDFs of FOLDER instead of a made report of 1,000 pages
    python benchmarks/local_speed.py --ocr         words in pictures and pages without text are recognised
    python benchmarks/local_speed.py --force-ocr   every page is, whatever text it has

Prints milliseconds of CPU per page for the PDF library alone and for the engine, seconds to the first pages, and the
peak memory of the process (VmHWM, Linux).
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import time
from pathlib import Path
from typing import Any

from measured import add_json_option, peak_memory, write_json

from upstage_docs.local.answer_writer import write_answer
from upstage_docs.local.pdf.document import read_pdf

PAGES = 1000
WORDS = (
    "harbour",
    "ship",
    "crew",
    "count",
    "list",
    "week",
    "cargo",
    "quay",
    "winter",
    "storm",
    "letter",
    "office",
    "town",
    "year",
    "north",
    "flag",
)


def report(pages: int) -> bytes:
    """Make a report: title, paragraphs, a table and a page number on every page."""
    from reportlab.pdfgen import canvas

    choose = random.Random(7)
    out = io.BytesIO()
    sheet = canvas.Canvas(out, pagesize=(595, 842), invariant=1)
    for number in range(1, pages + 1):
        sheet.setFont("Helvetica-Bold", 14)
        sheet.drawString(72, 770, f"{number} Report of the week")
        sheet.setFont("Helvetica", 10)
        for line in range(38):
            sheet.drawString(72, 740 - 12.5 * line - 8 * (line // 8), " ".join(choose.choices(WORDS, k=14)))
        for row in range(6):
            sheet.line(72, 200 - 18 * row, 500, 200 - 18 * row)
            for column in range(4):
                sheet.drawString(76 + 107 * column, 187 - 18 * row, f"{choose.choice(WORDS)} {choose.randint(1, 999)}")
        sheet.drawCentredString(297, 40, str(number))
        sheet.showPage()
    sheet.save()
    return out.getvalue()


def library(documents: list[bytes]) -> float:
    """CPU seconds of the PDF library alone, with its blocks."""
    from liteparse import LiteParse

    parser = LiteParse(ocr_enabled=False, quiet=True, extract_blocks=True)
    begun = time.process_time()
    for data in documents:
        for _ in parser.parse_batches(data, 10):
            pass
    return time.process_time() - begun


def engine(documents: list[bytes], **options: Any) -> tuple[float, float, int]:
    """CPU seconds of the engine to a whole answer, wall seconds to the first page, and the pages read."""
    begun, started, first, pages = time.process_time(), time.perf_counter(), 0.0, 0
    for data in documents:
        for page in read_pdf(data, **options):
            first = first or time.perf_counter() - started
            write_answer([page], model="local", output_formats=("html", "markdown", "text"), coordinates=True)
            pages += 1
    return time.process_time() - begun, first, pages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many is told")
    parser.add_argument("--ocr", action="store_true", help="with Tesseract, where a page needs it")
    parser.add_argument("--force-ocr", action="store_true", help="with Tesseract, on every page")
    add_json_option(parser)
    options = parser.parse_args()
    documents = (
        [path.read_bytes() for path in sorted(options.folder.glob("*.pdf"))]
        if options.folder
        else [report(options.pages)]
    )
    if not documents:
        sys.exit(f"There are no PDFs in {options.folder}.")
    engine([report(1)])
    how: dict[str, Any] = {}
    if options.ocr or options.force_ocr:
        from upstage_docs.local.ocr import tesseract

        how = {"ocr": tesseract.words, "labels": tesseract.labels, "force_ocr": options.force_ocr}
    runs = [engine(documents, **how) for _ in range(options.rounds)]
    seconds, first, pages = min(runs)
    memory = peak_memory()
    alone = min(library(documents) for _ in range(options.rounds))
    print(f"{pages} pages in {len(documents)} documents, {sum(map(len, documents)) / 1e6:.1f} MB")
    print(f"library alone  {1000 * alone / pages:6.1f} ms of CPU per page")
    print(f"local engine   {1000 * seconds / pages:6.1f} ms of CPU per page, {seconds / alone:.2f} times")
    print(f"first page     {first:6.2f} s")
    print(f"peak memory    {memory:6.0f} MB")
    name = f"{len(documents)} PDFs of the folder" if options.folder else f"a made report of {options.pages:,} pages"
    name += ", every page recognised" if options.force_ocr else ", with OCR" if options.ocr else ""
    row = {
        "pages": pages,
        "PDF library alone, ms of CPU per page": 1000 * alone / pages,
        "engine, ms of CPU per page": 1000 * seconds / pages,
        "times the library": seconds / alone,
        "first page, s": first,
        "peak memory, MB": memory,
    }
    write_json(options.json, {"speed": {name: row}})


if __name__ == "__main__":
    main()
