"""Write docs/reference: a page for each group of public names, whose text mkdocstrings takes from the docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import get_args, get_origin

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import made_when_run  # noqa: E402
import option_reasons  # noqa: E402

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
    "langchain": ("LangChain", "Loaders, blob parsers, the splitter, a retriever and a tool."),
    "llama-index": ("LlamaIndex", "Readers, node parsers, a retriever and a tool."),
    "testing": ("Testing", "A stand-in for the API."),
    "local-engine": (
        "The local engine",
        "The engine on this machine, its limits, and its server. From `upstage_docs.local` and `upstage_docs.server`.",
    ),
    "ray": ("Ray Data", "Many documents on a cluster. From `upstage_docs.ray`."),
    "agents": ("Agents", "The server for agents. From `upstage_docs.mcp.server` and `upstage_docs.mcp.documents`."),
    "errors": ("Errors", "All are `UpstageDocsError`, which is a `ValueError`."),
}


PUBLIC: dict[str, str | None] = {
    "upstage_docs": None,
    "upstage_docs.evidence": "evidence",
    "upstage_docs.testing": "testing",
    "upstage_docs.testing.faults": "testing",
    "upstage_docs.testing.plugin": "testing",
    "upstage_docs.view": "view",
    "upstage_docs.models": None,
    "upstage_docs.options": "options",
    "upstage_docs.errors": None,
    "upstage_docs.api.limits": "options",
    "upstage_docs.local": "local-engine",
    "upstage_docs.server": "local-engine",
    "upstage_docs.ray": "ray",
    "upstage_docs.mcp.server": "agents",
    "upstage_docs.mcp.documents": "agents",
    "langchain_upstage_docs": "langchain",
    "llama_index_upstage_docs": "llama-index",
    "llama_index_upstage_docs.events": "llama-index",
}
"""The modules whose `__all__` is public, and the page of their names, None where it differs from name to name.

A name stands on the page of the first module that has it."""


FIRST = (
    *("ParseOptions", "OCROptions", "RecordOptions", "RetryPolicy", "PollPolicy"),
    *("UpstageDocumentParseLoader", "UpstageDocumentParseReader", "TableAwareTextSplitter", "TableAwareNodeParser"),
    "UpstageDocumentRetriever",
)
"""What most readers look for, and so stands first on its page; the others follow as their modules list them."""


def page_of(package: str, name: str) -> str:
    """Return the page that a public name stands on."""
    page = PUBLIC[package]
    if page is not None:
        return page
    named = getattr(import_module(package), name)
    if getattr(named, "__module__", "").startswith("upstage_docs.evidence"):
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


def names_of(package: str) -> list[str]:
    """Return the public names of a module: its `__all__`, or all that it holds if it only passes names on."""
    module = import_module(package)
    names = [name for name in getattr(module, "__all__", None) or vars(module) if not name.startswith("_")]
    return sorted(names, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))


def place_of(package: str, name: str) -> str:
    """Return where a public name is defined: packages look their names up when they are used."""
    named = getattr(import_module(package), name)
    return f"{named.__module__}.{named.__name__}"


def _shown(default: object) -> str:
    if callable(default):
        return getattr(default, "__name__", repr(default))
    kind = type(default)
    return f"{kind.__name__}()" if dataclasses.is_dataclass(kind) and default == kind() else repr(default)


def options_table(kind: type) -> str:
    """Return a table of the options that a dataclass defines itself; nothing if it defines none.

    Raises:
        KeyError: Why the default of an option is what it is, or what an option of a request costs, is not said in
            `option_reasons.py`.
    """
    from upstage_docs.options.definitions import default_of, definitions

    if not dataclasses.is_dataclass(kind):
        return ""
    inherited = {name for base in kind.__mro__[1:] if dataclasses.is_dataclass(base) for name in definitions(base)}
    said = {name: one for name, one in definitions(kind).items() if name not in inherited}
    if not said:
        return ""
    of_a_request = option_reasons.OF_A_REQUEST.get(kind.__name__)
    of_a_machine = option_reasons.DEFAULTS_OF_A_MACHINE.get(kind.__name__, {})
    rows = ""
    for name, one in said.items():
        default = of_a_machine.get(name) or f"`{_shown(default_of(kind, name))}`"
        row = [f"`{name}`", default, one.sentence.replace("|", chr(92) + "|")]
        reasons = of_a_request[name] if of_a_request else (option_reasons.WHY[kind.__name__][name],)
        rows += f"| {' | '.join([*row, *reasons])} |\n"
    head = "| option | default | what it does | why this default |" + (
        " what it costs | which engine follows it |" if of_a_request else ""
    )
    rule = "|---|---|---|---|" + ("---|---|" if of_a_request else "")
    return f"\n{head}\n{rule}\n{rows}" + ("" if of_a_request else f"\n{option_reasons.FREE[kind.__name__]}\n")


def value_of(named: object) -> str:
    """Return a public value, or a type that only names others, as a cell of a table."""
    if get_origin(named) is Callable:
        return f"`{re.sub(r'[a-z_]+[.]', '', str(named).replace('<class ', '').replace('>', '').replace(chr(39), ''))}`"
    if get_args(named):
        parts = [one.__name__ if isinstance(one, type) else str(one) for one in get_args(named)]
        return ", ".join(f"`{part}`" for part in parts)
    if dataclasses.is_dataclass(named) and not isinstance(named, type):
        kind = type(named)
        changed = [
            f"{one.name}={getattr(named, one.name)!r}"
            for one in dataclasses.fields(kind)
            if getattr(named, one.name) != getattr(kind(), one.name)
        ]
        return f"`{kind.__name__}({', '.join(changed)})`"
    if isinstance(named, (tuple, Mapping)):
        return ", ".join(f"`{one}`" for one in named)
    return f"`{named!r}`" if isinstance(named, (str, int)) else (inspect.getdoc(named) or "").partition("\n")[0]


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    texts = {name: f"# {title}\n\n{sentence}\n" for name, (title, sentence) in PAGES.items()}
    placed: set[str] = set()
    values: dict[str, dict[str, str]] = {name: {} for name in PAGES}
    for package in PUBLIC:
        for name in names_of(package):
            named = getattr(import_module(package), name)
            # A fixture is no function that is called, although pytest before 8.4 has it as one.
            # In Python 3.10 a type with arguments is an instance of `type`, too.
            is_value = get_args(named) or not isinstance(named, (type, FunctionType))
            if is_value or hasattr(named, "_pytestfixturefunction"):
                values[page_of(package, name)].setdefault(name, f"| `{package}.{name}` | {value_of(named)} |\n")
                continue
            place = place_of(package, name)
            if place in placed:
                continue
            placed.add(place)
            page = page_of(package, name)
            texts[page] += made_when_run.asynchronous_form(named) or f"\n::: {place}\n"
            if isinstance(named, type):
                texts[page] += options_table(named) + made_when_run.methods_table(named)
                texts[page] += made_when_run.constructor_table(named, _shown)
            elif name in option_reasons.WHY:
                texts[page] += made_when_run.function_table(named, option_reasons.WHY[name], _shown)
                texts[page] += f"\n{option_reasons.FREE[name]}\n"
    for place in ("upstage_docs.client.settings.Settings", "upstage_docs.loading.options.LoadOptions"):
        module, _, name = place.rpartition(".")
        title = "What a client is made with" if name == "Settings" else "What every loader, parser and reader takes"
        texts["options"] += f"\n## {title}\n{options_table(getattr(import_module(module), name))}"
    for page, rows in values.items():
        if rows:
            texts[page] += f"\n## Values and types\n\n| name | what it is |\n|---|---|\n{''.join(rows.values())}"
    return {f"{name}.md": text for name, text in texts.items()} | {"metadata.md": metadata_page()}


ADDED_KEYS: dict[str, tuple[str, str, type]] = {
    "confidence": ("how sure the recognition is, 0-1; the mean of the words", "Document OCR", float),
    "page_width": ("the page in pixels", "Document OCR", int),
    "page_height": ("the page in pixels", "Document OCR", int),
    "words": ("the words with their corners and confidences, as JSON", "Document OCR", str),
    "image_path": ("the files of the crops, one a line", '`crops=`, or `images="files"`', str),
    "image_base64": ("the crop itself, a JPEG in Base64", '`images="base64"`', str),
    "crop_offsets": ("where in the text the element of each crop begins, as JSON", '`crops=` with `split="none"`', str),
    "start_index": ("where the text begins in its source; -1 if that is not known", "`add_start_index=True`", int),
    "file_path": ("path of the file, as LlamaIndex names it", "LlamaIndex", str),
    "file_name": ("name of the file, as LlamaIndex names it", "LlamaIndex", str),
    "paragraph_number": ("the number in front of the paragraph, such as `0042`", "`paragraph_documents`", str),
    "claim_number": ("the number of the claim, 0 if it is none", "`paragraph_documents`", int),
    "part": ("`description`, `claims` or `abstract` of a patent", "`paragraph_documents`", str),
    "table_id": ("`record_id` of the table that the row is from", "`row_documents`", str),
    "table_number": ("number of the table in its text, from 0", "`row_documents`", int),
    "row": ("number of the row below the header, from 0", "`row_documents`", int),
    "unit": ('the unit of the table, `""` if it has none', "`row_documents`", str),
}
"""Keys that only some records have: what they are, which records have them, and their type."""


def metadata_page() -> str:
    """Return the page of the metadata keys: their types from the code, most sentences from the LangChain page.

    Raises:
        ValueError: `ADDED_KEYS` does not have the keys of Document OCR as the code has them.
    """
    from upstage_docs.records.records import METADATA_KEYS, OCR_KEYS

    told: dict[str, str] = {}
    guide = (ROOT / "docs" / "langchain.md").read_text(encoding="utf-8")
    for keys, sentence in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (.*?) \|$", guide, re.MULTILINE):
        told |= dict.fromkeys(re.findall(r"`(\w+)`", keys), sentence)
    rows = [(key, kind, told[key]) for key, kind in METADATA_KEYS.items()]
    table = "".join(f"| `{key}` | `{kind.__name__}` | {sentence} |\n" for key, kind, sentence in rows)
    if {key: kind for key, (_, where, kind) in ADDED_KEYS.items() if where == "Document OCR"} != OCR_KEYS:
        raise ValueError("ADDED_KEYS must have the keys of Document OCR that OCR_KEYS has, with the same types.")
    added = "".join(
        f"| `{key}` | `{kind.__name__}` | {sentence} | {where} |\n"
        for key, (sentence, where, kind) in ADDED_KEYS.items()
    )
    return (
        "# Metadata\n\nEvery record has the same keys, in this order, with the same types, so that every vector store "
        f"takes them.\n\n| key | type | |\n|---|---|---|\n{table}"
        "\n## Keys that some records have besides\n\n"
        f"| key | type | | which records |\n|---|---|---|---|\n{added}"
        '\nThe nested format (`metadata_format="nested"`) has the keys of `langchain-upstage` in place of these: `id`, '
        "`page`, `category`, `coordinates`, `base64_encoding`, `total_pages`.\n"
    )


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"docs/reference/{name}\n")


if __name__ == "__main__":
    main()
