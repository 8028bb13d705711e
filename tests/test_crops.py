"""Crops become files, once, under names that last."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from upstage_docs.errors import ConfigError, InvalidResponseError
from upstage_docs.loading.crops import write_crops
from upstage_docs.models import Element, ParsedDocument

JPEG = b"\xff\xd8\xff\xe0 picture"


def document(crop: str, sha256: str = "ab" * 32) -> ParsedDocument:
    figure = Element(4, 2, "figure", base64_encoding=crop)
    return ParsedDocument("a.pdf", sha256, "m", (Element(3, 2, "paragraph"), figure))


def test_crops_are_written_under_lasting_names(tmp_path: Path) -> None:
    written = write_crops(document(b64encode(JPEG).decode()), tmp_path / "new" / "folder")

    assert written == {4: str(tmp_path / "new" / "folder" / "abababababababab-p2-e4.jpg")}
    assert Path(written[4]).read_bytes() == JPEG
    assert write_crops(document(b64encode(JPEG).decode()), tmp_path / "new" / "folder") == written
    assert len(list((tmp_path / "new" / "folder").iterdir())) == 1, "nothing half-written stays behind"


def test_two_documents_never_share_a_file(tmp_path: Path) -> None:
    crop = b64encode(JPEG).decode()
    first, second = write_crops(document(crop), tmp_path), write_crops(document(crop, "cd" * 32), tmp_path)

    assert first[4] != second[4]


def test_a_png_is_named_as_one(tmp_path: Path) -> None:
    assert write_crops(document(b64encode(b"\x89PNG rest").decode()), tmp_path)[4].endswith("-p2-e4.png")


def test_without_crops_no_folder_is_made(tmp_path: Path) -> None:
    assert write_crops(document(""), tmp_path / "none") == {}
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"image_folder=.*file.* cannot be written"):
        write_crops(document(b64encode(JPEG).decode()), tmp_path / "file")


def test_what_is_no_base64_names_the_element(tmp_path: Path) -> None:
    with pytest.raises(InvalidResponseError, match="element 4 on page 2 is not base64"):
        write_crops(document("/9j/***"), tmp_path)
