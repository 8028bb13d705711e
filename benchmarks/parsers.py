"""Score packages that make Markdown or tables of PDFs, on the pages and by the scorers of local_quality.py.

    python benchmarks/parsers.py FOLDER [--icdar]

Each runs as it comes, on this machine, without weights from elsewhere. Of Markdown, the text, tables and headings can
be scored, but no categories and no boxes. `pdfplumber` and `camelot` find tables alone: only `--icdar` asks them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from local_quality import scored
from measured import add_json_option, write_json

Parser = Callable[[Path], str]


def _pymupdf(path: Path) -> str:
    import pymupdf4llm  # a part of PyMuPDF since 2.0

    return str(pymupdf4llm.to_markdown(str(path), show_progress=False))


def _markitdown(path: Path) -> str:
    from markitdown import MarkItDown

    return str(MarkItDown().convert(str(path)).markdown)


def _pdf_oxide(path: Path) -> str:
    from pdf_oxide import PdfDocument

    return str(PdfDocument(str(path)).to_markdown_all())


def _opendataloader(path: Path) -> str:
    import opendataloader_pdf

    with tempfile.TemporaryDirectory() as folder:
        opendataloader_pdf.convert(str(path), folder, format="markdown", quiet=True, image_output="off")
        return Path(folder, f"{path.stem}.md").read_text("utf-8")


def _pdfplumber(path: Path) -> str:
    import pdfplumber

    with pdfplumber.open(path) as document:
        return _html(table for page in document.pages for table in page.extract_tables())


def _camelot(path: Path) -> str:
    import camelot

    return _html(table.df.to_numpy().tolist() for table in camelot.read_pdf(str(path), pages="all"))


def _html(tables: Iterable[Sequence[Sequence[str | None]]]) -> str:
    """Return tables of texts as HTML."""
    return "".join(
        "<table>"
        + "".join("<tr>" + "".join(f"<td>{escape(cell or '')}</td>" for cell in row) + "</tr>" for row in table)
        + "</table>"
        for table in tables
    )


MARKDOWN: dict[str, Parser] = {"PyMuPDF": _pymupdf, "MarkItDown": _markitdown, "pdf_oxide": _pdf_oxide}
if shutil.which("java"):
    MARKDOWN["OpenDataLoader PDF"] = _opendataloader
TABLES: dict[str, Parser] = {"pdfplumber": _pdfplumber, "camelot": _camelot}


def tables_of(text: str) -> str:
    """Return Markdown as HTML; a header that Markdown demands and that is empty is no row."""
    from bs4 import BeautifulSoup
    from markdown_it import MarkdownIt

    soup = BeautifulSoup(MarkdownIt("commonmark", {"html": True}).enable("table").render(text), "lxml")
    for head in soup.find_all("thead"):
        if not head.get_text(strip=True):
            head.decompose()
    return str(soup)


def read_all(parser: Parser, pdfs: Path, folder: Path) -> None:
    """Write the Markdown of each PDF, and an answer with its tables; nothing where the parser fails."""
    for path in sorted(pdfs.glob("*.pdf")):
        try:
            text = parser(path)
        except Exception as error:  # noqa: BLE001  # whatever a package raises: its page counts as empty
            print(f"{path.name}: {type(error).__name__}: {error}")
            continue
        answer = {"elements": [{"content": {"html": tables_of(text)}}]}
        (folder / f"{path.stem}.md").write_text(text, "utf-8")
        (folder / f"{path.stem}.json").write_text(json.dumps(answer), "utf-8")


def main() -> None:
    """Print the scores of each package."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--icdar", action="store_true", help="the ICDAR documents instead")
    add_json_option(parser)
    options = parser.parse_args()
    bench: Path = options.bench
    rows: dict[str, dict[str, Any]] = {}
    for name, read in (MARKDOWN | TABLES if options.icdar else MARKDOWN).items():
        with tempfile.TemporaryDirectory() as folder:
            print(f"\n{name}", flush=True)
            read_all(read, bench / ("icdar" if options.icdar else "pdfs"), Path(folder))
            if options.icdar:
                scores = scored([str(bench / "icdar.py"), folder, str(bench / "icdar")])
                rows[name] = {score: scores[score] for score in ("f1", "teds")}
            else:
                rows[name] = scored([str(bench / "score.py"), "--markdown", folder])["markdown"]
    write_json(options.json, {"icdar" if options.icdar else "scores": rows})


if __name__ == "__main__":
    main()
