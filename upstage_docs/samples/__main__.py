"""Copies the sample documents into the current folder: `python -m upstage_docs.samples`."""

from __future__ import annotations

import shutil
from pathlib import Path


def main() -> None:
    """Copy them."""
    for document in sorted(Path(__file__).parent.glob("*.pdf")):
        shutil.copy(document, document.name)


if __name__ == "__main__":
    main()
