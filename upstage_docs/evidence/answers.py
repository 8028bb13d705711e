"""Reads what a model wrote about numbered passages: its statements, their citations, and what nothing supports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import chain, pairwise

import msgspec

from upstage_docs.evidence.async_forms import in_thread
from upstage_docs.evidence.citation import Citation, cite, tell_files_apart
from upstage_docs.evidence.keys import keyed
from upstage_docs.evidence.locate import places
from upstage_docs.evidence.place import Place
from upstage_docs.evidence.search import Passage
from upstage_docs.evidence.things import read_thing
from upstage_docs.evidence.word_ranking import tokens
from upstage_docs.files.source import DocumentInput
from upstage_docs.records.render import text_of_html

_MARK = re.compile(r"[\[【]\s*\d{1,4}(?:\s*[,;]\s*\d{1,4})*\s*[\]】]")
_MARKS = re.compile(rf"\s*{_MARK.pattern}(?:\s*{_MARK.pattern})*")
_QUOTE = re.compile(r"(?<!\w)[\"“„«「]([^\"“”„«»「」]{3,600})[\"”“»」]")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])(?=\s)|\n+")
_LIST_SIGN = re.compile(r"^[ \t]*(?:[-*•·]|\d{1,3}[.)])[ \t]+", re.MULTILINE)
_NUMBERED = re.compile(r"^\s*[\[(]?(\d{1,4})[\]).:、]\s*(.*)$", re.MULTILINE)


class Statement(msgspec.Struct, frozen=True):
    """A part of an answer with the same citations, usually a sentence.

    Attributes:
        text: Without its marks and quotes.
        items: The passages that it names, as they were given, in its order.
        citations: Of these, in the same order; `.quote` is the quote that stands there, `""` if none does.
        quotes: The words that it quotes.
        unsupported: Figures and quotes of the statement that stand in none of these passages, and marks that name no
            passage; empty if what it cites supports all of it.
    """

    text: str
    items: tuple[object, ...]
    citations: tuple[Citation, ...]
    quotes: tuple[str, ...]
    unsupported: tuple[str, ...]


class CheckedAnswer(msgspec.Struct, frozen=True):
    """What a model answered, compared with the passages that it was given.

    Attributes:
        text: The reply as it came.
        statements: Its statements, in order.
    """

    text: str
    statements: tuple[Statement, ...]

    @property
    def unsupported(self) -> tuple[str, ...]:
        """Figures, quotes and marks of all statements that no cited passage supports."""
        return tuple(dict.fromkeys(one for statement in self.statements for one in statement.unsupported))

    @property
    def is_supported(self) -> bool:
        """Whether something is cited, and every figure and quote stands in what its statement cites."""
        return any(statement.items for statement in self.statements) and not self.unsupported

    def places(self, file: DocumentInput | None = None) -> list[Place]:
        """Return the places of all that is cited, for `highlight` and `crop`; for a quote, the places of its words.

        Args:
            file: As for `places`.

        Raises:
            ConfigError, SourceError: As `places` with a quote.
        """
        found = [
            place
            for statement in self.statements
            for item, citation in zip(statement.items, statement.citations, strict=True)
            for place in places(item, quote=citation.quote, file=file)
        ]
        return list(dict.fromkeys(found))

    aplaces = in_thread(places)

    def _repr_html_(self) -> str:
        """Return the statements with their citations as HTML; all of it is text."""
        lines = []
        for one in self.statements:
            cited = " ".join(f"<cite><bdi>{escape(citation)}</bdi></cite>" for citation in one.citations)
            lines.append(f"<p><bdi>{escape(one.text)}</bdi> {cited}</p>")
        return f"<div>{''.join(lines)}</div>"


def read_answer(answer: str, passages: Iterable[object]) -> CheckedAnswer:
    """Return the statements of *answer*, whose marks `[1]`, `[2, 3]` name *passages* from 1 as `number_passages` does.

    A figure is supported if a passage that its statement cites, or the citation of that passage, has the same number.
    `455,905` is `455905`; signs are not compared, and numbers in words are not read. A quote is supported if its words
    stand there. A mark counts for its own sentence only: the figures of a sentence without a mark are unsupported.

    Args:
        answer: A model's text; quotes stand in quotation marks directly before the mark.
        passages: Those that the model was given, in the same order: Documents, nodes, chunks or `Passage`s.

    Raises:
        ConfigError: A passage is of no kind that has text.
    """
    given = [one.item if isinstance(one, Passage) else one for one in passages]
    lines = tell_files_apart([cite(one) for one in given])
    claims = _cut_into_claims(answer)
    return CheckedAnswer(answer, tuple(_statement(text, numbers, given, lines) for text, numbers in claims))


def read_numbered_lines(answer: str, count: int) -> list[str]:
    """Return the lines of *answer* that are numbered from `1.` to *count*, `""` for a missing one, and no others.

    For a model that translates or corrects line by line, and `overlay`, which leaves a line without a text as it is.
    """
    texts = [""] * count
    for number, text in _NUMBERED.findall(answer):
        if 1 <= int(number) <= count and not texts[int(number) - 1]:
            texts[int(number) - 1] = text.strip()
    return texts


def _cut_into_claims(answer: str) -> Iterator[tuple[str, list[int]]]:
    """Yield the stretches of *answer* that end with marks, or are sentences without any, and the numbers marked."""
    position = 0
    # What is quoted may hold marks and ends of sentences of its own.
    masked = _QUOTE.sub(lambda quote: "\0" * len(quote[0]), answer)
    for match in [*_MARKS.finditer(masked), None]:
        end = match.start() if match else len(answer)
        sentences = list(_sentences(answer, masked, position, end))
        numbers = [int(number) for number in re.findall(r"\d+", match[0])] if match else []
        # A quote belongs to the sentence before it: both are told by the mark behind it.
        while numbers and len(sentences) > 1 and _QUOTE.fullmatch(sentences[-1].strip(" .()")):
            sentences[-2:] = [f"{sentences[-2]} {sentences[-1]}"]
        yield from ((one, []) for one in (sentences[:-1] if numbers else sentences))
        if numbers and sentences:
            yield sentences[-1], numbers
        position = match.end() if match else position


def _sentences(answer: str, masked: str, start: int, end: int) -> Iterator[str]:
    signs = [found.span() for found in _LIST_SIGN.finditer(masked, start, end)]
    cuts = [found.span() for found in _SENTENCE_END.finditer(masked, start, end)]
    for left, right in pairwise([start, *chain.from_iterable(sorted([*cuts, *signs])), end]):
        if any(letter.isalnum() for letter in answer[left:right]) and (left, right) not in signs:
            yield answer[left:right].strip()


def _statement(text: str, numbers: Sequence[int], given: Sequence[object], lines: Sequence[Citation]) -> Statement:
    known = [number for number in dict.fromkeys(numbers) if 1 <= number <= len(given)]
    items = [given[number - 1] for number in known]
    texts = [_words_of(item) for item in items]
    quotes = tuple(found.strip() for found in _QUOTE.findall(text)) if numbers else ()
    keys = [keyed(one) for one in texts]
    told = {quote: [bool(key := keyed(quote).key) and bool(one.find(key)) for one in keys] for quote in quotes}
    unsupported = [f"[{number}]" for number in dict.fromkeys(numbers) if number not in known]
    unsupported += [quote for quote, by in told.items() if not any(by)]
    citations = []
    for at, number in enumerate(known):
        line = lines[number - 1]
        citations.append(Citation(line, line.places, next((quote for quote, by in told.items() if by[at]), "")))
    said = _QUOTE.sub(" ", text) if quotes else text
    figures = {figure for one in (*texts, *citations) for figure in _figures(one)}
    unsupported += [figure for figure in dict.fromkeys(_figures(said)) if figure not in figures]
    return Statement(" ".join(said.split()), tuple(items), tuple(citations), quotes, tuple(unsupported))


def _figures(text: str) -> list[str]:
    """Return the numbers of *text*, in its order; `12.0` is `12`."""
    found = (token for token in tokens(text) if token[0].isdigit())
    return [token.rstrip("0").rstrip(".") if token.count(".") == 1 and "," not in token else token for token in found]


def _words_of(item: object) -> str:
    thing = read_thing(item)
    headings = thing.metadata.get("headings")
    parts = (headings, thing.metadata.get("caption"), thing.metadata.get("unit"), text_of_html(thing.text or ""))
    return "\n".join(part for part in parts if isinstance(part, str))
