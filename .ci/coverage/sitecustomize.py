"""Counts the worker processes of the local engine, which inherit no environment and are ended by SIGKILL.

`bash .ci/run coverage` puts this folder on PYTHONPATH, whose folders the engine hands to its workers. Other Python
processes that tests start are counted by coverage itself (`patch = ["subprocess"]`).
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_SAVE_EVERY = 0.25
"""Seconds: a worker is ended without notice, most often when its owner has its answer."""


def _count() -> None:
    import coverage

    counted = coverage.Coverage(
        data_file=str(_ROOT / ".coverage"), data_suffix=True, config_file=str(_ROOT / "pyproject.toml")
    )
    counted.start()

    def save() -> None:
        while True:
            time.sleep(_SAVE_EVERY)
            counted.save()

    threading.Thread(target=save, name="coverage", daemon=True).start()


if "upstage_docs.local.worker" in sys.orig_argv:
    _count()
