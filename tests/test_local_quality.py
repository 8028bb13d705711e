"""The local engine's quality does not fall: 0.01 below the figures of docs/local-engine.md fails."""

from __future__ import annotations

import importlib
import inspect
import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAST = {"markdown": {"overall": 0.934, "teds": 0.903}, "elements": {"category": 0.987, "recall": 0.927}}
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


def test_each_rule_that_is_ablated_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the benchmark takes out of the engine has that name, and what it puts there takes the same arguments."""
    pytest.importorskip("liteparse")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    ablation = runpy.run_path(str(ROOT / "benchmarks" / "ablation.py"))
    found = ablation["found_rules"]()
    places = [item for rule in (*ablation["rules"](ocr=True), *found) for item in rule.without.items()]

    assert len(found) > 100
    assert len(places) == len(dict(places)) > 140
    for place, instead in places:
        module, _, name = place.rpartition(".")
        taken_out = getattr(importlib.import_module(f"upstage_docs.local.pdf.{module}"), name)
        if callable(taken_out) and callable(instead):
            inspect.signature(instead).bind(*inspect.signature(taken_out).parameters)
