"""Turns records into LlamaIndex's Documents and nodes: what is embedded, what the LLM sees, how nodes are linked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from llama_index.core.schema import BaseNode, Document, MetadataMode, NodeRelationship, RelatedNodeInfo, TextNode

if TYPE_CHECKING:
    from llama_index_upstage_docs.linked_node_parser import LinkedNodeParser
    from upstage_docs.models import Record

# What is worth an embedding, and what an LLM needs to cite; the rest is for filters and viewers.
_EMBEDDED = frozenset({"headings"})
_SHOWN = frozenset({"file_name", "category", "page", "page_end", "headings"})
# What only our reader's Documents have, flat or nested: such a file has been paid for.
_PARSED = frozenset({"file_sha256", "coordinates"})
# Keys beside those of every record: of files, chunks, OCR, crops and nested metadata.
_FURTHER = (
    *("file_path", "file_name", "confidence", "page_width", "page_height", "words"),
    *("image_path", "crop_offsets", "image_base64", "base64_encoding", "base64_encodings", "id"),
)


def file_metadata(source: str, extra_info: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the metadata that LlamaIndex's readers give a file, and the caller's, which replace none of these."""
    own = {"file_path": source, "file_name": PurePath(source.replace("\\", "/")).name}
    return {**own, **{key: value for key, value in (extra_info or {}).items() if key not in own}}


def document_of(record: Record, extra_info: Mapping[str, Any] | None = None) -> Document:
    """Return *record* as LlamaIndex's Document, without relationships."""
    # SimpleDirectoryReader hides the name of a file, and leaves its path to tell which file it was.
    further = tuple(key for key in extra_info or () if key != "file_path")
    embed, llm = _excluded(further, _unsaid(record.metadata))
    if extra_info and "file_path" in extra_info:
        llm = [key for key in llm if key != "file_path"]
    return Document(
        id_=record.id,
        text=record.text,
        metadata=record.metadata,
        excluded_embed_metadata_keys=embed,
        excluded_llm_metadata_keys=llm,
    )


def node_of(record: Record, owner: BaseNode | None, further: Sequence[str], *, shown: bool) -> TextNode:
    """Return *record*, made of nodes that were there before, as a node whose SOURCE is the file of *owner*.

    Args:
        record: With metadata of its own beside those of every record.
        owner: A node of the file; None: it is not known.
        further: The keys of its own metadata, which are not embedded.
        shown: Whether the LLM sees these.
    """
    document = document_of(record)
    node = TextNode(
        id_=record.id,
        text=record.text,
        metadata=record.metadata,
        excluded_embed_metadata_keys=[*document.excluded_embed_metadata_keys, *further],
        excluded_llm_metadata_keys=[*document.excluded_llm_metadata_keys, *(() if shown else further)],
    )
    if owner is not None:
        node.relationships[NodeRelationship.SOURCE] = source_of(owner)
    return node


def text_of(node: BaseNode) -> str:
    """Return the text of *node* without its metadata."""
    return node.get_content(metadata_mode=MetadataMode.NONE)


def was_parsed(node: BaseNode) -> bool:
    """Say whether *node* comes from a file that Document Parse or Document OCR has read."""
    return not node.metadata.keys().isdisjoint(_PARSED)


def own_metadata(node: BaseNode) -> dict[str, Any]:
    """Return those of the metadata of *node* that this package knows."""
    return {key: value for key, value in node.metadata.items() if key in _known()}


def finished(
    records: Sequence[Record], owners: Sequence[tuple[BaseNode, RelatedNodeInfo]], parser: LinkedNodeParser
) -> list[BaseNode]:
    """Return the *records* of one file as nodes that are linked as *parser* says.

    Args:
        records: In reading order.
        owners: For each, the node that it was made from, and the Document of its file, which becomes its SOURCE.
        parser: Says which links there are.
    """
    nodes: list[BaseNode] = [
        _node(record, owner, source) for record, (owner, source) in zip(records, owners, strict=True)
    ]
    of_sections = _section_nodes(records, nodes, owners) if parser.include_section_nodes else []
    if parser.include_prev_next_rel:
        # Over sections, AutoMergingRetriever would never end: it takes in what lies between two neighbours, merges it
        # into its section, and takes it in again.
        for _, siblings in groupby(nodes, key=lambda node: node.parent_node and node.parent_node.node_id):
            _link(list(siblings))
    return of_sections + nodes


def source_of(node: BaseNode) -> RelatedNodeInfo:
    """Return the Document of the file that *node* comes from: *node* itself if it names no source."""
    return node.source_node or _related(node)


def _node(record: Record, owner: BaseNode, source: RelatedNodeInfo) -> TextNode:
    embed, llm = _excluded((), _unsaid(record.metadata))
    hidden = owner.excluded_llm_metadata_keys
    if "file_name" in hidden and "file_path" not in hidden:  # as SimpleDirectoryReader leaves it
        llm = [key for key in llm if key != "file_path"]
    node = TextNode(
        id_=record.id,
        text=record.text,
        metadata=record.metadata,
        # What a Document keeps out of texts stays out of those of its nodes.
        excluded_embed_metadata_keys=_with_further(embed, owner.excluded_embed_metadata_keys),
        excluded_llm_metadata_keys=_with_further(llm, hidden),
        relationships={NodeRelationship.SOURCE: source},
    )
    node.metadata_template, node.metadata_separator = owner.metadata_template, owner.metadata_separator
    if isinstance(owner, TextNode | Document):
        node.text_template = owner.text_template
    return node


def _link(nodes: Sequence[BaseNode]) -> None:
    """Make *nodes* each other's PREVIOUS and NEXT."""
    infos = [_related(node) for node in nodes]
    for index, node in enumerate(nodes):
        if index:
            node.relationships[NodeRelationship.PREVIOUS] = infos[index - 1]
        if index + 1 < len(nodes):
            node.relationships[NodeRelationship.NEXT] = infos[index + 1]


def _section_nodes(
    records: Sequence[Record], nodes: Sequence[BaseNode], owners: Sequence[tuple[BaseNode, RelatedNodeInfo]]
) -> list[BaseNode]:
    """Return a node for each section, and make it the PARENT of its parts."""
    from upstage_docs.records.sections import sections

    found, section_of = sections(records)
    owner_of = {record.id: owner for record, owner in zip(records, owners, strict=True)}
    made: dict[str, BaseNode] = {}
    for section in found:
        owner, source = owner_of[section.first_id]
        made[section.record.id] = _node(section.record, owner, source)
    infos = {node.node_id: _related(node) for node in [*nodes, *made.values()]}
    for section in found:
        node = made[section.record.id]
        node.relationships[NodeRelationship.CHILD] = [infos[child] for child in section.children]
        if section.parent is not None:
            node.relationships[NodeRelationship.PARENT] = infos[section.parent.record.id]
    for node in nodes:
        if node.node_id in section_of:
            node.relationships[NodeRelationship.PARENT] = infos[section_of[node.node_id].record.id]
    return list(made.values())


def _related(node: BaseNode) -> RelatedNodeInfo:
    """Return the reference to *node* without its metadata."""
    return RelatedNodeInfo(node_id=node.node_id, node_type=node.get_type(), hash=node.hash)


@lru_cache(maxsize=1)
def _known() -> tuple[str, ...]:
    from upstage_docs.records.records import METADATA_KEYS

    return (*METADATA_KEYS, *_FURTHER)


def _unsaid(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys that say nothing: no headings, a page that is not known, a last page that is the first one too.

    The pieces of a whole file are not on its first page, nor on all of its pages.
    """
    page, page_end = metadata.get("page"), metadata.get("page_end")
    several = page_end and page_end != page
    unsaid = [] if metadata.get("headings", "headings") else ["headings"]
    if not page or (several and metadata.get("record_type") == "document"):
        unsaid += ["page", "page_end"]
    elif not several:
        unsaid.append("page_end")
    return tuple(unsaid)


@lru_cache(maxsize=64)
def _excluded(further: tuple[str, ...], unsaid: tuple[str, ...]) -> tuple[list[str], list[str]]:
    embed = [key for key in _known() if key not in _EMBEDDED or key in unsaid]
    llm = [key for key in _known() if key not in _SHOWN or key in unsaid]
    return _with_further(embed, further), _with_further(llm, further)


def _with_further(keys: list[str], further: Iterable[str]) -> list[str]:
    more = [key for key in further if key not in keys]
    return keys + more if more else keys
