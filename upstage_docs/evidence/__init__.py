"""Leads from an answer to its place: citations, pictures of pages, and tables of what was retrieved."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing's, whose import costs more than this module
if TYPE_CHECKING:
    from upstage_docs.evidence.answers import (
        CheckedAnswer as CheckedAnswer,
        Statement as Statement,
        read_answer as read_answer,
        read_numbered_lines as read_numbered_lines,
    )
    from upstage_docs.evidence.citation import Citation as Citation, acite as acite, cite as cite
    from upstage_docs.evidence.crop_files import (
        CropFile as CropFile,
        ato_content_blocks as ato_content_blocks,
        crops_of as crops_of,
        to_content_blocks as to_content_blocks,
    )
    from upstage_docs.evidence.locate import aplaces as aplaces, places as places
    from upstage_docs.evidence.ocr_words import uncertain as uncertain
    from upstage_docs.evidence.overlay_text import aoverlay as aoverlay, overlay as overlay
    from upstage_docs.evidence.paragraphs import paragraph_records as paragraph_records
    from upstage_docs.evidence.pictures import (
        PagePicture as PagePicture,
        acrop as acrop,
        ahighlight as ahighlight,
        crop as crop,
        highlight as highlight,
    )
    from upstage_docs.evidence.place import Place as Place
    from upstage_docs.evidence.rows import row_records as row_records
    from upstage_docs.evidence.search import (
        Embeddings as Embeddings,
        Passage as Passage,
        SearchIndex as SearchIndex,
        number_passages as number_passages,
    )
    from upstage_docs.evidence.sections import section_records as section_records
    from upstage_docs.evidence.table_data import TableData as TableData, tables as tables

# Public name → the module that holds it, looked up when it is first used (PEP 562).
_HOME: dict[str, str] = {
    name: module
    for module, names in {
        "answers": "CheckedAnswer Statement read_answer read_numbered_lines",
        "citation": "Citation acite cite",
        "locate": "aplaces places",
        "pictures": "PagePicture acrop ahighlight crop highlight",
        "place": "Place",
        "crop_files": "CropFile ato_content_blocks crops_of to_content_blocks",
        "ocr_words": "uncertain",
        "overlay_text": "aoverlay overlay",
        "table_data": "TableData tables",
        "paragraphs": "paragraph_records",
        "rows": "row_records",
        "sections": "section_records",
        "search": "Embeddings Passage SearchIndex number_passages",
    }.items()
    for name in names.split()
}

__all__ = [*_HOME]  # noqa: PLE0604 - every key is a string


def __getattr__(name: str) -> object:
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
