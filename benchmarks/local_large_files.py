"""What large files cost the local engine: time and memory of long Office files and of pictures of many pixels.

    python benchmarks/local_large_files.py [--only NAMES]

Each file is made here and read in a process of its own, whose peak memory is told above that of its imports. The time
is that of the processor. Needs the extras `local` and `ocr`; a picture is only opened and made ready for recognition.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

from measured import add_json_option, peak_memory, write_json


def sheet(rows: int, columns: int) -> bytes:
    """Return an XLSX file of one sheet of numbers."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("Figures")
    for row in range(rows):
        page.append([row * columns + column for column in range(columns)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def letter(paragraphs: int) -> bytes:
    """Return a DOCX file of short paragraphs."""
    import docx

    document, choose = docx.Document(), random.Random(7)
    first = document.add_paragraph("The harbour")
    for _ in range(paragraphs - 1):  # a copy in front: `add_paragraph` looks for its place each time
        copied = deepcopy(first._p)  # noqa: SLF001
        copied.r_lst[
            0
        ].text = f"The harbour counted {choose.getrandbits(64)} ships, and {choose.getrandbits(128)} crates."
        first._p.addprevious(copied)  # noqa: SLF001
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def slides(count: int) -> bytes:
    """Return a PPTX file, a title and three bullets a slide."""
    import pptx

    deck = pptx.Presentation()
    for number in range(count):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"Harbour {number}"
        slide.placeholders[1].text = "Ships come in\nShips go out\nThe crew counts them"
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def picture(kind: str, side: int) -> bytes:
    """Return a white picture of *side* times *side* pixels."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (side, side), "white").save(out, kind)
    return out.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "XLSX, a sheet of a million cells": lambda: sheet(50_000, 20),
    "DOCX, 20,000 paragraphs": lambda: letter(20_000),
    "PPTX, 300 slides": lambda: slides(300),
    "PNG, 196 million pixels": lambda: picture("PNG", 14_000),
    "JPEG, 196 million pixels": lambda: picture("JPEG", 14_000),
}


def read(path: str) -> None:
    """Read one file as the engine does, and print what it took, imports apart."""
    from upstage_docs.local.read_document import read_document
    from upstage_docs.local.service.pipe import Task

    form = Path(path).suffix.removeprefix(".")
    list(read_document(Task(format="docx"), letter(3)))  # its imports
    before, begun = peak_memory(), time.process_time()
    for _ in read_document(Task(format=form, max_pages=2_000), Path(path).read_bytes()):
        pass
    seconds = time.process_time() - begun
    print(json.dumps({"CPU s": seconds, "peak MB above its imports": peak_memory() - before}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="files whose names this regular expression finds")
    parser.add_argument("--read", help=argparse.SUPPRESS)
    add_json_option(parser)
    given = parser.parse_args()
    if given.read:
        read(given.read)
        return
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, make in FILES.items():
            if not re.search(given.only, name):
                continue
            path = Path(folder, f"file.{name.partition(',')[0].lower()}")
            path.write_bytes(make())
            done = subprocess.run(
                [sys.executable, __file__, "--read", str(path)], check=True, capture_output=True, text=True
            )
            rows[name] = row = json.loads(done.stdout.splitlines()[-1])
            print(f"{name:40} {row['CPU s']:6.1f} s {row['peak MB above its imports']:6.0f} MB", flush=True)
    write_json(given.json, {"large files": rows})


if __name__ == "__main__":
    main()
