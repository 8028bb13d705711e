"""What importing costs: the core beside Python itself, and each name of the faces beside the framework it stands on.

    python benchmarks/imports.py

CPU milliseconds in fresh interpreters, the median of seven, bytecode already compiled, as pip leaves it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

from measured import add_json_option, write_json

ROUNDS = 7
# The names themselves: LangChain looks them up when they are used.
LOADERS = (
    "from langchain_core.document_loaders import BaseBlobParser, BaseLoader, Blob, BlobLoader; "
    "from langchain_core.documents import Document"
)
SPLITTERS = f"{LOADERS}; from langchain_text_splitters.base import TextSplitter"
RETRIEVERS = f"{SPLITTERS}; import langchain_core.retrievers, langchain_core.tools, langchain_core.embeddings"
READERS = "import llama_index.core.readers.base, llama_index.core.schema"
PARSERS = "import llama_index.core.node_parser.interface, llama_index.core.schema"
# Name → the parts of its framework that every user of such a class has loaded.
FACES = {
    "langchain_upstage_docs": {
        "UpstageDocumentParseLoader": LOADERS,
        "UpstageDocumentParseParser": LOADERS,
        "UpstageOCRLoader": LOADERS,
        "UpstageOCRParser": LOADERS,
        "TableAwareTextSplitter": SPLITTERS,
        "*": RETRIEVERS,
    },
    "llama_index_upstage_docs": {
        "UpstageDocumentParseReader": READERS,
        "UpstageOCRReader": READERS,
        "UpstageDocumentParseNodeParser": PARSERS,
        "TableAwareNodeParser": PARSERS,
        "*": f"{READERS}; {PARSERS}",
    },
}


def cost(statement: str, before: str, folder: str) -> float:
    """Return the milliseconds that *statement* takes after *before*."""
    clock = "time.process_time()"
    code = f"import time\n{before}\nbegin = {clock}\n{statement}\nprint(({clock} - begin) * 1e3)"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = folder
    taken = []
    for _ in range(ROUNDS + 1):  # the first one compiles
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        taken.append(float(done.stdout))
    return statistics.median(taken[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_json_option(parser)
    given = parser.parse_args()
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:

        def tell(name: str, taken: float) -> None:
            rows[name] = {"ms": taken}
            print(f"| {name} | {taken:.1f} |", flush=True)

        print("| import | ms over the framework |\n| --- | ---: |")
        tell("`upstage_docs`", cost("import upstage_docs", "", folder))
        for package, names in FACES.items():
            for name, framework in names.items():
                tell(f"`{package}`: `{name}`", cost(f"from {package} import {name}", framework, folder))
    write_json(given.json, {"imports": rows})


if __name__ == "__main__":
    main()
