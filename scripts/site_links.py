"""Hook of mkdocs: links that leave the docs folder lead to the repository."""

from __future__ import annotations

import posixpath
import re
from typing import Any

_UPWARDS = re.compile(r"\]\((\.\./[^)#]*)(#[^)]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Return the page's Markdown with addresses of the repository for files outside the docs folder."""
    folder = posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def lead(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link.group(1)))
        if target == "docs" or target.startswith("docs/"):
            return link.group(0)
        return f"]({config['extra']['repository']}/blob/main/{target}{link.group(2) or ''})"

    return _UPWARDS.sub(lead, markdown)
