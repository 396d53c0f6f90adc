"""Every message that the product can show, found in its sources: what a catalogue has to translate."""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, nodes

from messages.policy_rows import policy_texts

PLACES: Final = {
    "Message": 0,
    "marked": 0,
    "translate": 0,
    "NoRedirectError": 0,
    "UserProblem": 1,
    "LineError": 1,
    "AddressFault": 2,
    "problem": 2,
    "_checked": 3,
}
"""Which argument of what is a message, in Python."""
TABLES: Final = frozenset({"Words"})
"""Functions that take a mapping of messages."""
CATALOGUES: Final = frozenset({"EmailTemplate"})
"""Enumerations of which each member is several messages."""


@dataclass(frozen=True, slots=True, order=True)
class SourceMessage:
    """One message: its id, its plural form if it has one, and its context if it needs one."""

    id: str
    plural: str = ""
    context: str = ""


class UnextractableError(ValueError):
    """A finished sentence where a message belongs: it could never be translated; says where it stands."""


def extract(roots: Iterable[Path]) -> set[SourceMessage]:
    """The messages of the packages at these folders and of the policy; UnextractableError for a finished sentence."""
    found = {SourceMessage(text) for text in policy_texts()}
    for root in roots:
        for path in sorted(root.rglob("*")):
            found.update(_of_file(path))
    return found


def _of_file(path: Path) -> Iterator[SourceMessage]:
    if path.suffix == ".py":
        yield from of_python(path.read_text(encoding="utf-8"), str(path))
    elif path.parent.name == "templates" or "templates" in path.parts:
        yield from of_template(path.read_text(encoding="utf-8")) if path.is_file() else ()
    elif path.name == "words.json":
        yield from of_words(json.loads(path.read_text(encoding="utf-8")))
    elif path.name == "words.toml":
        yield from of_words(tomllib.loads(path.read_text(encoding="utf-8")))


def of_python(source: str, name: str = "<source>") -> Iterator[SourceMessage]:
    """The messages of a module."""
    for node in ast.walk(ast.parse(source, name)):
        if isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") in CATALOGUES for base in node.bases):
            yield from _of_members(node)
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        place = PLACES.get(called)
        if place is not None and len(node.args) > place:
            yield from _of_argument(node, node.args[place], name)
        elif called in TABLES and node.args and isinstance(node.args[0], ast.Dict):
            texts = [each for each in node.args[0].values if isinstance(each, ast.Constant | ast.Tuple)]
            yield from (_of_table(value) for value in texts)


def _of_members(node: ast.ClassDef) -> Iterator[SourceMessage]:
    for member in node.body:
        if isinstance(member, ast.Assign) and isinstance(member.value, ast.Tuple):
            yield from (SourceMessage(_text(each)) for each in member.value.elts)


def _of_argument(call: ast.Call, argument: ast.expr, name: str) -> Iterator[SourceMessage]:
    if isinstance(argument, ast.JoinedStr | ast.BinOp):
        raise UnextractableError(f"{name}:{argument.lineno}: a message needs parameters, not a finished sentence")
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value:
        named = {each.arg: _text(each.value) for each in call.keywords if each.arg in ("plural", "context")}
        yield SourceMessage(argument.value, named.get("plural", ""), named.get("context", ""))


def _of_table(value: ast.expr) -> SourceMessage:
    if isinstance(value, ast.Tuple):
        one, other = value.elts
        return SourceMessage(_text(one), _text(other))
    return SourceMessage(_text(value))


def _text(node: ast.expr) -> str:
    text = ast.literal_eval(node)
    if not isinstance(text, str):
        raise UnextractableError(f"line {node.lineno}: a message is a string")
    return text


def of_template(source: str) -> Iterator[SourceMessage]:
    """The messages that a template writes out itself, by `translate("…")`."""
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "translate" and call.args:
            argument = call.args[0]
            if isinstance(argument, nodes.Const) and isinstance(argument.value, str):
                yield SourceMessage(argument.value)


def of_words(table: Mapping[str, Any]) -> Iterator[SourceMessage]:
    """The messages of a table in a file: texts by name, tables of them, lists of them, and `{one, other}` by count,
    `{text, context}` where the text alone would not do."""
    for value in table.values():
        if isinstance(value, Mapping) and value.keys() == {"one", "other"}:
            yield SourceMessage(value["one"], value["other"])
        elif isinstance(value, Mapping) and value.keys() == {"text", "context"}:
            yield SourceMessage(value["text"], "", value["context"])
        elif isinstance(value, Mapping):
            yield from of_words(value)
        else:
            yield from (SourceMessage(each) for each in ([value] if isinstance(value, str) else value))
