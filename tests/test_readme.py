"""What the README and the docs show is run as it stands, on the sample report, and prints what they say it prints."""

from __future__ import annotations

import contextlib
import io
import re
import textwrap
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shutil import copy2

import pypdfium2
import pytest

from upstage_docs.samples.__main__ import main as copy_samples

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
# A block of Python, and what it prints if a block of text follows it.
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", re.DOTALL | re.MULTILINE)
BLOCKS = [
    pytest.param(code, expected, id=f"{page.name}-{number}")
    for page in (
        ROOT / "README.md",
        ROOT / "README.ko.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "docs" / "listing").glob("*.md")),
    )
    for number, (code, expected) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), start=1)
]
NEEDS = {
    "langchain_": "langchain_text_splitters",
    "llama_index_": "llama_index",
    "upstage_docs.ray": "ray",
    "upstage_docs.testing": "uvicorn",
    "Retriever": "bm25s",
    "opentelemetry.sdk": "opentelemetry",
    "Client": "liteparse",
    "Loader": "liteparse",
    "Reader": "liteparse",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the README names, and the local engine chosen."""
    monkeypatch.chdir(tmp_path)
    copy_samples()
    (tmp_path / "corpus").mkdir()
    for sample in tmp_path.glob("*.pdf"):
        copy2(sample, tmp_path / "corpus")
    with pypdfium2.PdfDocument("report.pdf") as document:
        document[0].render(scale=2).to_pil().save("scan.png")
    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "local")
    monkeypatch.delenv("UPSTAGE_API_KEY", raising=False)
    return tmp_path


def test_the_first_blocks_are_the_two_commands() -> None:
    commands = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)

    assert commands[0] == ("bash", 'pip install ".[demo]" && upstage-docs demo\n')
    assert commands[1] == ("bash", 'pip install ".[dev]" && pytest\n')


@pytest.mark.parametrize(("code", "expected"), BLOCKS)
@pytest.mark.usefixtures("folder")
def test_what_the_docs_show_runs(code: str, expected: str) -> None:
    for plugin in ("langchain_upstage", "llama_index.readers.upstage"):
        if re.search(rf"^from {plugin} ", code, re.MULTILINE):
            pytest.importorskip(plugin, reason="the plugins of others are shown beside ours")
    for sign, module in NEEDS.items():
        if sign in code and find_spec(module) is None:
            pytest.skip(f"needs {module}")
    if "client.ocr" in code and not pytest.importorskip("upstage_docs.local.ocr.tesseract").available():
        pytest.skip("recognising text needs Tesseract and its data")
    if re.search(r"^ *(await|async) ", code, re.MULTILINE):  # shown as in a notebook
        body = textwrap.indent(code, "    ")
        code = f"async def shown():\n{body}\nimport asyncio\nasyncio.run(shown())"
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "shown", "exec"), {"__name__": "shown"})
    finally:
        if "set_tracer_provider" in code:
            import_module("untraced").forget_tracer_provider()

    if "scan.png" not in code and "upstage_docs.ray" not in code:  # a scan is the reader's, and Ray prints as it likes
        assert printed.getvalue() == expected


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "upstage_docs").rglob("*.md")]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in sorted(PAGES)])
def test_what_a_page_installs_has_the_command_that_it_shows(page: Path) -> None:
    shown = "".join(re.findall(r"^```bash\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))
    extras = [set(one.split(",")) for one in re.findall(r"pip install [^\n\[]*\[([a-z,-]+)\]", shown)]

    if extras and re.search(r"^upstage-docs |&& upstage-docs ", shown, re.MULTILINE):
        assert any(one & {"cli", "demo", "all"} for one in extras), (
            f"{page.name} shows a command that needs the extra cli"
        )


@pytest.mark.parametrize("folder", [".", "docs", "docs/listing", "benchmarks", "cassettes"])
def test_links_lead_somewhere(folder: str) -> None:
    """To a file that is there, and to a heading in it."""
    for page in sorted((ROOT / folder).glob("*.md")):
        for target, anchor in re.findall(
            r"\]\((?!https?:|mailto:)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8")
        ):
            path = page.parent / target if target else page
            assert path.exists(), f"{page.name} links to {target}, which is not there"
            assert not anchor or anchor in _anchors(path), f"{page.name} links to {target}#{anchor}, which is not there"


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
