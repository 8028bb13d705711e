"""What LangChain publishes for retrievers and tools holds for ours."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("langchain_tests", reason="LangChain's standard tests are a tool of developers")
pytest.importorskip("bm25s", reason="searching is an extra")

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import RetrieversIntegrationTests, ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from langchain_upstage_docs import SearchDocumentTool, UpstageDocumentRetriever

DOCUMENTS = [
    Document(page_content=f"Pump {number} lifts water.", metadata={"source": "pumps.pdf", "page": number})
    for number in range(1, 6)
]


class TestRetriever(RetrieversIntegrationTests):
    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return UpstageDocumentRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"documents": DOCUMENTS}

    @property
    def retriever_query_example(self) -> str:
        return "Which pump lifts water?"


class _OurTool:
    @property
    def tool_constructor(self) -> type[BaseTool]:
        return SearchDocumentTool

    @property
    def tool_constructor_params(self) -> dict[str, Any]:
        return {"retriever": UpstageDocumentRetriever(documents=DOCUMENTS)}

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"query": "Which pump lifts water?"}


class TestTool(_OurTool, ToolsUnitTests):
    pass


class TestToolCalled(_OurTool, ToolsIntegrationTests):
    pass
