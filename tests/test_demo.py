"""The demo: local unless told otherwise, with an answer that names its page and its box."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("typer", reason="the command is an extra")
pytest.importorskip("liteparse", reason="the local engine is an extra")
pytest.importorskip("bm25s", reason="the demo is an extra")

from upstage_docs import Element, chunk_elements
from upstage_docs.cli.app import run
from upstage_docs.cli.demo import SAMPLE, best_passage


def _element(number: int, category: str, markdown: str, page: int = 1) -> Element:
    corners = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.2), (0.1, 0.2))
    return Element(number, page, category, markdown=markdown, text=markdown, coordinates=corners)


ELEMENTS = (
    _element(0, "heading1", "# Harvest"),
    _element(1, "paragraph", "The harvest of 2025 began late."),
    _element(2, "table", "| Field | 2025 |\n| --- | --- |\n| North | 17 t |\n| South | 12 t |", page=2),
    _element(3, "paragraph", "조력발전소는 네 번째 해에 가장 좋은 성과를 거두었다.", page=3),
)
CHUNKS = list(chunk_elements(ELEMENTS, output_format="markdown", chunk_size=60))


@pytest.fixture
def demo(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> object:
    """Run the demo with a key and an engine lying around that it must not use."""
    monkeypatch.setenv("UPSTAGE_API_KEY", "not-a-real-key")
    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "upstage")
    monkeypatch.setenv("UPSTAGE_BASE_URL", "http://127.0.0.1:1/v1")

    def call(*arguments: object) -> str:
        with pytest.raises(SystemExit) as ended:
            run(["demo", *map(str, arguments)])
        assert ended.value.code in {0, None}
        return capsys.readouterr().out

    return call


def test_a_question_finds_the_row_that_answers_and_where_it_stands() -> None:
    best = best_passage("What did the North field give in 2025?", CHUNKS)

    assert best is not None
    assert best.line == "| North | 17 t |"
    assert best.page == 2
    assert best.box == pytest.approx((0.1, 0.1, 0.9, 0.2))


def test_a_korean_question_finds_words_with_other_endings() -> None:
    best = best_passage("조력발전소의 성과는?", CHUNKS)

    assert best is not None
    assert best.page == 3


def test_a_question_without_a_shared_word_has_no_answer() -> None:
    assert best_passage("Whither?", CHUNKS) is None
    assert best_passage("", CHUNKS) is None
    assert best_passage("North", []) is None


def test_the_demo_shows_parses_splits_and_answers_on_this_machine(demo: object) -> None:
    """A key, an engine and an address in the environment are not used unless --engine upstage is said."""
    printed = demo()  # type: ignore[operator]

    for category in ("heading1", "paragraph", "table", "figure", "caption", "footnote", "header", "footer", "list"):
        assert category in printed
    assert "3 hold a table, each whole" in printed
    assert "Maehyang · 8 · 12.0 · 38.9 · 41.8 · 95.2 %" in printed
    assert "page 3, box x 0.1" in printed
    assert "Answered by local-" in printed
    assert "without a key" in printed


def test_the_demo_takes_the_readers_own_file(demo: object, tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path / "mine.pdf")
    printed = demo(tmp_path / "mine.pdf", "--question", "What was found at Doldam 2 in April?")  # type: ignore[operator]

    assert "mine.pdf: 4 pages" in printed
    assert "Answer: 10 · Doldam 2 · 2025-04-07" in printed
    unasked = demo(tmp_path / "mine.pdf")  # type: ignore[operator]
    assert "Question: Saebyeok Strait Tidal Power" in unasked
