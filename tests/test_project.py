"""The project's own files agree with each other: what is checked, where, by which command, and what is released."""

from __future__ import annotations

import re
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Any

import pytest

import upstage_docs

ROOT = Path(__file__).resolve().parent.parent
RUN = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
PARTS = set(re.findall(r"^    (\w+)\)", RUN, re.MULTILINE)) - {"all"}
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PACKAGES = ("upstage_docs", "langchain_upstage_docs", "llama_index_upstage_docs")


def settings() -> dict[str, Any]:
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))


def loaded(path: Path) -> dict[Any, Any]:
    yaml = pytest.importorskip("yaml", reason="PyYAML comes with vcrpy")
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def commands_of(job: dict[Any, Any]) -> list[str]:
    return [step["run"] for step in job.get("steps", ()) if "run" in step]


def test_the_version_is_written_in_one_place() -> None:
    """The installed package, the notes and every module that names it take it from `upstage_docs/version.py`."""
    assert upstage_docs.__version__ == version("upstage-docs")
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            written = f'"{upstage_docs.__version__}"' in path.read_text(encoding="utf-8")
            assert written == (path == ROOT / "upstage_docs" / "version.py"), path
    assert "version" not in settings()["project"]


def test_the_groups_and_the_extra_hold_the_same_tools() -> None:
    """`pip install ".[dev]"` is what the README names; groups are what newer tools read."""
    project, groups = settings(), settings()["dependency-groups"]
    tools = {re.split(r"[\[><=]", tool)[0]: tool for group in ("test", "lint") for tool in groups[group]}
    extra = [tool for tool in project["project"]["optional-dependencies"]["dev"] if "upstage-docs[" not in tool]

    assert sorted(extra) == sorted(tools.values())
    assert groups["dev"] == [{"include-group": "test"}, {"include-group": "lint"}]


def test_every_dependency_has_both_bounds() -> None:
    """But for one whose version is a date, and says nothing of what it breaks."""
    project = settings()
    extras = project["project"]["optional-dependencies"]
    listed = [*project["project"]["dependencies"], *(one for extra in extras.values() for one in extra)]
    listed += [one for group in project["dependency-groups"].values() for one in group if isinstance(one, str)]

    bounded = re.compile(r">=[\d.]+,<\d|>=20\d\d\.")
    assert [one for one in listed if "upstage-docs[" not in one and not bounded.search(one)] == []


def test_the_forge_calls_parts_that_there_are() -> None:
    """A workflow has no check of its own: whatever it runs can be run here, by the same command."""
    called: set[str] = set()
    for path in WORKFLOWS:
        for job in loaded(path)["jobs"].values():
            matrix = job.get("strategy", {}).get("matrix", {})
            for command in commands_of(job):
                for part in re.findall(r"bash \.ci/run (\w+|\$\{\{ matrix\.part \}\})", command):
                    called.update(matrix["part"] if part.startswith("$") else [part])
                assert command.count(".ci/run") == len(re.findall(r"bash \.ci/run [\w$]", command)), command
                assert not re.search(r"\b(pytest|mypy|ruff|lint-imports)\b", command), f"{path.name}: {command}"

    # The machines of the forge are the other versions; the figures take hours.
    assert called == PARTS - {"versions", "benchmarks"}


def test_the_parts_are_listed_where_people_look() -> None:
    """In the usage line, at the head of the file and in CONTRIBUTING.md: all of them, and no others."""
    usage = re.search(r"usage: bash \.ci/run \[(.*)\]", RUN)
    assert usage is not None
    assert set(usage[1].split(" | ")) == PARTS
    head = " ".join(RUN.partition("set -euo")[0].replace("#", " ").split())
    assert {part for part in PARTS if re.search(rf"(\.ci/run|`|\|) ?{part}\b", head)} == PARTS
    check = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Check")[2].partition("\n## ")[0]
    named = {word.removeprefix("bash .ci/run ") for word in re.findall(r"`([^`]+)`", check)}
    assert named >= PARTS, f"not named: {PARTS - named}"


def test_the_change_that_adds_an_option_is_shown_on_the_files_as_they_are() -> None:
    """Each part of it names a file, and lines that follow each other there."""
    (shown,) = re.findall(
        r"^```diff\n(.*?)^```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    parts = re.findall(r"^--- a/(\S+)\n\+\+\+ b/\1\n@@.*\n((?:[ +-].*\n)+?)(?=--- a/|\Z)", shown, re.MULTILINE)
    missing = []
    for name, lines in parts:
        before = "".join(line[1:] for line in lines.splitlines(keepends=True) if line[0] in " -")
        if f"\n{before}" not in (ROOT / name).read_text(encoding="utf-8"):
            missing.append(name)

    assert len(parts) == shown.count("--- a/") > 4
    assert missing == []


def test_the_forge_has_the_machines_that_users_have() -> None:
    """Every Python from the oldest to the newest, and three systems; the classifiers say no more than that."""
    checks = loaded(ROOT / ".github" / "workflows" / "checks.yml")["jobs"]
    matrix = checks["tests"]["strategy"]["matrix"]
    claimed = [
        one.rpartition(" ")[2]
        for one in metadata("upstage-docs").get_all("Classifier") or ()
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", one)
    ]

    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    assert matrix["python"] == ["3.10", "3.11", "3.12", "3.13", "3.14"]
    assert set(claimed) <= set(matrix["python"])
    assert settings()["project"]["requires-python"] == f">={matrix['python'][0]}"


def test_publishing_waits_for_every_check_and_holds_no_token() -> None:
    workflow = loaded(ROOT / ".github" / "workflows" / "publish.yml")
    jobs = workflow["jobs"]

    assert workflow[True] == {"push": {"tags": ["v*"]}}, "on: a tag, and nothing else (YAML reads `on` as true)"
    assert (jobs["build"]["needs"], jobs["publish"]["needs"]) == ("checks", "build")
    assert jobs["checks"]["uses"] == "./.github/workflows/checks.yml"
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert workflow["permissions"] == {"contents": "read"}
    for path in WORKFLOWS:
        assert "secrets." not in path.read_text(encoding="utf-8")


def test_what_is_checked_before_a_commit_is_what_lint_checks() -> None:
    hooks = loaded(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    commands = {hook["entry"].replace(" --force-exclude", "") for hook in hooks}

    assert len(hooks) == len(commands) == 5
    for command in commands:
        assert command in RUN, command


def test_the_addresses_of_the_project_are_those_that_its_pages_name() -> None:
    urls = settings()["project"]["urls"]

    assert {"Homepage", "Documentation", "Source", "Issues", "Changelog"} <= set(urls)
    assert all(url.startswith(urls["Source"]) for url in urls.values())
    assert urls["Source"] + "/security/advisories/new" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_a_link_of_the_readme_leads_to_a_file_here_and_to_the_repository_on_the_page_of_an_index() -> None:
    project = settings()
    source = project["project"]["urls"]["Source"]
    link = re.compile(r"(!?)\[[^\]]*\]\((?:(?!https:)|https:(?=//(?:raw\.githubuser|github)))([^)#]+)")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    here = link.findall(text)
    for change in project["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(change["pattern"], change["replacement"], text)
    roots = {"": f"{source}/blob/main/", "!": source.replace("//github.", "//raw.githubusercontent.") + "/main/"}

    assert [target for _, target in here if not (ROOT / target).exists()] == []
    assert link.findall(text) == [(mark, roots[mark].removeprefix("https:") + target) for mark, target in here]


def test_coverage_has_a_floor_and_counts_other_processes() -> None:
    coverage = settings()["tool"]["coverage"]

    assert coverage["report"]["fail_under"] >= 90
    assert coverage["run"]["patch"] == ["subprocess"]
    assert set(coverage["run"]["source_pkgs"]) == set(PACKAGES)
