"""Make docs/pictures/view.png: the page of `view` for the sample report, as Chromium shows it.

Run it when its test says that the inputs have changed: `pip install --group browser`, and a Chromium on PATH.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from picture_inputs import tell_inputs
from PIL import Image
from playwright.sync_api import sync_playwright

from upstage_docs import Client
from upstage_docs.view import write_view

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "upstage_docs/samples/report.pdf"
INPUTS = [
    SAMPLE,
    "upstage_docs/evidence/page_pictures.py",
    *(
        path.relative_to(ROOT).as_posix()
        for kind in ("*.py", "assets/*")
        for path in sorted((ROOT / "upstage_docs/view").glob(kind))
    ),
]
WIDTH, HEIGHT = 1400, 860
COLOURS = 256
"""Of the palette: fewer are seen in the greys, more make a larger file."""


def main() -> None:
    """Write the picture, and beside it what it was made from."""
    with tempfile.TemporaryDirectory() as folder, Client(engine="local", cache=False) as client:
        page = Path(folder) / "report.html"
        write_view(client.parse(ROOT / SAMPLE), ROOT / SAMPLE, page)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            # Without motion: else the picture shows how far a box has been lit up by then.
            opened = browser.new_page(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce"
            )
            opened.goto(page.as_uri() + "#page-3")
            opened.hover("#page-3 .entry:has(table) .name")
            opened.wait_for_function("() => document.querySelector('#page-3 img').naturalWidth > 0")
            shot = opened.screenshot()
            browser.close()
    target = ROOT / "docs" / "pictures" / "view.png"
    picture = (
        Image.open(io.BytesIO(shot))
        .convert("RGB")
        .quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    )
    picture.save(target, optimize=True)
    tell_inputs(target, "scripts/make_view_picture.py", INPUTS)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")


main()
