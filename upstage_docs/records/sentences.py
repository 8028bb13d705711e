"""Tells by the end of a text whether it is a sentence."""

from __future__ import annotations

from upstage_docs.records.patterns import compile_when_used

_KOREAN_SENTENCE = compile_when_used(r"다\s?[.。]?\s*\Z")
_STOPS, _BEHIND_STOP = frozenset(".!?。！？।؟۔"), "'\"”’)]"


def is_sentence(words: str) -> bool:
    """Say whether *words* end as a sentence does: with a stop, or a verb of Korean."""
    return ends_with_stop(words) or ends_as_in_korean(words)


def ends_with_stop(words: str) -> bool:
    """Say whether the last sign of *words* is a stop, brackets and quotation marks behind it apart."""
    return words.rstrip().rstrip(_BEHIND_STOP)[-1:] in _STOPS


def ends_as_in_korean(words: str) -> bool:
    """Say whether *words* end with a verb, as a sentence of Korean does."""
    return _KOREAN_SENTENCE.search(words) is not None
