"""The shapes of the API's JSON as msgspec structs, which tolerate unknown fields; `decode` gives them meaning.

Every field may be missing or null, unknown fields are passed over, and value sets are open:
https://console.upstage.ai/docs/capabilities/parse/understanding-output

What there are thousands of is kept from the cycle collector (`gc=False`): decoded JSON holds no cycles.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from upstage_docs.errors.redaction import Unshown

# Larger than any count, and small enough for every database; a number beyond it is as one of a wrong type.
LARGEST = 2**31 - 2
Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]


class ContentShape(msgspec.Struct, gc=False):
    """Content in each format."""

    html: str | None = None
    markdown: str | None = None
    text: str | None = None


class PointShape(msgspec.Struct, gc=False):
    """A corner point, relative or in pixels."""

    x: float | None = None
    y: float | None = None


class ElementShape(msgspec.Struct, gc=False):
    """One layout element."""

    id: Count | None = None
    page: int | None = None  # any: an element on a page that cannot be keeps its text
    category: str | None = None
    content: ContentShape | None = None
    coordinates: list[PointShape] | None = None
    base64_encoding: str | None = None
    sub_category: str | None = None


class DocumentShape(Unshown, msgspec.Struct):
    """The answer of Document Parse; only `elements` is indispensable."""

    elements: list[ElementShape]
    content: ContentShape | None = None
    model: str | None = None
    usage: Any = None
    ocr: Any = None
    warnings: Any = None  # of the local engine; the API has none

    def __repr__(self) -> str:
        return f"DocumentShape({len(self.elements)} elements)"


class VerticesShape(msgspec.Struct, gc=False):
    """The corners of a word."""

    vertices: list[PointShape] | None = None


class WordShape(msgspec.Struct, gc=False):
    """One recognised word."""

    id: Count | None = None
    text: str | None = None
    confidence: float | None = None
    boundingBox: VerticesShape | None = None  # noqa: N815 - the API's name


class OcrPageShape(msgspec.Struct):
    """One page of recognised words."""

    id: Count | None = None
    page: Count | None = None
    width: Count | None = None
    height: Count | None = None
    confidence: float | None = None
    text: str | None = None
    words: list[WordShape] | None = None


class OcrShape(Unshown, msgspec.Struct):
    """The answer of Document OCR; only `pages` is indispensable."""

    pages: list[OcrPageShape]
    confidence: float | None = None
    modelVersion: str | None = None  # noqa: N815 - the API's name
    numBilledPages: Count | None = None  # noqa: N815 - the API's name

    def __repr__(self) -> str:
        return f"OcrShape({len(self.pages)} pages)"


class BatchShape(Unshown, msgspec.Struct):
    """One batch of an asynchronous request."""

    id: Count | None = None
    status: str | None = None
    start_page: Count | None = None
    end_page: Count | None = None
    model: str | None = None
    failure_message: str | None = None
    download_url: str | None = None
    requested_at: str | None = None
    updated_at: str | None = None
    error: Any = None

    def __repr__(self) -> str:
        return f"BatchShape({self.id})"  # its address is signed


class JobShape(Unshown, msgspec.Struct):
    """The state of an asynchronous request."""

    id: str | None = None
    request_id: str | None = None
    status: str | None = None
    model: str | None = None
    failure_message: str | None = None
    total_pages: Count | None = None
    completed_pages: Count | None = None
    batches: list[BatchShape] | None = None
    requested_at: str | None = None
    completed_at: str | None = None
    error: Any = None

    def __repr__(self) -> str:
        return f"JobShape({len(self.batches or ())} batches)"


class JobsShape(msgspec.Struct):
    """The list of asynchronous requests."""

    requests: list[JobShape]
