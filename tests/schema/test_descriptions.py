"""Each type, field, argument and word of the API says what it is, in its own words, and when it is null."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    is_specified_directive,
    is_specified_scalar_type,
)

from schema.api.build import core_schema
from schema.model.model import SchemaModel
from tests.tables import hold_for_all

MODEL = SchemaModel(core_schema())
SHORTEST, SHORTEST_OF_WORDS = 20, 15
"""Characters: less says nothing that the name does not. Words of a list explain one another."""
SHARED = 40
"""Characters from which on several coordinates may have one description: it is a sentence, and no filler."""
FILLERS = frozenset(
    ["the", "a", "an", "of", "its", "is", "to", "it", "in", "this", "that", "such", "one", "id", "by", "for", "or"]
)


ENUMS = {name for name, type_ in MODEL.core.type_map.items() if isinstance(type_, GraphQLEnumType)}


class Said(NamedTuple):
    """A coordinate with its description, and the words of its names."""

    coordinate: str
    name: str
    text: str


def _said() -> Iterator[Said]:
    for type_ in MODEL.core.type_map.values():
        if type_.name.startswith("__") or is_specified_scalar_type(type_):
            continue
        yield Said(type_.name, type_.name, type_.description or "")
        if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)):
            for name, field in type_.fields.items():
                yield Said(f"{type_.name}.{name}", name, field.description or "")
                for argument, core in getattr(field, "args", {}).items():
                    yield Said(f"{type_.name}.{name}({argument}:)", argument, core.description or "")
        if isinstance(type_, GraphQLEnumType):
            for name, value in type_.values.items():
                yield Said(f"{type_.name}.{name}", name, value.description or "")
    for directive in MODEL.core.directives:
        if not is_specified_directive(directive):
            yield Said(f"@{directive.name}", directive.name, directive.description or "")
        # Strawberry gives no descriptions to arguments of schema directives: docs/spec/purpose-directives.md has them.
        if directive.name == "for":
            for argument, core in directive.args.items():
                yield Said(f"@{directive.name}({argument}:)", argument, core.description or "")


def test_each_says_something_in_a_sentence() -> None:
    def check(coordinate: str, _name: str, text: str) -> None:
        shortest = SHORTEST_OF_WORDS if coordinate.partition(".")[0] in ENUMS else SHORTEST
        assert len(text.strip()) >= shortest, f"says too little: {text!r}"
        assert text[0].isupper() and text.rstrip()[-1] in ".?…", text

    hold_for_all(check, _said())


def test_none_repeats_its_name_alone() -> None:
    def words(text: str) -> set[str]:
        apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text).lower()
        return {each.rstrip("s") for each in re.findall(r"[a-z0-9]+", apart)} - {each.rstrip("s") for each in FILLERS}

    def check(coordinate: str, _name: str, text: str) -> None:
        assert words(text) - words(coordinate), f"only repeats the name: {text!r}"

    hold_for_all(check, (each for each in _said() if each.coordinate.partition(".")[0] not in ENUMS))


def test_two_have_one_description_only_if_it_is_a_whole_sentence() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for coordinate, name, text in _said():
        if len(text) < SHARED and name not in {each.rpartition(".")[2] for each in found[text]}:
            found[text].append(coordinate)
    assert {text: where for text, where in found.items() if len(where) > 1} == {}


def test_a_field_says_when_it_is_null_if_its_column_can_be() -> None:
    """Sealed columns always can: what is erased or hidden is null. Of plain ones it is a fact of the thing."""

    def check(coordinate: str, nullable: bool, text: str) -> None:
        says = re.search(r"\bnull\b", text, re.IGNORECASE) is not None
        assert nullable == says, text

    hold_for_all(check, _plain())


def _plain() -> Iterator[tuple[str, bool, str]]:
    for field in MODEL.fields.values():
        columns = field.source.shown if field.source is not None and not field.source.identifies else ()
        # What a function makes of a value may be null, too.
        read = getattr(field.source, "read", None) not in (None, bool) or getattr(field.source, "composes", None)
        if columns and not read and not any("sealing" in each.info for each in columns):
            yield field.coordinate, any(each.nullable for each in columns), field.core.description or ""
