"""Programs that are killed: run one, kill it at a moment, and read what it had said until then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from eventually import eventually

__all__ = ["run_and_kill", "tell"]


_LONGEST_RUN = 1_500.0
"""Seconds after which a program that is not killed hangs; ten thousand documents take a few minutes."""


def tell(capsys: pytest.CaptureFixture[str], figures: str) -> None:
    """Show what was hit, with the seed that hits it again, where the test is run by itself."""
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")


def run_and_kill(program: Path, arguments: list[str], seconds: float | None) -> tuple[list[dict[str, Any]], bool]:
    """Run *program*; kill it *seconds* after it has begun, or let it end. Return what it said and whether it ended."""
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as errors:
        victim = subprocess.Popen([sys.executable, str(program), *arguments], stdout=said, stderr=errors)
        try:
            eventually(lambda: os.fstat(said.fileno()).st_size or victim.poll() is not None, "the victim has begun")
            if seconds is not None:
                time.sleep(seconds)
                victim.send_signal(signal.SIGKILL)
            victim.wait(_LONGEST_RUN)
        finally:
            victim.kill()
            victim.wait()
        for file in (said, errors):
            file.seek(0)
        complained = errors.read()
        assert complained == ""
        assert victim.returncode in {0, -signal.SIGKILL}, victim.returncode
        lines = [json.loads(line) for line in said.read().splitlines() if line.endswith("}")]
    return lines, victim.returncode == 0
