"""Ranks texts for a question by BM25 over words and, for Korean, Chinese and Japanese, pairs of characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain

import regex

from upstage_docs.errors.tree import needing

_UNSPACED = r"\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts that are written without spaces, or, as Korean, with endings grown onto words."""
_RUNS = regex.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)|(?P<number>\d+(?:[.,]\d+)*)|(?P<word>(?:(?![{_UNSPACED}])[\p{{L}}\p{{M}}\p{{N}}])+)"
)
_ALONE = regex.compile(rf"[{_UNSPACED}]")
_GROUPED = regex.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_SHORTEST_PLURAL = 4
"""Letters of a word whose `s` is that of a plural: `cats`, not `gas`."""
_STEM = 6
"""Letters of a word that count: "generate" finds "generation", in most languages with endings."""


def tokens(text: str) -> Iterator[str]:
    """Yield the parts of *text* that are compared: words, numbers (`455,905` as `455905`), pairs of characters.

    Pairs overlap, so that 자산총계 is found by 총계; a character that stands alone is itself.
    """
    for run in _RUNS.finditer(unicodedata.normalize("NFKC", text).casefold()):
        found = run[0]
        if run["unspaced"]:
            yield from (found[at : at + 2] for at in range(len(found) - 1)) if len(found) > 1 else (found,)
        elif run["number"]:
            yield found.replace(",", "") if _GROUPED.fullmatch(found) else found
        else:
            yield found if any(letter.isdigit() for letter in found) else _stem(found)


def _stem(word: str) -> str:
    """Return what of *word* counts: without the plural's `s`, and not more than its first letters."""
    if len(word) >= _SHORTEST_PLURAL and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:_STEM]


class WordRanking:
    """Texts, ranked by the words that they share with a question.

    Args:
        texts: Plain texts.

    Raises:
        MissingExtraError: The extra "search" is not installed.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        with needing("search", "Searching by words"):
            import bm25s
            from bm25s.stopwords import STOPWORDS_EN_PLUS
        self._passed_over = frozenset(chain.from_iterable(map(tokens, STOPWORDS_EN_PLUS)))
        corpus = [list(tokens(text)) for text in texts]
        self._known = frozenset(chain.from_iterable(corpus))
        self._length = len(corpus)
        self._index = bm25s.BM25()
        if self._known:
            self._index.index(corpus, show_progress=False)

    def scores(self, question: str) -> list[float]:
        """Return the BM25 score of each text, 0 where it shares nothing; only their order means anything.

        Common English words, such as `the`, count only if the question has no other words.
        """
        asked = set(tokens(question))
        wanted = (asked - self._passed_over or asked) & self._known
        # A character that stands alone in the question is looked for in the pairs.
        alone = [token for token in asked - self._known if len(token) == 1 and _ALONE.match(token)]
        wanted |= {token for token in self._known if any(character in token for character in alone)} if alone else set()
        if not wanted:
            return [0.0] * self._length
        return [float(score) for score in self._index.get_scores(sorted(wanted))]
