"""Plans: the route by the limits, no page twice, no page lost, nothing sent that would be refused."""

from __future__ import annotations

import pytest
from conftest import examples
from hypothesis import given, strategies as st

from upstage_docs.api.limits import LIMITS, LIMITS_2025, ApiLimits
from upstage_docs.errors import ConfigError, SourceError
from upstage_docs.files.source import Source
from upstage_docs.flows.plan import Estimate, PageRun, check, estimate, halves, parts_of
from upstage_docs.options import OCROptions, ParseOptions, SendOptions

PARSE = ParseOptions()
MB = 2**20


def source(pages: int | None, *, size: int = 100_000, file_format: str = "pdf", pixels: int = 0) -> Source:
    return Source(f"a.{file_format}", f"a.{file_format}", file_format, "ab" * 32, size, pages, pixels)


def ways(parts: tuple[PageRun, ...]) -> list[tuple[object, str, bool]]:
    return [(part.pages, part.route, part.whole) for part in parts]


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        (1, [((1, 1), "sync", True)]),
        (30, [((1, 30), "sync", True)]),
        (31, [((1, 31), "async", True)]),
        (2000, [((1, 2000), "async", True)]),
        (2001, [((1, 1010), "async", False), ((1011, 2001), "async", False)]),
        (3000, [((1, 1500), "async", False), ((1501, 3000), "async", False)]),
    ],
)
def test_the_route_follows_the_page_count(pages: int, expected: list[object]) -> None:
    assert ways(parts_of(source(pages), PARSE)) == expected


def test_the_caller_may_choose_the_route() -> None:
    assert ways(parts_of(source(5), PARSE, route="async")) == [((1, 5), "async", True)]
    assert ways(parts_of(source(100), PARSE, route="sync")) == [((1, 100), "sync", True)]
    assert ways(parts_of(source(150), PARSE, route="sync")) == [((1, 80), "sync", False), ((81, 150), "sync", False)]


def test_pages_per_request_cuts_a_pdf_and_nothing_else() -> None:
    parts = parts_of(source(25), PARSE, pages_per_request=10)
    assert ways(parts) == [((1, 10), "sync", False), ((11, 20), "sync", False), ((21, 25), "sync", False)]
    assert ways(parts_of(source(25, file_format="tiff"), PARSE, pages_per_request=10)) == [((1, 25), "sync", True)]
    assert ways(parts_of(source(10), PARSE, pages_per_request=10)) == [((1, 10), "sync", True)]
    limit = ways(parts_of(source(300), PARSE, pages_per_request=500, route="sync"))
    assert [pages for pages, _, _ in limit] == [(1, 100), (101, 200), (201, 300)]


def test_older_deployments_and_own_limits() -> None:
    assert len(parts_of(source(2000), PARSE, limits=LIMITS_2025)) == 2
    assert ways(parts_of(source(20), PARSE, limits=ApiLimits(prefer_async_above=10))) == [((1, 20), "async", True)]
    assert len(parts_of(source(60), OCROptions(), limits=LIMITS_2025)) == 2
    with pytest.raises(ConfigError, match="sync_pages"):
        ApiLimits(sync_pages=0)


def test_a_pdf_with_too_many_bytes_is_cut() -> None:
    parts = parts_of(source(100, size=1200 * MB), PARSE)
    assert [part.route for part in parts] == ["async"] * len(parts)
    assert all((part.pages[1] - part.pages[0] + 1) * 12 <= 500 for part in parts if part.pages)
    assert parts[-1].pages is not None
    assert parts[-1].pages[1] == 100


def test_a_large_pdf_with_few_pages_takes_the_job() -> None:
    assert ways(parts_of(source(5, size=101 * MB), PARSE)) == [((1, 5), "async", True)]


def test_files_that_cannot_be_counted_here() -> None:
    docx = source(None, file_format="docx", size=50_000)
    assert ways(parts_of(docx, PARSE)) == [(None, "sync", True)]
    assert ways(parts_of(source(None, file_format="hwp", size=5 * MB), PARSE)) == [(None, "async", True)]
    assert parts_of(docx, PARSE, running=[None]) == (PageRun(None, "running"),)
    assert [part.state for part in parts_of(docx, PARSE, stored=[(1, 10), (11, 12)], total_pages=12)] == ["stored"] * 2
    again = parts_of(docx, PARSE, stored=[(1, 10)], total_pages=12)
    assert again == (PageRun(None, route="sync", replaces=True),), "it cannot be cut, so all of it is sent again"


def test_a_tiff_that_lacks_pages_is_sent_whole_again() -> None:
    again = parts_of(source(12, file_format="tiff"), PARSE, stored=[(1, 10)])
    assert again == (PageRun((1, 12), route="sync", replaces=True),)


def test_ocr_is_always_synchronous() -> None:
    assert {part.route for part in parts_of(source(250), OCROptions())} == {"sync"}
    with pytest.raises(ConfigError, match="no asynchronous route"):
        check(source(1), OCROptions(), route="async")


def test_what_was_answered_under_other_cuts_is_used() -> None:
    """Parts of ten, paid for long ago, serve a plan in one piece; the choice of tiles sends the fewest pages."""
    parts = parts_of(source(40), PARSE, stored=[(1, 10), (11, 20), (1, 15), (31, 40)])
    assert [(part.pages, part.state) for part in parts] == [
        ((1, 10), "stored"),
        ((11, 20), "stored"),
        ((21, 30), "send"),
        ((31, 40), "stored"),
    ]


def test_what_is_stored_and_does_not_fit_is_replaced() -> None:
    """Sent as if nothing was stored of it, it would be refused as there already, and looked for without end."""
    parts = parts_of(source(20), PARSE, stored=[(1, 12), (11, 20)])
    assert [(part.pages, part.state, part.replaces) for part in parts] == [
        ((1, 12), "stored", False),
        ((13, 20), "send", True),
    ]
    docx = source(None, file_format="docx", size=50_000)
    assert parts_of(docx, PARSE, stored=[(1, 10)]) == (PageRun(None, route="sync", replaces=True),)


def test_a_running_job_is_resumed_rather_than_paid_again() -> None:
    parts = parts_of(source(50), PARSE, stored=[(1, 10), (11, 20)], running=[(1, 50)])
    assert parts == (PageRun((1, 50), "running"),)
    beside = parts_of(source(25), PARSE, stored=[(5, 25)], running=[(1, 20)])
    assert [(part.pages, part.state) for part in beside] == [((1, 20), "running"), ((21, 25), "send")]
    done = parts_of(source(20), PARSE, stored=[(1, 10), (11, 20)], running=[(1, 20)])
    assert [part.state for part in done] == ["stored", "stored"], "a job whose batches are all here is not asked again"


@given(
    total=st.integers(1, 120),
    ranges=st.lists(st.tuples(st.integers(1, 130), st.integers(0, 40), st.booleans()), max_size=8),
    per_request=st.none() | st.integers(1, 50),
    route=st.sampled_from(["auto", "sync", "async"]),
)
@examples(200)
def test_every_page_once_and_none_that_is_held(
    total: int, ranges: list[tuple[int, int, bool]], per_request: int | None, route: str
) -> None:
    stored = [(first, first + more) for first, more, is_job in ranges if not is_job]
    running = [(first, first + more) for first, more, is_job in ranges if is_job]
    parts = parts_of(
        source(total),
        PARSE,
        route=route,  # type: ignore[arg-type]
        pages_per_request=per_request,
        stored=stored,
        running=running,
    )
    covered = [page for part in parts if part.pages for page in range(part.pages[0], part.pages[1] + 1)]
    assert covered == list(range(1, total + 1))
    usable = [pages for pages in stored + running if pages[1] <= total]
    for part in parts:
        assert part.pages is not None
        if part.state == "send":
            assert not [pages for pages in usable if part.pages[0] <= pages[0] and pages[1] <= part.pages[1]]
            most = per_request or LIMITS.async_pages
            assert part.pages[1] - part.pages[0] < (min(most, LIMITS.sync_pages) if route == "sync" else most)
            assert part.whole == (part.pages == (1, total))
        else:
            assert part.pages in (stored if part.state == "stored" else running)


def test_a_part_too_large_after_cutting_is_halved_down_to_one_page() -> None:
    first, second = halves(PageRun((11, 15), route="async"))
    assert (first.pages, second.pages, first.route, first.whole) == ((11, 13), (14, 15), "async", False)
    with pytest.raises(SourceError, match="One page"):
        halves(PageRun((3, 3)))


@pytest.mark.parametrize(
    ("document", "route", "words"),
    [
        (source(1, size=501 * MB, file_format="tiff"), "auto", "501.0 MB; the API takes 500 MB"),
        (source(1, size=101 * MB, file_format="png"), "sync", "101.0 MB; the synchronous route takes 100 MB"),
        (source(2001, file_format="tiff"), "auto", "2,001 pages; the API takes 2,000"),
        (source(101, file_format="tiff"), "sync", "101 pages; the synchronous route takes 100"),
        (source(1, file_format="png", pixels=200_000_001), "auto", "200,000,001 pixels"),
        (source(3, pixels=200_000_001), "auto", "ApiLimits"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name_before_it_is_sent(document: Source, route: str, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        check(document, PARSE, route=route)  # type: ignore[arg-type]
    assert document.name in str(caught.value)


def test_wrong_options_are_refused() -> None:
    with pytest.raises(ConfigError, match="route"):
        SendOptions("fast")  # type: ignore[arg-type]
    for wrong in (0, -5, 2.5):
        with pytest.raises(ConfigError, match="pages_per_request"):
            SendOptions(pages_per_request=wrong)  # type: ignore[arg-type]


def test_estimates_count_only_what_would_be_sent() -> None:
    parts = parts_of(source(40), PARSE, stored=[(1, 10)])
    assert estimate(parts, PARSE) == Estimate(30, 0.30, 0.30)
    assert estimate(parts, ParseOptions(mode="enhanced")) == Estimate(30, 0.90, 0.90)
    assert estimate(parts, ParseOptions(mode="auto")) == Estimate(30, 0.30, 0.90)
    assert estimate(parts, OCROptions()) == Estimate(30, None, None)
    assert estimate(parts, OCROptions(), {"ocr": 0.002}) == Estimate(30, 0.06, 0.06)
    assert estimate(parts_of(source(4), PARSE, stored=[(1, 4)]), OCROptions()) == Estimate()
    uncounted = estimate(parts_of(source(None, file_format="docx"), PARSE), PARSE)
    assert Estimate(30, 0.3, 0.9) + uncounted == Estimate(30, 0.3, 0.9, 1)


def test_an_estimate_says_what_is_not_known() -> None:
    assert str(Estimate(3000, 30.0, 30.0)) == "3,000 pages, $30.00"
    assert str(Estimate(30, 0.3, 0.9, 2)) == "30 pages, $0.30 to $0.90, and 2 files whose pages only the API can count"
    assert str(Estimate(30, None, None)) == (
        '30 pages, at a price that is not known: give yours with Client(prices={"ocr": ...})'
    )
