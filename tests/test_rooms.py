"""The layout of the house (docs/architecture.md, "Rooms"): few files a folder, no circles, one meaning a name."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOORS = ("gateway", "schema", "resolvers", "workers", "audits", "store", "values", "messages", "policy")
MOST = 21
"""Modules a folder; `policy` is one catalogue a file, flat on purpose."""

REPLACED = frozenset(
    (
        "Awaiting",
        "Bench",
        "Claim",
        "Crowd",
        "Denied",
        "Desk",
        "Door",
        "Guesses",
        "House",
        "HouseKeys",
        "Kept",
        "Lapsed",
        "Lives",
        "Means",
        "Mentions",
        "Misplanned",
        "NothingKept",
        "Pace",
        "Planned",
        "Ready",
        "Repeated",
        "Revealed",
        "Settled",
        "Shown",
        "TookTooLong",
        "Told",
        "Unit",
        "Visit",
        "Wanted",
        "WorkedOut",
        "Works",
        "again_and_again",
        "attended",
    )
)
"""Names that the field's own words have replaced: they do not come back."""

PLAIN = FLOORS
"""The floors whose prose and local names are in the field's words; to be widened until it is FLOORS."""

REPLACED_WORDS = frozenset(
    (
        "aside",
        "attended",
        "bench",
        "brief",
        "crowd",
        "desk",
        "dice",
        "door",
        "farewell",
        "faults",
        "house",
        "lives",
        "looking",
        "newcomer",
        "pace",
        "paces",
        "patience",
        "tell",
        "teller",
        "telling",
        "tells",
        "told",
        "tour",
        "undertakings",
        "visit",
        "works",
    )
)
"""Words of the dictionary's left side that stand in no identifier of the PLAIN floors, whole or between underscores."""

STORED = frozenset(("DISCLOSURE_MAY_BE_TOLD", "FAREWELL", "TOLD", "told_at"))
"""Identifiers that rest in the database, in certificates or in the schema: they last as long as those."""

OF_LIBRARIES = frozenset(("tell", "visit"))
"""Names of Python's files and of graphql-core that are no words of ours."""

FRONTED = re.compile(r"(?:What|Who|Whoever|Whatever|Whichever|Whose)\b")
"""A clause as the subject: a reader has to read it twice. A sentence has a subject and a verb, or is a noun phrase."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name; migrations are history and keep their names."""
    found = {}
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            if "migrations" not in path.parts:
                found[".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")] = path
    return found


@cache
def parsed(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


def imported(name: str) -> Iterator[str]:
    """The product's modules that a module imports, wherever in it."""
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in modules())
        elif isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                below = f"{node.module}.{each.name}"
                if below in modules():
                    yield below
                elif node.module in modules():
                    yield node.module


def room(name: str) -> str:
    """The folder that a module stands in."""
    return str(modules()[name].parent.relative_to(ROOT))


def test_a_folder_has_few_files() -> None:
    counted = Counter(room(name) for name, path in modules().items() if path.name != "__init__.py")
    assert {folder: count for folder, count in counted.items() if count > MOST and folder != "policy"} == {}


def test_no_folder_imports_itself_by_way_of_another() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for name in modules():
        graph[room(name)] |= {room(each) for each in imported(name)} - {room(name)}
    left = dict(graph)
    while ends := [folder for folder, below in left.items() if not below & left.keys()]:
        for folder in ends:
            del left[folder]
    assert sorted(left) == [], "these folders import one another in a circle"


def test_a_class_name_means_one_thing() -> None:
    """A GraphQL type and the value that it shows are one concept on two floors, and may share their name."""
    homes: dict[str, list[str]] = defaultdict(list)
    for name in modules():
        for node in parsed(name).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(name)
    several = {
        word: found
        for word, found in homes.items()
        if len(found) > 2 or (len(found) == 2 and sum(each.startswith("schema.") for each in found) != 1)
    }
    assert several == {}


def test_the_names_that_were_replaced_stay_away() -> None:
    back = [
        f"{name}.{node.name}"
        for name in modules()
        for node in parsed(name).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name in REPLACED
    ]
    assert back == []


def plain(name: str) -> bool:
    return name.partition(".")[0] in PLAIN


def strings(name: str) -> Iterator[tuple[int, str]]:
    """Every docstring of a module, those behind attributes and constants included, with its line."""
    for node in ast.walk(parsed(name)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text)), lineno=line):
                yield line, text


def identifiers(name: str) -> Iterator[tuple[int, str]]:
    """Every name in a module: of itself, functions, classes, parameters, arguments, attributes, variables, imports."""
    yield 1, name.rpartition(".")[2]
    for node in ast.walk(parsed(name)):
        match node:
            case ast.FunctionDef(name=word) | ast.AsyncFunctionDef(name=word) | ast.ClassDef(name=word):
                yield node.lineno, word
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.arg(arg=word):
                yield node.lineno, word
            case ast.keyword(arg=str(word), lineno=line):
                yield line, word
            case ast.alias(name=imported_name, asname=word, lineno=line):
                yield line, word or imported_name.rpartition(".")[2]
            case ast.ExceptHandler(name=str(word), lineno=line) | ast.MatchAs(name=str(word), lineno=line):
                yield line, word


def test_docstrings_are_plain_sentences() -> None:
    fronted = [
        f"{name}:{line}: {text.strip().partition(chr(10))[0]}"
        for name in modules()
        if plain(name)
        for line, text in strings(name)
        if FRONTED.match(text.strip())
    ]
    assert fronted == []


def test_the_words_that_were_replaced_stay_away() -> None:
    back = [
        f"{name}:{line}: {word}"
        for name in modules()
        if plain(name)
        for line, word in identifiers(name)
        if word not in STORED | OF_LIBRARIES and REPLACED_WORDS & set(word.lower().split("_"))
    ]
    assert back == []


def test_exceptions_say_that_they_are_errors() -> None:
    """PEP 8, and no suppression of the lint's rule N818."""
    kept = [name for name, path in modules().items() if "N818" in path.read_text(encoding="utf-8")]
    assert kept == []


def test_every_room_says_what_it_is_for() -> None:
    silent = [
        name for name, path in modules().items() if path.name == "__init__.py" and not ast.get_docstring(parsed(name))
    ]
    assert silent == []
