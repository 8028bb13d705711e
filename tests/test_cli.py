"""The command, as its user meets it: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import hashlib
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from eventually import GENEROUS, eventually
from stand_in import make_pdf, parse_answer

pytest.importorskip("typer", reason="the command is an extra")
pytest.importorskip("liteparse", reason="the local engine is an extra")

from upstage_docs import Client
from upstage_docs.cli.app import run
from upstage_docs.files.source import inspect
from upstage_docs.options import ParseOptions
from upstage_docs.store.store import Store
from upstage_docs.store.values import Claim, ResultKey

if TYPE_CHECKING:
    from upstage_docs.testing.faults import Faults
    from upstage_docs.testing.reader import StandInReader

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "upstage_docs" / "samples" / "report.pdf"
ROW = "12.0 | 38.9 | 41.8 | 95.2 %"


@dataclass(frozen=True)
class Ended:
    """How a call of the command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.splitlines()]


Command = Callable[..., Ended]


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Command:
    """Call the command in this process, with the local engine, no key, and a store of its own."""
    monkeypatch.delenv("UPSTAGE_API_KEY", raising=False)
    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "local")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))

    def call(*arguments: object) -> Ended:
        with pytest.raises(SystemExit) as ended:
            run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Ended(int(ended.value.code or 0), captured.out, captured.err)

    return call


@contextmanager
def _server() -> Iterator[str]:
    pytest.importorskip("uvicorn", reason="serving is an extra")
    from upstage_docs.server import build_app, running

    with running(build_app()) as base_url:
        yield base_url


def test_parse_prints_a_document_as_markdown(command: Command) -> None:
    ended = command("parse", SAMPLE)

    assert ended.code == 0
    assert ROW in ended.out
    assert ended.err == ""


@pytest.mark.parametrize(
    ("form", "expected"), [("html", "<td>41.8</td>"), ("text", "41.8"), ("json", '"elements"'), ("jsonl", '"page": 3')]
)
def test_parse_prints_other_formats(command: Command, form: str, expected: str) -> None:
    ended = command("parse", SAMPLE, "--format", form)

    assert ended.code == 0
    assert expected in ended.out


def test_records_are_lines_of_json_with_flat_metadata(command: Command) -> None:
    ended = command("parse", SAMPLE, "-f", "jsonl", "--split", "page", "--output-format", "markdown")

    assert [line["metadata"]["page"] for line in ended.lines] == [1, 2, 3, 4]  # type: ignore[index]
    assert ROW in str(ended.lines[2]["text"])


def test_a_folder_is_parsed_into_a_folder_and_done_work_is_not_done_again(command: Command, tmp_path: Path) -> None:
    """A second run skips what is there, and does again what changed or is asked for."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    first, second = tmp_path / "in" / "a.pdf", tmp_path / "in" / "deep" / "b.pdf"
    shutil.copy(SAMPLE, first)
    shutil.copy(SAMPLE, second)
    (tmp_path / "in" / "notes.md").write_text("not a document")
    call = ("parse", tmp_path / "in", "-o", tmp_path / "out", "--json")

    ended = command(*call)
    assert ended.code == 0
    assert [line["status"] for line in ended.lines] == ["written", "written"]
    assert {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")} == {
        "a.pdf.md",
        str(Path("deep") / "b.pdf.md"),
    }
    assert ROW in (tmp_path / "out" / "deep" / "b.pdf.md").read_text(encoding="utf-8")

    assert [line["status"] for line in command(*call).lines] == ["skipped", "skipped"]

    later = (tmp_path / "out" / "a.pdf.md").stat().st_mtime + 10
    os.utime(first, (later, later))
    assert [line["status"] for line in command(*call).lines] == ["skipped", "written"]
    assert [line["status"] for line in command(*call, "--overwrite").lines] == ["written", "written"]


def test_a_document_that_fails_is_told_and_the_others_are_written(command: Command, tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path / "good.pdf")
    (tmp_path / "empty.pdf").write_bytes(b"")
    ended = command("parse", tmp_path / "empty.pdf", tmp_path / "good.pdf", "-o", tmp_path / "out")

    assert ended.code == 1
    assert "empty.pdf" in ended.err.splitlines()[0]
    assert "1 written, 1 failed" in ended.err.splitlines()[-1]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.pdf.md"]


def test_a_failure_is_one_line_of_json_for_programs(command: Command, tmp_path: Path) -> None:
    ended = command("parse", tmp_path / "missing.pdf", "-o", tmp_path / "out", "--json")

    assert ended.code == 1
    assert ended.lines[0]["status"] == "failed"
    assert ended.lines[0]["error_type"] == "SourceNotFoundError"


def test_the_command_says_how_to_go_on_without_a_key(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key and no engine is a mistake of the call; nothing answers in the API's place."""
    monkeypatch.delenv("UPSTAGE_DOCS_ENGINE")
    ended = command("parse", SAMPLE)

    assert ended.code == 2
    assert ended.out == ""
    assert "UPSTAGE_API_KEY" in ended.err
    assert "UPSTAGE_DOCS_ENGINE=local" in ended.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("parse", SAMPLE, "--json"), "--output"),
        (("parse", SAMPLE, "--split", "page"), "--format jsonl"),
        (("parse", "no-such-*.pdf"), "names no file"),
        (("parse", ROOT / "docs" / "reference"), "no document in the folder"),
        (("parse", SAMPLE, "--base64-encoding", "tabel"), "tabel"),
        (("parse", SAMPLE, "--base-url", "http://127.0.0.1:1"), "base_url"),
        (("split", "not-even-looked-at.pdf", "--chunk-size", "0"), "chunk_size"),
        (("split", SAMPLE, "--exclude-categories", "heading"), "heading"),
        (("cache", "rm"), "--all"),
        (("cache", "rm", "no-such-document.pdf"), "no-such-document.pdf"),
        (("cache", "resolve", "nothing"), "nothing"),
        (("parse",), "SOURCES"),
        (("parse", SAMPLE, "--mode", "fast"), "fast"),
    ],
)
def test_a_wrong_call_ends_with_2_and_says_why(command: Command, arguments: tuple[object, ...], told: str) -> None:
    ended = command(*arguments)

    assert ended.code == 2
    assert told in ended.err


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are text")
def test_a_file_whose_name_is_no_text_is_a_document_like_others(command: Command, tmp_path: Path) -> None:
    """As archives from systems with other encodings leave them: one would end a run over all files."""
    path = tmp_path / os.fsdecode("보고서.pdf".encode("euc-kr"))
    shutil.copy(SAMPLE, path)
    (line,) = command("parse", tmp_path, "-o", tmp_path / "out", "-f", "jsonl", "--json").lines
    assert (line["status"], line["source"]) == ("written", str(path))
    record = json.loads(Path(str(line["output"])).read_text().partition("\n")[0])
    assert record["metadata"]["source"].encode() == str(path).encode(errors="backslashreplace")
    with Client(engine="local", cache=tmp_path / "cache") as client:
        client.parse(path)
    path.unlink()
    assert command("cache", "rm", path, "--folder", tmp_path / "cache").out == "1 answers deleted.\n"


def test_a_name_that_no_file_can_have_is_a_document_that_fails(command: Command, tmp_path: Path) -> None:
    ended = command("parse", tmp_path / f"{'long' * 100}.pdf", "-o", tmp_path / "out")

    assert ended.code == 1
    assert ended.err.count("\n") == 1


def test_two_documents_are_never_written_to_one_file(command: Command, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(SAMPLE, tmp_path / folder / "report.pdf")
    files = (tmp_path / "a" / "report.pdf", tmp_path / "b" / "report.pdf")

    ended = command("parse", *files, "-o", tmp_path / "out")
    assert ended.code == 2
    assert "would both be written" in ended.err

    ended = command("parse", tmp_path / "*" / "report.pdf", "-o", tmp_path / "out")
    assert ended.code == 0
    assert (tmp_path / "out" / "b" / "report.pdf.md").exists()


def test_split_shows_chunks_with_sizes_pages_and_categories(command: Command) -> None:
    ended = command("split", SAMPLE, "--chunk-size", "500")

    assert ended.code == 0
    assert "caption, table" in ended.out
    assert "kept whole" in ended.out


def test_split_prints_chunks_for_programs(command: Command) -> None:
    chunks = command("split", SAMPLE, "--chunk-size", "500", "--json").lines

    tables = [str(chunk["text"]) for chunk in chunks if "<table" in str(chunk["text"])]
    assert len(tables) == 4, "three tables, and a chart whose data were read off"
    assert all(table.count("<table") == table.count("</table>") == 1 for table in tables)
    assert all(
        int(str(chunk["size"])) <= 500
        for chunk in chunks
        if not {"table", "chart"} & set(chunk["metadata"]["categories"].split(", "))  # type: ignore[index]
    )


def test_split_cuts_between_rows_when_asked(command: Command) -> None:
    ended = command("split", SAMPLE, "--chunk-size", "600", "--oversized-tables", "split_rows", "--text")

    assert ended.out.count("<table") == ended.out.count("</table>") > 3


def test_estimate_needs_no_key_and_sends_nothing(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "upstage")
    lines = command("estimate", SAMPLE.parent, "--json").lines

    assert lines[-1]["source"] == "total"
    assert lines[-1]["pages"] == 6, "four of the report, two of the statement"
    assert float(str(lines[-1]["lowest"])) > 0
    assert "lowest cost ($)" in command("estimate", SAMPLE).out


@pytest.mark.parametrize("name", ["jobs ls", "cache ls", "cache unknown"])
def test_an_empty_list_says_that_there_is_nothing(command: Command, name: str) -> None:
    assert command(*name.split()).out == "There are none.\n"


def test_jobs_are_listed_shown_and_fetched(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "upstage")
    monkeypatch.setenv("UPSTAGE_API_KEY", "not-a-real-key")
    with _server() as base_url:
        with Client(base_url=base_url) as client:
            job = client.submit(SAMPLE)
        url = ("--base-url", base_url)

        result = command("jobs", "result", job.request_id, "-o", tmp_path / "report.md", *url)
        assert result.code == 0
        assert ROW in (tmp_path / "report.md").read_text(encoding="utf-8")
        (listed,) = command("jobs", "ls", "--json", *url).lines
        assert listed["request_id"] == job.request_id
        assert "total_pages" not in listed, "the API's list names none, and 0 would not be true"
        shown = command("jobs", "show", job.request_id, "--json", *url).lines[0]
        assert shown["status"] == "completed"
        assert command("jobs", "show", "no-such-job", *url).code == 1


def test_a_request_whose_outcome_is_unknown_is_listed_with_its_pages(command: Command) -> None:
    store = Store.at()
    for number, pages in enumerate([(11, 20), None]):
        key = ResultKey.of(f"{number:064x}", ParseOptions(), "https://api.upstage.ai/v1")
        claim = store.claim(key, pages, seconds=0, route="async", source="a.pdf")
        assert isinstance(claim, Claim)
        store.abandon(claim)
    store.close()
    assert [line["pages"] for line in command("cache", "unknown", "--json").lines] == ["11-20", "all"]
    assert [line["used"] for line in command("cache", "ls", "--json").lines] == ["", ""]
    assert "Nothing is stored of 'b.pdf'" in command("cache", "rm", "b.pdf").err
    assert command("cache", "rm", "a.pdf").code == 0, "its unknown outcomes go with it"
    assert command("cache", "ls", "--json").lines == []


def test_a_file_is_removed_whatever_it_was_called(command: Command, tmp_path: Path) -> None:
    """Each trace of it: bytes that were parsed without a name are kept under their digest."""
    digest = hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    store = Store.at()
    for number, source in enumerate(["report.pdf", f"sha256:{digest}", "other.pdf"]):
        key = ResultKey.of(
            digest if number < 2 else "ab" * 32, ParseOptions(model=f"m{number}"), "https://a.example/v1"
        )
        claim = store.claim(key, (1, 2), seconds=60, route="sync", source=source)
        assert isinstance(claim, Claim)
        store.answered(claim, b"{}", (1, 2), model="m") if number else store.submitted(claim, "job-1")
    store.close()
    assert command("cache", "rm", SAMPLE).code == 0
    assert [line["source"] for line in command("cache", "ls", "--json").lines] == ["other.pdf"]
    assert Store.at().jobs() == ()


def test_damaged_stores_that_were_moved_aside_are_named_and_go_with_everything(
    command: Command, tmp_path: Path
) -> None:
    store = Store.at(tmp_path)
    store.entries()
    store.close()
    assert store.path is not None
    store.path.write_bytes(b"no database" * 1000)
    there = ("--folder", tmp_path)
    assert command("cache", "ls", *there).code == 0
    (aside,) = tmp_path.glob("*.damaged-*")
    assert aside.name in command("cache", "rm", "--all", *there).err.replace("\n", "")
    assert command("cache", "rm", "--all", "--everything", *there).code == 0
    assert not aside.exists()


def test_the_store_in_a_folder_of_its_own_is_shown_settled_and_emptied(command: Command, tmp_path: Path) -> None:
    store = Store.at(tmp_path)
    for number in (1, 2):
        key = ResultKey.of(f"{number:064x}", ParseOptions(), "https://api.upstage.ai/v1")
        claim = store.claim(key, (1, 2), seconds=60, route="sync", source=f"{number}.pdf")
        assert isinstance(claim, Claim)
        store.answered(claim, b"{}", (1, 2), model="m") if number == 1 else store.abandon(claim)
    store.close()
    there = ("--folder", tmp_path)
    assert {line["source"] for line in command("cache", "ls", "--json", *there).lines} == {"1.pdf", "2.pdf"}
    (unknown,) = command("cache", "unknown", "--json", *there).lines
    assert command("cache", "resolve", unknown["token"], *there).code == 0
    assert command("cache", "unknown", "--json", *there).lines == []
    assert command("cache", "rm", "1.pdf", *there).out == "1 answers deleted.\n"
    assert command("cache", "ls", "--folder", tmp_path / "no-such-folder").code == 2
    assert command("cache", "ls", "--json").lines == []


@pytest.mark.parametrize("spelling", ["docs/gone.pdf", "./docs/../docs//gone.pdf", "{}/docs/gone.pdf", "link/gone.pdf"])
def test_what_is_kept_of_a_file_that_is_gone_is_removed_by_any_spelling_of_its_path(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "link").symlink_to("docs")
    monkeypatch.chdir(tmp_path)
    store = Store.at(tmp_path / "cache")
    for number, source in enumerate(("docs/gone.pdf", "gone.pdf", "")):
        key = ResultKey.of(f"{number:064x}", ParseOptions(), "https://api.upstage.ai/v1")
        claim = store.claim(key, (1, 2), seconds=60, route="sync", source=source)
        assert isinstance(claim, Claim)
        store.answered(claim, b"{}", (1, 2), model="m")
    store.close()

    there = ("--folder", tmp_path / "cache")
    assert command("cache", "rm", spelling.format(tmp_path), *there).out == "1 answers deleted.\n"
    assert {line["source"] for line in command("cache", "ls", "--json", *there).lines} == {"gone.pdf", ""}


def test_what_is_kept_of_a_file_of_the_same_name_elsewhere_is_not_removed_with_one_that_is_there(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that was given from another folder is listed as it was given."""
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.pdf").write_bytes(make_pdf(folder, 1))
        monkeypatch.chdir(tmp_path / folder)
        with Client(engine="local", cache=tmp_path / "cache") as client:
            client.parse("a.pdf")
    kept = ("--folder", tmp_path / "cache")
    assert command("cache", "rm", tmp_path / "there" / "a.pdf", *kept).out == "1 answers deleted.\n"
    (left,) = command("cache", "ls", "--json", *kept).lines
    assert inspect("../here/a.pdf").sha256.startswith(str(left["sha256"]))


def test_what_was_paid_for_is_kept_listed_and_removed(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "upstage")
    monkeypatch.setenv("UPSTAGE_API_KEY", "not-a-real-key")
    with _server() as base_url:
        first = command("parse", SAMPLE, "--base-url", base_url)
    again = command("parse", SAMPLE, "--base-url", base_url)  # nobody answers there any more

    assert first.out == again.out != ""
    assert command("cache", "unknown", "--json").lines == []
    kept = command("cache", "ls", "--json").lines
    assert [(line["source"], line["pages"]) for line in kept] == [(str(SAMPLE), 4)]
    assert command("cache", "rm", "--all").code == 0
    assert command("cache", "ls", "--json").lines == []


OBEYED = "\x1b\x07\x9b\x7f\u202e\u2066"
HOSTILE = "\x1b]0;owned\x07\x9b31m\x7f\u202e\u2066[red] :date: 표"
SHOWN = r"\x1b]0;owned\x07\x9b31m\x7f\u202e\u2066[red] :date: 표"


@pytest.fixture
def stand_in_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A stand-in for the API that the command reaches by `--base-url`, with a key in the environment."""
    pytest.importorskip("uvicorn", reason="the stand-in is a server")
    from upstage_docs.testing.stand_in import running_stand_in

    with running_stand_in() as api:
        monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "upstage")
        monkeypatch.setenv("UPSTAGE_API_KEY", "not-a-real-key")
        yield api.base_url


@pytest.mark.parametrize(("name", "pages", "cut"), [("parse", 3, ("--pages-per-request", "1")), ("ocr", 101, ())])
def test_a_part_is_written_told_and_done_again(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, pages: int, cut: tuple[str, ...]
) -> None:
    """Of OCR, 101 pages are two requests."""
    pytest.importorskip("uvicorn", reason="the stand-in is a server")
    from upstage_docs.testing.faults import Answer
    from upstage_docs.testing.stand_in import running_stand_in

    path, target = tmp_path / "a.pdf", tmp_path / "out" / "a.pdf.txt"
    path.write_bytes(make_pdf("a", pages))
    with running_stand_in() as api:
        for variable, value in api.environment.items():
            monkeypatch.setenv(variable, value)
        call = (name, path, "-o", tmp_path / "out", "-f", "text", "--json", "--max-concurrency", "1", *cut)
        api.faults.script("sync", None, Answer(400, b"{}"))
        part = command(*call, "--on-error", "partial")
        written = target.read_text()
        whole = command(*call, "--on-error", "partial")
    (line,) = part.lines
    assert (part.code, line["status"], line["missing_pages"]) == (1, "partial", "2" if name == "parse" else "61-101")
    assert ("a page 1\n" in written, f"a page {61 if name == 'ocr' else 2}\n" in written) == (True, False)
    assert (whole.code, whole.lines[0]["status"], len(target.read_text().splitlines())) == (0, "written", pages)


def test_the_first_failure_ends_a_run_that_is_to_raise(command: Command, tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"no PDF")
    call = ("parse", tmp_path / "a.pdf", tmp_path / "b.pdf", "-o", tmp_path / "out", "--max-concurrency", "1")
    skipped, raised = command(*call), command(*call, "--on-error", "raise")
    assert (skipped.code, "b.pdf" in skipped.err) == (1, True)
    assert (raised.code, "a.pdf" in raised.err, "b.pdf" in raised.err) == (1, True, False)


def test_ocr_prints_the_text(command: Command, stand_in_url: str, tmp_path: Path) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(make_pdf("scan", 2))

    ended = command("ocr", scan, "--base-url", stand_in_url)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "scan page 1\nscan page 2\n"


def test_ocr_gives_the_answer_or_a_line_for_each_word(command: Command, stand_in_url: str, tmp_path: Path) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(make_pdf("scan", 2))
    url = ("--base-url", stand_in_url)

    whole = command("ocr", scan, "-f", "json", *url)
    pages = command("ocr", scan, "-f", "jsonl", *url)
    words = command("ocr", scan, "-f", "jsonl", "--split", "word", *url)

    assert json.loads(whole.out)["numBilledPages"] == 2
    assert [line["text"] for line in pages.lines] == ["scan page 1", "scan page 2"]
    assert [line["text"] for line in words.lines] == ["scan", "page", "1", "scan", "page", "2"]
    assert {line["metadata"]["confidence"] for line in words.lines} == {0.9}  # type: ignore[index]


def test_ocr_writes_many_and_says_which_fail(command: Command, stand_in_url: str, tmp_path: Path) -> None:
    """The others are written; a second run sends nothing again and tries what failed."""
    given, output = tmp_path / "in", tmp_path / "out"
    given.mkdir()
    for name in ("a", "b"):
        (given / f"{name}.pdf").write_bytes(make_pdf(name, 1))
    (given / "broken.pdf").write_bytes(b"no PDF")

    first = command("ocr", given, "-o", output, "--base-url", stand_in_url)
    second = command("ocr", given, "-o", output, "--json", "--base-url", stand_in_url)

    assert first.code == second.code == 1
    assert "broken.pdf" in first.err
    assert sorted(path.name for path in output.iterdir()) == ["a.pdf.txt", "b.pdf.txt"]
    assert (output / "a.pdf.txt").read_text() == "a page 1"
    assert [line["status"] for line in second.lines] == ["skipped", "skipped", "failed"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("--split", "word"), "jsonl"), (("--json",), "--output"), (("-f", "markdown"), "markdown")],
)
def test_ocr_refuses_what_does_not_fit_together(
    command: Command, stand_in_url: str, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(make_pdf("scan", 1))

    ended = command("ocr", scan, *arguments, "--base-url", stand_in_url)

    assert ended.code == 2
    assert says in ended.err
    assert ended.out == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names of files")
def test_what_a_terminal_would_obey_is_shown_instead(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Escape sequences and marks that turn the direction of writing, in an answer and in names of files."""
    pytest.importorskip("uvicorn", reason="serving is an extra")
    from upstage_docs.local import Engine
    from upstage_docs.local.service.pipe import AnswerPart, Begin
    from upstage_docs.server import build_app, running

    def read(*_: object) -> Generator[Begin | AnswerPart, None, None]:
        yield Begin(1)
        yield AnswerPart(1, 1, json.dumps({**json.loads(parse_answer([HOSTILE])), "model": HOSTILE}).encode())

    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "upstage")
    monkeypatch.setenv("UPSTAGE_API_KEY", "not-a-real-key")
    monkeypatch.setenv("COLUMNS", "900")
    good, bad = tmp_path / "in" / f"{HOSTILE}.pdf", tmp_path / f"{HOSTILE}.pdf"
    good.parent.mkdir()
    good.write_bytes(make_pdf("x", 1))
    bad.write_bytes(b"nothing")
    with running(build_app(Engine(read=read))) as base_url:
        url = ("--base-url", base_url)
        told = [
            command("split", good, *url).out,
            command("split", good, "--text", *url).out,
            command("parse", good.parent, "-o", tmp_path / "out", *url).err,
            command("parse", bad, *url).err,
            command("view", good, "-o", tmp_path / "out", *url).out,
            command("cache", "ls").out,
        ]
        document = command("parse", good, *url).out
        line = command("split", good, "--json", *url).out
    for shown in told:
        assert SHOWN in shown
        assert not set(OBEYED) & set(shown)
    assert HOSTILE in document, "what is written is the document"
    assert HOSTILE in json.loads(line)["text"]
    assert not set(OBEYED) & set(line)


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Stopped]:
    """A run of the command that is held at a point, interrupted there, and repeated; the API is a stand-in."""
    pytest.importorskip("uvicorn", reason="serving is an extra")
    from upstage_docs.testing.stand_in import running_stand_in

    with running_stand_in() as api:
        yield Stopped(tmp_path, api.base_url, api.faults, api.reader)


# A shell that starts the tests in the background has told them, and all that they start, to ignore it.
HEARS_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("upstage_docs", run_name="__main__", alter_sys=True)
"""


class Stopped:
    def __init__(self, folder: Path, base_url: str, faults: Faults, stand_in: StandInReader) -> None:
        self.faults, self.stand_in = faults, stand_in
        self.given, self.output, self._told = folder / "in", folder / "out", folder / "told"
        self.given.mkdir()
        self._call = [sys.executable, "-c", HEARS_CTRL_C, "parse", str(self.given), "-o", str(self.output)]
        self._call += ["--base-url", base_url, "--max-concurrency", "2"]
        self._environment = {
            **os.environ,
            "UPSTAGE_API_KEY": "not-a-real-key",
            "XDG_CACHE_HOME": str(folder / "cache"),
        }

    def interrupt(self, moment: Callable[[], object], what: str) -> str:
        """Run the command and press Ctrl-C at the *moment*, then let two more answers out; return what it told."""
        with (
            self._told.open("w") as stderr,
            subprocess.Popen(self._call, env=self._environment, stderr=stderr) as process,
        ):
            try:
                eventually(moment, what)
                process.send_signal(signal.SIGINT)
                eventually(lambda: "command again to continue" in self._told.read_text(), "it says that it was stopped")
                if self.stand_in.allowed is not None:
                    self.stand_in.allowed.release(2)
                process.wait(GENEROUS)
            finally:
                process.kill()
        told = self._told.read_text()
        assert process.returncode == 130, told
        assert "Traceback" not in told
        return told

    def repeat(self) -> None:
        done = subprocess.run(
            self._call, env=self._environment, capture_output=True, text=True, check=False, timeout=2 * GENEROUS
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_stopped_run_goes_on_and_nothing_is_billed_twice(stopped: Stopped) -> None:
    """Ctrl-C ends after the requests under way; the same command sends only what is missing.

    Two of eight are answered before it and two after it: a run that went on would wait for the fifth answer.
    """
    for number in range(8):
        (stopped.given / f"{number}.pdf").write_bytes(make_pdf(f"d{number}", 1))
    stopped.stand_in.allowed = threading.Semaphore(2)

    def first_written() -> bool:
        return any(stopped.output.glob("*.md")) and stopped.faults.count("sync") >= 3

    assert "the same command again to continue" in stopped.interrupt(first_written, "a file is written")
    assert 1 <= len(list(stopped.output.glob("*.md"))) <= 4

    stopped.stand_in.allowed = None
    stopped.repeat()
    assert len(list(stopped.output.glob("*.md"))) == len(list(stopped.output.iterdir())) == 8
    assert sorted(stopped.faults.billed.values()) == [1] * 8


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_stop_does_not_wait_for_a_job(stopped: Stopped) -> None:
    """A job may be queued for days: it goes on at the API, and the same command resumes it."""
    from upstage_docs.testing.faults import hanging_job

    (stopped.given / "long.pdf").write_bytes(make_pdf("long", 31))
    stopped.faults.always("status", hanging_job(completed=1))

    stopped.interrupt(lambda: stopped.faults.count("result"), "the first batch is fetched")

    stopped.faults.clear()
    stopped.repeat()
    assert set(stopped.stand_in.billed.values()) == {1}
    assert len(stopped.stand_in.billed) == 31


def test_a_document_that_takes_long_holds_up_no_other(stopped: Stopped) -> None:
    """Two are in work at a time, and the first one's job hangs."""
    from upstage_docs.testing.faults import hanging_job

    (stopped.given / "a.pdf").write_bytes(make_pdf("a", 31))
    for name in "bcdef":
        (stopped.given / f"{name}.pdf").write_bytes(make_pdf(name, 1))
    stopped.faults.always("status", hanging_job())

    stopped.interrupt(lambda: len(list(stopped.output.glob("*.md"))) == 5, "the others are written")


def test_help_is_what_the_docs_say() -> None:
    """docs/cli.md is written by scripts/make_cli_docs.py; run it when a command changes."""
    script = runpy.run_path(str(ROOT / "scripts" / "make_cli_docs.py"))

    assert script["TARGET"].read_text(encoding="utf-8") == script["page"]()


@pytest.mark.parametrize("name", ["demo", "parse", "ocr", "split", "estimate", "serve", "jobs ls", "cache rm"])
def test_the_docs_name_the_options_that_help_names(command: Command, name: str) -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    section = page.split(f"## upstage-docs {name}\n")[1].split("\n## ")[0]
    told = " ".join(re.findall(r"^\| ([^|]*) \|", section, re.MULTILINE))
    shown = "\n".join(re.findall(r"^  (?:-\w, )?--.{0,70}", command(*name.split(), "--help").out, re.MULTILINE))
    option = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")

    assert set(option.findall(told)) == set(option.findall(shown)) - {"--help"}


def test_without_its_extra_the_command_names_it() -> None:
    code = "import sys; sys.modules['typer'] = None; from upstage_docs.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)

    assert done.returncode == 2
    assert 'pip install "upstage-docs[cli]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_while_the_command_is_imported_ends_it_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")  # the moment at which it is pressed
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from upstage_docs.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)

    assert (done.returncode, done.stderr) == (130, "")


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "upstage_docs", "--version"], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.startswith("upstage-docs 0.")


def test_two_spellings_of_one_path_are_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from upstage_docs.cli.files import find

    monkeypatch.chdir(tmp_path)
    Path("a.pdf").write_bytes(b"")
    assert [str(path) for path, _ in find(["a.pdf", "./a.pdf", "../" + tmp_path.name + "/a.pdf", str(tmp_path)])] == [
        "a.pdf"
    ]
