"""A chunk → the text to embed, in the context of its headings and caption; chunks nothing."""

from __future__ import annotations

from upstage_docs.models import Chunk, Record
from upstage_docs.render import text_of_html

__all__ = ["contextualize"]


def contextualize(chunk: Record) -> str:
    """Return the text to embed: the chunk's, with the headings above it and its caption in front.

    A heading or caption that the text begins with is not put there twice. The chunk's size does not count them.
    """
    if isinstance(chunk, Chunk):
        headings, caption = chunk.headings, chunk.caption
    else:
        breadcrumb = str(chunk.metadata.get("headings", ""))
        headings, caption = tuple(breadcrumb.split(" > ")) if breadcrumb else (), ""
    reach = sum(map(len, headings)) + len(caption)
    front = " ".join(text_of_html(chunk.text[: 4 * reach + 1000]).replace("#", " ").split())
    above = len(headings)
    for index in range(len(headings)):
        own = " ".join(" ".join(headings[index:]).replace("#", " ").split())
        if front.startswith(own):
            above, front = index, front[len(own) :].lstrip()
            break
    lead = [" > ".join(headings[:above])] if above else []
    if caption and not front.startswith(" ".join(caption.replace("#", " ").split())):
        lead.append(caption)
    return "\n".join([*lead, chunk.text])
