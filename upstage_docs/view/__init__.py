"""Pages with the boxes of their elements, as pictures or as one HTML page."""

from upstage_docs.view.page import COLOURS, boxed_pages, view_html

__all__ = ["COLOURS", "boxed_pages", "view_html"]
