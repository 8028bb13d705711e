"""Finds doubtful words of recognised text, and where the words of a line stand in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from upstage_docs.errors import ConfigError
from upstage_docs.evidence.things import Thing, read_thing
from upstage_docs.models import Box, OcrLine, OcrPage, OcrResult
from upstage_docs.options.definitions import require_number
from upstage_docs.records.ocr_lines import word_ranges


class WordInText(msgspec.Struct, frozen=True, array_like=True):
    """A word of a recognised line, as its metadata says it: range in the text, box relative 0-1, confidence 0-1."""

    start: int
    end: int
    x0: float
    y0: float
    x1: float
    y1: float
    confidence: float

    @property
    def box(self) -> Box:
        """The bounding box, relative 0-1."""
        return (self.x0, self.y0, self.x1, self.y1)


_decoder = msgspec.json.Decoder(list[WordInText])


def words_in(thing: Thing) -> list[WordInText]:
    """Return the words of a recognised line by its metadata; none where it has none, or its text was changed."""
    told, text = thing.metadata.get("words"), thing.text or ""
    try:
        words = _decoder.decode(told) if isinstance(told, str) else []
    except (msgspec.DecodeError, UnicodeEncodeError):
        return []
    position = 0
    for word in words:
        if not position <= word.start < word.end <= len(text):
            return []
        position = word.end
    # A piece of a line keeps the metadata of the line.
    between = zip([0, *(word.end for word in words)], [*(word.start for word in words), len(text)], strict=True)
    return words if not any(text[start:end].strip() for start, end in between) else []


def uncertain(recognised: object, *, below: float = 0.8, mark: str = "[?]") -> str:
    """Return the recognised text with a *mark* behind every word whose confidence is under *below*: `오늘[?]`.

    For a person who reads it, or for the prompt of a model that is to correct it.

    Args:
        recognised: An OCR result, one of its pages or lines, or a Document or node of `split="line"` or `"word"`.
        below: Confidence, 0-1.
        mark: What to put behind a doubtful word.

    Raises:
        ConfigError: *recognised* does not say how sure its words are, *below* is no confidence, *mark* is no text.
    """
    below = require_number("below", below, least=0, most=1)
    if not isinstance(mark, str):
        raise ConfigError(f"mark={mark!r} must be a text.")
    if isinstance(recognised, OcrResult):
        return "\n".join(uncertain(page, below=below, mark=mark) for page in recognised.pages)
    if isinstance(recognised, (OcrPage, OcrLine)):
        ranges = zip(word_ranges(recognised), recognised.words, strict=True)
        doubtful = [found[1] for found, word in ranges if found and word.confidence < below]
        return _marked(recognised.text, doubtful, mark)
    thing = read_thing(recognised)
    text = thing.text or ""
    confidence = _confidence(thing.metadata)
    if thing.metadata.get("category") == "word" and confidence is not None:
        return _marked(text, [len(text)] if confidence < below else [], mark)
    words = words_in(thing)
    if not words and text.strip():
        raise ConfigError(
            "This text does not say how sure its words are: load it with split='line' or 'word', or pass the OcrResult."
        )
    return _marked(text, [word.end for word in words if word.confidence < below], mark)


def _marked(text: str, ends: Iterable[int], mark: str) -> str:
    pieces: list[str] = []
    position = 0
    for end in sorted(ends):
        pieces += (text[position:end], mark)
        position = end
    return "".join([*pieces, text[position:]])


def _confidence(metadata: Mapping[str, Any]) -> float | None:
    value = metadata.get("confidence")
    return float(value) if isinstance(value, (int, float)) else None
