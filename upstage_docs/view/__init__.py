"""Shows pages with a box around every element: as pictures, as one HTML page, and as files."""

from upstage_docs.evidence.quotes import quote_places
from upstage_docs.view.boxes import COLOURS, boxed_pages
from upstage_docs.view.files import write_view
from upstage_docs.view.page import view_html

__all__ = ["COLOURS", "boxed_pages", "quote_places", "view_html", "write_view"]
