"""The pages about frameworks and pictures do what they say: every block of Python in them runs on the sample report."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("liteparse", reason="the local engine is an extra")

ROOT = Path(__file__).resolve().parent.parent
FRAMEWORK = {
    "langchain": "langchain_text_splitters",
    "llama-index": "llama_index.core",
    "migrating": "llama_index.core",
    "view": "PIL",
}


@pytest.mark.parametrize("page", FRAMEWORK)
def test_the_code_of_a_page_runs(page: str, tmp_path: Path) -> None:
    pytest.importorskip(FRAMEWORK[page])
    pytest.importorskip("langchain_core")
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    shutil.copy(ROOT / "upstage_docs" / "samples" / "report.pdf", tmp_path)
    program = "import os\nos.environ['UPSTAGE_DOCS_ENGINE'] = 'local'\n" + "\n".join(blocks)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )

    assert len(blocks) >= 2
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", FRAMEWORK)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (ROOT / "docs" / target).exists(), target


@pytest.mark.parametrize("face", ["langchain", "llama_index"])
def test_the_local_engine_answers_through_a_face(face: str) -> None:
    """A face makes its own client, engine and all, and closes it."""
    sample = ROOT / "upstage_docs" / "samples" / "report.pdf"
    if face == "langchain":
        pytest.importorskip("langchain_core")
        from langchain_upstage_docs import UpstageDocumentParseLoader

        metadata = [one.metadata for one in UpstageDocumentParseLoader(sample, engine="local").lazy_load()]
    else:
        pytest.importorskip("llama_index.core")
        from llama_index_upstage_docs import UpstageDocumentParseReader

        metadata = [one.metadata for one in UpstageDocumentParseReader(engine="local").load_data(sample)]

    assert {"heading1", "table", "paragraph"} <= {one["category"] for one in metadata}
    assert {one["page"] for one in metadata} == {1, 2, 3, 4}
    assert all(one["model"].startswith("local-") for one in metadata)


@pytest.mark.slow
def test_worker_processes_of_a_pipeline_parse_files_themselves(tmp_path: Path) -> None:
    """LlamaIndex's workers are daemonic, which multiprocessing inside them would not survive; ours are subprocesses."""
    pytest.importorskip("llama_index.core")
    sample = ROOT / "upstage_docs" / "samples" / "report.pdf"
    program = f"""
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.schema import Document
from llama_index_upstage_docs import TableAwareNodeParser, UpstageDocumentParseNodeParser
if __name__ == "__main__":
    documents = [Document(text="", id_=str(n), metadata={{"file_path": {str(sample)!r}}}) for n in range(2)]
    parsers = [UpstageDocumentParseNodeParser(engine="local"), TableAwareNodeParser()]
    nodes = IngestionPipeline(transformations=parsers).run(documents=documents, num_workers=2)
    print(sorted({{node.ref_doc_id for node in nodes}}), len(nodes) % 2)
"""
    script = tmp_path / "script.py"
    script.write_text(program, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=300)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['0', '1'] 0"
