"""Hook of mkdocs: each notebook becomes a page with its stored outputs, and can be downloaded from it."""

from __future__ import annotations

import re
from binascii import a2b_base64
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

_DOWNLOAD = "[Download this notebook]"
_LINK_TO_NOTEBOOK = re.compile(r"(\[[^\]]+\])\(([\w/.-]+)\.ipynb\)")


@event_priority(50)  # before llms.txt is made of the pages that there are
def on_files(files: Any, *, config: Any) -> Any:
    """Return the files of the site with a page, and its pictures, for each notebook."""
    for notebook in [file for file in files if file.src_uri.endswith(".ipynb")]:
        name = PurePosixPath(notebook.src_uri)
        text, pictures = _page(nbformat.read(Path(notebook.abs_src_path), as_version=4), name.stem)
        files.append(File.generated(config, str(name.with_suffix(".md")), content=text))
        for picture, content in pictures.items():
            files.append(File.generated(config, str(name.with_name(picture)), content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return the page's Markdown with links to the pages of notebooks, where it links to notebooks."""
    return _LINK_TO_NOTEBOOK.sub(lambda link: link[0] if link[1] == _DOWNLOAD else f"{link[1]}({link[2]}.md)", markdown)


def _page(notebook: Any, name: str) -> tuple[str, dict[str, bytes]]:
    """Return the notebook as Markdown, and its pictures by the names that the Markdown gives them."""
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(_fenced("python", cell.source))
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                picture = f"{name}-{len(pictures) + 1}.png"
                pictures[picture] = a2b_base64(data["image/png"])
                parts.append(f"![What the cell above shows]({picture})")
            else:
                parts.append(_fenced("text", output.get("text") or data.get("text/plain", "")))
    parts.append(f"{_DOWNLOAD}({name}.ipynb)")
    return "\n\n".join(parts) + "\n", pictures


def _fenced(language: str, text: str) -> str:
    return f"````{language}\n{text.rstrip()}\n````"
