"""The splitter keeps its promises on generated documents, and each promise is one that a splitter can break."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import broken_splitters as broken
import chunk_invariants as invariants
import pytest
from chunk_invariants import INVARIANTS, Invariant
from conftest import examples
from hypothesis import given
from strategies import chunk_options, documents

from upstage_docs.chunking.options import ChunkOptions
from upstage_docs.chunking.packing import chunk_with
from upstage_docs.models import Chunk, Element, ParsedDocument


def splitter(given: Any, options: ChunkOptions) -> Iterable[Chunk]:
    return chunk_with(options, given)


@examples(60)
@given(document=documents(), options=chunk_options)
def test_every_invariant_holds(document: ParsedDocument, options: dict[str, Any]) -> None:
    """Each promise holds for any document in the API's shapes and any options."""
    for invariant in INVARIANTS:
        invariant(splitter, document, ChunkOptions(**options))


def test_a_part_of_a_pipe_table_stands_where_its_own_rows_do() -> None:
    """It begins with the header that it repeats, which does not count."""
    rows = "| a | b |\n| --- | --- |\n| revenue | 1 |\n| revenue | 1 |\n"
    nested = "<table><tr><td><table><tr><td>inner</td></tr></table></td></tr><caption>revenue</caption></table>"
    table = Element(0, 1, "table", nested, rows, rows)
    options = ChunkOptions(chunk_size=40, oversized_tables="split_rows", output_format="markdown")

    invariants.starts_are_exact(splitter, ParsedDocument("a.pdf", "ab" * 32, "model", (table,), total_pages=1), options)


def test_only_the_last_part_of_a_table_ends_on_the_page_of_the_caption_below_it() -> None:
    """Each part repeats the caption, which stands on the next page; a place comes from what is not repeated."""
    rows = "".join(f"<tr><td>row {number} of the table</td></tr>" for number in range(6))
    table = Element(0, 1, "table", f"<table id='0'>{rows}</table>")
    caption = Element(1, 2, "caption", "<caption id='1'>Table 1. Rows.</caption>")
    document = ParsedDocument("a.pdf", "ab" * 32, "model", (table, caption), total_pages=2)
    options = ChunkOptions(chunk_size=120, oversized_tables="split_rows", output_format="html")

    parts = list(chunk_with(options, document))

    assert len(parts) > 1
    assert all("Table 1. Rows." in part.text for part in parts)
    assert [part.metadata["page_end"] for part in parts] == [1] * (len(parts) - 1) + [2]
    invariants.provenance_is_exact(splitter, document, options)


def test_captions_over_a_table_stay_together_where_the_last_has_no_room_beside_the_text_above() -> None:
    """The chunk that was open is full; all of them wait for what they are the captions of, not only the last."""
    text = Element(0, 1, "paragraph", f"<p id='0'>{'A text of some length. ' * 6}</p>")
    captions = [Element(at, 1, "caption", f"<caption id='{at}'>Words about it, {at}.</caption>") for at in (1, 2, 3)]
    table = Element(4, 1, "table", "<table id='4'><tr><td>a</td></tr></table>")
    document = ParsedDocument("a.pdf", "ab" * 32, "model", (text, *captions, table), total_pages=1)

    chunks = list(chunk_with(ChunkOptions(chunk_size=240, output_format="html"), document))

    assert [chunk.metadata["categories"] for chunk in chunks] == ["paragraph", "caption, table"]
    assert [f"it, {at}." in chunks[1].text for at in (1, 2, 3)] == [True] * 3


def test_a_list_of_captions_is_no_part_of_the_table_below_it() -> None:
    captions = [
        Element(at, 1, "caption", f"<caption id='{at}'>Figure {at}. The harbour from the north</caption>")
        for at in range(80)
    ]
    table = Element(80, 1, "table", "<table id='80'><tr><td>a</td></tr></table>")
    document = ParsedDocument("a.pdf", "ab" * 32, "model", (*captions, table), total_pages=1)

    chunks = list(chunk_with(ChunkOptions(chunk_size=500), document))

    assert len(chunks) > 8
    assert max(len(chunk.text) for chunk in chunks) < 1100


# --- every invariant notices when it is broken -----------------------------------------------------------------------


def _element(number: int, category: str, html: str, page: int = 1) -> Element:
    top = 0.05 * number
    return Element(
        number, page, category, html, coordinates=((0.1, top), (0.9, top), (0.9, top + 0.04), (0.1, top + 0.04))
    )


REPORT = ParsedDocument(
    "report.pdf",
    "ab" * 32,
    "document-parse-260930",
    (
        _element(0, "heading1", "<h1 id='0'>1 Results of the year</h1>"),
        _element(1, "paragraph", "<p id='1'>Costs &amp; revenue rose. 매출은 전년 대비 증가하였다. So it went on.</p>"),
        _element(2, "heading1", "<h1 id='2'>1.1 Regions</h1>"),
        _element(3, "caption", "<caption id='3'>Table 1. Sales by region</caption>"),
        _element(
            4,
            "table",
            "<table id='4'><thead><tr><td>Region</td><td>Sales</td></tr></thead><tbody>"
            '<tr><td rowspan="3">North</td><td>12</td></tr><tr><td>14</td></tr><tr><td>15</td></tr>'
            "<tr><td>South</td><td>9</td></tr><tr><td>East</td><td>7</td></tr></tbody></table>",
        ),
        _element(5, "footnote", "<p id='5'>Sales in millions of won.</p>"),
        _element(6, "paragraph", "<p id='6'>It goes on over the page, with numbers that matter to nobody.</p>", 2),
        _element(7, "header", "<header id='7'>The report</header>", 3),
        _element(8, "heading1", "<h1 id='8'>Outlook</h1>", 3),
        _element(9, "paragraph", "<p id='9'>Next year will be better, or so it is said.</p>", 3),
        _element(10, "heading1", "<h1 id='10'>Map</h1>", 3),
        _element(11, "figure", '<figure><img id=\'11\' alt="A map" /></figure>', 3),
    ),
    total_pages=3,
)  # fmt: skip
BREAKS: tuple[tuple[Invariant, broken.Splitter], ...] = (
    (invariants.markup_is_balanced, broken.changed(broken.cut_every)),
    (invariants.nothing_is_cut_inside, broken.changed(broken.cut_in_entity)),
    (invariants.nothing_is_cut_inside, broken.changed(broken.cut_every)),
    (invariants.no_chunk_is_empty, broken.changed(broken.empty_one)),
    (invariants.no_word_is_lost_or_doubled, broken.changed(broken.drop_one)),
    (invariants.no_word_is_lost_or_doubled, broken.changed(broken.double_one)),
    (invariants.no_word_is_lost_or_doubled, broken.all_excluded),
    (invariants.no_word_is_lost_or_doubled, broken.nothing_excluded),
    (invariants.order_is_kept, broken.changed(broken.swap_two)),
    (invariants.wholes_are_whole, broken.changed(broken.cut_every)),
    (invariants.wholes_stand_alone, broken.changed(broken.join_two)),
    (invariants.wholes_stand_alone, broken.each_alone),
    (invariants.captions_stay, broken.each_alone),
    (invariants.sizes_are_kept, broken.changed(broken.join_two)),
    (invariants.chunks_are_full, broken.half_full),
    (invariants.headings_govern, broken.changed(broken.heading_last)),
    (invariants.headings_govern, broken.changed(broken.wrong_headings)),
    (invariants.headings_are_not_alone, broken.each_alone),
    (invariants.provenance_is_exact, broken.changed(broken.shifted_spans)),
    (invariants.provenance_is_exact, broken.changed(broken.first_page_only)),
    (invariants.provenance_is_exact, broken.changed(broken.place_of_the_caption)),
    (invariants.pieces_of_others_name_no_wrong_element, broken.believes_metadata),
    (invariants.starts_are_exact, broken.counts_what_is_repeated),
    (invariants.metadata_is_flat, broken.changed(broken.nested_metadata)),
    (invariants.metadata_is_flat, broken.changed(broken.missing_keys)),
    (invariants.metadata_is_flat, broken.changed(broken.shared_metadata)),
    (invariants.ids_are_unique, broken.changed(broken.ids_of_elements)),
    (invariants.the_same_again, broken.changed(broken.random_ids)),
    (invariants.splitting_again_changes_nothing, broken.adds_breadcrumb),
    (invariants.children_keep_their_spans, broken.forgets_spans),
    (invariants.batches_change_nothing, broken.page_by_page),
    (invariants.files_are_not_joined, broken.one_file),
    (invariants.chunks_stream, broken.eager),
    (invariants.headings_govern, broken.changed(broken.innermost_heading_only)),
    (invariants.parts_say_what_they_are_of, broken.changed(broken.drop_repeated_captions)),
    (invariants.the_path_leads, broken.without_path),
    (invariants.the_path_leads, broken.path_beyond_the_size),
    (invariants.rows_make_the_table, broken.changed(broken.drop_headers)),
    (invariants.rows_make_the_table, broken.changed(broken.drop_row_spans)),
    (invariants.only_larger_tables_are_cut, broken.without_table_size),
)
NARROW = ChunkOptions(chunk_size=150, oversized_tables="split_rows")
WIDE = ChunkOptions(chunk_size=200)
TIGHT = ChunkOptions(chunk_size=90)
ROOMY = ChunkOptions(chunk_size=150, oversized_tables="split_rows", table_size=600)


def _options(invariant: Invariant) -> ChunkOptions:
    by_rows = {invariants.rows_make_the_table, invariants.parts_say_what_they_are_of}
    if invariant is invariants.only_larger_tables_are_cut:
        return ROOMY
    return NARROW if invariant in by_rows else TIGHT if invariant is invariants.the_path_leads else WIDE


@pytest.mark.parametrize("invariant", invariants.INVARIANTS, ids=lambda invariant: invariant.__name__)
def test_the_report_keeps_every_invariant(invariant: Invariant) -> None:
    """The document that the broken splitters are tried on is split rightly by the right one."""
    invariant(splitter, REPORT, NARROW)
    invariant(splitter, REPORT, WIDE)
    invariant(splitter, REPORT, ROOMY)


@pytest.mark.parametrize(("invariant", "split"), BREAKS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_broken_splitter_is_noticed(invariant: Invariant, split: broken.Splitter) -> None:
    """An invariant that cannot fail would say nothing."""
    with pytest.raises(AssertionError):
        invariant(split, REPORT, _options(invariant))


def test_every_invariant_was_seen_failing() -> None:
    assert {invariant for invariant, _ in BREAKS} == set(invariants.INVARIANTS)
