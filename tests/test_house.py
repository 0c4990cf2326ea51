"""The rules of the house, read off the source itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
DOCUMENTS = [TOP / "README.md", TOP / "SECURITY.md", *TOP.glob("docs/*.md"), *TOP.glob("plugins/*/README.md")]
A_FILE_OF_OURS = re.compile(r"\b(?:benchmarks|core|docs|examples|plugins|tests|web)/[\w./-]+\.[a-z]+\b")
A_LINK = re.compile(r"\]\(([^)#:]+)\)")
FILES = sorted(path for room in ("core", "plugins", "web") for path in (TOP / room).rglob("*.py"))


def functions(tree):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def length(node):
    """Lines of a function without its docstring."""
    doc = ast.get_docstring(node, clean=False)
    return node.end_lineno - node.lineno + 1 - (doc.count("\n") + 1 if doc else 0)


@pytest.fixture(params=FILES, ids=lambda path: str(path.relative_to(TOP)))
def tree(request):
    return ast.parse(request.param.read_text())


def test_functions_can_be_seen_whole(tree):
    assert {f.name: length(f) for f in functions(tree) if length(f) > 60} == {}


def test_files_are_rooms_not_halls():
    lengths = {path.name: path.read_text().count("\n") for path in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > 500} == {}


def test_modules_say_what_they_are(tree):
    assert ast.get_docstring(tree) or not tree.body


def test_public_functions_and_classes_of_modules_say_what_they_do(tree):
    kinds = (ast.FunctionDef, ast.ClassDef)
    public = [n for n in tree.body if isinstance(n, kinds) and not n.name.startswith("_")]
    hooks = {"register_generators", "register_registries", "register_commands", "register_routes"}
    dumb = [n.name for n in public if not ast.get_docstring(n) and n.name not in hooks]
    # the one-line subclass of a domain and a click command say it in their own way
    assert [name for name in dumb if not _speaks(tree, name)] == []


def _speaks(tree, name):
    node = next(n for n in tree.body if getattr(n, "name", None) == name)
    return isinstance(node, ast.ClassDef) and any(
        getattr(b, "id", "") == "StyleGAN2Pictures" for b in node.bases
    )


FORBIDDEN = {("pickle", "load"), ("pickle", "loads"), ("pickle", "Unpickler"), ("torch", "load")}


def test_no_pickle_is_ever_loaded():
    """Facts of every public StyleGAN2 checkpoint: it is a program, and reading it runs it."""
    calls = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            called = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            if called and (node.value.id, node.attr) in FORBIDDEN:
                calls.add((str(path.relative_to(TOP)), node.lineno))
            if isinstance(node, ast.ImportFrom) and node.module in ("pickle", "_pickle"):
                calls |= {(str(path.relative_to(TOP)), a.name) for a in node.names if "oad" in a.name}
    assert calls == set()


def test_nobody_catches_everything_but_at_a_wall():
    """A broad except stands at the wall to a plugin or to HTTP, and says so in its line."""
    bad = []
    for path in FILES:
        lines = path.read_text().splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.ExceptHandler) and _broad(node) and "wall" not in lines[node.lineno - 1]:
                bad.append(f"{path.relative_to(TOP)}:{node.lineno}")
    assert bad == []


def _broad(handler):
    names = (
        [n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)] if handler.type else ["Exception"]
    )
    return bool({"Exception", "BaseException"} & set(names))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_what_a_document_names_is_there(document):
    text = document.read_text("utf-8")
    named = {TOP / name for name in A_FILE_OF_OURS.findall(text)}
    linked = {document.parent / name for name in A_LINK.findall(text)}
    assert {path for path in named | linked if not path.exists()} == set()
