"""The local engine's quality does not fall: 0.01 below the figures of docs/local-engine.md fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAST = {"markdown": {"overall": 0.927, "teds": 0.901}, "elements": {"category": 0.961, "recall": 0.921}}
"""Without OCR, whose words depend on the language data installed."""


@pytest.mark.slow
def test_quality_on_the_benchmark_pages(shared_folder: Path) -> None:
    """Text, tables, headings, categories and boxes of eighty pages with ground truth; none is in the project."""
    pytest.importorskip("liteparse")
    for needed in ("rapidfuzz", "apted"):
        pytest.importorskip(needed, reason="the scorer needs it")
    command = [sys.executable, str(ROOT / "benchmarks" / "local_quality.py"), str(shared_folder / "bench"), "--no-ocr"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    scores = json.loads(told.splitlines()[-1])
    for kind, figures in LAST.items():
        for name, last in figures.items():
            assert scores[kind][name] >= last - 0.01, f"{name} fell from {last} to {scores[kind][name]:.3f}"
