"""How fast elements become chunks, beside what others do with the same document; one run, ratios.

    python -m venv .peers
    .peers/bin/pip install ".[langchain,llama-index]" -r benchmarks/requirements-peers.txt
    .peers/bin/python benchmarks/splitting.py [--pages 1000] [--peer-pages 100]

The document is a generated answer: 15 elements a page, 12 % of them tables and charts, Korean and English. Peers that
need more than seconds are given its first pages only (`--peer-pages`), and all are compared by pages per second of CPU.
A peer that is not installed is left out. `--growth` says how the time grows with twice the input, for inputs that made
other splitters quadratic.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any

from measured import Rows, add_json_option, write_json

from upstage_docs.api.decode import decode_document
from upstage_docs.chunking.packing import chunk_elements
from upstage_docs.models import Element, ParsedDocument, Record
from upstage_docs.records.records import records

ENGLISH = "revenue rose by the end of last quarter while costs of research and delivery fell in most regions".split()  # noqa: SIM905
KOREAN = "매출은 전년 대비 증가하였으며 연구 개발 비용은 주요 지역에서 감소한 것으로 나타났다 다음 표와 같다".split()  # noqa: SIM905


def _sentence(choose: random.Random, words: int) -> str:
    vocabulary = choose.choice((ENGLISH, KOREAN))
    return " ".join(choose.choices(vocabulary, k=words)).capitalize() + "."


def _cell(choose: random.Random, column: int) -> str:
    if column and choose.random() < 0.6:
        return f"{choose.randint(1, 999_999):,}"
    return " ".join(choose.choices(choose.choice((ENGLISH, KOREAN)), k=choose.randint(1, 4)))


def _table(choose: random.Random, number: int) -> tuple[str, str]:
    columns, rows = choose.randint(3, 7), choose.randint(5, 40)
    header = [choose.choice(KOREAN if choose.random() < 0.5 else ENGLISH) for _ in range(columns)]
    # A label, then figures and short notes, as tables of reports hold them.
    cells = [[_cell(choose, column) for column in range(columns)] for _ in range(rows)]
    spans = choose.random() < 0.3
    markup = []
    for index, row in enumerate(cells):
        first = (
            f'<td rowspan="3">{row[0]}</td>' if spans and index % 3 == 0 and index + 2 < rows else f"<td>{row[0]}</td>"
        )
        if spans and index % 3 and index - index % 3 + 2 < rows:
            first = ""
        markup.append(f"<tr>{first}{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>")
    head = f"<tr>{''.join(f'<td>{cell}</td>' for cell in header)}</tr>"
    html = f"<table id='{number}' style='font-size:14px'><thead>{head}</thead><tbody>{''.join(markup)}</tbody></table>"
    lines = [header, ["---"] * columns, *cells]
    return html, "".join(f"| {' | '.join(line)} |\n" for line in lines)


def make_answer(pages: int) -> bytes:
    """Return the body that Document Parse would answer for a document of so many pages."""
    choose = random.Random(11)
    elements: list[dict[str, Any]] = []
    for page in range(1, pages + 1):
        for place in range(15):
            number, top = len(elements), place / 15
            kind = choose.random()
            style = "style='font-size:16px'"
            if place == 0:
                category, text = "heading1", _sentence(choose, 4)
                html, markdown = f"<h1 id='{number}' {style}>{text}</h1>", f"# {text}"
            elif place == 14:
                category, text = "footer", str(page)
                html, markdown = f"<footer id='{number}' {style}>{text}</footer>", text
            elif kind < 0.138:  # of thirteen in fifteen: 12 % of all
                category = "chart" if choose.random() < 0.1 else "table"
                html, markdown = _table(choose, number)
                if category == "chart":
                    html = (
                        f"<figure data-category='chart'><figcaption><p>Chart Type: bar</p></figcaption>{html}</figure>"
                    )
                text = markdown
            else:
                category = "list" if kind < 0.25 else "paragraph"
                lines = [_sentence(choose, 14) for _ in range(choose.randint(1, 10))]
                html = f"<p id='{number}' data-category='{category}' {style}>{'<br>'.join(lines)}</p>"
                text = markdown = "\n".join(lines)
            corners = [{"x": x, "y": round(top + y, 4)} for x, y in ((0.1, 0), (0.9, 0), (0.9, 0.06), (0.1, 0.06))]
            content = {"html": html, "markdown": markdown, "text": text}
            elements.append(
                {"id": number, "page": page, "category": category, "content": content, "coordinates": corners}
            )
    whole = {form: "\n".join(e["content"][form] for e in elements) for form in ("html", "markdown", "text")}
    answer = {"api": "2.0", "model": "document-parse-260930", "content": whole, "elements": elements}
    return json.dumps({**answer, "usage": {"pages": pages}}, ensure_ascii=False).encode()


def cpu(work: Callable[[], object], rounds: int = 5) -> float:
    """Return the least CPU seconds of several rounds; what takes long has two, since the first one may import."""
    best = float("inf")
    for number in range(rounds):
        gc.collect()
        begun = time.process_time()
        result = work()
        spent = time.process_time() - begun
        del result
        best = min(best, spent)
        if spent > 3 and number:
            break
    return best


# --- peers: each takes the pages' Documents and HTML, and returns chunks ---------------------------------------------

_built: dict[str, Any] = {}


def built(name: str, build: Callable[[], Any]) -> Any:
    """Return what a peer takes, made in the first round: the least of the rounds is without it."""
    if name not in _built:
        _built[name] = build()
    return _built[name]


def recursive_per_element(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    return RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=0).split_documents(documents)


def recursive_with_overlap(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    return RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(documents)


def recursive_on_html(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    return RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=0).split_text(html)


def recursive_on_html_document(documents: list[Any], html: str) -> object:
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    whole = Document(page_content=html, metadata=documents[0].metadata)
    return RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=0).split_documents([whole])


def html_headers(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from langchain_text_splitters import HTMLHeaderTextSplitter

    return HTMLHeaderTextSplitter([("h1", "h1")]).split_text(html)


def html_semantic(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from langchain_text_splitters import HTMLSemanticPreservingSplitter

    return HTMLSemanticPreservingSplitter(
        [("h1", "h1")], max_chunk_size=1000, elements_to_preserve=["table"]
    ).split_text(html)


def html_sections(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from langchain_text_splitters import HTMLSectionSplitter

    return HTMLSectionSplitter([("h1", "h1")], chunk_size=1000, chunk_overlap=0).split_text(html)


def html_nodes(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from llama_index.core.node_parser import HTMLNodeParser
    from llama_index.core.schema import Document

    return HTMLNodeParser().get_nodes_from_documents([Document(text=html)])


def sentence_splitter(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.schema import Document

    def words(text: str) -> list[str]:
        return re.findall(r"\w+|\S", text)

    nodes = built("nodes", lambda: [Document(text=document.page_content) for document in documents])
    return SentenceSplitter(chunk_size=512, chunk_overlap=0, tokenizer=words).get_nodes_from_documents(nodes)


def unstructured_by_title(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from unstructured.chunking.title import chunk_by_title

    elements = built("unstructured", lambda: _unstructured_elements(documents))
    return chunk_by_title(elements, max_characters=1000, repeat_table_headers=True)


def _unstructured_elements(documents: list[Any]) -> list[Any]:
    from unstructured.documents.elements import ElementMetadata, NarrativeText, Table, Title

    made = []
    for document in documents:
        text, category = document.page_content, document.metadata["category"]
        plain = re.sub(r"<[^<>]*>", " ", text)
        if category in {"table", "chart"}:
            markup = text[text.index("<table") : text.rindex("</table>") + 8]
            made.append(Table(plain, metadata=ElementMetadata(text_as_html=markup)))
        else:
            made.append((Title if category == "heading1" else NarrativeText)(plain))
    return made


@cache
def word_pieces(texts: tuple[str, ...]) -> Any:
    """Return a tokenizer of the kind that docling's chunker takes when none is given; that one would be downloaded."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import PreTrainedTokenizerFast

    made = BertWordPieceTokenizer()
    made.train_from_iterator([re.sub(r"<[^<>]*>", " ", text) for text in texts], show_progress=False)
    return PreTrainedTokenizerFast(tokenizer_object=made._tokenizer)  # noqa: SLF001


def docling_hybrid(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from docling_core.transforms.chunker.hybrid_chunker import HybridChunker
    from docling_core.transforms.chunker.tokenizer.huggingface import HuggingFaceTokenizer

    tokenizer = word_pieces(tuple(document.page_content for document in documents))
    chunker = HybridChunker(tokenizer=HuggingFaceTokenizer(tokenizer=tokenizer, max_tokens=256))
    return list(chunker.chunk(built("docling", lambda: _docling_document(documents))))


def docling_hybrid_of_words(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from docling_core.transforms.chunker.hybrid_chunker import HybridChunker
    from docling_core.transforms.chunker.tokenizer.base import BaseTokenizer

    class Words(BaseTokenizer):
        """Counts words: cheaper than any tokenizer that it would be used with."""

        def count_tokens(self, text: str) -> int:
            return len(text.split())

        def get_max_tokens(self) -> int:
            return 256

        def get_tokenizer(self) -> Any:
            return self.count_tokens

    document = built("docling", lambda: _docling_document(documents))
    return list(HybridChunker(tokenizer=Words()).chunk(document))


def ours_in_word_pieces(documents: list[Any], html: str) -> object:  # noqa: ARG001
    from langchain_upstage_docs import TableAwareTextSplitter

    tokenizer = word_pieces(tuple(document.page_content for document in documents))
    return TableAwareTextSplitter.from_huggingface_tokenizer(
        tokenizer, chunk_size=256, chunk_overlap=0, oversized_tables="split_rows"
    ).split_documents(documents)


def _docling_document(documents: list[Any]) -> Any:
    from docling_core.types.doc.document import DoclingDocument, TableCell, TableData
    from docling_core.types.doc.labels import DocItemLabel

    made = DoclingDocument(name="report")
    for document in documents:
        text, category = document.page_content, document.metadata["category"]
        plain = re.sub(r"<[^<>]*>", " ", text).strip()
        if category in {"table", "chart"}:
            rows = [re.findall(r"<td[^<>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", text)]
            width = max(map(len, rows))
            cells = [
                TableCell(text=cell, start_row_offset_idx=r, end_row_offset_idx=r + 1, start_col_offset_idx=c,
                          end_col_offset_idx=c + 1, column_header=r == 0)
                for r, row in enumerate(rows) for c, cell in enumerate(row)
            ]  # fmt: skip
            made.add_table(TableData(table_cells=cells, num_rows=len(rows), num_cols=width))
        elif category == "heading1":
            made.add_heading(plain)
        elif plain:
            made.add_text(DocItemLabel.TEXT, plain)
    return made


PEERS: tuple[tuple[str, Callable[[list[Any], str], object], bool], ...] = (
    # name, work, whether it is given only the first pages
    ("RecursiveCharacterTextSplitter, per element", recursive_per_element, False),
    ("RecursiveCharacterTextSplitter, per element, an overlap of 200", recursive_with_overlap, False),
    ("RecursiveCharacterTextSplitter on the HTML, strings only", recursive_on_html, False),
    ("RecursiveCharacterTextSplitter on the HTML, Documents", recursive_on_html_document, False),
    ("HTMLHeaderTextSplitter", html_headers, True),
    ("HTMLSemanticPreservingSplitter", html_semantic, True),
    ("HTMLSectionSplitter", html_sections, True),
    ("LlamaIndex HTMLNodeParser", html_nodes, True),
    ("LlamaIndex SentenceSplitter", sentence_splitter, True),
    ("unstructured chunk_by_title", unstructured_by_title, True),
    ("docling HybridChunker, its kind of tokenizer", docling_hybrid, True),
    ("docling HybridChunker, words counted", docling_hybrid_of_words, True),
    ("ours, split by rows, in tokens of docling's kind", ours_in_word_pieces, True),
)

# --- inputs that grow ------------------------------------------------------------------------------------------------


def _one(category: str, html: str) -> list[Element]:
    return [Element(0, 1, category, html)]


def _markdown(text: str) -> list[Record]:
    return [Record("", text, {"source": "notes.md"})]


FAMILIES: dict[str, tuple[int, Callable[[int], Sequence[Element | Record]]]] = {
    "`<br>` in a paragraph": (100_000, lambda n: _one("paragraph", f"<p>{'word<br>' * n}</p>")),
    "rows in a table": (
        10_000,
        lambda n: _one("table", f"<table>{''.join(f'<tr><td>{i}</td><td>text</td></tr>' for i in range(n))}</table>"),
    ),
    "rows under one rowspan": (
        1_000,
        lambda n: _one(
            "table",
            f"<table><tr><td>A</td><td>B</td></tr><tr><td rowspan='{n}'>x</td><td>0</td></tr>"
            f"{''.join(f'<tr><td>{i}</td></tr>' for i in range(1, n))}</table>",
        ),
    ),
    "rows, each under a rowspan of 1,000": (
        4_000,
        lambda n: _one(
            "table", f"<table>{''.join(f'<tr><td rowspan=1000>{i}</td><td>b</td></tr>' for i in range(n))}</table>"
        ),
    ),
    "bytes in one cell": (
        1_000_000,
        lambda n: _one("table", f"<table><tr><td>A</td></tr><tr><td>{'x' * n}</td></tr><tr><td>b</td></tr></table>"),
    ),
    "bytes in one word": (1_000_000, lambda n: _one("paragraph", f"<p>{'x' * n}</p>")),
    "tiny elements": (100_000, lambda n: [Element(i, i // 20, "paragraph", f"<p id='{i}'>a</p>") for i in range(n)]),
    "headings": (50_000, lambda n: [Element(i, 1, "heading1", f"<h1>{i}</h1>", text=str(i)) for i in range(n)]),
    "Markdown: rows of a table": (50_000, lambda n: _markdown("| a | b |\n| - | - |\n" + "| 1 | 2 |\n" * n)),
    "Markdown: rows that are never closed": (10_000, lambda n: _markdown("|a|b|\n|-|-|\n" + "| 1 | 2\nx\n" * n)),
    "Markdown: rows without a rule": (10_000, lambda n: _markdown("| 1 | 2 |\n" * n)),
    "Markdown: tables": (5_000, lambda n: _markdown("| a | b |\n| - | - |\n| 1 | 2 |\n\n" * n)),
    "Markdown: items of a list": (10_000, lambda n: _markdown("- one\n" * n)),
    "Markdown: lines of a quote": (10_000, lambda n: _markdown("> > one\n" * n)),
    "Markdown: underlined headings": (10_000, lambda n: _markdown("one\n===\n" * n)),
    "Markdown: fences": (5_000, lambda n: _markdown("```\none\n```\n" * n)),
    "Markdown: paragraphs between HTML": (5_000, lambda n: _markdown("<p>one</p>\n\n- two | b\n\n" * n)),
}  # fmt: skip


def _thirds(text: str) -> int:
    """Count as tokenizers do: never exactly the sum of the parts."""
    return len(text) // 3 + 1


def growth(counted: str) -> Iterator[tuple[str, int, float, float]]:
    """Yield name, size, seconds and T(2n)/T(n) of each family, cutting rows, sizes counted in characters or words."""
    measure = len if counted == "characters" else _thirds
    for name, (size, make) in FAMILIES.items():
        once, twice = make(size), make(2 * size)

        def work(elements: Sequence[Element | Record]) -> int:
            made = chunk_elements(elements, chunk_size=1000, oversized_tables="split_rows", length_function=measure)
            return sum(1 for _ in made)

        rounds: list[list[float]] = []
        while len(rounds) < 5 or sum(map(sum, rounds)) < 1:  # in turns: what else the machine does meets both
            rounds.append([cpu(partial(work, elements), rounds=1) for elements in (once, twice)])
        first, second = map(min, zip(*rounds, strict=True))
        yield name, size, first, second / max(first, 1e-6)


# --- the run ---------------------------------------------------------------------------------------------------------


def _documents(records_: list[Record]) -> list[Any]:
    from langchain_core.documents import Document

    return [Document(page_content=one.text, metadata=one.metadata, id=one.id) for one in records_]


def _floor(raw: bytes) -> object:
    """The least that anyone pays: json.loads and the framework's public constructor."""
    from langchain_core.documents import Document

    return [
        Document(
            page_content=element["content"]["html"],
            metadata={"page": element["page"], "category": element["category"], "id": element["id"]},
        )
        for element in json.loads(raw)["elements"]
    ]


def _first_pages(document: ParsedDocument, pages: int) -> ParsedDocument:
    elements = tuple(element for element in document.elements if element.page <= pages)
    return ParsedDocument(document.source, document.file_sha256, document.model, elements, total_pages=pages)


def print_growth() -> dict[str, dict[str, float]]:
    """Print how the time grows with twice the input, sizes counted in characters and in tokens."""
    rows: dict[str, dict[str, float]] = {}
    for counted in ("characters", "tokens"):
        print(f"| twice as many (sizes in {counted}) | n | T(n) ms | T(2n)/T(n) |\n| --- | ---: | ---: | ---: |")
        for name, size, seconds, ratio in growth(counted):
            print(f"| {name} | {size:,} | {seconds * 1e3:.0f} | {ratio:.2f} |", flush=True)
            rows[f"{name}, in {counted}"] = {"n": size, "ms": seconds * 1e3, "T(2n)/T(n)": ratio}
        print()
    return rows


def main() -> None:
    """Print the tables."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--pages", type=int, default=1000)
    asked.add_argument("--peer-pages", type=int, default=100, help="pages for the peers that are slow")
    asked.add_argument("--growth", action="store_true", help="only how the time grows with twice the input")
    add_json_option(asked)
    given = asked.parse_args()
    warnings.simplefilter("ignore")
    if given.growth:
        write_json(given.json, {"growth": print_growth()})
    else:
        write_json(given.json, print_speed(given.pages, min(given.peer_pages, given.pages)))


def print_speed(pages: int, peer_pages: int) -> dict[str, Rows]:
    """Print how long a document of *pages* takes to become Documents, and chunks, in all splitters."""
    from langchain_core.documents import Document

    from langchain_upstage_docs import TableAwareTextSplitter

    raw = make_answer(pages)
    document = decode_document(raw, source="report.pdf", file_sha256="ab" * 32)
    tables = sum(element.category in {"table", "chart"} for element in document.elements)
    made = list(records(document))
    print(f"{pages} pages, {len(made)} elements, {tables} tables and charts, {len(raw) / 1e6:.1f} MB\n")

    floor = cpu(lambda: _floor(raw))
    loaded = cpu(lambda: _documents(list(records(decode_document(raw, source="r", file_sha256="ab" * 32)))))
    loading = {
        "`json.loads` and `Document(…)`": {"ms": floor * 1e3, "ratio": 1.0},
        "ours, with ids and all metadata": {"ms": loaded * 1e3, "ratio": loaded / floor},
    }
    print("| bytes → Documents | ms | ratio |\n| --- | ---: | ---: |")
    for name, row in loading.items():
        print(f"| {name} | {row['ms']:.0f} | {row['ratio']:.2f} |")

    rows: dict[str, dict[str, float]] = {}

    def tell(name: str, of_pages: int, seconds: float) -> None:
        rows[name] = {"pages": of_pages, "ms": seconds * 1e3, "pages/s": of_pages / seconds}
        print(f"| {name} | {of_pages} | {seconds * 1e3:,.0f} | {of_pages / seconds:,.0f} |", flush=True)

    print("\n| elements → chunks | pages | ms | pages/s |\n| --- | ---: | ---: | ---: |")
    documents = _documents(made)
    for label, options in (("tables whole", {}), ("large tables split by rows", {"oversized_tables": "split_rows"})):
        seconds = cpu(lambda options=options: list(chunk_elements(document, **options)))  # type: ignore[misc]
        tell(f"ours, {label}, `chunk_elements`", pages, seconds)
        seconds = cpu(lambda options=options: TableAwareTextSplitter(**options).split_documents(documents))  # type: ignore[misc]
        tell(f"ours, {label}, Documents", pages, seconds)
    overlapping = cpu(lambda: TableAwareTextSplitter(chunk_overlap=200).split_documents(documents))
    tell("ours, tables whole, an overlap of 200, Documents", pages, overlapping)
    html = "\n".join(element.html for element in document.elements)
    written = "\n\n".join(element.markdown for element in document.elements)
    foreign = [Document(page_content=html, metadata={"source": "report.html"})]
    notes = [Document(page_content=written, metadata={"source": "report.md"})]
    splitter = TableAwareTextSplitter(oversized_tables="split_rows")
    tell("ours, split by rows, one string of HTML, strings only", pages, cpu(lambda: splitter.split_text(html)))
    tell("ours, split by rows, one string of HTML, Documents", pages, cpu(lambda: splitter.split_documents(foreign)))
    tell("ours, split by rows, one string of Markdown, Documents", pages, cpu(lambda: splitter.split_documents(notes)))
    for name, work, few in PEERS:
        of_pages = peer_pages if few else pages
        part = _first_pages(document, of_pages)
        some = documents[: len(part.elements)]
        html = "\n".join(element.html for element in part.elements)
        try:
            seconds = cpu(lambda work=work, some=some, html=html: work(some, html))  # type: ignore[misc]
        except ImportError as error:
            print(f"{name} is left out: {error.name} is not installed.", file=sys.stderr)
            continue
        tell(name, of_pages, seconds)
    return {"loading": loading, "chunks": rows}


if __name__ == "__main__":
    main()
