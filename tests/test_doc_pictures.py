"""Pictures of the docs: small, and made of what lies here now; what each was made from is told beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
LARGEST = 200_000


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in PICTURES.glob("*.png")}

    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}


def test_each_picture_says_what_it_was_made_from() -> None:
    pictures = {path.stem for kind in ("*.png", "*.svg") for path in PICTURES.glob(kind)}

    assert pictures == {path.stem for path in PICTURES.glob("*.json")}


@pytest.mark.parametrize("told", sorted(PICTURES.glob("*.json")), ids=lambda path: path.stem)
def test_a_picture_is_made_of_what_lies_here(told: Path) -> None:
    """Else it shows what is no more: run the script that is named, and look at the picture."""
    content = json.loads(told.read_text(encoding="utf-8"))
    now = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in content["inputs"]}

    assert told.with_suffix(".png").is_file() or told.with_suffix(".svg").is_file()
    assert (ROOT / content["made_by"]).is_file()
    assert now == content["inputs"], f"make it again: python {content['made_by']}"
