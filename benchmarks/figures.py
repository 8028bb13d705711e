"""The figures of the docs: which command measures each, which pages show it, and beside whom.

`run.py` reads this list. A figure is a table of a benchmark; its name is `BENCHMARK/TABLE`.
"""

from __future__ import annotations

from collections.abc import Iterator

from figure_kinds import Benchmark, Beside, Column, Figure

SPLITTER = "docs/a-table-stays-a-table.md"
ENGINE = "docs/local-engine.md"
FORMATS = "docs/local-formats.md"
LONG = "docs/long-documents.md"
NOTEBOOK = "docs/notebooks/tables-in-rag.ipynb"


def shares(*names: str, digits: int = 3) -> tuple[Column, ...]:
    """Return columns of shares, from 0 to 1: more is better."""
    return tuple(Column(name, digits, best="greatest") for name in names)


_RETRIEVAL = (
    *(column for size in (300, 500, 1000) for column in shares(f"tables, {size}", f"possible, {size}")),
    *shares("caption with its table", "found first", digits=2),
)
_OURS = "ours, Markdown"
_RECURSIVE = "RecursiveCharacterTextSplitter"
_SPLITTERS = (_RECURSIVE, "MarkdownHeader", "LlamaIndex", "chonkie", "docling", "unstructured")
_PARSERS = ("PyMuPDF", "MarkItDown", "pdf_oxide", "OpenDataLoader")
_TABLE_PARSERS = ("pdfplumber", "camelot")
# Embedding takes its time: our defaults beside the splitter that most people begin with.
_BY_EMBEDDING = f"^(ours, HTML|ours, Markdown|{_RECURSIVE}, Markdown)$"
_SCORES = shares("overall", "nid", "teds", "mhs", "category", "recall")
_MADE = ("made_pages.py", "{made}", "--pages", "60", "--seed", "7")
BENCHMARKS = (
    Benchmark(
        "retrieval",
        (("retrieval.py", "{data}/retrieval"),),
        (
            Figure(
                "splitters",
                "questions on tables that the found chunks answer, and captions that find their table",
                _RETRIEVAL,
                (SPLITTER, NOTEBOOK),
                (
                    Beside("tables, 300", (_OURS,), _SPLITTERS, True),
                    Beside("tables, 500", (_OURS, "ours, HTML, split_rows, dense tables"), _SPLITTERS, True),
                    Beside("found first", (_OURS,), _SPLITTERS, True),
                ),
            ),
        ),
        environment="peers",
        needs=("retrieval/tables.json", "retrieval/answers.json"),
        quick=("--contexts", "20", "--size", "500"),
    ),
    Benchmark(
        "retrieval-defaults",
        (("retrieval.py", "{data}/retrieval", "--defaults"),),
        (Figure("defaults", "what each default of the splitter is worth", _RETRIEVAL, (SPLITTER,)),),
        environment="peers",
        needs=("retrieval/tables.json", "retrieval/answers.json"),
        quick=("--contexts", "20", "--size", "500"),
    ),
    Benchmark(
        "retrieval-embedding",
        (("retrieval.py", "{data}/retrieval", "--rank", "minilm", "--only", _BY_EMBEDDING),),
        (Figure("splitters", "the same, ranked by an embedding model", _RETRIEVAL, (SPLITTER,)),),
        environment="peers",
        needs=("retrieval/tables.json", "retrieval/answers.json"),
        quick=("--contexts", "20", "--size", "500"),
    ),
    Benchmark(
        "splitting",
        (("splitting.py", "--pages", "200", "--peer-pages", "40"),),
        (
            Figure(
                "loading",
                "bytes of an answer → Documents",
                (Column("ms"), Column("ratio", 2)),
                ("benchmarks/README.md",),
            ),
            Figure(
                "chunks",
                "elements → chunks",
                (Column("pages", best="greatest"), Column("ms"), Column("pages/s", best="greatest")),
                (SPLITTER,),
                (
                    Beside(
                        "pages/s",
                        ("ours, tables whole, Documents",),
                        (_RECURSIVE, "HTML", "LlamaIndex", "unstructured", "docling"),
                        True,
                    ),
                    Beside(
                        "pages/s",
                        ("ours, split by rows, one string of HTML, Documents",),
                        (f"{_RECURSIVE} on the HTML, Documents",),
                        True,
                    ),
                    Beside(
                        "pages/s",
                        ("ours, split by rows, one string of HTML, strings only",),
                        (f"{_RECURSIVE} on the HTML, strings only",),
                        True,
                    ),
                ),
            ),
        ),
        environment="peers",
        rounds=3,
        quick=("--pages", "50", "--peer-pages", "5"),
    ),
    Benchmark(
        "growth",
        (("splitting.py", "--growth"),),
        (
            Figure(
                "growth",
                "how the time of the splitter grows with twice the input",
                (Column("n", best="greatest"), Column("ms"), Column("T(2n)/T(n)", 2)),
                ("benchmarks/README.md",),
            ),
        ),
        environment="peers",
    ),
    Benchmark(
        "heading-levels",
        (("heading_levels.py",),),
        (
            Figure(
                "levels",
                "headings, and the share of them at the right level",
                (Column("documents"), Column("headings"), *shares("found", "right")),
                (SPLITTER,),
                tuple(
                    Beside(column, (f"made {files} seen",), (f"made {files} seen, ",), True)
                    for files in ("docx, styles", "pdf, outline")
                    for column in ("found", "right")
                ),
            ),
        ),
        environment="parsers",
        quick=("--count", "5"),
    ),
    Benchmark(
        "plugins",
        (("client.py", "plugins", "--python", "{plugins}"),),
        (
            Figure(
                "plugins",
                "one PDF through each client, from the same server",
                (Column("wall s", 1), Column("requests"), Column("peak MB above its imports"), Column("CPU s", 1)),
                (LONG,),
                tuple(
                    Beside(
                        "wall s",
                        (f"`Client`, ten parts at once, {pages} pages", f"`Client`, a job, {pages} pages"),
                        (f"langchain-upstage, {pages}", f"llama-index-readers-upstage, {pages}"),
                        False,
                    )
                    for pages in ("100", "1,000")
                ),
            ),
        ),
        environment="plugins",
        rounds=3,
        quick=("--pages", "100"),
    ),
    Benchmark(
        "throughput",
        (("client.py", "throughput", "--rounds", "1"),),
        (
            Figure(
                "throughput",
                "600 documents of one page, ten at once: share of the throughput that the server allows",
                (
                    Column("of the ideal", 1, percent=True, best="median"),
                    Column("of bare httpx", 1, percent=True, best="median"),
                    Column("CPU s", 1),
                ),
                (LONG,),
                (Beside("of the ideal", ("`Client`", "`AsyncClient`"), ("bare httpx",), True),),
            ),
        ),
        rounds=3,
        quick=("--files", "60"),
    ),
    Benchmark(
        "imports",
        (("imports.py",),),
        (Figure("imports", "importing, over the framework beneath", (Column("ms", 1),), ("benchmarks/README.md",)),),
    ),
    Benchmark(
        "quotes",
        tuple(("quotes.py", "{made}", "--quotes", "10", "--split", split) for split in ("element", "page", "chunk")),
        (
            Figure(
                "quotes",
                "how well the words of a quote are marked on the page",
                (
                    Column("quotes"),
                    Column("area at most 1.5 times", 1, percent=True, best="greatest"),
                    Column("words held", 1, percent=True, best="greatest"),
                    Column("both", 1, percent=True, best="greatest"),
                    Column("area, median", 2),
                    Column("area, 95 %", 2),
                ),
                ("benchmarks/README.md",),
            ),
        ),
        programs=("chromium",),
        prepare=_MADE,
        quick=(),
    ),
    Benchmark(
        "quality",
        (
            ("local_quality.py", "{data}/bench"),
            ("local_quality.py", "{data}/bench", "--no-ocr"),
            ("parsers.py", "{data}/bench"),
        ),
        (
            Figure(
                "scores",
                "the local engine on pages with human ground truth",
                _SCORES,
                (ENGINE,),
                tuple(
                    Beside(column, ("ours, with OCR",), _PARSERS, True) for column in ("overall", "nid", "teds", "mhs")
                ),
            ),
        ),
        environment="parsers",
        needs=("bench/score.py", "bench/pdfs"),
    ),
    Benchmark(
        "icdar",
        (("local_quality.py", "{data}/bench", "--no-ocr", "--icdar"), ("parsers.py", "{data}/bench", "--icdar")),
        (
            Figure(
                "icdar",
                "tables of the ICDAR 2013 competition in the local engine",
                shares("f1", "teds"),
                (ENGINE,),
                tuple(
                    Beside(column, ("ours, without OCR",), (*_PARSERS, *_TABLE_PARSERS), True)
                    for column in ("f1", "teds")
                ),
            ),
        ),
        environment="parsers",
        needs=("bench/icdar.py", "bench/icdar"),
    ),
    Benchmark(
        "rules",
        (("local_quality.py", "{data}/bench", "--ablate", "--no-ocr"),),
        (
            Figure(
                "rules",
                "what each rule of the local engine gains",
                (
                    *shares("pages overall", "pages teds", "pages mhs", "pages category", "pages recall", "ICDAR f1"),
                    Column("pages changed"),
                    Column("ICDAR changed"),
                ),
                (ENGINE,),
            ),
        ),
        needs=("bench/score.py", "bench/icdar.py", "bench/pdfs"),
    ),
    Benchmark(
        "charts",
        (("made_charts.py",),),
        (
            Figure(
                "charts",
                "values that the local engine reads off drawn charts",
                (Column("charts"), Column("with a table"), Column("values"), Column("within 2 %")),
                (ENGINE,),
            ),
        ),
        quick=(),
    ),
    Benchmark(
        "speed",
        (
            ("local_speed.py", "--pages", "100", "--rounds", "1"),
            ("local_speed.py", "{data}/bench/pdfs", "--rounds", "1"),
        ),
        (
            Figure(
                "speed",
                "the local engine beside the PDF library that it stands on",
                (
                    Column("pages"),
                    Column("PDF library alone, ms of CPU per page", 1),
                    Column("engine, ms of CPU per page", 1),
                    Column("times the library", 1, best="median"),
                    Column("peak memory, MB"),
                ),
                (ENGINE,),
            ),
        ),
        needs=("bench/pdfs",),
        rounds=3,
        quick=(),
    ),
    Benchmark(
        "jobs",
        (("local_jobs.py",),),
        (
            Figure("time", "answers of the local engine", (Column("s", 3),), ("docs/serve.md",)),
            Figure("memory", "peak memory of a job of the local engine", (Column("MB"),), ("docs/serve.md",)),
        ),
        rounds=3,
        quick=("--pages", "100"),
    ),
    Benchmark(
        "recognition",
        (("local_ocr.py",), ("local_ocr.py", "--plain")),
        (
            Figure(
                "words",
                "words of drawn pages that are recognised, recall and precision",
                shares(
                    *(f"{text}, {what}" for text in ("English", "Korean", "both") for what in ("recall", "precision")),
                    digits=2,
                ),
                (FORMATS,),
                tuple(
                    Beside(f"{text}, {what}", ("all pages",), ("all pages, Tesseract as it comes",), True)
                    for text in ("English", "Korean")
                    for what in ("recall", "precision")
                ),
            ),
            Figure(
                "cost",
                "what recognition takes",
                (Column("pages"), Column("s of CPU per page", 2), Column("peak memory, MB")),
                (FORMATS,),
            ),
        ),
        programs=("tesseract",),
    ),
    Benchmark(
        "large-files",
        (("local_large_files.py",),),
        (
            Figure(
                "large files",
                "large files in the local engine",
                (Column("CPU s", 1), Column("peak MB above its imports")),
                (FORMATS,),
            ),
        ),
        quick=("--only", "DOCX|PPTX"),
    ),
)


def figures() -> Iterator[tuple[str, Benchmark, Figure]]:
    """Yield the name of each figure, what measures it, and the figure."""
    for benchmark in BENCHMARKS:
        for figure in benchmark.figures:
            yield f"{benchmark.name}/{figure.table}", benchmark, figure
