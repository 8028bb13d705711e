"""Figures of the docs: each is measured by a command that is there, and a page shows what was measured last."""

from __future__ import annotations

import ast
import json
import re
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import figure_pages  # noqa: E402
import figures  # noqa: E402
import highlights  # noqa: E402
import run  # noqa: E402
from figure_kinds import Benchmark, Beside, Column, Figure  # noqa: E402

PAGES = sorted(
    {
        *(ROOT / "docs").glob("*.md"),
        ROOT / "README.md",
        ROOT / "README.ko.md",
        ROOT / "benchmarks" / "README.md",
        *(ROOT / "docs" / "notebooks").glob("*.ipynb"),
    }
)
MEASURED = re.compile(
    r"\d+(?:\.\d+)? ?ms\b"
    r"|\d[\d,.]* pages(?:/s|\s(?:per|a)\ssecond)\b"
    r"|\d\sseconds\b"
    r"|\d+(?:\.\d+)? times (?:as|the|faster|slower)\b"
    r"|\b[01]\.\d{3}\b"
    r"|\d s of CPU\b"
    r"|peaks? at \d"
    r"|\d % of [\d,]+"
    r"|\d\.\d+ ?%"
    r"|\d ?(?:밀리)?초(?! 안에)"
    r"|\d ?배(?![가-힣])"
)
"""How figures that were measured are written: times, speeds, ratios, shares with three digits, peaks."""
NOT_MEASURED = (
    "60 times as many",
    "bearing 3 times the",
    "about 0.6 pages per second",
    "At 0.6 pages per second that takes 50 seconds",
    "(0.6 pages per second",
    "after every 15 seconds",
)
"""Phrases that look like figures, and are limits or examples."""


def shown_outside(text: str) -> str:
    """Return a page without its code, its examples of output, and the tables that `run.py` writes."""
    text = figure_pages.MARKED.sub("", text)
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_shows_no_figure_but_those_that_the_command_prints(page: Path) -> None:
    text = "" if page == figure_pages.PAGE else page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    text = shown_outside(text)
    for phrase in NOT_MEASURED:
        text = text.replace(phrase, "")

    assert MEASURED.findall(text) == [], "put it into benchmarks/figures.py, and its table between two marks"


def test_each_script_that_gives_numbers_is_listed() -> None:
    """And a page names no other as the source of its figures."""
    scripts = {
        path.name for path in (ROOT / "benchmarks").glob("*.py") if "add_json_option(" in path.read_text("utf-8")
    }
    listed = {script for one in figures.BENCHMARKS for script, *_ in one.commands}
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)

    assert scripts - {"measured.py"} == listed
    assert set(re.findall(r"benchmarks/(\w+\.py)", text)) <= listed | {"run.py"}


@pytest.mark.parametrize(
    "path",
    sorted(path for folder in ("benchmarks", "scripts", "examples") for path in (ROOT / folder).glob("*.py")),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_a_script_imports_what_the_packages_have(path: Path) -> None:
    """A name that is changed there is seen here, and not when the figure is measured next."""
    wanted = [
        (node.module, one.name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and re.match(r"\w*upstage_docs\b", node.module)
        for one in node.names
    ]
    for needed, module in (
        ("langchain_core", "langchain_"),
        ("llama_index.core", "llama_"),
        ("liteparse", "upstage_docs.local"),
    ):
        if any(name.startswith(module) for name, _ in wanted):
            pytest.importorskip(needed)
    missing = [
        f"{module}.{name}"
        for module, name in wanted
        if not hasattr(import_module(module), name) and find_spec(f"{module}.{name}") is None
    ]

    assert missing == []


def test_a_figure_in_the_middle_of_a_sentence_is_seen() -> None:
    for text in (
        "it takes 3.5 ms",
        "2,252 pages/s",
        "40 times as fast",
        "a TEDS of 0.634",
        "it peaks at 67 MB",
        "97.3 %",
        "3.2초",
    ):
        assert MEASURED.search(shown_outside(text)), text
    assert not MEASURED.search(shown_outside("<!-- figure: a/b -->\n0.634\n<!-- end of figure -->"))


@pytest.mark.parametrize("page", figure_pages.pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_has_the_figures_that_are_listed_for_it(page: Path) -> None:
    path = page.relative_to(ROOT).as_posix()
    listed = {name for name, _, figure in figures.figures() if path in figure.pages}

    assert figure_pages.shown_on(page) - {"highlights", "highlights-in-korean"} == listed


@pytest.mark.parametrize("page", figure_pages.pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_figure_of_a_page_names_its_command(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    without = [
        found[0][:60] for found in figure_pages.MARKED.finditer(text) if "benchmarks/run.py --only" not in found[0]
    ]

    assert [one for one in without if "figure: highlights" not in one] == []


@pytest.mark.parametrize("page", figure_pages.pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_shows_what_was_measured_last(page: Path) -> None:
    made = figure_pages.rewritten(page, figure_pages.kept())

    assert made == page.read_text(encoding="utf-8"), "python benchmarks/run.py --only-pages"


def test_the_page_of_all_figures_is_what_was_measured_last() -> None:
    results = figure_pages.kept()

    assert figure_pages.PAGE.read_text(encoding="utf-8") == figure_pages.overview(results)
    assert set(results) <= {name.split("/")[0] for name, _, _ in figures.figures()}


@pytest.mark.parametrize("listed", figures.BENCHMARKS, ids=lambda one: one.name)
def test_the_command_of_each_figure_is_there(listed: Benchmark) -> None:
    for script, *arguments in (*listed.commands, *filter(None, [listed.prepare])):
        text = (ROOT / "benchmarks" / script).read_text(encoding="utf-8")
        options = [one for one in (*arguments, *(listed.quick or ())) if one.startswith("--")]

        assert (script, *arguments) == listed.prepare or "add_json_option(" in text, "run.py reads its numbers as JSON"
        assert [one for one in options if f'"{one}"' not in text] == []


TAKEN = re.compile(r"\b(?:ms|s|MB)\b|ideal|httpx")
"""How the columns of time and memory are named."""
COLUMN = Column("s", 1)
TIMES = Figure("times", "how long", (COLUMN, Column("share", 1, percent=True, best="median")), ("README.md",), (
    Beside("s", ("ours",), ("theirs",), more_is_better=False),
))  # fmt: skip
ROUNDS = [
    {"ours": {"s": 2.0, "share": 0.5}, "theirs": {"s": 8.0, "share": 0.25}},
    {"ours": {"s": 1.0, "share": 0.7}, "theirs": {"s": 6.0}},
    {"ours": {"s": 3.0, "share": 0.6}, "theirs": {"s": 6.0, "share": 0.75}},
]


def test_of_several_rounds_the_one_that_its_column_names_counts() -> None:
    assert figure_pages.table(TIMES, ROUNDS) == (
        "| | s | share |\n| --- | ---: | ---: |\n| **ours** | 1.0 | 60.0 % |\n| theirs | 6.0 | 50.0 % |\n"
    )


def test_ratios_are_those_within_a_round_with_their_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Benchmark("made", (("made.py",),), (TIMES,), rounds=3)
    monkeypatch.setattr(figure_pages, "figures", lambda: iter([("made/times", listed, TIMES)]))

    (ratio,) = figure_pages.ratios({"made": {"tables": {"times": ROUNDS}}})

    assert (ratio.ours, ratio.other, ratio.middle, ratio.least, ratio.greatest) == ("ours", "theirs", 4.0, 2.0, 6.0)
    assert "| 4.00 | 2.00 to 6.00 |" in figure_pages.ratio_table([ratio])
    assert "ours beside theirs" in figure_pages.picture([ratio])


def test_what_is_counted_is_the_same_in_each_round_and_needs_but_one(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Benchmark("made", (("made.py",),), (TIMES,), rounds=1)
    monkeypatch.setattr(figure_pages, "figures", lambda: iter([("made/times", listed, TIMES)]))

    (ratio,) = figure_pages.ratios({"made": {"tables": {"times": ROUNDS[:1]}}})

    assert "| 4.00 | the same in each round |" in figure_pages.ratio_table([ratio])


@pytest.mark.parametrize("listed", figures.BENCHMARKS, ids=lambda one: one.name)
def test_a_ratio_of_time_or_memory_is_of_three_rounds(listed: Benchmark) -> None:
    measured = [one.column for figure in listed.figures for one in figure.beside if TAKEN.search(one.column)]

    assert measured == [] or listed.rounds >= 3


def test_each_row_of_the_readme_has_a_ratio_to_what_it_quotes() -> None:
    found = {(one.figure, one.column, one.ours, one.other) for one in figure_pages.ratios(figure_pages.kept())}
    quoted = [line.split(" | ")[-1] for line in figure_pages.highlights(figure_pages.kept()).splitlines()[2:]]

    assert len(quoted) == len(highlights.HIGHLIGHTS)
    for one, cell in zip(highlights.HIGHLIGHTS, quoted, strict=True):
        other = cell.partition("(")[2].removesuffix(" |").removesuffix(")")
        assert any(known[:3] == (one.figure, one.column, one.ours) and known[3].startswith(other) for known in found)


def test_a_figure_that_was_never_measured_stays_as_it_is() -> None:
    text = "<!-- figure: splitting/chunks -->\nold\n<!-- end of figure -->"

    assert figure_pages.with_figures(text, {}) == text


def test_what_is_skipped_says_what_it_needs(tmp_path: Path) -> None:
    benchmark = Benchmark("made", (), (), needs=("pages",), programs=("no-such-program",), quick=None)

    assert "--data FOLDER with pages" in run.why_skipped(benchmark, None, quick=False)
    assert "does not hold pages" in run.why_skipped(benchmark, tmp_path, quick=False)
    (tmp_path / "pages").mkdir()
    assert "no-such-program" in run.why_skipped(benchmark, tmp_path, quick=False)
    assert "no short form" in run.why_skipped(benchmark, tmp_path, quick=True)
    assert run.why_skipped(benchmark._replace(programs=()), tmp_path, quick=False) == ""


def test_one_that_fails_is_named_and_the_others_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    script = "import json, sys\nopen(sys.argv[sys.argv.index('--json') + 1], 'w').write(json.dumps({'times': %s}))\n"
    (tmp_path / "good.py").write_text(script % {"ours": {"s": 1}})
    (tmp_path / "more.py").write_text(script % {"theirs": {"s": 2}})
    (tmp_path / "bad.py").write_text("raise SystemExit(3)\n")
    (tmp_path / "silent.py").write_text("")
    (tmp_path / "other.py").write_text(script.replace("'times'", "'other'") % {"ours": {"s": 1}})
    monkeypatch.setattr(run, "HERE", tmp_path)
    chosen = [
        Benchmark("good", (("good.py",), ("more.py",)), (TIMES,), rounds=2),
        *(Benchmark(name, ((f"{name}.py",),), (TIMES,)) for name in ("bad", "silent", "other")),
    ]
    environments = run.Environments(tmp_path, {})

    measured = dict(run.measure(chosen, None, environments, None, quick=False))

    assert isinstance(measured["good"], dict)
    assert measured["good"]["tables"] == {"times": [{"ours": {"s": 1}, "theirs": {"s": 2}}] * 2}
    assert measured["bad"] == f"{tmp_path / 'bad.py'} --json ended with 3"
    assert str(measured["silent"]).startswith("FileNotFoundError")
    assert measured["other"] == "ValueError: no numbers for times"
    assert "=== good, round 2 of 2" in capfd.readouterr().err


def test_a_name_that_no_benchmark_has_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", "--only", "splittin"])

    with pytest.raises(SystemExit):
        run.main()
    assert "no benchmark is called splittin" in capsys.readouterr().err


def test_what_was_kept_is_numbers_alone() -> None:
    def leaves(value: Any) -> list[Any]:
        return [leaf for one in value.values() for leaf in leaves(one)] if isinstance(value, dict) else [value]

    for told in json.loads(figure_pages.KEPT.read_text(encoding="utf-8")).values():
        for rounds in told["tables"].values():
            assert all(leaf is None or isinstance(leaf, (int, float)) for one in rounds for leaf in leaves(one))
