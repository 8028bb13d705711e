"""The sample report that the demo reads: what is in it, and that our script draws it."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pypdfium2
import pytest

from upstage_docs.samples.__main__ import main as copy_samples

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = Path(str(files("upstage_docs"))) / "samples" / "report.pdf"


def _texts(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as document:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def test_the_sample_is_small_and_ships_with_the_package() -> None:
    """The wheel carries it, so it stays under 150 kB."""
    assert 20_000 < SAMPLE.stat().st_size < 150_000


def test_a_reader_who_has_the_package_alone_gets_the_samples(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "upstage_docs.samples"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )

    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.pdf", "statement.pdf"]
    assert (tmp_path / "report.pdf").read_bytes() == SAMPLE.read_bytes()


def test_the_samples_are_named_and_replace_no_file_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "statement.pdf").write_text("mine")

    with pytest.raises(SystemExit, match=r"statement\.pdf is another file"):
        copy_samples()

    assert (tmp_path / "statement.pdf").read_text() == "mine"
    assert capsys.readouterr().out == "report.pdf\n"


def test_every_page_bears_its_number_and_the_running_header_begins_on_the_second() -> None:
    texts = _texts(SAMPLE)

    assert len(texts) == 4
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of 4" in text
        assert text.startswith("Saebyeok Strait Tidal Power Annual Report 2025 Page") == (number > 1)


def test_the_text_can_be_read_back_korean_and_greek_letters_too() -> None:
    texts = _texts(SAMPLE)

    assert "새벽해협 조력발전소는 네 번째 해에 가장 좋은 성과를 거두었다." in texts[0]
    assert "P = ½ · ρ · A · v³ · η" in texts[1]
    assert "Maehyang 8 12.0 38.9 41.8 95.2 %" in texts[2]


def test_the_long_table_goes_on_over_the_page_with_its_header() -> None:
    texts = _texts(SAMPLE)

    assert texts[2].count("No. Turbine Date Finding") == texts[3].count("No. Turbine Date Finding") == 1
    assert "19 Norabi 6" in texts[2]
    assert "20 Hwanggeum 1" in texts[3]


def test_the_script_draws_the_report_that_is_shipped(tmp_path: Path) -> None:
    """The committed file is never older than the script that makes it."""
    script = runpy.run_path(str(ROOT / "scripts" / "make_sample_report.py"))
    if not script["NANUM"].is_dir():
        pytest.skip("needs Debian's fonts-nanum")
    script["make"](tmp_path / "report.pdf")

    assert _texts(tmp_path / "report.pdf") == _texts(SAMPLE)
