"""Hook of mkdocs: links that leave the docs folder lead to the repository."""

from __future__ import annotations

import re
from typing import Any

_OUTSIDE = re.compile(r"\]\(\.\./([^)#]*)(#[^)]*)?\)")


def on_page_markdown(markdown: str, *, config: Any, **_: Any) -> str:
    """Return the page's Markdown with addresses of the repository for files outside the docs folder."""
    root = f"{config['repo_url']}/blob/main"
    return _OUTSIDE.sub(lambda link: f"]({root}/{link.group(1)}{link.group(2) or ''})", markdown)
