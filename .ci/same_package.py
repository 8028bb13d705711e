"""The package installed here, from the archive of the sources, is the one in a wheel; run by `.ci/run`."""

from __future__ import annotations

import re
import sys
import zipfile
from importlib.metadata import files, metadata, version
from pathlib import Path

wheel = Path(sys.argv[1])
with zipfile.ZipFile(wheel) as archive:
    built = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
installed = {
    path.as_posix(): path.read_binary()
    for path in files("upstage-docs") or ()
    if path.suffix != ".pyc" and path.parts[0].endswith("upstage_docs")
}
if built != installed:
    raise SystemExit(f"Not the same: {sorted(set(built) ^ set(installed)) or 'the content of a file'}")
for name in (
    "upstage_docs/py.typed",
    "upstage_docs/samples/report.pdf",
    "upstage_docs/view/assets/page.css",
    "upstage_docs/view/assets/page.js",
):
    if name not in built:
        raise SystemExit(f"{name} is missing")
# On the page of an index, a link of another form leads nowhere.
if unled := re.findall(r"\]\((?!https:)[^)]*\)", metadata("upstage-docs")["Description"]):
    raise SystemExit(f"The description links to {unled}")
if f"-{version('upstage-docs')}-" not in wheel.name:
    raise SystemExit(f"{wheel.name} is not version {version('upstage-docs')}")
print(f"{len(built)} files, version {version('upstage-docs')}")
