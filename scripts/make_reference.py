"""Write docs/reference: a page for each group of public names, whose text mkdocstrings takes from the docstrings."""

from __future__ import annotations

import dataclasses
import re
import sys
from importlib import import_module
from pathlib import Path
from types import FunctionType

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
PAGES: dict[str, tuple[str, str]] = {
    "clients": (
        "Clients",
        "Send documents and wait for answers, synchronously and asynchronously. From `upstage_docs`.",
    ),
    "options": ("Options", "What is asked, how often it is tried again, and what the API takes."),
    "documents": ("Documents and records", "What comes back."),
    "chunks": ("Chunks", "The table-aware splitter."),
    "evidence": ("Evidence", "From an answer to its place on the page."),
    "view": ("Pages shown", "Pages with a box around every element, for a browser. From `upstage_docs.view`."),
    "langchain": ("LangChain", "Loaders, blob parsers and the splitter."),
    "llama-index": ("LlamaIndex", "Readers and node parsers."),
    "testing": ("Testing", "A stand-in for the API."),
    "errors": ("Errors", "All are `UpstageDocsError`, which is a `ValueError`."),
}


def page_of(package: str, name: str) -> str:
    """Return the page that a public name stands on."""
    if package == "langchain_upstage_docs":
        return "langchain"
    if package == "llama_index_upstage_docs":
        return "llama-index"
    if package in {"upstage_docs.evidence", "upstage_docs.testing", "upstage_docs.view"}:
        return package.rpartition(".")[2]
    named = getattr(import_module(package), name)
    if named.__module__.startswith("upstage_docs.evidence"):
        return "evidence"
    if isinstance(named, type) and issubclass(named, Exception):
        return "errors"
    if name in {"Client", "AsyncClient", "Report", "Progress", "Failure", "Estimate", "Spending"}:
        return "clients"
    if "hunk" in name or name == "contextualize":
        return "chunks"
    if name.endswith(("Options", "Policy", "Limits", "Rate")) or name == "CATEGORIES":
        return "options"
    return "documents"


def place_of(package: str, name: str) -> str:
    """Return where a public name is defined: packages look their names up when they are used."""
    named = getattr(import_module(package), name)
    return f"{named.__module__}.{named.__name__}"


def _shown(default: object) -> str:
    return getattr(default, "__name__", repr(default)) if callable(default) else repr(default)


SAME = "no difference"
BOTH = "both"
ASKED: dict[str, dict[str, tuple[str, str]]] = {
    "ParseOptions": {
        "model": ("as its mode", "Upstage; the local engine takes every name and answers as `local-...`"),
        "mode": ("`enhanced` costs three times `standard`; `auto` is billed page by page", "Upstage"),
        "ocr": (SAME, BOTH),
        "chart_recognition": (SAME, "both; the local engine reads drawn bars, lines and pies"),
        "merge_multipage_tables": (SAME, "Upstage"),
        "output_formats": (SAME, BOTH),
        "coordinates": (SAME, BOTH),
        "base64_encoding": (SAME, BOTH),
        "extra_fields": ("as the API says", "Upstage"),
    },
    "OCROptions": {
        "model": (SAME, "Upstage; the local engine takes every name and answers as `local-...`"),
        "schema": (SAME, "Upstage; the local engine refuses it"),
        "extra_fields": ("as the API says", "Upstage"),
    },
}
"""Of what is asked of a document: what an option costs, and which engine heeds it."""


def options_table(kind: type) -> str:
    """Return a table of the options of a dataclass, made of their definitions; nothing for what has none.

    Raises:
        KeyError: What an option of a request costs, and who heeds it, is not said in `ASKED`.
    """
    from upstage_docs.options.definitions import default_of, definitions

    said = definitions(kind) if dataclasses.is_dataclass(kind) else {}
    asked = ASKED.get(kind.__name__)
    rows = ""
    for name, one in said.items():
        row = [f"`{name}`", f"`{_shown(default_of(kind, name))}`", one.sentence.replace("|", chr(92) + "|")]
        rows += f"| {' | '.join([*row, *(asked[name] if asked else ())])} |\n"
    head = "| option | default | what it does |" + (" what it costs | which engine follows it |" if asked else "")
    rule = "|---|---|---|" + ("---|---|" if asked else "")
    return f"\n{head}\n{rule}\n{rows}" if rows else ""


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    texts = {name: f"# {title}\n\n{sentence}\n" for name, (title, sentence) in PAGES.items()}
    placed: set[str] = set()
    packages = (
        "upstage_docs",
        "upstage_docs.evidence",
        "upstage_docs.testing",
        "upstage_docs.view",
        "langchain_upstage_docs",
        "llama_index_upstage_docs",
    )
    for package in packages:
        for name in import_module(package).__all__:
            if not isinstance(getattr(import_module(package), name), (type, FunctionType)):
                continue
            place = place_of(package, name)
            if place in placed:
                continue
            placed.add(place)
            page = page_of(package, name)
            texts[page] += f"\n::: {place}\n"
            texts[page] += options_table(getattr(import_module(package), name))
    for place in ("upstage_docs.client.settings.Settings", "upstage_docs.loading.options.LoadOptions"):
        module, _, name = place.rpartition(".")
        title = "What a client is made with" if name == "Settings" else "What every loader, parser and reader takes"
        texts["options"] += f"\n## {title}\n{options_table(getattr(import_module(module), name))}"
    return {f"{name}.md": text for name, text in texts.items()} | {"metadata.md": metadata_page()}


def metadata_page() -> str:
    """Return the page of the metadata keys: their types from the code, their sentences from the LangChain page."""
    from upstage_docs.records.records import METADATA_KEYS, OCR_KEYS

    told: dict[str, str] = {}
    guide = (ROOT / "docs" / "langchain.md").read_text(encoding="utf-8")
    for keys, sentence in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (.*?) \|$", guide, re.MULTILINE):
        told |= dict.fromkeys(re.findall(r"`(\w+)`", keys), sentence)
    rows = [(key, kind, told[key]) for key, kind in METADATA_KEYS.items()]
    rows += [(key, kind, "only with Document OCR") for key, kind in OCR_KEYS.items()]
    table = "".join(f"| `{key}` | `{kind.__name__}` | {sentence} |\n" for key, kind, sentence in rows)
    return (
        "# Metadata\n\nEvery record has the same keys, in this order, with the same types, so that every vector store "
        f"takes them.\n\n| key | type | |\n|---|---|---|\n{table}"
    )


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"docs/reference/{name}\n")


if __name__ == "__main__":
    main()
