"""The habits of the house: what every module, name and recording keeps to."""

from __future__ import annotations

import ast
import gzip
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import upstage_docs

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("upstage_docs", "langchain_upstage_docs", "llama_index_upstage_docs")
FRAMEWORK = {"langchain_upstage_docs": "langchain_core", "llama_index_upstage_docs": "llama_index.core"}
QUESTIONED = 500
"""Lines above which a module is asked whether its subject ends before it does."""
ONE_SUBJECT: dict[str, str] = {}
"""The answer of each module that is longer and yet about one thing: its path, and why it is not two."""
MOST_ROOMS = {"upstage_docs": 20, "upstage_docs/local": 12}
"""Folders and modules that the top of a package shows."""
MOST_ROWS = 12
"""Layers of a contract: more are not remembered."""
TO_COME = {"evidence", "mcp"}
MOST_NAMESAKES = 3
"""Modules of a folder whose names begin with one word: more are a folder that was not made."""
MOST_OF_A_NAME = 3
"""Modules in which one private name may be defined: in more, a search never lands where one wants."""
OVERRIDDEN = {"_repr_html_", "_as_kept"}
"""Private names that stand in more modules since each overrides what a base class, or a notebook, calls."""
NAMED_ALIKE = {"Loads", "UpstageDocumentRetriever"}
"""The same in both frameworks."""
LARGEST_CASSETTE = 200_000
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base", "types"}
# What no part of the core may import before it is used.
HEAVY = {
    "httpx", "bs4", "lxml", "msgspec", "pypdfium2", "liteparse", "PIL", "tesserocr", "docx", "pptx", "openpyxl",
    "sqlite3", "asyncio", "tqdm", "platformdirs", "typer", "rich", "starlette", "uvicorn", "ray", "numpy", "pydantic",
}  # fmt: skip


def _modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def _committed() -> Iterator[Path]:
    """Every text file of the repository, or, outside git, of the folders that a release holds."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    names = [Path(name) for name in listed.decode().split("\0") if name]
    if not names:
        folders = (*PACKAGES, "tests", "docs", "examples", "cassettes", "benchmarks", "scripts", ".ci")
        names = [path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
        names += [path.relative_to(ROOT) for path in ROOT.glob("*.*")]
    for name in names:
        path = ROOT / name
        if path.is_file() and b"\0" not in path.read_bytes()[:4096]:
            yield path


def _imported_by(statement: str, after: str = "pass") -> set[str]:
    """Return the names of all modules that *statement* loads in a fresh interpreter, *after* another statement."""
    code = f"import sys; {after}; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    return set(done.stdout.split())


@pytest.mark.parametrize("path", list(_modules()), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_have_one_subject_and_say_which(path: Path) -> None:
    """A module without a first sentence or with a vague name is refused; a long one is asked a question."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT).as_posix()

    assert len(text.splitlines()) <= QUESTIONED or ONE_SUBJECT.get(name), (
        f"{name} has over {QUESTIONED} lines: where does its subject end? Give what lies behind a module of its own, "
        "or say in ONE_SUBJECT why it is one thing."
    )
    assert text.startswith('"""'), "a module opens with one sentence"
    assert path.stem not in VAGUE


def test_no_answer_outlives_its_question() -> None:
    """A module that is short again, or gone, needs no excuse."""
    long = {
        path.relative_to(ROOT).as_posix()
        for path in _modules()
        if len(path.read_text("utf-8").splitlines()) > QUESTIONED
    }

    assert set(ONE_SUBJECT) <= long


@pytest.mark.parametrize("folder", MOST_ROOMS)
def test_the_top_of_a_package_shows_its_subject(folder: str) -> None:
    """Folders and ground modules are few; a module that only keeps an old public path is none."""
    rooms = {
        path.stem
        for path in (ROOT / folder).iterdir()
        if (path / "__init__.py").is_file() or (path.suffix == ".py" and not _keeps_a_path(path))
    }
    shown = rooms - {"__init__", "__main__"} | (TO_COME if folder == "upstage_docs" else set())

    assert len(shown) <= MOST_ROOMS[folder], sorted(shown)


def _keeps_a_path(module: Path) -> bool:
    """Say whether *module* is a sentence and names imported from elsewhere."""
    body = ast.parse(module.read_text(encoding="utf-8")).body
    names = [node for node in body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"]
    imports = [node for node in body if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGES)]
    return bool(imports) and len(body) == 1 + len(imports) + len(names)


def test_what_only_keeps_a_path_is_told_from_a_module(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""A path."""\n\nfrom upstage_docs.corpora.ray import *\n')
    assert _keeps_a_path(module)

    module.write_text(
        '"""A path."""\n\nfrom upstage_docs.corpora.ray import *\n\n\ndef more() -> None:\n    """Do it."""\n'
    )
    assert not _keeps_a_path(module)


def test_no_module_repeats_the_name_of_its_folder() -> None:
    """A prefix that a folder could carry is the folder's: `chunking/options`, not `chunking/chunk_options`."""
    for folder in {path.parent for path in _modules()} - {ROOT / package for package in PACKAGES}:
        root = re.sub(r"(ing|s)$", "", folder.name)
        stems = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]

        assert [stem for stem in stems if re.match(rf"{root}(ing|s)?_", stem)] == [], folder


def test_no_prefix_stands_for_a_folder() -> None:
    """Modules that share their first word with many others of their folder belong together."""
    for folder in {path.parent for path in _modules()}:
        first = Counter(path.stem.split("_")[0] for path in folder.glob("[a-z]*.py"))

        assert {word: number for word, number in first.items() if number > MOST_NAMESAKES} == {}, folder


def test_no_private_name_stands_in_many_modules() -> None:
    """What does the same stands once; what does something else is called something else."""
    modules: dict[str, set[str]] = defaultdict(set)
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and re.match(
                r"_(?!_)", node.name
            ):
                modules[node.name].add(path.relative_to(ROOT).as_posix())

    many = {name: sorted(found) for name, found in modules.items() if len(found) > MOST_OF_A_NAME}
    assert {name: found for name, found in many.items() if name not in OVERRIDDEN} == {}
    assert set(many) == OVERRIDDEN, "an excuse that nothing needs"


def test_a_class_has_a_name_of_its_own() -> None:
    """A word names one thing: outside the engine and the stand-in, which speak of pages and requests of their own."""
    modules: dict[str, list[str]] = defaultdict(list)
    for path in _modules():
        if not {"local", "testing"} & set(path.relative_to(ROOT).parts):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    modules[node.name].append(path.relative_to(ROOT).as_posix())

    assert {name: found for name, found in modules.items() if len(found) > 1 and name not in NAMED_ALIKE} == {}


def test_the_layers_are_few_and_complete() -> None:
    """The contracts of the core and of the engine name every module, in rows that one can remember."""
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = {name: c for c in settings["contracts"] if c["type"] == "layers" for name in c.get("containers", [""])}

    assert {"upstage_docs", "upstage_docs.local"} <= set(layers)
    for name, contract in layers.items():
        assert contract.get("exhaustive", not name), name
        assert len(contract["layers"]) <= MOST_ROWS, name
        assert not contract.get("exhaustive_ignores"), name
        brackets = set(re.findall(r"\((\w+)\)", " ".join(contract["layers"])))
        assert brackets <= TO_COME, f"{name}: brackets let a row be empty, and {brackets - TO_COME} is there to stay"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_exists(package: str) -> None:
    """`__all__` of a package and of its modules names what is there, once."""
    if package in FRAMEWORK:
        pytest.importorskip(FRAMEWORK[package])
    module = importlib.import_module(package)

    assert len(module.__all__) == len(set(module.__all__)) > 0
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_imports_and_lists_its_public_names(package: str) -> None:
    """Modules whose extra is not installed are passed over."""
    if package in FRAMEWORK:
        pytest.importorskip(FRAMEWORK[package])
    for found in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
        if found.name.endswith("__main__"):
            continue
        try:
            module = importlib.import_module(found.name)
        except ImportError as error:
            if (error.name or "").split(".")[0] in PACKAGES:
                raise
            continue
        for name in getattr(module, "__all__", ()):
            assert hasattr(module, name), f"{found.name} lists {name}, which it does not have"


def test_a_function_without_an_underscore_is_called_from_elsewhere() -> None:
    """An underscore says that a name is its module's own; only modules for users list their names in `__all__`, too."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in _modules()}
    users = [*trees, *(path for folder in ("tests", "benchmarks", "scripts") for path in (ROOT / folder).rglob("*.py"))]
    words = {path: set(re.findall(r"\w+", path.read_text(encoding="utf-8"))) for path in users}
    alone = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path, tree in trees.items()
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.decorator_list
        if not node.name.startswith("_") and not any(node.name in words[other] for other in words if other != path)
    ]

    assert alone == []


def test_type_checkers_see_every_public_name() -> None:
    """The core looks its names up when they are used, so what a type checker reads is written beside it."""
    tree = ast.parse((ROOT / "upstage_docs" / "__init__.py").read_text(encoding="utf-8"))
    imports = {alias.asname for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}

    assert set(upstage_docs.__all__) - {"__version__"} == imports - {None}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        upstage_docs.Nothing  # noqa: B018


def test_the_notes_name_this_version() -> None:
    assert f"## {upstage_docs.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_importing_the_core_loads_nothing_but_python() -> None:
    """Counted in modules, not milliseconds, so that it means the same on every machine."""
    loaded = _imported_by("import upstage_docs")

    roots = {name.split(".")[0] for name in loaded}
    assert roots - sys.stdlib_module_names == {"upstage_docs"}
    assert roots & HEAVY == set()
    assert len(loaded) < 40, f"importing upstage_docs loads {sorted(loaded)}"


def test_only_a_client_loads_the_network_and_the_store() -> None:
    """Whoever keeps reports, splits or cites pays for neither: a report once named a step of a flow, which sends."""
    others = sorted(set(upstage_docs.__all__) - {"Client", "AsyncClient"})

    assert not _imported_by(f"from upstage_docs import {', '.join(others)}") & {"httpx", "sqlite3"}


@pytest.mark.parametrize("package", sorted(FRAMEWORK))
def test_a_face_adds_little_to_what_its_framework_loads(package: str) -> None:
    """After the framework's own parts, a face loads our modules and nothing heavy."""
    pytest.importorskip(FRAMEWORK[package])
    parts = {
        "langchain_upstage_docs": "import langchain_core.document_loaders, langchain_text_splitters, "
        "langchain_core.retrievers, langchain_core.tools, pydantic.alias_generators, pydantic.deprecated.decorator",
        "llama_index_upstage_docs": "import llama_index.core.readers.base, llama_index.core.node_parser",
    }
    added = {name.split(".")[0] for name in _imported_by(f"from {package} import *", after=parts[package])}

    assert package in added
    assert added & HEAVY == set(), f"{package} loads {sorted(added & HEAVY)} before it is used"


@pytest.mark.parametrize(
    ("name", "modules"),
    [
        ("UpstageDocumentParseReader", {"readers", "reading", "fields", "nodes", "signature"}),
        ("UpstageOCRReader", {"ocr_reader", "reading", "fields", "nodes", "signature"}),
        ("UpstageDocumentParseNodeParser", {"node_parsers", "linked_node_parser", "fields", "nodes", "signature"}),
        ("TableAwareNodeParser", {"table_node_parser", "linked_node_parser", "nodes", "signature"}),
    ],
)
def test_a_name_of_the_llama_index_face_makes_no_other_model(name: str, modules: set[str]) -> None:
    """A pydantic model takes a millisecond to make, so a name loads the modules it needs and nothing of the core."""
    pytest.importorskip("llama_index.core")
    package = "llama_index_upstage_docs"
    framework = "import llama_index.core.readers.base, llama_index.core.node_parser"
    loaded = _imported_by(f"{framework}; from {package} import {name}")
    ours = {found for found in loaded if found.partition(".")[0] in PACKAGES}

    assert ours - {"upstage_docs"} == {package, *(f"{package}.{module}" for module in modules)}


def test_a_splitter_loads_no_client_and_no_parser_of_what_it_is_not_given() -> None:
    """Whoever only splits pays for no network library: a constructor once read its docstring, which named a client."""
    pytest.importorskip("langchain_text_splitters")
    split = "from langchain_upstage_docs import TableAwareTextSplitter as Kind; Kind(300).split_text('<p>one</p>')"

    loaded = _imported_by(split, after="import langchain_core.documents, langchain_text_splitters")

    assert not loaded & {"httpx", "upstage_docs.client.client", "upstage_docs.loading.loading", "markdown_it"}


def test_importing_changes_nothing_around_it() -> None:
    """No log level, handler or environment variable is touched on import."""
    statement = (
        "import logging, os; level, handlers, env = logging.root.level, list(logging.root.handlers), dict(os.environ); "
        "import upstage_docs.models, upstage_docs.options, upstage_docs.errors; "
        "assert (level, handlers, env) == (logging.root.level, logging.root.handlers, dict(os.environ)); "
        "assert logging.getLogger('upstage_docs').level == 0 and not logging.getLogger('upstage_docs').handlers"
    )
    subprocess.run([sys.executable, "-c", statement], check=True, timeout=300)


def test_typed_packages_say_so() -> None:
    for package in PACKAGES:
        assert (ROOT / package / "py.typed").is_file()


def test_recordings_are_small_and_hold_no_key() -> None:
    """A cassette holds no authorization, no signed address and no uploaded document."""
    for path in sorted((ROOT / "cassettes").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert path.stat().st_size < LARGEST_CASSETTE, f"{path.name} is larger than a recording should be"
        assert re.search(r"\bup_[A-Za-z0-9]{20,}", text) is None, f"{path.name} holds a key"
        assert re.search(r"(?i)bearer\s+(?!\*|REDACTED|SCRUBBED|<)\S+", text) is None, f"{path.name} holds a key"
        assert re.search(r"X-Amz-Signature=(?!REDACTED|SCRUBBED|x)", text) is None, f"{path.name}: a signed address"
        assert "%PDF-" not in text, f"{path.name} holds a document"


def test_no_path_of_a_developers_machine_is_committed() -> None:
    """Whatever is written here is true on another machine too."""
    places = ("work", "farm", "tmp/prep", "root", "Users")
    pattern = re.compile(r"(?<![\w.:/])/(" + "|".join(places) + r")/[\w.]")
    for path in _committed():
        if path == Path(__file__):
            continue
        found = pattern.search(path.read_text(encoding="utf-8", errors="replace"))
        assert found is None, f"{path.relative_to(ROOT)} holds the path {found.group(0)!r}..."


def test_no_recording_or_golden_file_is_being_rewritten() -> None:
    """The switches that rewrite expectations are off when the suite runs."""
    assert not [name for name in os.environ if name.startswith("UPSTAGE_DOCS_REWRITE")]


def test_the_layers_are_checked_and_no_module_stands_outside() -> None:
    """import-linter's contracts hold; its layer contract is exhaustive, so a new module must be placed."""
    if find_spec("importlinter") is None:
        pytest.skip("needs import-linter")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_asynchronous_load_imports_outside_the_event_loop() -> None:
    """The modules of the engine and of the back end take a tenth of a second, in which a server would stand still."""
    pytest.importorskip("liteparse")
    code = """
import asyncio, sys, threading
from upstage_docs import AsyncClient

class Note:
    def find_spec(self, name, path=None, target=None):
        if threading.current_thread() is threading.main_thread():
            print(name)

async def look():
    async with AsyncClient(engine="local") as client:
        sys.meta_path.insert(0, Note())
        await client.jobs()

asyncio.run(look())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)

    assert {"upstage_docs.local.service.transport", "anyio._backends._asyncio"} & set(done.stdout.split()) == set()


@pytest.mark.parametrize("path", [path.relative_to(ROOT) for path in _modules()], ids=str)
def test_a_module_begins_with_a_sentence_that_a_stranger_understands(path: Path) -> None:
    """Not with an arrow, which says what goes in and out to those alone who know what is done between."""
    first = (ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8"))) or "").partition("\n\n")[0]

    assert first.endswith(".")
    assert "→" not in first
    assert len(first.split()) >= 4


@pytest.mark.parametrize("archive", [gzip.compress(b"It holds the time at which it was made."), "x" * 100])
def test_the_name_of_a_test_holds_no_archive(request: pytest.FixtureRequest, archive: object) -> None:
    """Workers that collect at different seconds find the same names, without which pytest-xdist runs nothing."""
    assert re.fullmatch(r"test_the_name_of_a_test_holds_no_archive\[archive_?[01]\]", request.node.name)
