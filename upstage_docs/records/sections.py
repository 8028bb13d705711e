"""Makes a tree of sections: the record of each holds its heading and all that stands under it, subsections too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from upstage_docs.models import Record
from upstage_docs.records.records import record_id, text_sha256

_JOINER = "\n\n"


@dataclass
class Section:
    """A section: a heading, and all that stands under it.

    Attributes:
        record: Its text is that of all under it, its `category` is `section`, its `headings` end with its own.
        heading_id: The record id of its heading.
        first_id: The record id of its first part.
        parent: The section that it is part of, None at the top.
        children: Its direct parts, records and sections, by id, in order.
    """

    record: Record
    heading_id: str
    first_id: str
    parent: Section | None = None
    children: list[str] = field(default_factory=list)


def sections(records: Iterable[Record]) -> tuple[list[Section], dict[str, Section]]:
    """Return the sections of one file's *records*, in order, and the section of each record by the record's id.

    What stands before the first heading, and a heading that governs nothing, makes no section.

    Args:
        records: Elements or chunks with flat metadata, in reading order.
    """
    given = list(records)
    paths = {str(one.metadata["section_id"]): str(one.metadata["headings"]) for one in given}
    paths.pop("", None)
    found: list[Section] = []
    section_of: dict[str, Section] = {}
    parts: dict[str, list[Record]] = {}
    open_sections: list[Section] = []
    for record in given:
        heading_id = record.id if record.id in paths else str(record.metadata["section_id"])
        path = paths.get(heading_id, "")
        while open_sections and not _holds(open_sections[-1], heading_id, path):
            open_sections.pop()
        parent = open_sections[-1] if open_sections else None
        if heading_id and (parent is None or parent.heading_id != heading_id):
            section = Section(_begun(record, path, parent), heading_id, record.id, parent)
            if parent is not None:
                parent.children.append(section.record.id)
            found.append(section)
            open_sections.append(section)
        for section in open_sections:
            parts.setdefault(section.record.id, []).append(record)
        if open_sections:
            open_sections[-1].children.append(record.id)
            section_of[record.id] = open_sections[-1]
    for section in found:
        _finish(section.record, parts[section.record.id])
    return found, section_of


def _holds(section: Section, heading_id: str, path: str) -> bool:
    return section.heading_id == heading_id or path.startswith(f"{section.record.metadata['headings']} > ")


def _begun(first: Record, path: str, parent: Section | None) -> Record:
    identity = record_id("section", first.id)
    changed = {
        "record_id": identity,
        "section_id": parent.heading_id if parent else "",
        "category": "section",
        "sub_category": "",
        "headings": path,
        "record_type": "section",
    }
    return Record(identity, "", {**first.metadata, **changed})


def _finish(record: Record, parts: list[Record]) -> None:
    parts = [part for part in parts if part.text]
    record.text = _JOINER.join(part.text for part in parts)
    spans: list[list[Any]] = []
    position = 0
    for part in parts:
        for number, page, start, end, *box in json.loads(part.metadata["spans"]):
            spans.append([number, page, start + position, end + position, *box])
        position += len(part.text) + len(_JOINER)
    categories = dict.fromkeys(name for part in parts for name in part.metadata["categories"].split(", "))
    record.metadata |= {
        "spans": json.dumps(spans, separators=(",", ":")),
        "page_end": max(part.metadata["page_end"] for part in parts),
        "categories": ", ".join(categories),
        "text_sha256": text_sha256(record.text),
    }
