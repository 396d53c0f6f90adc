"""Every regular expression of the product, how it is used, and hostile texts made from what it says."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FLOORS = tuple(
    each
    for each in ("gateway", "schema", "resolvers", "workers", "audits", "store", "values", "policy")
    if (ROOT / each).is_dir()
)
ANCHORED = frozenset({"match", "fullmatch"})
METHODS = ANCHORED | {"search", "sub", "subn", "split", "findall", "finditer"}


@dataclass(frozen=True)
class Used:
    """A pattern and the ways in which it meets a text."""

    place: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


@cache
def modules() -> tuple[tuple[str, Any, ast.Module], ...]:
    """Every module of the product, imported and as a tree."""
    return tuple(_modules())


def _modules() -> Iterator[tuple[str, Any, ast.Module]]:
    for floor in FLOORS:
        package = importlib.import_module(floor)
        for found in pkgutil.walk_packages(package.__path__, f"{floor}."):
            if found.name.endswith("__main__"):
                continue
            module = importlib.import_module(found.name)
            yield found.name, module, ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))


def all_used() -> list[Used]:
    """Compiled patterns of modules, also inside of collections, dataclasses and classes, and those in calls of `re`."""
    named: dict[int, tuple[str, re.Pattern[Any]]] = {}
    methods: dict[str, set[str]] = {}
    found: list[Used] = []
    for name, module, tree in modules():
        for variable, value in vars(module).items():
            for pattern in _inside(value):
                named.setdefault(id(pattern), (f"{name}.{variable}", pattern))
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in METHODS and ast.unparse(node.func.value) != "re":
                methods.setdefault(ast.unparse(node.func.value).rpartition(".")[2], set()).add(node.func.attr)
            elif ast.unparse(node.func.value) == "re" and node.func.attr in METHODS and node.args:
                found += _of_call(f"{name}:{node.lineno}", module, node)
    for place, pattern in named.values():
        known = methods.get(place.rpartition(".")[2])
        found.append(Used(place, pattern, frozenset(known or METHODS)))
    return found


def _of_call(place: str, module: Any, node: ast.Call) -> list[Used]:
    given = node.args[0]
    method = frozenset({node.func.attr}) if isinstance(node.func, ast.Attribute) else METHODS
    if isinstance(given, ast.Constant) and isinstance(given.value, (str, bytes)):
        return [Used(place, re.compile(given.value), method)]
    # A name that runs over a table of texts: every text of every table of the module is tried in its place.
    named = {name: value for name, value in vars(module).items() if not name.startswith("__")}
    tables = (value for value in named.values() if isinstance(value, (tuple, list, dict)))
    texts = [text for table in tables for text in _texts(table)]
    assert texts, f"{place}: what is the pattern?"
    return [Used(f"{place} {text!r}", re.compile(text), method) for text in texts if _compiles(text)]


def _inside(value: Any, depth: int = 3) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        for each in (*value.keys(), *value.values()):
            yield from _inside(each, depth - 1)
    elif depth and isinstance(value, (tuple, list, set, frozenset)):
        for each in value:
            yield from _inside(each, depth - 1)
    elif depth and is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from _inside(getattr(value, each.name, None), depth - 1)
    elif depth and isinstance(value, type) and value.__module__.partition(".")[0] in FLOORS:
        for each in vars(value).values():
            yield from _inside(each, 0)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for each in value.items():
            yield from _texts(each)


def _compiles(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def texts_against(pattern: re.Pattern[Any]) -> Iterator[Callable[[int], Any]]:
    """Makers of hostile texts of a size: each part that repeats, repeated, after what comes before it and with an end
    that does not fit; parts in turn; the whole; and what is hard for any pattern."""
    said = re._parser.parse(pattern.pattern, pattern.flags)  # type: ignore[attr-defined]
    pieces = [_sample([item]) for item in said]
    whole = "".join(pieces)
    pumps = {whole, " ", "a", "0", "\n", '"', "'", '\\"', ".", "-", "é", "\u0301", "a.", "a-", "@"} | set(pieces)
    pumps |= {first + second for first, second in pairwise(pieces)}
    pumps |= set(_repeated(said))
    before = ["", *("".join(pieces[:count]) for count in range(1, len(pieces)))]
    ends = ("", "\0")
    coded = isinstance(pattern.pattern, bytes)
    for pump in sorted(filter(None, pumps)):
        for start in sorted(set(before)):
            for end in ends:
                yield _maker(start, pump, end, coded)
    for start in sorted(set(before) - {""}):
        yield _maker("", start, "\0", coded)


def _maker(start: str, pump: str, end: str, coded: bool) -> Callable[[int], Any]:
    def make(size: int) -> Any:
        text = (start + pump * (size // len(pump)))[:size] + end
        return text.encode("latin-1", "replace") if coded else text

    return make


def _repeated(said: Any) -> Iterator[str]:
    """A sample of everything that may repeat, wherever it stands."""
    for operation, given in said:
        if str(operation) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield _sample(given[2])
        for inner in _parts(given):
            yield from _repeated(inner)


def _parts(given: Any) -> Iterator[Any]:
    if isinstance(given, re._parser.SubPattern):  # type: ignore[attr-defined]
        yield given
    elif isinstance(given, (tuple, list)):
        for each in given:
            yield from _parts(each)


def _sample(said: Any) -> str:
    """A short text that fits, or nearly."""
    text = ""
    for operation, given in said:
        match str(operation):
            case "LITERAL":
                text += chr(given)
            case "NOT_LITERAL":
                text += "a" if given != ord("a") else "b"
            case "ANY":
                text += "a"
            case "IN":
                text += _one_of(given)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                text += _sample(given[2]) * max(1, min(given[0], 3))
            case "SUBPATTERN":
                text += _sample(given[3])
            case "BRANCH":
                text += _sample(given[1][0])
            case "ATOMIC_GROUP":
                text += _sample(given)
            case _:
                pass  # places and looking around take no text
    return text


def _one_of(given: Any) -> str:
    allowed = re.compile("[" + "".join(_written(each) for each in given) + "]")
    return next((each for each in "a0A.- \"'_/é\n\t+%" if allowed.fullmatch(each)), "")


def _written(part: tuple[Any, Any]) -> str:
    match str(part[0]):
        case "NEGATE":
            return "^"
        case "LITERAL":
            return re.escape(chr(part[1]))
        case "RANGE":
            return f"{re.escape(chr(part[1][0]))}-{re.escape(chr(part[1][1]))}"
        case _:
            category = str(part[1]).removeprefix("CATEGORY_")
            letter = {"SPACE": "s", "DIGIT": "d", "WORD": "w"}[category.removeprefix("NOT_")]
            return "\\" + (letter.upper() if category.startswith("NOT_") else letter)
