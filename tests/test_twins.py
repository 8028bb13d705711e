"""What is typed for sync and async callers alike: few pairs, each with whoever forces it in ARCHITECTURE.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("upstage_docs", "langchain_upstage_docs", "llama_index_upstage_docs")
# Who speaks a protocol of servers, or of httpx, has both of its forms.
APART = {"local", "serve", "testing"}
# And who stands in for the network of httpcore has the methods of both of its protocols.
NETWORK = {"network", "async_network"}
MOST_TWINS = 15
ALIKE = 0.6
"""Share of the words of two bodies that are the same, from which on one is the other typed again."""
TABLE = "| pair | because |\n|---|---|\n"
ROW = re.compile(r"^\| `(\w+)`, `(\w+)` \| \S", re.MULTILINE)


class _WithoutWaiting(ast.NodeTransformer):
    """Makes of asynchronous code what a synchronous twin would say."""

    def visit_Await(self, node: ast.Await) -> ast.AST:
        return self.visit(node.value)  # type: ignore[no-any-return]

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        self.generic_visit(node)
        return ast.For(node.target, node.iter, node.body, node.orelse, lineno=node.lineno)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        self.generic_visit(node)
        return ast.With(node.items, node.body, lineno=node.lineno)

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.is_async = 0
        return node


def _words(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the words of the body, without the docstring; those that are named after a twin are named alike."""
    body = function.body[ast.get_docstring(function) is not None :]
    text = ast.unparse(ast.fix_missing_locations(_WithoutWaiting().visit(ast.Module(body, []))))
    return [re.sub(r"^_?a(?=[a-z_]{4})|Async|async_", "", word) for word in re.findall(r"\w+|[^\w\s]", text)]


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def _twins(folder: Path) -> set[tuple[str, str]]:
    """Return the names of functions of the modules in *folder* that are typed for both kinds of callers."""
    functions = [one for path in folder.glob("*.py") if path.stem not in NETWORK for one in _functions(path)]
    found = set()
    for one in functions:
        if isinstance(one, ast.AsyncFunctionDef):
            names = {one.name, re.sub(r"^(_*)a", r"\1", one.name)}
            others = [other for other in functions if other.name in names and isinstance(other, ast.FunctionDef)]
            words = _words(one)
            if any(SequenceMatcher(None, words, _words(other)).ratio() >= ALIKE for other in others):
                found.add((min(names, key=len), one.name))
    return found


def test_few_functions_are_typed_twice_and_each_says_why() -> None:
    table = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition(TABLE)[2].partition("\n\n")[0]
    told = set(ROW.findall(table))
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    found = {pair for folder in folders if not APART & set(folder.relative_to(ROOT).parts) for pair in _twins(folder)}
    assert found - told == set(), "make one of the other, or say in ARCHITECTURE.md who forces it"
    assert 0 < len(told) <= MOST_TWINS


def test_a_function_that_is_typed_twice_is_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "def load(item):\n    with opened(item) as handle:\n        return [one for one in handle.records()]\n\n"
        "async def aload(item):\n    async with aopened(item) as handle:\n"
        "        return [one async for one in handle.arecords()]\n\n"
        "async def aclose(item):\n    await in_thread(close, item)\n\n"
        "def close(item):\n    for one in item:\n        one.close()\n"
    )
    assert _twins(tmp_path) == {("load", "aload")}
