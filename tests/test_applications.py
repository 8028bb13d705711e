"""The four applications of the examples run with the local engine and scripted models, on documents of our own."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("liteparse", reason="the local engine is an extra")
pytest.importorskip("bm25s", reason="searching is an extra")
pytest.importorskip("PIL", reason="pictures are an extra")
pytest.importorskip("langchain_core")

from PIL import Image

from upstage_docs.local.ocr import tesseract

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
SAMPLES = ROOT / "upstage_docs" / "samples"
Application = Callable[[str], ModuleType]


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Application:
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "local")
    return importlib.import_module


@pytest.fixture
def document(tmp_path: Path) -> Callable[[str], str]:
    def copied(name: str) -> str:
        folder = SAMPLES if name == "statement.pdf" else EXAMPLES / "documents"
        return str(shutil.copy(folder / name, tmp_path / name))

    return copied


def _says(text: str) -> object:
    from scripted_chat import ScriptedChat  # type: ignore[import-not-found]

    return ScriptedChat(script=lambda _: text)


def test_a_figure_of_a_statement_is_told_with_its_unit_title_and_picture(
    application: Application, document: Callable[[str], str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    example = application("financial_statement_qa")
    example.main(document("statement.pdf"), "당기 자산총계는 얼마입니까?")

    printed = capsys.readouterr().out
    assert printed == "제 12 (당)기 | 자산총계 | 455,905 | 백만원 (statement.pdf, p. 1, 재무상태표)\n"
    (picture,) = tmp_path.glob("statement-0-page-1.png")
    with Image.open(picture) as image:
        assert image.width > image.height  # the table, not the page


def test_a_loss_is_found_on_the_second_page(application: Application, document: Callable[[str], str]) -> None:
    answer = application("financial_statement_qa").ask(document("statement.pdf"), "제 11 (전)기 금융손익은?")

    assert "△4,027" in answer.text
    assert answer.statements[0].citations[0] == "statement.pdf, p. 2, 손익계산서"
    assert answer.is_supported


def test_the_year_that_is_asked_for_is_told_and_what_is_in_no_line_is_not(
    application: Application, document: Callable[[str], str]
) -> None:
    ask = application("financial_statement_qa").ask

    assert "221,509" in ask(document("statement.pdf"), "전기 부채총계는 얼마입니까?").text
    assert not ask(document("statement.pdf"), "당기 매출채권은 얼마입니까?").is_supported


@pytest.mark.parametrize(
    ("reply", "named"),
    [("자산총계는 455,095백만원입니다 [1].", "455095"), ("문서에 없습니다.", "no passage was cited")],
)
def test_a_figure_that_the_statement_does_not_tell_is_refused(
    application: Application, document: Callable[[str], str], reply: str, named: str
) -> None:
    example = application("financial_statement_qa")

    with pytest.raises(SystemExit, match=f"The document supports no answer: {named}"):
        example.main(document("statement.pdf"), "당기 자산총계는?", _says(reply))


@pytest.mark.parametrize("page", ["financial-statement-qa", "patent-search", "paper-reader"])
def test_what_the_docs_say_an_application_prints_is_printed(
    application: Application,
    document: Callable[[str], str],
    page: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    told = (EXAMPLES.parent / "docs" / f"{page}.md").read_text(encoding="utf-8")
    command, printed = re.search(r"```bash\n(.*)\n```\n\n```text\n(.*?)```", told, re.DOTALL).groups()  # type: ignore[union-attr]
    _, path, *arguments = shlex.split(command)
    if page == "patent-search":
        pytest.importorskip("llama_index.core")
    document(arguments[0])
    monkeypatch.chdir(tmp_path)
    application(Path(path).stem).main(*arguments)

    assert capsys.readouterr().out.strip() == printed.strip()


@pytest.mark.skipif(not tesseract.available(), reason="needs the extra ocr and Tesseract's data")
def test_a_letter_is_translated_on_its_own_paper(
    application: Application, document: Callable[[str], str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    letter = document("letter.png")
    application("letter_translator").main(letter, str(tmp_path / "translated.png"))

    lines = capsys.readouterr().out.splitlines()
    if "동생" not in "".join(lines):
        pytest.skip("needs Tesseract's data for Korean")
    assert len(lines) == 7
    assert any("다음 달에는 고향에 가겠습니다.  →  Next month I will come home." in line for line in lines)
    with Image.open(letter) as before, Image.open(tmp_path / "translated.png") as after:
        assert after.size == before.size
        assert after.convert("RGB").tobytes() != before.convert("RGB").tobytes()


def test_a_patent_is_found_by_paragraph_and_claims_stand_apart(
    application: Application, document: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("llama_index.core")
    patent_search = application("patent_search")
    path = document("patent.pdf")
    patent_search.main(path, "What slows the boom in gusts?")

    answer, _, claims = capsys.readouterr().out.partition("\n")
    assert answer.startswith("In a further embodiment a damper (24) filled with honey")
    assert answer.endswith("(patent.pdf, p. 2, DETAILED DESCRIPTION > [0009])")
    assert "CLAIMS > claim 1\nA shading device" in claims
    found = patent_search.search(path, "mixture of beeswax and paraffin")
    whole = found["description"][0].node
    assert whole.metadata["paragraph_number"] == "0008"
    assert (whole.metadata["page"], whole.metadata["page_end"]) == (1, 2)
    assert whole.text.endswith("for four summers without being renewed.")
    assert found["claims"][0].node.metadata["claim_number"] == 2


def test_each_sentence_of_a_summary_is_marked_in_the_paper(
    application: Application, document: Callable[[str], str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    example = application("paper_reader")
    path = document("paper.pdf")
    example.main(path, str(tmp_path / "summary.pdf"))

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[1] == "Trees cool a city by shade and by evaporation. (paper.pdf, p. 1, 1 Introduction)"
    assert not any("Moor" in line for line in lines)
    assert (tmp_path / "summary.pdf").read_bytes().startswith(b"%PDF-")
    with pytest.raises(SystemExit, match="does not: Trees cool nothing"):
        example.main(path, str(tmp_path / "refused.pdf"), _says('They do not. "Trees cool nothing" [2]'))
    assert not (tmp_path / "refused.pdf").exists()


def test_what_is_marked_are_the_words_of_each_quote(application: Application, document: Callable[[str], str]) -> None:
    from langchain_upstage_docs import UpstageDocumentParseLoader, section_documents
    from upstage_docs.evidence import read_answer

    application("scripted_chat")
    sections = section_documents(UpstageDocumentParseLoader(document("paper.pdf")).load())
    answer = read_answer('Open streets are warm. "Trees cool a city by shade" [3] Nights differ [5].', sections)

    quoted, *whole = answer.places()
    assert quoted.precision == "words"
    assert {place.precision for place in whole} == {"element"}
