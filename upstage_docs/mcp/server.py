"""The tools of the server for agents, and what they answer in text and pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from upstage_docs.errors import ConfigError, UpstageDocsError
from upstage_docs.errors.tree import needing
from upstage_docs.evidence.citation import cite, with_folders
from upstage_docs.evidence.pictures import crop as crop_places, highlight
from upstage_docs.evidence.place import Place
from upstage_docs.evidence.quotes import quote_on_page
from upstage_docs.evidence.search import number_passages
from upstage_docs.mcp.documents import OpenDocuments
from upstage_docs.version import __version__

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

__all__ = ["make_server", "read_skill"]

_LONGEST = 20_000  # characters of one answer, about 5,000 tokens: an agent reads on instead of drowning in one table
_PICTURE_DPI = 110  # a page of A4 has about 900 x 1,290 pixels: readable for a model that sees, and below 1 MB
_Item = TypeVar("_Item")


def read_skill() -> str:
    """Return the skill file: what an agent needs to know to work with documents, as Markdown."""
    return (files("upstage_docs.mcp") / "SKILL.md").read_text(encoding="utf-8")


def make_server(documents: OpenDocuments) -> MCPServer:
    """Return a server of the protocol's SDK with the tools over *documents*; its `run` serves standard input.

    Raises:
        MissingExtraError: The extra "mcp" is not installed.
    """
    with needing("mcp", "The server for agents"):
        from mcp.server.mcpserver import Image, MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from mcp_types import ToolAnnotations
    server = MCPServer("upstage-docs", version=__version__, instructions=read_skill(), log_level="WARNING")

    def tool(function: Callable[..., Any]) -> Callable[..., Any]:
        """Offer *function*; what it refuses is told to the agent in our words. The SDK calls it in a thread."""

        @wraps(function)
        def answer(*args: Any, **options: Any) -> Any:
            try:
                return function(*args, **options)
            except UpstageDocsError as error:
                raise ToolError(documents.without_folder(str(error))) from error

        server.tool(structured_output=False, annotations=ToolAnnotations(read_only_hint=True))(answer)
        return answer

    @tool
    def list_files() -> str:
        """List the documents that can be read. Costs nothing."""
        return "\n".join(documents.files()) or "There is no document in this server's folder."

    @tool
    def parse(file: str) -> str:
        """Parse a document, which may cost money, and count its pages, sections and tables. None is parsed twice."""
        one = documents.open(file)
        counts = f"{one.parsed.total_pages} pages, {len(one.sections)} sections, {len(one.tables)} tables"
        return f"{counts}. Read by {one.parsed.model}."

    @tool
    def outline(file: str) -> str:
        """List the sections and tables of a document, with the numbers that read_section and read_table take."""
        one = documents.open(file)
        sections = [(one.metadata["headings"] or "(no heading)", one.metadata["page"]) for one in one.sections]
        lines = [f"section {at}: {title}, p. {page}" for at, (title, page) in enumerate(sections, start=1)]
        for at, table in enumerate(one.tables, start=1):
            pages = "".join(f", p. {place.page}" for place in table.places[:1])
            lines.append(f"table {at}: {table.caption or ' | '.join(table.columns)[:80]}{pages}")
        return _excerpt_from("\n".join(lines) or f"{file} has no text.", 0)

    @tool
    def read_section(file: str, section: int, offset: int = 0) -> str:
        """Read the section with this number of the outline, as Markdown; a long one from `offset` on."""
        record = _numbered(documents.open(file).sections, section, "section", file)
        return _excerpt_from(f"{with_folders(file, cite(record))}\n\n{record.text}", offset)

    @tool
    def read_table(file: str, table: int, offset: int = 0) -> str:
        """Read the table with this number of the outline, as CSV, with its caption and unit; or from `offset` on."""
        found = _numbered(documents.open(file).tables, table, "table", file)
        pages = "".join(f", p. {place.page}" for place in found.places[:1])
        above = [f"{file}{pages}", found.caption, f"Unit: {found.unit}" if found.unit else ""]
        return _excerpt_from("\n".join([*filter(None, above), "", found.csv()]), offset)

    @tool
    def search(file: str, question: str, count: int = 4) -> str:
        """Search a document by words: numbered passages, each below its place. Cite them by file, page and section."""
        found = documents.open(file).index.search(question, count)
        return _excerpt_from(
            number_passages(replace(one, citation=with_folders(file, one.citation)) for one in found), 0
        )

    @tool
    def crop(file: str, page: int = 0, table: int = 0, quote: str = "") -> list[Any]:
        """Show a page as a picture, or a table cut from its page, or a page (`page`, if given) with `quote` marked."""
        one = documents.open(file)
        if not (page or table or quote) or (table and quote) or not 0 <= page <= one.parsed.total_pages:
            raise ConfigError(f"{file!r} has {one.parsed.total_pages} pages: give one of them, or table= or quote=.")
        others: list[int] = []
        if quote:  # of many pages one: a name may stand on each
            found, others = quote_on_page(one.parsed, one.path, quote, page)
            pictures = highlight(found, one.path, parsed=one.parsed, dpi=_PICTURE_DPI)
        else:
            whole = (Place(str(one.path), page=page, precision="page"),)
            places = _numbered(one.tables, table, "table", file).places if table else whole
            pictures = crop_places(list(places), one.path, dpi=_PICTURE_DPI)
        also = "".join(f"; also on page {number}" for number in others)
        return [
            part for one in pictures for part in (f"{file}, page {one.page}{also}", Image(data=one.png(), format="png"))
        ]

    return server


def _numbered(items: list[_Item], number: int, kind: str, file: str) -> _Item:
    if not 1 <= number <= len(items):
        raise ConfigError(f"{file!r} has {len(items)} {kind}s, and no {kind} {number}; the tool outline lists them.")
    return items[number - 1]


def _excerpt_from(text: str, offset: int) -> str:
    """Return what one answer may hold of *text* from *offset* on, and how to read on."""
    if not 0 <= offset <= len(text):
        raise ConfigError(f"offset={offset} is outside of this text, which has {len(text)} characters.")
    end, left = offset + _LONGEST, len(text) - offset - _LONGEST
    return text[offset:end] + (f"\n[{left} characters follow: offset={end} reads on]" if left > 0 else "")
