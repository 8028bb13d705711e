"""Crops in chains: written once for every split, found again after splitting, handed to models that see."""

from __future__ import annotations

import io
import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any, Literal

import pytest

from upstage_docs import (
    ParsedDocument,
    Record,
    RecordOptions,
    ato_content_blocks,
    chunk_elements,
    crops_of,
    decode_document,
    to_content_blocks,
)
from upstage_docs.loading.crops import write_crops
from upstage_docs.records.records import Recorder

JPEG = b"\xff\xd8\xff\xe0 picture "
CROPPED = {1: "figure", 3: "table", 5: "chart"}
SHA = "ab" * 32
SPLITS: tuple[Literal["element", "page", "none"], ...] = ("element", "page", "none")


def document() -> ParsedDocument:
    """Two pages: on each a paragraph, then a figure, table or chart with a crop."""
    elements = []
    for number in range(6):
        category = CROPPED.get(number, "paragraph")
        text = f"<p id='{number}'>Words of element {number}, which are many.</p>"
        if category != "paragraph":
            text = f"<figure id='{number}' data-category='{category}'><img id='{number}' alt='Seen {number}'></figure>"
        if category == "table":
            text = "<table id='3'><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table>"
        crop = b64encode(JPEG + bytes([48 + number])).decode() if number in CROPPED else ""
        elements.append(
            {
                "id": number,
                "page": 1 + number // 3,
                "category": category,
                "content": {"html": text, "markdown": "", "text": ""},
                "coordinates": [{"x": x, "y": y} for x, y in ((0.1, 0.1), (0.5, 0.1), (0.5, 0.3), (0.1, 0.3))],
                "base64_encoding": crop,
            }
        )
    return decode_document(json.dumps({"elements": elements}).encode(), source="a.pdf", file_sha256=SHA, total_pages=2)


def loaded(folder: Path, split: Literal["element", "page", "none"], form: str = "html") -> list[Record]:
    recorder = Recorder(RecordOptions(split=split, output_format=form, images="files"))  # type: ignore[arg-type]
    whole = document()
    return [*recorder.add(whole, write_crops(whole, folder)), *recorder.finish()]


def shown(thing: Any) -> list[int]:
    """The elements whose crops are found for *thing*."""
    return [int(data[-1:]) for one in crops_of(thing) if (data := one.read())]


@pytest.mark.parametrize("form", ["html", "markdown", "text", "json"])
def test_every_split_and_format_knows_its_crops(tmp_path: Path, form: str) -> None:
    elements, pages, whole = (loaded(tmp_path, split, form) for split in SPLITS)

    assert [shown(one) for one in elements] == [[], [1], [], [3], [], [5]]
    assert [shown(one) for one in pages] == [[1], [3, 5]]
    assert [shown(one) for one in whole] == [[1, 3, 5]]
    assert len(list(tmp_path.iterdir())) == 3, "each is written once"
    assert not any(b64encode(JPEG).decode()[:12] in one.text for one in (*elements, *pages, *whole)), "nor in the text"
    assert all(isinstance(one.metadata["image_path"], str) for one in (*elements, *pages, *whole))


@pytest.mark.parametrize(("split", "form"), [("element", "html"), ("page", "html"), ("none", "html"), ("none", "json")])
def test_chunks_have_their_own_crops_whatever_they_were_made_of(tmp_path: Path, split: Any, form: str) -> None:
    chunks = list(chunk_elements(loaded(tmp_path, split, form), chunk_size=80))

    assert [shown(chunk) for chunk in chunks if shown(chunk)] == [[1], [3], [5]]
    for chunk in chunks:
        own = "".join(f"{number}" for number in CROPPED if f"id='{number}'" in chunk.text)
        assert [path[-5] for path in chunk.metadata["image_path"].split("\n") if path] == list(own)


def test_a_piece_that_another_splitter_cut_keeps_the_crop_of_its_element(tmp_path: Path) -> None:
    figure = loaded(tmp_path, "element")[1]

    assert shown(Record("", figure.text[:20], figure.metadata)) == [1]
    assert shown(figure.metadata) == [1]


def test_a_piece_of_a_whole_document_has_crops_where_the_splitter_says_where_it_cut(tmp_path: Path) -> None:
    (whole,) = loaded(tmp_path, "none")
    start = whole.text.index("<table")
    piece = Record("", whole.text[start : start + 40], whole.metadata)

    assert shown(piece) == [], "which are its own is not known"
    assert shown(Record("", piece.text, {**whole.metadata, "start_index": start})) == [3]


def test_files_of_other_names_are_left_alone() -> None:
    record = Record("", "x", {"page": 1, "category": "figure", "element_id": 4, "image_path": "mine.png\nab-p2.png"})

    assert [one.path for one in crops_of(record)] == ["mine.png", "ab-p2.png"]


def test_crops_kept_in_metadata_are_found_too() -> None:
    kept = b64encode(JPEG + b"7").decode()

    assert shown({"page": 1, "category": "figure", "element_id": 4, "image_base64": kept}) == [7]
    assert shown({"page": 1, "category": "figure", "element_id": 4, "image_base64": "no base64!"}) == []


def test_content_blocks_are_place_text_and_picture(tmp_path: Path) -> None:
    figure = loaded(tmp_path, "element")[1]
    place, text, picture = to_content_blocks(figure)

    assert place == {"type": "text", "text": "a.pdf, p. 1, figure"}
    assert text == {"type": "text", "text": figure.text}
    assert (picture["type"], picture["mime_type"]) == ("image", "image/jpeg")
    assert b64decode(picture["base64"]) == JPEG + b"1"
    assert [block["type"] for block in to_content_blocks(figure, pictures=False)] == ["text", "text"]
    assert [block["type"] for block in to_content_blocks(loaded(tmp_path, "element")[0])] == ["text", "text"]


def test_without_a_crop_the_picture_is_cut_from_the_file_or_the_block_says_why() -> None:
    image = pytest.importorskip("PIL.Image").new("RGB", (100, 100), "red")
    target = io.BytesIO()
    image.save(target, "PNG")
    table = Record(
        "", "t", {"source": "gone.png", "page": 1, "category": "table", "x0": 0.1, "y0": 0.1, "x1": 0.5, "y1": 0.5}
    )

    drawn = to_content_blocks(table, target.getvalue())
    missing = to_content_blocks(table)

    assert [block["type"] for block in drawn] == ["text", "text", "image"]
    assert drawn[2]["mime_type"] == "image/png"
    assert [block["type"] for block in missing] == ["text", "text"]
    assert "no picture: The file of this place is not at 'gone.png'" in missing[0]["text"]


def test_a_crop_that_is_no_picture_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(b"<svg onload='x'>")
    record = Record("", "x", {"page": 1, "category": "figure", "source": "gone.pdf", "image_path": str(path)})

    assert [block["type"] for block in to_content_blocks(record)] == ["text", "text"]


async def test_content_blocks_without_blocking(tmp_path: Path) -> None:
    figure = loaded(tmp_path, "element")[1]

    assert await ato_content_blocks(figure) == to_content_blocks(figure)


def test_langchain_takes_the_blocks(tmp_path: Path) -> None:
    pytest.importorskip("langchain_core")
    from langchain_core.documents import Document
    from langchain_core.messages import HumanMessage

    from langchain_upstage_docs import to_content_blocks as blocks_of

    figure = loaded(tmp_path, "element")[1]
    message = HumanMessage(content_blocks=blocks_of(Document(page_content=figure.text, metadata=figure.metadata)))

    assert [block["type"] for block in message.content_blocks] == ["text", "text", "image"]


def test_llama_index_has_image_nodes(tmp_path: Path) -> None:
    pytest.importorskip("llama_index.core")
    from llama_index.core.schema import TextNode

    from llama_index_upstage_docs import image_nodes
    from llama_index_upstage_docs.nodes import document_of

    nodes = [document_of(record) for record in loaded(tmp_path, "page")]
    made = image_nodes(nodes)

    assert [Path(str(node.image_path)).name for node in made] == [
        f"{SHA[:16]}-p{p}-e{e}.jpg" for p, e in ((1, 1), (2, 3), (2, 5))
    ]
    assert [node.source_node.node_id for node in made if node.source_node] == [
        nodes[0].node_id,
        *[nodes[1].node_id] * 2,
    ]
    assert len({node.node_id for node in made}) == 3
    assert image_nodes([TextNode(text="x")]) == []


def parts(chunks: list[Any]) -> list[list[str]]:
    return [[path.name for one in crops_of(chunk) if (path := Path(one.path)).exists()] for chunk in chunks]


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("form", ["html", "markdown", "text", "json"])
def test_langchain_loads_crops_with_every_split_and_format(tmp_path: Path, split: Any, form: Any) -> None:
    pytest.importorskip("langchain_text_splitters")
    from made_api import JPEG as CROP, MadeApi
    from stand_in import make_pdf

    from langchain_upstage_docs import TableAwareTextSplitter, UpstageDocumentParseLoader

    (tmp_path / "report.pdf").write_bytes(make_pdf("report", 3))
    folder = tmp_path / "crops"
    loader = UpstageDocumentParseLoader(
        tmp_path / "report.pdf",
        split=split,
        output_format=form,
        crops=["figure", "chart"],
        crop_folder=folder,
        client=MadeApi().client(),
    )
    documents = loader.load()
    chunks = TableAwareTextSplitter(chunk_size=300).split_documents(documents)

    assert [path.read_bytes() for path in folder.iterdir()] == [CROP] * 3
    for found in (documents, chunks):
        names = [name for one in parts(found) for name in one]
        assert sorted(names) == sorted(path.name for path in folder.iterdir()), "each found once"
        assert all("base64_encoding" not in document.metadata for document in found)


@pytest.mark.parametrize("option", ["crop_folder", "image_folder"])
def test_a_folder_that_cannot_be_written_is_named_by_the_option_that_was_given(option: str, tmp_path: Path) -> None:
    pytest.importorskip("langchain_core")
    from made_api import MadeApi
    from stand_in import make_pdf

    from langchain_upstage_docs import UpstageDocumentParseLoader
    from upstage_docs import ConfigError

    (tmp_path / "file").write_text("")
    options: dict[str, Any] = {"crops": ["figure"]} if option == "crop_folder" else {"images": "files"}
    options[option] = tmp_path / "file"
    loader = UpstageDocumentParseLoader(make_pdf("report", 1), client=MadeApi().client(), **options)

    with pytest.raises(ConfigError) as caught:
        loader.load()

    assert str(caught.value).startswith(f"{option}='{tmp_path / 'file'}' cannot be written")


def test_the_pair_of_llama_index_gives_nodes_with_their_own_crops(tmp_path: Path) -> None:
    pytest.importorskip("llama_index.core")
    from made_api import MadeApi
    from stand_in import make_pdf

    from llama_index_upstage_docs import (
        TableAwareNodeParser,
        UpstageDocumentParseNodeParser,
        UpstageDocumentParseReader,
        image_nodes,
    )

    (tmp_path / "report.pdf").write_bytes(make_pdf("report", 3))
    reader = UpstageDocumentParseReader(
        split="none", output_format="json", crops=["figure"], crop_folder=tmp_path / "crops", client=MadeApi().client()
    )
    documents = reader.load_data(tmp_path / "report.pdf")
    nodes = UpstageDocumentParseNodeParser(client=MadeApi().client()).get_nodes_from_documents(documents)
    chunks = TableAwareNodeParser(chunk_size=300).get_nodes_from_documents(documents)

    written = sorted(path.name for path in (tmp_path / "crops").iterdir())
    assert len(written) == 3
    for made in (nodes, chunks):
        assert max(map(len, parts(made))) == 1
        assert sorted(Path(str(node.image_path)).name for node in image_nodes(made)) == written
    own = UpstageDocumentParseNodeParser(crops="figure", crop_folder=tmp_path / "own", client=MadeApi().client())
    (tmp_path / "own").mkdir()
    named = documents[0].model_copy(update={"metadata": {"file_path": str(tmp_path / "report.pdf")}})
    named.set_content("")
    assert (
        sorted(Path(str(one.image_path)).name for one in image_nodes(own.get_nodes_from_documents([named]))) == written
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"crops": ["figure"]}, "go together"),
        ({"crop_folder": "x"}, "go together"),
        ({"crops": [], "crop_folder": "x"}, "names no category"),
        ({"crops": ["pictures"], "crop_folder": "x"}, "crops entry"),
        ({"crops": ["figure"], "crop_folder": "x", "images": "base64"}, "replace images="),
        ({"crops": ["figure"], "crop_folder": 3}, "must be the path of a folder"),
    ],
)
def test_crops_and_their_folder_go_together(tmp_path: Path, options: Any, message: str) -> None:
    pytest.importorskip("langchain_core")
    from made_api import MadeApi

    from langchain_upstage_docs import UpstageDocumentParseParser
    from upstage_docs.errors import ConfigError

    with pytest.raises(ConfigError, match=message):
        UpstageDocumentParseParser(client=MadeApi().client(), **options)
