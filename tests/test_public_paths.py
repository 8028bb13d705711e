"""What users may hold stays where they hold it, however the folders behind it are named."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys

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
}


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
