"""Copies the sample documents into the current folder: `python -m upstage_docs.samples`."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Copy them, and name each. A file of yours that has one of the names stays as it is, which is said."""
    for document in sorted(Path(__file__).parent.glob("*.pdf")):
        copy, content = Path(document.name), document.read_bytes()
        try:
            if copy.exists() and copy.read_bytes() != content:
                sys.exit(f"{copy} is another file than the sample, and stays as it is: run this in another folder.")
            copy.write_bytes(content)
        except OSError as error:
            sys.exit(f"{copy} cannot be written here: {error}")
        sys.stdout.write(f"{copy}\n")


if __name__ == "__main__":
    main()
