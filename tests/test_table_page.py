"""The page "A table stays a table" tells the truth: its code prints on the sample report what it shows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("liteparse", reason="the local engine is an extra")
pytest.importorskip("langchain_text_splitters", reason="the LangChain face is an extra")

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "a-table-stays-a-table.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```python\n(.*?)^```\n+```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("code", "shown"), SHOWN, ids=["before and after", "contextualize"])
def test_the_page_shows_what_its_code_prints(code: str, shown: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / "upstage_docs" / "samples" / "report.pdf", tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == shown
