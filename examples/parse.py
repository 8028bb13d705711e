"""One document, its elements and its chunks: `python examples/parse.py report.pdf`.

The Upstage API answers with the key in UPSTAGE_API_KEY; the local engine does with UPSTAGE_DOCS_ENGINE=local.
"""

import sys

from upstage_docs import Client, chunk_elements


def main(path: str) -> None:
    """Print the tables of the document at *path* and the sizes of its chunks."""
    with Client() as client:
        document = client.parse(path)

    print(f"{len(document.elements)} elements on {document.total_pages} pages, by {document.model}")
    for element in document.elements:
        if element.category == "table":
            print(f"\nA table on page {element.page}, box {element.box}:\n{element.markdown}")

    sizes = [len(chunk.text) for chunk in chunk_elements(document.elements, chunk_size=800)]
    print(f"\n{len(sizes)} chunks of these sizes: {sizes}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
