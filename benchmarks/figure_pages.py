"""What was measured becomes tables of the docs, one page of all figures, and a picture.

`figures.json` holds the numbers of every round. A page shows a figure between two comments, which name it; what stands
between them is written here and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import isnan, log2
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from figure_kinds import Benchmark, Beside, Column, Figure
from figures import BENCHMARKS, figures
from highlights import HIGHLIGHTS

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
KEPT = HERE / "figures.json"
PAGE = ROOT / "docs" / "figures.md"
PICTURES = ROOT / "docs" / "pictures"
MARKED = re.compile(r"<!-- figure: (?P<name>[^>]+?) -->\n(?P<table>.*?)<!-- end of figure -->", re.DOTALL)
COMMAND = "python benchmarks/run.py --only {name}"

Rounds = Sequence[Mapping[str, Mapping[str, float]]]


class Ratio(NamedTuple):
    """How many times as good ours is as another: the median ratio, and its range over the rounds."""

    figure: str
    column: str
    ours: str
    other: str
    middle: float
    least: float
    greatest: float
    spread: str


def kept() -> dict[str, Any]:
    """Return what was measured last, by benchmark."""
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    return found


def best(column: Column, row: str, rounds: Rounds) -> float | None:
    """Return the value of a row that counts among those of all rounds; None if no round has it."""
    values = [one[row][column.name] for one in rounds if column.name in one.get(row, ())]
    values = [value for value in values if value is not None and not isnan(value)]
    if not values:
        return None
    return min(values) if column.best == "least" else max(values) if column.best == "greatest" else median(values)


def written(column: Column, value: float | None) -> str:
    """Write a value as its column wants it."""
    if value is None:
        return ""
    return f"{value * 100:.{column.digits}f} %" if column.percent else f"{value:,.{column.digits}f}"


def table(figure: Figure, rounds: Rounds) -> str:
    """Return a figure as a table of Markdown, rows of ours in bold."""
    rows = list(dict.fromkeys(row for one in rounds for row in one))
    lines = ["| | " + " | ".join(column.name for column in figure.columns) + " |"]
    lines.append("| --- |" + " ---: |" * len(figure.columns))
    for row in rows:
        name = f"**{row}**" if row.startswith("ours") else row
        lines.append(f"| {name} | " + " | ".join(written(c, best(c, row, rounds)) for c in figure.columns) + " |")
    return "\n".join(lines) + "\n"


def footnote(benchmark: Benchmark, told: Mapping[str, Any]) -> str:
    """Say which command measured a figure, when, and on what machine."""
    rounds = "one round" if told["rounds"] == 1 else f"{told['rounds']} rounds in turns"
    command = COMMAND.format(name=benchmark.name) + (" --data FOLDER" if benchmark.needs else "")
    return f"\n`{command}`: {told['on']}, {rounds}, {told['machine']}.\n"


def section(name: str, results: Mapping[str, Any]) -> str:
    """Return what stands between the two comments of a figure.

    Raises:
        KeyError: There is no such figure, or it was never measured.
    """
    if name in {"highlights", "highlights-in-korean"}:
        return highlights(results, in_korean=name != "highlights")
    benchmark, figure = next((one, shown) for known, one, shown in figures() if known == name)
    told = results[benchmark.name]
    return table(figure, told["tables"][figure.table]) + footnote(benchmark, told)


def highlights(results: Mapping[str, Any], *, in_korean: bool = False) -> str:
    """Return the README's table, without what was never measured."""
    head = "| | 이 패키지 | 다른 패키지 중 최고 |" if in_korean else "| | here | best of the others |"
    lines = [head, "| --- | ---: | ---: |"]
    for one in HIGHLIGHTS:
        benchmark, figure = next((b, f) for name, b, f in figures() if name == one.figure)
        if benchmark.name not in results:
            continue
        column = next(column for column in figure.columns if column.name == one.column)
        rounds = results[benchmark.name]["tables"][figure.table]
        ours = written(column, best(column, one.ours, rounds))
        says = one.says_in_korean if in_korean else one.says
        beside = next(each for each in figure.beside if each.column == one.column and one.ours in each.ours)
        lines.append(f"| {says} | {ours} | {_best_other(beside, column, rounds)} |")
    return "\n".join(lines) + "\n"


def _best_other(one: Beside, column: Column, rounds: Rounds) -> str:
    rows = list(dict.fromkeys(row for each in rounds for row in each if row.startswith(one.others)))
    values = {row: value for row in rows if (value := best(column, row, rounds)) is not None}
    if not values:
        return ""
    row = (max if one.more_is_better else min)(values, key=values.__getitem__)
    return f"{written(column, values[row])} ({row.removesuffix(', 1,000 pages')})"


def ratios(results: Mapping[str, Any]) -> Iterator[Ratio]:
    """Yield how many times as good ours is as each of the others, round by round."""
    for name, benchmark, figure in figures():
        rounds = results.get(benchmark.name, {"tables": {}})["tables"].get(figure.table, ())
        rows = dict.fromkeys(row for one in rounds for row in one)
        for beside in figure.beside:
            for ours in (row for row in rows if row in beside.ours):
                for other in (row for row in rows if row.startswith(beside.others)):
                    found = [
                        one[ours][beside.column] / one[other][beside.column]
                        for one in rounds
                        if ours in one and other in one and one[other][beside.column] and one[ours][beside.column]
                    ]
                    found = found if beside.more_is_better else [1 / ratio for ratio in found]
                    if found:
                        spread = "one round" if len(found) == 1 else f"{min(found):.2f} to {max(found):.2f}"
                        if benchmark.rounds == 1:
                            spread = "the same in each round"
                        yield Ratio(name, beside.column, ours, other, median(found), min(found), max(found), spread)


def ratio_table(found: Sequence[Ratio]) -> str:
    """Return the ratios as one table of Markdown."""
    lines = ["| measured | ours | beside | median ratio | range |", "| --- | --- | --- | ---: | ---: |"]
    lines += [
        f"| {one.figure}, {one.column} | {one.ours} | {one.other} | {one.middle:.2f} | {one.spread} |" for one in found
    ]
    return "\n".join(lines) + "\n"


def picture(found: Sequence[Ratio]) -> str:
    """Return an SVG of the ratios, a bar each, whose length doubles when its ratio is squared."""
    titles = dict.fromkeys((one.figure, one.column) for one in found)
    height, left, one_at, top = 22 * (len(found) + len(titles)) + 40, 560, 600, 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 {height}" font-family="sans-serif" font-size="11">',
        "<title>How many times as good as others, by benchmark, on a logarithmic scale</title>",
        f'<rect width="1000" height="{height}" fill="#ffffff"/>',
        f'<line x1="{one_at}" y1="20" x2="{one_at}" y2="{height - 8}" stroke="#888888"/>',
        f'<text x="{one_at}" y="14" text-anchor="middle" fill="#222222">as good</text>',
    ]
    for title in titles:
        parts.append(f'<text x="10" y="{top + 11}" font-weight="bold" fill="#222222">{escape(", ".join(title))}</text>')
        top += 22
        for one in (ratio for ratio in found if (ratio.figure, ratio.column) == title):
            end = one_at + 36 * max(-1.0, log2(one.middle))
            begin, width = min(one_at, end), abs(end - one_at)
            colour = "#4b5fd6" if one.middle >= 1 else "#e0903a"
            label = f"{one.ours} beside {one.other}".replace("`", "")
            parts += [
                f'<text x="{left}" y="{top + 11}" text-anchor="end" fill="#222222">{escape(label)}</text>',
                f'<rect x="{begin:.1f}" y="{top}" width="{max(width, 1):.1f}" height="14" fill="{colour}"/>',
                f'<text x="{max(end, one_at) + 5:.1f}" y="{top + 11}" fill="#222222">{one.middle:.2f}</text>',
            ]
            top += 22
    return "\n".join([*parts, "</svg>"]) + "\n"


def overview(results: Mapping[str, Any]) -> str:
    """Return the page of all figures."""
    lines = [
        "# Figures",
        "",
        "Every figure of these pages is measured by one command:",
        "",
        "    python benchmarks/run.py --data FOLDER",
        "",
        "It runs each benchmark in a process of its own, and the packages of others in environments of their own.",
        "Benchmarks that measure time run several rounds, which take turns. `--list` names the benchmarks,",
        "`--only NAMES` chooses among them, and `--quick` makes a short run that keeps nothing. Some benchmarks read",
        "data of others, which are not part of this project: `FOLDER` holds them. What is skipped or fails is named,",
        "and the others are measured. On two cores with nothing else to do, it takes an hour.",
        "",
        "How long something takes depends on the machine and on what else it does. The ratio of two rows of one round",
        "depends on that much less.",
        "",
        "## Beside others",
        "",
        "How many times as good this package is as another, by the same measure in the same round: the median ratio,",
        "and its range over the rounds. There is nothing random in scores and counts: they are the same in each round.",
        "",
        "![How many times as good as others, by benchmark](pictures/figures.svg)",
        "",
        ratio_table(list(ratios(results))),
        "## Where each figure is shown",
        "",
        "| figure | shows | on | measured |",
        "| --- | --- | --- | --- |",
    ]
    for name, benchmark, figure in figures():
        pages = ", ".join(f"[{Path(page).name}]({_from_docs(page)})" for page in figure.pages)
        on = results[benchmark.name]["on"] if benchmark.name in results else "by an earlier run"
        lines.append(f"| {name} | {figure.shows} | {pages} | {on} |")
    return "\n".join(lines) + "\n"


def _from_docs(page: str) -> str:
    return page.removeprefix("docs/") if page.startswith("docs/") else f"../{page}"


def pages() -> list[Path]:
    """Return the pages that show figures."""
    named = {page for one in BENCHMARKS for figure in one.figures for page in figure.pages}
    return [ROOT / page for page in sorted({*named, "README.md", "README.ko.md"})]


def with_figures(text: str, results: Mapping[str, Any]) -> str:
    """Return the text of a page with its figures as they were measured; one never measured stays as it is."""

    def replaced(found: re.Match[str]) -> str:
        name = found["name"]
        try:
            made = section(name, results)
        except KeyError:
            return found[0]
        return f"<!-- figure: {name} -->\n{made}<!-- end of figure -->"

    return MARKED.sub(replaced, text)


def rewritten(page: Path, results: Mapping[str, Any]) -> str:
    """Return a page, or a notebook, with its figures as they were measured."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".ipynb":
        return with_figures(text, results)
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = with_figures("".join(cell["source"]), results).splitlines(keepends=True)
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def shown_on(page: Path) -> set[str]:
    """Return the names of the figures that a page shows."""
    return set(re.findall(r"<!-- figure: ([^>]+?) -->", page.read_text(encoding="utf-8")))


def retrieval_picture(results: Mapping[str, Any]) -> str:
    """Return the SVG of how well the splitters answer questions, from the numbers of the table beside it."""
    from retrieval import Row, picture as draw

    (numbers,) = results["retrieval"]["tables"]["splitters"][:1]
    sizes = [int(column.removeprefix("tables, ")) for column in next(iter(numbers.values())) if "tables, " in column]
    return draw(
        [
            Row(
                name,
                {size: (row[f"tables, {size}"], row[f"possible, {size}"]) for size in sizes},
                (row["caption with its table"], row["found first"]),
            )
            for name, row in numbers.items()
        ]
    )


def write_picture(name: str, svg: str, drawn_by: Path) -> None:
    """Write a picture, and beside it its hash and those of what it was made from."""
    target = PICTURES / f"{name}.svg"
    target.write_text(svg, encoding="utf-8", newline="\n")
    told = {
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "made_by": "benchmarks/run.py",
        "inputs": {
            path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in dict.fromkeys((KEPT, HERE / "figures.py", Path(__file__).resolve(), drawn_by))
        },
    }
    target.with_suffix(".json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def write_pages(results: Mapping[str, Any]) -> None:
    """Write the page of all figures, the pictures, and the tables of each page."""
    PAGE.write_text(overview(results), encoding="utf-8")
    write_picture("figures", picture(list(ratios(results))), Path(__file__).resolve())
    if "retrieval" in results:
        write_picture("retrieval", retrieval_picture(results), HERE / "retrieval.py")
    for page in pages():
        page.write_text(rewritten(page, results), encoding="utf-8")
