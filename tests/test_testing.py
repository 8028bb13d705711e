"""`upstage_docs.testing`: what others test their pipelines with, as its page shows it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

pytest.importorskip("uvicorn", reason="the stand-in is a server")
pytest.importorskip("liteparse", reason="the stand-in needs the extra that holds the engine")

from made_api import PNG
from stand_in import make_pdf

from upstage_docs import BadRequestError, Client
from upstage_docs.testing import (
    PageElement,
    StandInReader,
    report_page,
    running_stand_in,
    stand_in_transport,
    text_page,
)

ROOT = Path(__file__).resolve().parent.parent


def run_pytest(folder: Path, *files: str) -> str:
    """Run pytest on *files* of another project; only what they name is loaded."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("UPSTAGE_", "PYTEST_"))}
    environment |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--rootdir", ".", *files]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    return done.stdout + done.stderr


def test_the_tests_of_the_page_pass_in_a_project_of_their_own(tmp_path: Path) -> None:
    """The two files that docs/testing.md shows, with the sample report beside them and nothing else."""
    pytest.importorskip("langchain_text_splitters")
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    for name, code in shown:
        (tmp_path / name).write_text(code, encoding="utf-8")
    shutil.copy(ROOT / "upstage_docs" / "samples" / "report.pdf", tmp_path)

    assert [name for name, _ in shown] == ["conftest.py", "test_pipeline.py"]
    assert "2 passed" in run_pytest(tmp_path, "test_pipeline.py")


def test_the_fixture_keeps_a_real_key_and_real_results_out(tmp_path: Path) -> None:
    """A test cannot spend the key of the machine, nor find or leave anything in the user's store."""
    shutil.copy(ROOT / "upstage_docs" / "samples" / "report.pdf", tmp_path)
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["upstage_docs.testing.plugin"]\n')
    (tmp_path / "test_it.py").write_text("""
import os
import pytest

@pytest.fixture(autouse=True)
def real_key(monkeypatch):
    monkeypatch.setenv("UPSTAGE_API_KEY", "up_real")
    monkeypatch.setenv("UPSTAGE_DOCS_ENGINE", "local")
    monkeypatch.setenv("UPSTAGE_DOCS_CACHE", "the-users-own")

def test_it(upstage_api):
    from upstage_docs import Client

    assert os.environ["UPSTAGE_API_KEY"] != "up_real"
    with Client() as client:
        assert client.parse("report.pdf").model == "document-parse-000000"
    assert upstage_api.billed_pages == 4
    assert not os.path.exists("the-users-own")
""")

    assert "1 passed" in run_pytest(tmp_path, "test_it.py")


def test_importing_it_needs_no_pytest_and_no_server() -> None:
    """The package is named in a conftest of projects that may lack an extra; using it says which."""
    code = (
        "import sys; sys.modules['pytest'] = sys.modules['starlette'] = sys.modules['uvicorn'] = None\n"
        "import upstage_docs.testing as testing\n"
        "assert set(testing.__all__) <= {*dir(testing), *testing.__all__}\n"
        "testing.Faults(); testing.StandInReader()\n"
        "from upstage_docs import MissingExtraError\n"
        "for use in (lambda: testing.running_stand_in().__enter__(), lambda: testing.build_app):\n"
        "    try:\n        use()\n    except MissingExtraError as error:\n        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)

    assert done.stdout.count("upstage-docs[server]") == 2


def test_a_page_is_made_of_its_own_text_or_by_a_function() -> None:
    def note(page: int, text: str) -> list[PageElement]:
        return [PageElement("paragraph", f"{page}: {text}"), PageElement("figure", "", more={"sub_category": "stamp"})]

    with Client("up_any", transport=stand_in_transport(), cache=False) as client:
        plain = client.parse(make_pdf("a", 2))
        blank = client.parse(PNG, source="a.png")
    with Client("up_any", transport=stand_in_transport(StandInReader(note)), cache=False) as client:
        made = client.parse(make_pdf("a", 2))

    assert [element.text for element in plain.elements] == ["a page 1", "a page 2"]
    assert [element.text for element in blank.elements] == ["page 1"]
    assert [(element.page, element.text) for element in made.elements[::2]] == [(1, "1: a page 1"), (2, "2: a page 2")]
    assert made.elements[0].html == "<p id='0' data-category='paragraph'>1: a page 1</p>"
    assert (made.elements[1].sub_category, made.elements[1].html) == ("stamp", "")


@pytest.mark.parametrize("make_page", [text_page, report_page])
def test_a_job_counts_pages_from_the_beginning_of_the_file(make_page: object) -> None:
    """Whatever a batch says of its pages, the function that makes a page is told its number in the file."""
    for absolute in (False, True):
        reader = StandInReader(make_page, absolute=absolute)  # type: ignore[arg-type]
        with running_stand_in(reader) as api, api.client() as client:
            document = client.parse(make_pdf("a", 23), route="async")

        assert api.faults.count("submit") == 1
        assert {element.page for element in document.elements} == set(range(1, 24))
        assert any("23" in element.text for element in document.elements if element.page == 23)


def test_what_is_refused_is_not_billed() -> None:
    """A document that the test names, and a PDF that cannot be opened."""
    reader = StandInReader()
    reader.refused.add(PNG)
    with running_stand_in(reader) as api, api.client() as client:
        with pytest.raises(BadRequestError) as caught:
            client.ocr(PNG, source="a.png")
        upload = {"document": ("a.pdf", b"%PDF-1.4 damaged")}
        damaged = httpx.post(f"{api.base_url}/document-digitization", data={"model": "ocr"}, files=upload)

    assert caught.value.status_code == 415
    assert damaged.status_code == 422
    assert api.billed_pages == 0


async def test_an_asynchronous_client_of_it_recognises_words() -> None:
    async with stand_in_transport() as transport:
        assert transport is not None
    with running_stand_in() as api:
        async with api.async_client() as client:
            found = await client.ocr(make_pdf("note", 1))

    assert [word.text for word in found.pages[0].words] == ["note", "page", "1"]


def test_a_subprocess_reaches_it_by_its_environment(tmp_path: Path) -> None:
    """As a pipeline that is a command, or a worker process of a framework."""
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", 1))
    code = f"from upstage_docs import Client; print(Client().parse({str(path)!r}).text)"
    with running_stand_in() as api:
        environment = {**os.environ, **api.environment, "UPSTAGE_DOCS_CACHE": str(tmp_path / "cache")}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300)

    assert done.stdout.strip() == "a page 1"
    assert (tmp_path / "cache" / "store.sqlite3").is_file()


def test_the_answers_are_json_that_the_api_could_send() -> None:
    """Every element has the keys that real answers have, and its crop where one is asked for."""
    from upstage_docs.local.service.pipe import Task

    answer = StandInReader(report_page).parse_answer(Task(crops=("figure",)), ["", ""])

    assert json.loads(json.dumps(answer)) == answer
    assert [element["id"] for element in answer["elements"]] == list(range(len(answer["elements"])))
    for element in answer["elements"]:
        assert {"id", "page", "category", "content", "coordinates"} <= set(element)
        assert set(element["content"]) == {"html", "markdown", "text"}
        assert ("base64_encoding" in element) == (element["category"] == "figure")
        assert all(0 <= corner[axis] <= 1 for corner in element["coordinates"] for axis in "xy")
