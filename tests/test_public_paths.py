"""What users may hold stays where they hold it, however the folders behind it are named."""

from __future__ import annotations

import importlib
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

# Each path, the module without which it cannot be imported, and the names that it has had since the first version.
PATHS: dict[str, tuple[str, str]] = {
    "upstage_docs": (
        "",
        (
            "AsyncClient Client Limits Estimate Rate Report Progress Failure Named Spending Element "
            "ParsedDocument Job Batch OcrResult OcrPage OcrWord Chunk Record chunk_elements contextualize "
            "ChunkOptions RecordOptions coordinates_of decode_document decode_ocr ParseOptions OCROptions "
            "RetryPolicy PollPolicy CATEGORIES UpstageDocsError ConfigError MissingExtraError SourceError "
            "SourceNotFoundError APIConnectionError APITimeoutError APIStatusError AuthenticationError "
            "RateLimitError BadRequestError InvalidResponseError JobError JobFailedError JobTimeoutError "
            "UnknownOutcomeError __version__"
        ),
    ),
    "upstage_docs.errors": ("", "UpstageDocsError ConfigError MissingExtraError SourceError APIStatusError"),
    "upstage_docs.options": ("", "ParseOptions OCROptions RetryPolicy PollPolicy"),
    "upstage_docs.models": ("", "Element ParsedDocument Job Batch OcrResult OcrPage OcrWord Chunk"),
    "upstage_docs.evidence": (
        "",
        (
            "Citation Embeddings PagePicture Passage Place SearchIndex TableData cite crop crops_of highlight "
            "number_passages overlay paragraph_records places read_answer read_numbered_lines row_records "
            "section_records tables to_content_blocks uncertain"
        ),
    ),
    "upstage_docs.api.limits": ("", "ApiLimits LIMITS LIMITS_2025"),
    "upstage_docs.mcp.server": ("mcp", "make_server read_skill"),
    "upstage_docs.mcp.documents": ("mcp", "OpenDocument OpenDocuments"),
    "upstage_docs.testing": (
        "uvicorn",
        "Faults PageElement StandInApi StandInReader build_app report_page running_stand_in stand_in_transport",
    ),
    "upstage_docs.testing.faults": ("", "Answer Delay Drip Fault Faults Kind Received Reset Rewrite Truncate"),
    "upstage_docs.testing.plugin": ("uvicorn", "upstage_api"),
    "upstage_docs.local": ("liteparse", "BASE_URL Engine Limits LocalTransport"),
    "upstage_docs.view": ("", "COLOURS boxed_pages quote_places view_html write_view"),
    "upstage_docs.ray": ("", "Corpus CorpusOptions ParseFiles parse_corpus share"),
    "upstage_docs.server": ("uvicorn", "build_app running serve"),
    "upstage_docs.faults": (
        "",
        (
            "Answer Delay Drip Fault Faults Kind Received Reset Rewrite Truncate error_in_200 expired_url "
            "failed_batch failed_job gateway_text hanging_job no_download_urls reset retrying_batch suspended "
            "too_many_requests unauthorized unavailable"
        ),
    ),
    "langchain_upstage_docs": (
        "langchain_core",
        (
            "TableAwareTextSplitter UpstageDocumentParseLoader UpstageDocumentParseParser UpstageOCRLoader "
            "UpstageOCRParser index_key"
        ),
    ),
    "llama_index_upstage_docs": (
        "llama_index.core",
        "TableAwareNodeParser UpstageDocumentParseNodeParser UpstageDocumentParseReader UpstageOCRReader",
    ),
    "llama_index_upstage_docs.events": ("llama_index.core", "ReadEndEvent ReadStartEvent"),
}


def test_each_path_that_the_page_on_stability_promises_is_tried() -> None:
    page = Path(__file__).resolve().parent.parent / "docs" / "stability.md"
    promised = page.read_text(encoding="utf-8").partition("Everything else")[0]

    assert set(re.findall(r"`((?:upstage_docs|[a-z_]+_upstage_docs)[\w.]*)`", promised)) == set(PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_a_public_path_keeps_its_names(path: str) -> None:
    needed, names = PATHS[path]
    if needed:
        pytest.importorskip(needed)
    module = importlib.import_module(path)

    assert [name for name in names.split() if not hasattr(module, name)] == []


@pytest.mark.parametrize("path", PATHS)
def test_a_public_path_is_imported_first_and_alone(path: str) -> None:
    """No path works only because another was imported before it."""
    needed, names = PATHS[path]
    if needed:
        pytest.importorskip(needed)
    statement = f"from {path} import {', '.join(names.split())}"
    # An old LlamaIndex meets a new pydantic, whose warning is theirs.
    warnings = ["-W", "error", "-W", "ignore:The 'validate_default' attribute with value True"]
    done = subprocess.run(
        [sys.executable, *warnings, "-c", statement], capture_output=True, text=True, check=False, timeout=300
    )

    assert done.returncode == 0, done.stderr


def test_an_error_is_pickled_by_its_public_path() -> None:
    """Errors travel between processes, and what was pickled is read by another version."""
    from upstage_docs import ConfigError

    assert b"upstage_docs.errors" in pickle.dumps(ConfigError("no key"))
