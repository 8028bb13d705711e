"""The faces with the local engine behind them, as the pages about them show it; nothing is replaced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("liteparse", reason="the local engine is an extra")

ROOT = Path(__file__).resolve().parent.parent


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
