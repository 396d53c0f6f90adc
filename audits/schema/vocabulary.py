"""The names that a schema may use: the policy's and, for a team with its own words, those that its SDL defines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from audits.schema.places import SourcePosition
from audits.schema.sdl import EnumValue, Sdl
from policy.categories import Category
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from policy.rows import Row

CATALOGUES: Mapping[str, type[Row]] = {
    "DataCategory": Category,
    "Purpose": Purpose,
    "Condition": Condition,
    "Recipient": Recipient,
    "RetentionRule": RetentionRule,
}
"""The policy's catalogue for each enum of the schema."""


DEFINED: Final = {
    "definePurpose": "Purpose",
    "defineCategory": "DataCategory",
    "defineCondition": "Condition",
    "defineRecipient": "Recipient",
    "defineRetention": "RetentionRule",
}
"""The type of the words that each directive defines."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One word with its meaning."""

    name: str
    text: str
    place: SourcePosition
    iri: str = ""
    """The term of a public vocabulary that it stands for, such as one of DPV."""
    basis: tuple[str, ...] = ()
    """The legal bases of a purpose."""
    within: str = ""
    """The category of which this one is a part."""
    period: str = ""
    """How long, as an ISO 8601 duration; empty: no fixed period."""
    starts: str = ""
    """The event with which the period begins."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Known names by enum, each with its sentence."""

    names: Mapping[str, Mapping[str, str]]

    @classmethod
    def of_policy(cls) -> Vocabulary:
        """Return the policy's rows."""
        return cls({enum: {row.name: row.text for row in rows} for enum, rows in CATALOGUES.items()})

    @classmethod
    def of_schema(cls, sdl: Sdl) -> Vocabulary:
        """Return the policy's rows, plus what the schema defines."""
        policy, own = cls.of_policy(), cls.of_schema_alone(sdl)
        # The policy's sentences win over those of the schema.
        return cls({enum: {**own.names[enum], **policy.names[enum]} for enum in CATALOGUES})

    @classmethod
    def of_schema_alone(cls, sdl: Sdl) -> Vocabulary:
        """Return the values of the schema's own enums and the words that it defines, without the policy's rows."""
        defined = definitions(sdl)
        return cls(
            {
                enum: {
                    **{value.name: value.description for value in _values(sdl, enum)},
                    **{each.name: each.text for each in defined.get(enum, {}).values()},
                }
                for enum in CATALOGUES
            }
        )

    def knows(self, enum: str, name: str) -> bool:
        """Return whether the name may be used."""
        return name in self.names[enum]

    def text(self, enum: str, name: str) -> str:
        """Return the sentence of a name; the name itself if there is none."""
        return self.names[enum].get(name) or name


def word_place(sdl: Sdl, enum: str, name: str) -> SourcePosition:
    """Return where a schema defines a word: a definition on the schema, or a value of its own enum."""
    defined = definitions(sdl).get(enum, {}).get(name)
    if defined is not None:
        return defined.place
    return next(value.place for value in _values(sdl, enum) if value.name == name)


def stale(sdl: Sdl) -> list[tuple[str, str, str]]:
    """Return enum values whose text differs from the policy's: (enum, name, the policy's text)."""
    return [
        (enum, value.name, rows[value.name].text)
        for enum, rows in CATALOGUES.items()
        for value in _values(sdl, enum)
        # A schema may leave the descriptions out.
        if value.name in rows.__members__ and value.description and value.description != rows[value.name].text
    ]


def _values(sdl: Sdl, enum: str) -> list[EnumValue]:
    type_ = sdl.types.get(sdl.names.type(enum))
    return list(type_.values.values()) if type_ is not None and type_.kind == "ENUM" else []


def definitions(sdl: Sdl) -> Mapping[str, Mapping[str, Definition]]:
    """Return the words by type and name. One without a name or a text defines nothing; the first of two counts."""
    found: dict[str, dict[str, Definition]] = {}
    for each in sdl.applied:
        name, text = _text(each.arguments, "name"), _text(each.arguments, "text")
        if each.name in DEFINED and name and text:
            word = Definition(
                name,
                text,
                each.place,
                _text(each.arguments, "iri"),
                _texts(each.arguments.get("basis")),
                _text(each.arguments, "within"),
                _text(each.arguments, "period"),
                _text(each.arguments, "starts"),
            )
            found.setdefault(DEFINED[each.name], {}).setdefault(name, word)
    return found


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _texts(given: Any) -> tuple[str, ...]:
    listed = given if isinstance(given, list) else [given]
    return tuple(each for each in listed if isinstance(each, str) and each)
