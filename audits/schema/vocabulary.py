"""The names that a schema may use: the policy's and, for a team with its own catalogues, those of its enums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
        """Return the policy's rows, plus the values of the schema's own enums of these names."""
        policy = cls.of_policy()
        return cls(
            {
                enum: {
                    # The policy's sentences win over those of the schema.
                    **{value.name: value.description for value in _values(sdl, enum)},
                    **policy.names[enum],
                }
                for enum in CATALOGUES
            }
        )

    @classmethod
    def of_schema_alone(cls, sdl: Sdl) -> Vocabulary:
        """Return the values that the schema prints, without the policy's rows."""
        return cls({enum: {value.name: value.description for value in _values(sdl, enum)} for enum in CATALOGUES})

    def knows(self, enum: str, name: str) -> bool:
        """Return whether the name may be used."""
        return name in self.names[enum]

    def text(self, enum: str, name: str) -> str:
        """Return the sentence of a name; the name itself if there is none."""
        return self.names[enum].get(name) or name


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
    type_ = sdl.types.get(enum)
    return list(type_.values.values()) if type_ is not None and type_.kind == "ENUM" else []
