"""Beside each picture of the docs lies what it was made from, so that a test sees when either of them has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tell_inputs(picture: Path, script: str, inputs: Iterable[str]) -> None:
    """Write beside a picture its hash, the script that made it, and the hashes of that script and of its inputs."""
    told = {
        "sha256": _hash_of(picture),
        "made_by": script,
        "inputs": {name: _hash_of(ROOT / name) for name in dict.fromkeys((*inputs, script))},
    }
    picture.with_suffix(".json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
