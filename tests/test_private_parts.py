"""Private parts of libraries are used in one module for each library, which names the version that it was written for.

A part is private if its name begins with one underscore. A new version may change it without notice, in a patch
release too; the tests of the feature would then fail far from the cause, or, where only a lock or a limit is lost, not
at all.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions, version
from types import ModuleType

import pytest

from tests.test_rooms import FLOORS, modules, parsed

SUFFIX = "_private"

PUBLIC = frozenset(("_asdict", "_fields", "_make", "_mapping", "_replace", "_value_"))
"""Names that Python (named tuples, enumerations) and SQLAlchemy (`Row._mapping`) document as public."""

SELF = frozenset(("self", "cls"))
BY_TEXT = frozenset(("getattr", "setattr", "hasattr", "delattr"))

PRIVATE_MODULES = sorted(name for name in modules() if name.endswith(SUFFIX))


def library(name: str) -> str:
    """The top package that a module is for: `uvicorn` for `gateway.http.uvicorn_private`."""
    return name.rpartition(".")[2].removesuffix(SUFFIX)


def is_private(word: str) -> bool:
    return word.startswith("_") and not word.startswith("__") and word.strip("_") != "" and word not in PUBLIC


def is_ours(module: str) -> bool:
    return module.partition(".")[0] in FLOORS


@cache
def private_names(kind: type) -> frozenset[str]:
    """The private names of a class of a library: what its body defines, and what its methods set on `self`."""
    names = set(vars(kind))
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):  # Written in C, or made at run time.
        return frozenset(filter(is_private, names))
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and on_self(node)}
    return frozenset(filter(is_private, names))


def on_self(node: ast.Attribute) -> bool:
    """Whether it is an attribute of `self`, `cls` or `super()`."""
    match node.value:
        case ast.Name(id=word):
            return word in SELF
        case ast.Call(func=ast.Name(id="super")):
            return True
    return False


def overridden(module: ModuleType, node: ast.ClassDef) -> Iterator[tuple[int, str]]:
    """The private names of the libraries' base classes that a class of ours defines or uses."""
    kind = getattr(module, node.name)
    theirs = frozenset().union(*(private_names(base) for base in kind.__mro__ if not is_ours(base.__module__)))
    for each in ast.walk(node):
        match each:
            case ast.FunctionDef(name=word) | ast.AsyncFunctionDef(name=word) if word in theirs:
                yield each.lineno, f"{node.name}.{word} overrides a private part"
            case ast.Attribute(attr=word) if on_self(each) and word in theirs:
                yield each.lineno, f"{node.name} uses {ast.unparse(each)}"


def own_names(tree: ast.Module) -> frozenset[str]:
    """The private names that a module gives to its own functions, classes, and attributes."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=word) | ast.AsyncFunctionDef(name=word) | ast.ClassDef(name=word):
                names.add(word)
            case ast.Name(id=word, ctx=ast.Store()):
                names.add(word)
            case ast.Attribute(attr=word, ctx=ast.Store()) if on_self(node):
                names.add(word)
    return frozenset(names)


def reached(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Private imports, and private attributes of what is neither `self` nor of a class of the same module."""
    own = own_names(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=word) if is_private(word) and not on_self(node) and word not in own:
                yield node.lineno, ast.unparse(node)
            case ast.ImportFrom(module=str(source)) if not is_ours(source):
                for each in (*source.split("."), *(alias.name for alias in node.names)):
                    if is_private(each):
                        yield node.lineno, f"from {source} import {each}"
            case ast.Import():
                for alias in node.names:
                    if any(map(is_private, alias.name.split("."))):
                        yield node.lineno, f"import {alias.name}"
            case ast.Call(func=ast.Name(id=call), args=[_, ast.Constant(value=str(text)), *_]) if call in BY_TEXT:
                if is_private(text):
                    yield node.lineno, ast.unparse(node)


def test_private_parts_are_used_in_their_modules_only() -> None:
    found = []
    for name in modules():
        if name in PRIVATE_MODULES or name.endswith("__main__"):
            continue
        tree = parsed(name)
        found += [f"{name}:{line}: {text}" for line, text in reached(tree)]
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.bases]
        module = importlib.import_module(name) if classes else None
        for node in classes:
            assert module is not None
            found += [f"{name}:{line}: {text}" for line, text in overridden(module, node)]
    assert found == [], f"each belongs into the module of its library, one of {', '.join(PRIVATE_MODULES)}"


def test_a_library_has_one_module() -> None:
    assert [name for name, count in Counter(map(library, PRIVATE_MODULES)).items() if count > 1] == []


@pytest.mark.parametrize("name", PRIVATE_MODULES)
def test_it_was_written_for_the_version_that_is_installed(name: str) -> None:
    module = importlib.import_module(name)
    distribution = packages_distributions()[library(name)][0]
    installed = ".".join(version(distribution).split(".")[:2])
    assert installed == module.WRITTEN_FOR, (
        f"{name} uses private parts of {distribution} {module.WRITTEN_FOR}, and {installed} is installed: compare each "
        f"of them with the source of {installed}, run the tests of what the module does, and then set WRITTEN_FOR and "
        "the first line of its docstring"
    )
    assert f"written for {installed}" in (module.__doc__ or "").partition("\n")[0]


@pytest.mark.parametrize(
    "text",
    [
        "from strawberry import _schema",
        "import uvicorn._types",
        "schema._schema",
        "getattr(connection, '_conn')",
        "from uvicorn._types import ASGI3Application",
    ],
)
def test_a_reach_is_found(text: str) -> None:
    assert [line for line, _ in reached(ast.parse(text))] != []


def test_an_overridden_method_is_found() -> None:
    name = "store.sql.aiosqlite_private"
    [node] = [node for node in parsed(name).body if isinstance(node, ast.ClassDef)]
    texts = [text for _, text in overridden(importlib.import_module(name), node)]
    assert "OpenConnection._execute overrides a private part" in texts
    assert "OpenConnection uses self._conn" in texts
