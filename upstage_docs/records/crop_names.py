"""Names the picture files of crops after their elements, so that a crop is found again after splitting."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from upstage_docs.records.records import decode_spans

_NAME = re.compile(r"(?:[0-9a-f]{16}|document)-p(?P<page>\d{1,9})-e(?P<element>\d{1,18})\.\w+\Z")
_ranges = msgspec.json.Decoder(tuple[tuple[int, int], ...])


def crop_name(file_sha256: str, page: int, element_id: int, suffix: str = ".jpg") -> str:
    """Return the name of an element's crop: nothing of it comes from the document's text or the file's name."""
    return f"{file_sha256[:16] or 'document'}-p{page}-e{element_id}{suffix}"


def own_crops(paths: str, elements: Collection[tuple[int, int]]) -> str:
    """Return those of *paths*, one a line, that are crops of *elements*; names that are not ours stay, too.

    Args:
        paths: As in `metadata["image_path"]`.
        elements: Element id and page; page 0 is any. Where none is known (-1), no path is left out.
    """
    named, others = _by_element(paths)
    if not named or all(element < 0 for element, _ in elements):
        return paths
    found = [one for element, page in elements for one in named.get(element, ()) if page in {0, one[0]}]
    return "\n".join([*(path for _, path in sorted(set(found))), *others])


def crops_between(paths: str, offsets: str, ranges: Collection[tuple[int, int]]) -> str:
    """Return those of *paths* whose elements stand in *ranges* of a text.

    Args:
        paths: As in `metadata["image_path"]` of a whole document.
        offsets: `metadata["crop_offsets"]`: where the element of each path stands in the document's text, as JSON.
        ranges: Of the document's text.
    """
    kept = []
    for path, (start, end) in zip(paths.split("\n"), _offsets(offsets), strict=False):
        if any(start < until and max(end, start + 1) > begin for begin, until in ranges):
            kept.append(path)
    return "\n".join(kept)


def text_reach(offsets: str) -> int:
    """Return where the last element with a crop ends in the text of a document, by its `crop_offsets`; 0 for none."""
    return max((end for _, end in _offsets(offsets)), default=0)


@lru_cache(maxsize=16)
def _offsets(offsets: str) -> tuple[tuple[int, int], ...]:
    try:
        return _ranges.decode(offsets)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return ()


@lru_cache(maxsize=16)  # asked for each chunk of a file
def _by_element(paths: str) -> tuple[dict[int, list[tuple[int, str]]], tuple[str, ...]]:
    """Return the page and path of each crop by its element, and the paths that name none."""
    named: dict[int, list[tuple[int, str]]] = {}
    others = []
    for path in paths.split("\n"):
        if found := _NAME.search(path.replace("\\", "/").rpartition("/")[2]):
            named.setdefault(int(found["element"]), []).append((int(found["page"]), path))
        elif path:
            others.append(path)
    return named, tuple(others)


def own_crops_by_metadata(paths: str, metadata: Mapping[str, Any]) -> str:
    """Return those of *paths* that are crops of the elements which flat *metadata* names."""
    elements = {(span[0], span[1]) for span in decode_spans(metadata.get("spans"))}
    if not elements and isinstance(metadata.get("element_id"), int):
        page = metadata.get("page")
        elements = {(metadata["element_id"], page if isinstance(page, int) else 0)}
    return own_crops(paths, elements)
