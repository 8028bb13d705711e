"""The reference of the documentation: nothing public is missing from it."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_the_reference_names_all_that_is_public() -> None:
    """A class, function, error or metadata key that is added, renamed or removed is seen here."""
    for needed in ("langchain_core", "llama_index.core", "starlette", "liteparse"):
        pytest.importorskip(needed)
    script = runpy.run_path(str(ROOT / "scripts" / "make_reference.py"))
    folder = ROOT / "docs" / "reference"

    assert {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")} == script["pages"]()


def test_every_page_has_its_place_in_the_site() -> None:
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]

    assert [page for page in pages if f": {page}\n" not in site] == []
