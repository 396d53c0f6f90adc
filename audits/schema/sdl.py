"""The model of a text in the GraphQL Schema Definition Language: types, fields and directives, with positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from audits.directives.links import LinkedNames
from audits.schema.places import SourcePosition

Kind = Literal["OBJECT", "INTERFACE", "UNION", "INPUT", "ENUM", "SCALAR"]
BUILT_IN = frozenset({"String", "ID", "Int", "Float", "Boolean"})
"""The built-in scalars of GraphQL."""


@dataclass(frozen=True, slots=True)
class Applied:
    """One use of a directive; enum values are read as their names."""

    name: str
    """The specification's name, whatever the schema's links call it."""
    arguments: Mapping[str, Any]
    place: SourcePosition


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a field."""

    name: str
    type: str
    """As written: `[ID!]!`."""
    named: str
    """The type without list and non-null markers."""
    applied: tuple[Applied, ...]
    place: SourcePosition
    description: str


@dataclass(slots=True)
class SdlField:
    """A field of an object, an interface or an input object."""

    name: str
    type: str
    named: str
    applied: tuple[Applied, ...]
    place: SourcePosition
    description: str
    arguments: dict[str, Argument] = field(default_factory=dict)
    deprecated: str | None = None
    """The reason, or None."""

    @property
    def non_null(self) -> bool:
        """True for a non-null type."""
        return self.type.endswith("!")


@dataclass(frozen=True, slots=True)
class EnumValue:
    """A value of an enum."""

    name: str
    description: str
    place: SourcePosition


@dataclass(slots=True)
class Type:
    """A named type, its extensions included."""

    name: str
    kind: Kind
    place: SourcePosition
    description: str
    applied: list[Applied] = field(default_factory=list)
    fields: dict[str, SdlField] = field(default_factory=dict)
    interfaces: dict[str, SourcePosition] = field(default_factory=dict)
    members: dict[str, SourcePosition] = field(default_factory=dict)
    values: dict[str, EnumValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SyntaxFault:
    """An error in the SDL."""

    check: str
    """The name of a row of `audits.schema.checks.Check`."""
    message: str
    coordinate: str
    place: SourcePosition


@dataclass(slots=True)
class Sdl:
    """All definitions of one text; errors are in `errors`, and the rest is still usable."""

    name: str
    sha256: str
    types: dict[str, Type] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)
    """The root types of `query`, `mutation` and `subscription`, if they exist."""
    directives: set[str] = field(default_factory=set)
    """The names of the directives that the text defines."""
    names: LinkedNames = field(default_factory=LinkedNames)
    """The meaning of the text's names by its links."""
    applied: list[Applied] = field(default_factory=list)
    """The directives on the schema itself."""
    errors: list[SyntaxFault] = field(default_factory=list)

    def object_like(self) -> Iterator[Type]:
        """Return object types and interfaces, in the order of the text."""
        return (each for each in self.types.values() if each.kind in ("OBJECT", "INTERFACE"))

    def inputs(self) -> Iterator[Type]:
        """Return input object types, in the order of the text."""
        return (each for each in self.types.values() if each.kind == "INPUT")

    def kind(self, name: str) -> Kind | None:
        """Return the kind of a type; None for an undefined one."""
        if name in self.types:
            return self.types[name].kind
        return "SCALAR" if name in BUILT_IN else None

    def is_composite(self, name: str) -> bool:
        """Return whether fields of this type have a selection set."""
        return self.kind(name) in ("OBJECT", "INTERFACE", "UNION")

    @property
    def root_types(self) -> frozenset[str]:
        """The names of the root types."""
        return frozenset(self.roots.values())
