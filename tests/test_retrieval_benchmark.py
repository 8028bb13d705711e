"""The benchmark of retrieval measures what it says: a splitter that keeps things together reaches all, others less."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent

pytest.importorskip("bm25s")


def _module() -> ModuleType:
    sys.path.insert(0, str(ROOT / "benchmarks"))  # what its imports are found in, as when it runs by itself
    spec = importlib.util.spec_from_file_location("retrieval_benchmark", ROOT / "benchmarks" / "retrieval.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


retrieval = _module()
HARBOURS = ("Gomseom", "Maehyang", "Saebyeok", "Noeul")


def context(harbour: str) -> dict[str, Any]:
    return {
        "table": {"table": [["", "2025", "2024"], [f"Ships of {harbour}", "41", "37"], ["Berths", "6", "5"]]},
        "paragraphs": [
            {"order": 1, "text": f"{harbour} is a harbour in the south, and a busy one."},
            {"order": 2, "text": f"The ships and berths of {harbour} were as follows:"},
        ],
        "questions": [
            {"question": f"How many ships did {harbour} have in 2024?", "mappings": [{"table": [[1, 2]]}]},
            {"question": f"Where is {harbour}?", "mappings": [{"paragraph_1": [[0, 20]]}]},
        ],
    }


def answer(harbour: str) -> dict[str, Any]:
    def element(number: int, category: str, text: str, top: float) -> dict[str, Any]:
        corners = [{"x": x, "y": y} for x, y in ((0.1, top), (0.9, top), (0.9, top + 0.05), (0.1, top + 0.05))]
        content = {"html": f"<p>{text}</p>", "markdown": text, "text": text}
        return {"id": number, "page": 1, "category": category, "coordinates": corners, "content": content}

    return {
        "elements": [
            element(0, "paragraph", f"Table 1. Berths of {harbour}", 0.1),
            element(1, "table", "north 120 south 90", 0.16),
            element(2, "paragraph", "Ships wait outside.", 0.5),
            element(3, "figure", f"a map of {harbour}", 0.6),
            element(4, "caption", f"Figure 1. The quay of {harbour}", 0.66),
        ]
    }


CONTEXTS = [context(harbour) for harbour in HARBOURS]
ANSWERS = {harbour: answer(harbour) for harbour in HARBOURS}


def by_page(elements: Iterable[dict[str, Any]], size: int) -> Iterator[tuple[str, set[int]]]:
    pages: dict[int, list[dict[str, Any]]] = {}
    for element in elements:
        pages.setdefault(element["page"], []).append(element)
    for page in pages.values():
        yield "\n".join(one["content"]["html"] for one in page), {one["id"] for one in page}


def by_element(elements: Iterable[dict[str, Any]], size: int) -> Iterator[tuple[str, set[int]]]:
    for element in elements:
        yield element["content"]["html"], {element["id"]}


def by_row(elements: Iterable[dict[str, Any]], size: int) -> Iterator[tuple[str, set[int]]]:
    for text, ids in by_element(elements, size):
        for row in text.split("<tr>"):
            yield row, ids


def test_what_keeps_a_row_with_its_header_answers() -> None:
    assert retrieval.answerable(by_element, 300, CONTEXTS, retrieval.by_bm25) == (1.0, 1.0)
    good, possible = retrieval.answerable(by_row, 300, CONTEXTS, retrieval.by_bm25)
    assert good <= possible == 0.5


def test_a_budget_is_a_budget() -> None:
    """What comes after four chunk sizes was not retrieved."""
    good, possible = retrieval.answerable(by_page, 5, CONTEXTS, retrieval.by_bm25)

    assert good < possible == 1.0


def test_a_caption_finds_its_table_where_it_stands_beside_it() -> None:
    assert retrieval.found_by_caption(by_element, 300, ANSWERS, retrieval.by_bm25)[0] == 0.0

    def owned(elements: list[dict[str, Any]], size: int) -> Iterator[tuple[str, set[int]]]:
        for group in (elements[:2], elements[2:3], elements[3:]):
            yield " ".join(one["content"]["html"] for one in group), {one["id"] for one in group}

    assert retrieval.found_by_caption(owned, 300, ANSWERS, retrieval.by_bm25) == (1.0, 1.0)
    # One chunk of everything is no answer: it is too large, and holds several.
    assert retrieval.found_by_caption(by_page, 40, ANSWERS, retrieval.by_bm25)[0] == 0.0


def test_it_runs_over_a_folder_and_draws(tmp_path: Path) -> None:
    (tmp_path / "tables.json").write_text(json.dumps(CONTEXTS), encoding="utf-8")
    (tmp_path / "answers.json").write_text(json.dumps(ANSWERS), encoding="utf-8")
    drawn = tmp_path / "bars.svg"
    script = [sys.executable, str(ROOT / "benchmarks" / "retrieval.py"), str(tmp_path)]

    done = subprocess.run(
        [*script, "--size", "300", "--only", "ours", "--picture", str(drawn)],
        capture_output=True,
        text=True,
        check=True,
    )

    rows = [line for line in done.stdout.splitlines() if line.startswith("| **ours")]
    assert done.stdout.startswith("8 questions on 4 pages, 8 captions in 4 answers\n")
    assert len(rows) == 6
    assert all("1.000 (1.00)" in row for row in rows)
    assert drawn.read_text(encoding="utf-8").count("<rect") == 1 + 2 + 2 * len(rows)
    assert len(retrieval.SPLITTERS) >= 11
