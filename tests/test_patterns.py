"""Regular expressions that are compiled when they are first used."""

import re

import pytest

from upstage_docs.records.patterns import compile_when_used


def test_it_matches_as_the_expression_does() -> None:
    late, compiled = (
        compile_when_used(r"(?P<unit>kg|t)\b", re.IGNORECASE),
        re.compile(r"(?P<unit>kg|t)\b", re.IGNORECASE),
    )

    for text in ("KG of it", "5 t", "kgs", ""):
        assert [one.span("unit") for one in late.finditer(text)] == [
            one.span("unit") for one in compiled.finditer(text)
        ]
        assert bool(late.match(text)) == bool(compiled.match(text))
        assert bool(late.search(text, 1, 3)) == bool(compiled.search(text, 1, 3))
        assert bool(late.fullmatch(text)) == bool(compiled.fullmatch(text))
    assert late.sub("g", "2 kg") == "2 g"
    assert late.split("2 kg") == compiled.split("2 kg")
    assert late.findall("t kg") == ["t", "kg"]


def test_what_is_no_expression_is_refused_when_it_is_used() -> None:
    late = compile_when_used("(")

    with pytest.raises(re.error):
        late.search("text")
