"""Pictures of the docs: small, and made of what lies here now; what each was made from is told beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
LARGEST = 200_000


def picture_files() -> list[Path]:
    return sorted(path for kind in ("*.png", "*.svg") for path in PICTURES.glob(kind))


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in PICTURES.glob("*.png")}

    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}


def test_each_picture_says_what_it_was_made_from() -> None:
    assert {path.stem for path in picture_files()} == {path.stem for path in PICTURES.glob("*.json")}


@pytest.mark.parametrize("told", sorted(PICTURES.glob("*.json")), ids=lambda path: path.stem)
def test_a_picture_is_made_of_what_lies_here(told: Path) -> None:
    """Else it shows what is no more: run the script that is named, and look at the picture."""
    content = json.loads(told.read_text(encoding="utf-8"))
    now = {name: hash_of(ROOT / name) for name in content["inputs"]}

    assert (ROOT / content["made_by"]).is_file()
    assert now == content["inputs"], f"make it again: python {content['made_by']}"


def test_a_picture_is_held_against_the_code_that_draws_it() -> None:
    drawn_by = {
        "view": [path.relative_to(ROOT).as_posix() for path in (ROOT / "upstage_docs" / "view").glob("*.py")],
        "statement-cited": ["upstage_docs/evidence/pictures.py"],
        "paper-marked": ["upstage_docs/evidence/pictures.py"],
        "letter-translated": ["upstage_docs/evidence/overlay_text.py"],
    }
    for name, code in drawn_by.items():
        told = json.loads((PICTURES / f"{name}.json").read_text(encoding="utf-8"))
        assert set(code) <= set(told["inputs"]), name


@pytest.mark.parametrize("picture", picture_files(), ids=lambda path: path.name)
def test_a_picture_is_the_one_that_was_made(picture: Path) -> None:
    """Another one under its name was not made from the inputs that are told beside it."""
    content = json.loads(picture.with_suffix(".json").read_text(encoding="utf-8"))

    assert hash_of(picture) == content["sha256"], f"make it again: python {content['made_by']}"
