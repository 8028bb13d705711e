"""Make the pictures that the pages of the four applications show, with the examples themselves and the local engine.

Run it when the test of the pictures says that the inputs have changed; it needs the extra "ocr" and Tesseract's data.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pypdfium2
from picture_inputs import tell_inputs
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = "scripts/make_example_pictures.py"
STATEMENT = "upstage_docs/samples/statement.pdf"
WIDTH = 700  # pixels: what a page of the docs shows of a picture
COLOURS = 64
DRAWN_BY = ("upstage_docs/evidence/page_pictures.py", "upstage_docs/evidence/pictures.py")
OVERLAID_BY = ("upstage_docs/evidence/page_pictures.py", "upstage_docs/evidence/overlay_text.py")


def run_example(folder: Path, script: str, *arguments: str) -> None:
    """Run an example of the folder `examples` where its document is."""
    command = [sys.executable, str(ROOT / "examples" / script), *arguments]
    environment = {**os.environ, "UPSTAGE_DOCS_ENGINE": "local", "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=folder, env=environment, check=True)  # noqa: S603 - examples of ours


def keep(picture: Image.Image, name: str, *inputs: str) -> None:
    """Write *picture* into the docs, small, and beside it what it was made from."""
    target = ROOT / "docs" / "pictures" / f"{name}.png"
    picture = picture.convert("RGB")
    if picture.width > WIDTH:
        picture = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(target, optimize=True)
    tell_inputs(target, SCRIPT, inputs)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")


def main() -> None:
    """Run the examples, and keep what they draw."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for document in (*(ROOT / "examples" / "documents").iterdir(), ROOT / STATEMENT):
            shutil.copy(document, folder)
        run_example(folder, "financial_statement_qa.py", "statement.pdf", "당기 자산총계는 얼마입니까?")
        with Image.open(folder / "statement-0-page-1.png") as picture:
            inputs = ("examples/financial_statement_qa.py", STATEMENT)
            keep(picture, "statement-cited", *inputs, *DRAWN_BY)
        run_example(folder, "letter_translator.py", "letter.png", "translated.png")
        with Image.open(folder / "translated.png") as picture:
            inputs = ("examples/letter_translator.py", "examples/documents/letter.png")
            keep(picture, "letter-translated", *inputs, *OVERLAID_BY)
        run_example(folder, "paper_reader.py", "paper.pdf", "summary.pdf")
        with pypdfium2.PdfDocument(folder / "summary.pdf") as summary:
            page = summary[0].render(scale=1.5).to_pil()
        upper = page.crop((0, 0, page.width, round(page.height * 0.6)))
        keep(upper, "paper-marked", "examples/paper_reader.py", "examples/documents/paper.pdf", *DRAWN_BY)


main()
