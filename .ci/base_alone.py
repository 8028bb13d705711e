"""With the base alone installed, every part that needs an extra names it; run by `.ci/run`."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable

from upstage_docs import Client, MissingExtraError, decode_document
from upstage_docs.view import view_html

SAMPLE = "upstage_docs/samples/report.pdf"


def names_its_extra(what: str, action: Callable[[], object], extra: str) -> None:
    """Check that *action* refuses, and says how to install *extra*."""
    try:
        action()
    except MissingExtraError as error:
        message = str(error)
    else:
        raise SystemExit(f"{what} works although its extra is not installed.")
    if f'pip install "upstage-docs[{extra}]"' not in message:
        raise SystemExit(f"{what} does not name its extra: {message}")
    print(f"{what}: {message}")


def parse_locally() -> None:
    """Parse the sample with the engine that is not installed."""
    with Client(engine="local", cache=False) as client:
        client.parse(SAMPLE)


names_its_extra("upstage_docs.view", lambda: next(view_html(decode_document(b'{"elements": []}'), SAMPLE)), "view")
names_its_extra("langchain_upstage_docs", lambda: importlib.import_module("langchain_upstage_docs"), "langchain")
names_its_extra("llama_index_upstage_docs", lambda: importlib.import_module("llama_index_upstage_docs"), "llama-index")
names_its_extra('Client(engine="local")', parse_locally, "local")

command = subprocess.run([sys.executable, "-m", "upstage_docs"], capture_output=True, text=True, check=False)
if command.returncode != 2 or 'pip install "upstage-docs[cli]"' not in command.stderr or "Trace" in command.stderr:
    raise SystemExit(f"python -m upstage_docs does not name its extra: {command}")
print(f"python -m upstage_docs: {command.stderr.strip()}")
