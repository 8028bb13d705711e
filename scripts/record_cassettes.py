"""Record the conversations in cassettes/ anew.

    python scripts/record_cassettes.py               through the local engine, all of them; costs nothing
    python scripts/record_cassettes.py --api --yes   through the Upstage API, those that succeed; costs what it says

The first needs the extras `server` and `local`, and `ocr` for the one with OCR; the second needs UPSTAGE_API_KEY.
Names of cassettes as arguments choose among them.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from recording import CASES, DOCUMENTS, KEY, Case, record

from upstage_docs.api.messages import BASE_URL
from upstage_docs.flows.plan import PRICES


def draw(path: Path, pages: int) -> None:
    """Draw a document of plain lines, the same bytes each time."""
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(360, 200), invariant=1)
    for page in range(1, pages + 1):
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(40, 150, f"Meeting {page}")
        canvas.setFont("Helvetica", 12)
        canvas.drawString(40, 110, f"Page {page} of {pages}: all were present.")
        canvas.showPage()
    canvas.save()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(target.getvalue())


def through_engine(cases: list[Case]) -> None:
    """Record from the local engine's own server on loopback."""
    from upstage_docs.local import Engine
    from upstage_docs.server import build_app, running
    from upstage_docs.testing.faults import Faults

    for case in cases:
        faults = Faults()
        case.fault(faults)
        key = "up_wrong" if case.name == "error_401" else KEY
        with running(build_app(Engine(), api_key=KEY, faults=faults)) as base_url:
            record(case, base_url, key, through=f"the local engine of upstage-docs {version('upstage-docs')}")
        print(f"{case.name}: recorded")


def through_api(cases: list[Case], *, agreed: bool) -> int:
    """Record from the Upstage API what succeeds there; say what it costs first."""
    cases = [case for case in cases if not case.engine_only]
    key = os.environ.get("UPSTAGE_API_KEY")
    if not key:
        print("UPSTAGE_API_KEY is not set.", file=sys.stderr)
        return 2
    parsed = sum(case.pages for case in cases if case.name != "ocr")
    recognised = sum(case.pages for case in cases if case.name == "ocr")
    cost = parsed * PRICES["standard"]
    print(f"{parsed} pages to parse (${cost:.2f} at list price), {recognised} pages of OCR, at {BASE_URL}.")
    if not agreed:
        print("Nothing was sent; add --yes to pay that.")
        return 1
    for case in cases:
        record(case, BASE_URL, key, through="the Upstage API")
        print(f"{case.name}: recorded")
    return 0


def main() -> int:
    """Record what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--api", action="store_true", help="record through the Upstage API")
    parser.add_argument("--yes", action="store_true", help="agree to the cost")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(CASES):
        parser.error(f"there is no cassette named {', '.join(sorted(unknown))}")
    cases = [CASES[name] for name in arguments.names or CASES]
    for case in cases:
        if not case.document.exists() and case.document.parent == DOCUMENTS:
            draw(case.document, case.pages)
    if arguments.api:
        return through_api(cases, agreed=arguments.yes)
    through_engine(cases)
    return 0


if __name__ == "__main__":
    sys.exit(main())
