"""Reads the text and the metadata of whatever a user holds: a Document, a node, a chunk, an element."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar, cast

import msgspec

from upstage_docs.api.decode import decode_document
from upstage_docs.errors import ConfigError, InvalidResponseError
from upstage_docs.models import Chunk, Element, OcrResult, ParsedDocument, Record
from upstage_docs.records.ocr_records import ocr_records
from upstage_docs.records.records import records
from upstage_docs.records.render import element_text

Item = TypeVar("Item")
Parsed: TypeAlias = ParsedDocument | OcrResult | bytes | str
"""What was answered for a file: the parsed document, the OCR result, or the JSON that `output_format="json"` gives."""


class Thing(msgspec.Struct, frozen=True):
    """The text and the metadata of one Document, node, chunk, record or element.

    Attributes:
        metadata: As given, by whoever made it.
        text: None where only metadata was given.
        caption: Of its table or figure, where the object itself says it.
        start: Where the text begins in the text that it was cut from, None if nobody says.
    """

    metadata: Mapping[str, Any]
    text: str | None = None
    caption: str = ""
    start: int | None = None


def read_thing(given: object) -> Thing:
    """Read the text and metadata of one Document, node, chunk, record, element or mapping of metadata.

    Raises:
        ConfigError: *given* is none of these.
    """
    if isinstance(given, Thing):
        return given
    if isinstance(given, Record):
        caption = given.caption if isinstance(given, Chunk) else ""
        return Thing(given.metadata, given.text, caption, _start(given.metadata.get("start_index")))
    if isinstance(given, Element):
        return _element_thing(given, {})
    if isinstance(given, Mapping):
        return Thing(given)
    inner = getattr(given, "node", None)  # LlamaIndex: what a retriever found, with its score
    if inner is not None and hasattr(inner, "metadata"):
        given = inner
    metadata = getattr(given, "metadata", None)
    text = getattr(given, "page_content", None)  # LangChain
    start = metadata.get("start_index") if isinstance(metadata, Mapping) else None
    if text is None:  # LlamaIndex
        text = getattr(given, "text", None)
        start = getattr(given, "start_char_idx", None) if start is None else start
    if not isinstance(metadata, Mapping) or not isinstance(text, str):
        raise ConfigError(
            f"{type(given).__name__} has no place of its own: give a Document, a node, a chunk, a record, an element, "
            "or the metadata of one."
        )
    return Thing(metadata, text, "", _start(start))


def as_list(given: Iterable[Item]) -> list[Item]:
    """Return the Documents, nodes or chunks *given*, several or just one, as a list.

    Raises:
        ConfigError: They are neither.
    """
    if _is_one(given):
        return [cast("Item", given)]
    if isinstance(given, Iterable) and not isinstance(given, (Mapping, str, bytes)):
        return list(given)
    raise ConfigError(f"Give a list of Documents, nodes or chunks, not {type(given).__name__}; a file is loaded first.")


def read_things(given: object) -> Iterator[Thing]:
    """Yield what `read_thing` makes of one or many; a parsed document is its elements, an OCR result its pages.

    Raises:
        ConfigError: Something given is of no kind that has a place.
    """
    if isinstance(given, ParsedDocument):
        yield from map(read_thing, records(given))
    elif isinstance(given, OcrResult):
        yield from map(read_thing, ocr_records(given))
    elif isinstance(given, Iterable) and not isinstance(given, (Mapping, str, bytes)) and not _is_one(given):
        for one in given:
            yield from read_things(one)
    else:
        yield read_thing(given)


def element_things(thing: Thing) -> list[Thing] | None:
    """Return the elements of a text that is the JSON of a page or a document, None where it is another text."""
    if not (thing.text or "").startswith("{"):
        return None
    if thing.metadata.get("category") not in {"page", "document", None}:
        return None
    try:
        document = decode_document((thing.text or "").encode(errors="surrogatepass"))
    except InvalidResponseError:
        return None
    return [_element_thing(element, thing.metadata) for element in document.elements]


def parsed_answer(parsed: Parsed | None) -> ParsedDocument | OcrResult | None:
    """Return *parsed*, which may be the JSON of an answer, as a decoded document.

    Raises:
        ConfigError: It is neither a parsed document, nor an OCR result, nor their JSON.
    """
    if parsed is None or isinstance(parsed, (ParsedDocument, OcrResult)):
        return parsed
    if isinstance(parsed, (str, bytes)):
        raw = parsed.encode(errors="surrogatepass") if isinstance(parsed, str) else parsed
        try:
            return decode_document(raw)
        except InvalidResponseError as error:
            raise ConfigError(f"parsed= holds no JSON of Document Parse: {error}") from error
    raise ConfigError(
        f"parsed= takes the ParsedDocument or OcrResult of the file, or its JSON, not {type(parsed).__name__}."
    )


def _element_thing(element: Element, around: Mapping[str, Any]) -> Thing:
    x0, y0, x1, y1 = element.box
    metadata = {
        "source": around.get("source", ""),
        "file_sha256": around.get("file_sha256", ""),
        "record_id": around.get("record_id", ""),
        "total_pages": around.get("total_pages", 0),
        "element_id": element.id,
        "category": element.category,
        "sub_category": element.sub_category,
        "page": element.page,
        "coordinates": list(element.coordinates),
        "x0": x0,
        "y0": y0,
        "x1": x1,
        "y1": y1,
    }
    return Thing(metadata, element_text(element, "html"))


def _is_one(given: object) -> bool:
    """Return whether *given* is one thing though it can be iterated over, as pydantic's models can."""
    return isinstance(given, Thing) or hasattr(given, "metadata") or hasattr(given, "node")


def _start(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
