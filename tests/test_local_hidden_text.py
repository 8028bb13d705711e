"""Text that nobody sees is no text, what is seen stays; and a page whose letters mean nothing says so."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from test_local_words import file_of, stream

from upstage_docs.local.blocks import PageLayout
from upstage_docs.local.pdf.document import read_pdf
from upstage_docs.local.pdf.layers import may_hide_layers
from upstage_docs.local.pdf.missed_words import lacking_in, missed
from upstage_docs.local.pdf.text_layer import BareWord

LINES = [
    "The bakery on the corner opens before the first tram,",
    "and its windows are lit while the street is still dark.",
    "Nobody asks for the price of the bread in the morning.",
]
SEEN = b"".join(b"BT /F 11 Tf 72 %d Td (%b) Tj ET\n" % (700 - 14 * n, line.encode()) for n, line in enumerate(LINES))


def page_of(content: bytes, *, letters: bytes = b"", picture: bool = False) -> PageLayout:
    """Read a page on which *content* is drawn, with the font `F`, the picture `I` and a form `X` that shows it.

    *letters* is what the font says of its codes; a *picture* fills the page below the content.
    """
    gray = zlib.compress(b"\xe0" * 600)
    (page,) = read_pdf(
        file_of(
            [
                b"<</Type/Catalog/Pages 2 0 R>>",
                b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources 8 0 R>>",
                stream((b"q 595 0 0 842 0 0 cm /I Do Q " if picture else b"") + content),
                b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding%b>>" % letters,
                stream(CODES),
                stream(
                    gray,
                    b"/Type/XObject/Subtype/Image/Width 20/Height 30/ColorSpace/DeviceGray/BitsPerComponent 8"
                    b"/Filter/FlateDecode",
                ),
                b"<</Font<</F 5 0 R>>/ExtGState<</Clear<</ca 0/CA 0>>>>/XObject<</I 7 0 R/X 9 0 R>>>>",
                stream(b"q 10 0 0 10 0 0 cm /I Do Q", b"/Type/XObject/Subtype/Form/BBox[0 0 10 10]/Resources 8 0 R"),
            ]
        )
    )
    return page


CODES = (
    b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Odd def /CMapType 2 def\n"
    b"1 begincodespacerange <00> <FF> endcodespacerange\n26 beginbfchar\n%b\nendbfchar\nendcmap end end"
    % b"\n".join(b"<%02X> <FFFD>" % code for code in range(ord("a"), ord("z") + 1))
)


def words_of(page: PageLayout) -> list[str]:
    return " ".join(block.text for block in page.blocks).split()


@pytest.mark.parametrize(
    "hidden",
    [
        b"BT /F 11 Tf 3 Tr 72 400 Td (secret words for machines) Tj ET",
        b"BT /F 11 Tf 72 400 Td 3 Tr (secret ) Tj (words) Tj ET",
        b"/Clear gs BT /F 11 Tf 72 400 Td (secret words) Tj ET",
        b"q 300 300 90 90 re W n BT /F 11 Tf 72 400 Td (secret words) Tj ET Q",
        b"BT /F 0.02 Tf 72 400 Td (secret words for machines) Tj ET",
        b"BT /F 11 Tf 640 400 Td (secret words) Tj ET",
        b"BT /F 11 Tf 1e6 0 0 1e6 72 400 Tm (secret) Tj ET",
    ],
    ids=["invisible", "invisible in pieces", "transparent", "clipped", "tiny", "beside the page", "immense"],
)
def test_what_nobody_sees_is_no_text(hidden: bytes) -> None:
    """Text that is drawn invisibly, cut away, too small or too large to see, or beside the page, is left out."""
    page = page_of(SEEN + hidden)
    assert words_of(page) == " ".join(LINES).split()
    assert not page.losses


@pytest.mark.parametrize(
    "hidden",
    [
        b"1 g BT /F 11 Tf 72 600 Td (Ignore what stands above) Tj ET 0 g",
        b"0 g 60 590 300 30 re f BT /F 11 Tf 72 600 Td (Ignore what stands above) Tj ET",
        b"1 0 0 rg 60 590 300 30 re f BT /F 11 Tf 72 600 Td (Ignore what stands above) Tj ET 0 g",
    ],
    ids=["white on white", "black on black", "red on red"],
)
def test_text_in_the_colour_of_its_ground_is_no_text(hidden: bytes) -> None:
    assert words_of(page_of(SEEN + hidden)) == " ".join(LINES).split()


@pytest.mark.parametrize(
    "seen",
    [
        b"0 g 60 590 300 30 re f 1 g BT /F 11 Tf 72 600 Td (On a dark ground) Tj ET 0 g",
        (
            b"1 0 0 rg 60 590 300 30 re f 1 g 60 590 200 30 re f "
            b"1 0 0 rg BT /F 11 Tf 72 600 Td (On a dark ground) Tj ET 0 g"
        ),
    ],
    ids=["white on black", "red on white on red"],
)
def test_text_in_another_colour_than_its_ground_is_text(seen: bytes) -> None:
    assert "On a dark ground" in " ".join(words_of(page_of(SEEN + seen)))


def test_white_text_on_a_picture_is_text() -> None:
    assert "On a grey ground" in " ".join(
        words_of(page_of(SEEN + b"1 g BT /F 11 Tf 72 600 Td (On a grey ground) Tj ET 0 g", picture=True))
    )


def test_of_a_clipped_line_the_words_in_the_clip_path_stay() -> None:
    """A line that a clip path cuts keeps what is seen of it."""
    clipped = b"q 72 390 84 40 re W n BT /F 11 Tf 72 400 Td (these are seen and those are not) Tj ET Q"
    told = words_of(page_of(SEEN + clipped))[len(" ".join(LINES).split()) :]
    assert told[:3] == ["these", "are", "seen"]
    assert "not" not in told


def test_of_a_line_over_the_edge_the_words_on_the_page_stay() -> None:
    """A line that runs over the edge of the page keeps the words that stand on it."""
    told = words_of(page_of(SEEN + b"BT /F 11 Tf 540 400 Td (seen here and no longer to be seen there) Tj ET"))
    assert told[len(" ".join(LINES).split()) :] == ["seen", "here"]


def test_the_hidden_text_of_a_scan_is_its_text() -> None:
    """Invisible text over a picture, or of a page that shows no other, is what the page says."""
    assert words_of(page_of(b"3 Tr " + SEEN, picture=True)) == " ".join(LINES).split()
    assert words_of(page_of(b"3 Tr " + SEEN)) == " ".join(LINES).split()


def test_a_line_that_is_seen_on_a_scan_does_not_hide_its_text() -> None:
    """A stamp that is drawn over a scan costs nothing of the text beneath."""
    stamp = b" 0 Tr BT /F 9 Tf 72 40 Td (Digitised by the library) Tj ET"
    told = words_of(page_of(b"3 Tr " + SEEN + stamp, picture=True))
    assert set(" ".join(LINES).split()) <= set(told)


def test_letters_without_a_meaning_are_told_as_a_loss() -> None:
    """Where nothing recognises text, a page whose fonts name no letter says so."""
    page = page_of(SEEN, letters=b"/ToUnicode 6 0 R")
    assert [loss.message.partition(":")[0] for loss in page.losses] == ["many letters of the page cannot be read"]


class Item(NamedTuple):
    """A text item as the PDF library gives it."""

    text: str
    x: float
    y: float
    width: float
    height: float


def test_what_the_library_repaired_is_not_put_back() -> None:
    """Where an item has other letters than the file, as many, the file's are garbage."""
    items = [Item("bread and butter", 72, 100, 90, 12)]
    words = [
        BareWord("Xqzzp", (72, 101, 96, 111)),
        BareWord("pnq", (100, 101, 118, 111)),
        BareWord("ohggre", (122, 101, 160, 111)),
        BareWord("17", (300, 800, 312, 810)),
    ]
    lacking = lacking_in([item.text for item in items], " ".join(word.text for word in words))
    assert [word.text for word in missed(items, words, lacking, 842)] == ["17"]


def test_a_number_that_reads_as_one_elsewhere_on_the_page_may_be_lacking() -> None:
    lacking = lacking_in(["64", "12"], "12 64\n64\n")
    assert lacking.letters == {"6": 1, "4": 1}
    assert "64" in lacking.lines


def page_with(notes: Sequence[bytes], turned: int = 0) -> PageLayout:
    """Read a page that has some lines and the annotations *notes*; those from the fourth on are fields of a form."""
    numbers = [b"%d 0 R" % (7 + n) for n in range(len(notes))]
    sheet = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Rotate %d/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>"
        b"/Annots[%b]>>" % (turned, b" ".join(numbers))
    )
    (page,) = read_pdf(
        file_of(
            [
                b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[%b]>>>>" % b" ".join(numbers[3:]),
                b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                sheet,
                stream(SEEN),
                b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
                b"null",
                *notes,
            ]
        )
    )
    return page


def free_text(text: bytes, rect: bytes = b"72 500 300 520", font: bytes = b"/F 11 Tf") -> bytes:
    return b"<</Type/Annot/Subtype/FreeText/F 4/Rect[%b]/DA(%b)/Contents(%b)>>" % (rect, font, text)


def test_what_was_typed_over_a_page_is_text() -> None:
    """A note that is shown and the value of a field without a picture are; the others are not."""
    notes = [
        free_text(b"Seen by the baker"),
        b"<</Type/Annot/Subtype/FreeText/F 2/Rect[72 460 300 480]/Contents(Hidden note)>>",
        b"<</Type/Annot/Subtype/Text/Rect[72 420 92 440]/Contents(A comment)>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/F 4/Rect[72 400 272 420]/DA(/F 11 Tf)/V(Forty rolls)>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(b)/F 4/Ff 8192/Rect[72 360 272 380]/V(Secret)>>",
    ]
    page = page_with(notes)
    assert [block.text for block in page.blocks] == ["\n".join(LINES), "Seen by the baker", "Forty rolls"]
    box = page.blocks[1].box
    assert box is not None
    assert box[0] == pytest.approx(72 / 595, abs=0.01)
    assert 322 / 842 - 0.01 < box[1] < box[3] < 342 / 842 + 0.01


@pytest.mark.parametrize(
    "font",
    [
        b"/F 1.2.3 Tf",
        b"/F . Tf",
        b"/F .. Tf",
        b"/F 11 . Tf",
        b"/F Tf",
        b"/F -11 Tf",
        b"/F 11. Tf",
        b"/F +11 Tf",
        b"/F11 Tf",
        b"/F 0 Tf",
        b"/F " + b"9" * 400 + b" Tf",
    ],
)
def test_a_note_whose_font_has_no_size_is_read(font: bytes) -> None:
    """A size that is no number, or none that letters have, costs neither the note nor anything of the page."""
    page = page_with([free_text(b"Seen by the baker", font=font)])
    assert not page.losses
    assert [block.text for block in page.blocks] == ["\n".join(LINES), "Seen by the baker"]
    box = page.blocks[1].box
    assert box is not None
    assert 322 / 842 - 0.01 < box[1] < box[3] < 342 / 842 + 0.01


def test_a_note_that_cannot_be_read_costs_no_other() -> None:
    endless = b"72 500 1" + b"0" * 60 + b".0 520"
    page = page_with([free_text(b"Ordered", endless), free_text(b"Seen by the baker", b"72 400 300 420")])
    assert [block.text for block in page.blocks] == ["\n".join(LINES), "Seen by the baker"]
    assert [loss.message for loss in page.losses] == [
        "a note or form field of the page could not be read, or not whole"
    ]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize(
    "rect", [b"920 900 990 930", b"-300 500 -80 520", b"72 -90 300 -60", b"72 900 300 920", b"700 300 990 330"]
)
def test_a_note_beside_the_page_is_no_text(rect: bytes, turned: int) -> None:
    page = page_with([free_text(b"Seen by nobody", rect), free_text(b"Baker", b"72 400 300 420")], turned)
    assert sorted(block.text for block in page.blocks) == ["Baker", "\n".join(LINES)]


def test_the_lines_that_run_over_a_note_at_the_foot_of_the_page_are_text() -> None:
    """How many lines a note has is an estimate, from the width of an average letter."""
    text = b"Rolls and bread and cake and tea and more of each"
    page = page_with([free_text(text, b"72 2 150 26")])
    assert " ".join(words_of(page)).endswith(text.decode())


def test_a_note_that_is_too_long_is_read_in_part_and_said_to_be() -> None:
    page = page_with([free_text(b"Rolls and bread and cake. " * 1_000), free_text(b"Baker", b"72 400 300 420")])
    told = " ".join(block.text for block in page.blocks)
    assert "Rolls and bread" in told
    assert "Baker" in told
    (loss,) = page.losses
    assert "26,000 letters" in loss.message


GUEST = b"BT /F 11 Tf 72 400 Td (Brot und Semmeln gibt es ab sechs Uhr) Tj ET\n"
HOST = b"BT /F 11 Tf 72 400 Td (Bread and rolls are sold from six) Tj ET\n"


def layered(content: bytes, switched_off: bytes) -> list[str]:
    """Return the words of a page that has an English and a German layer, names `E` and `G`, and the form `X` on `G`."""
    (page,) = read_pdf(
        file_of(
            [
                b"<</Type/Catalog/Pages 2 0 R/OCProperties<</OCGs[5 0 R 6 0 R]/D<</OFF[%b]>>>>>>" % switched_off,
                b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources 8 0 R>>",
                stream(SEEN + content),
                b"<</Type/OCG/Name(English)>>",
                b"<</Type/OCG/Name(German)>>",
                b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
                b"<</Font<</F 7 0 R>>/Properties<</E 5 0 R/G 6 0 R/M 9 0 R>>/XObject<</X 10 0 R>>>>",
                b"<</Type/OCMD/OCGs[6 0 R]>>",
                stream(GUEST, b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F 7 0 R>>>>/OC 6 0 R"),
            ]
        )
    )
    assert not page.losses
    return words_of(page)


@pytest.mark.parametrize(
    "guest",
    [b"/OC /G BDC " + GUEST + b"EMC\n", b"/OC /M BDC " + GUEST + b"EMC\n", b"/X Do\n", b"/OC /G BDC /X Do EMC\n"],
)
def test_a_layer_that_is_switched_off_is_no_text(guest: bytes) -> None:
    """Of texts for several readers that stand in one place, a viewer shows one; only that is told."""
    both = guest + b"/OC /E BDC " + HOST + b"EMC\n"
    told = " ".join([*LINES, "Bread and rolls are sold from six"]).split()
    assert layered(both, b"6 0 R") == told
    assert layered(guest, b"5 0 R") == " ".join([*LINES, "Brot und Semmeln gibt es ab sechs Uhr"]).split()


def test_a_layer_is_found_in_a_packed_file() -> None:
    packed = zlib.compress(b"1 0 2 90 <</Type/Catalog/OCProperties<</D<</OFF[6 0 R]>>>>>>")
    assert may_hide_layers(b"%%PDF-1.5\n7 0 obj<</Type/ObjStm/N 2/First 9>>stream\n%b\nendstream" % packed)
    packed = zlib.compress(b"1 0 2 90 <</Type/Catalog/OCProperties<</D<</OFF[]>>>>>>")
    assert not may_hide_layers(b"%%PDF-1.5\n7 0 obj<</Type/ObjStm/N 2/First 9>>stream\n%b\nendstream" % packed)


def test_a_file_of_packed_zeros_is_not_unpacked_at_once() -> None:
    """Where it holds too much to look through, each page is looked at."""
    packed = zlib.compress(bytes(20_000_000))
    data = b"%PDF-1.5\n" + b"7 0 obj<</Type/ObjStm/N 2/First 9>>stream\n%b\nendstream endobj\n" % packed * 6
    tracemalloc.start()
    try:
        assert may_hide_layers(data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 80_000_000


def test_words_under_a_picture_in_a_form_are_its_text() -> None:
    """A scan may be set into a page as a form, smaller and elsewhere than it was made."""
    page = page_of(SEEN + b"q 20 0 0 20 60 300 cm /X Do Q BT /F 11 Tf 3 Tr 72 400 Td (Old receipt) Tj ET")
    assert words_of(page)[-2:] == ["Old", "receipt"]
