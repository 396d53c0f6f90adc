"""The purpose directives as Strawberry's schema directives: a schema declares with them, and prints them."""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location

TYPES = [Location.OBJECT, Location.INTERFACE, Location.INPUT_OBJECT]
FIELDS = [Location.FIELD_DEFINITION, Location.ARGUMENT_DEFINITION, Location.INPUT_FIELD_DEFINITION]


@strawberry.schema_directive(locations=[*TYPES, *FIELDS], name="personalData")
class PersonalData:
    """The data is personal, of this category."""

    category: str


@strawberry.schema_directive(locations=[*TYPES, *FIELDS], name="purpose", repeatable=True)
class Purpose:
    """The purposes that may use it; with `when`, only where the condition holds."""

    allows: list[str]
    when: str | None = strawberry.UNSET


@strawberry.schema_directive(locations=[*TYPES, *FIELDS], name="retention")
class Retention:
    """How long the data is kept."""

    rule: str


@strawberry.schema_directive(locations=TYPES[:2] + FIELDS[:1], name="disclosedTo")
class DisclosedTo:
    """Who else may receive it."""

    recipients: list[str]


@strawberry.schema_directive(locations=[*TYPES, *FIELDS], name="public")
class Public:
    """It needs no purpose, for this reason."""

    why: str


@strawberry.schema_directive(locations=[Location.SCHEMA], name="link", repeatable=True)
class Link:
    """The schema is written in this version of a specification."""

    url: str
    imports: list[str] = strawberry.directive_field(name="import")


@strawberry.schema_directive(locations=[Location.SCHEMA], name="definePurpose", repeatable=True)
class DefinePurpose:
    """A purpose, with the sentence that people are told."""

    name: str
    text: str
    basis: list[str]


@strawberry.schema_directive(locations=[Location.SCHEMA], name="defineCategory", repeatable=True)
class DefineCategory:
    """A category of personal data."""

    name: str
    text: str


@strawberry.schema_directive(locations=[Location.SCHEMA], name="defineCondition", repeatable=True)
class DefineCondition:
    """A condition on what a field is read from."""

    name: str
    text: str


@strawberry.schema_directive(locations=[Location.SCHEMA], name="defineRecipient", repeatable=True)
class DefineRecipient:
    """Somebody else who may receive data."""

    name: str
    text: str


@strawberry.schema_directive(locations=[Location.SCHEMA], name="defineRetention", repeatable=True)
class DefineRetention:
    """A retention rule: an ISO 8601 duration, and the event that begins it."""

    name: str
    text: str
    period: str
    starts: str = strawberry.UNSET


SPECIFICATION = Link(
    url="https://specs.example.org/purpose/v1.0",
    imports=[
        *("@personalData", "@purpose", "@retention", "@disclosedTo", "@public"),
        *("@definePurpose", "@defineCategory", "@defineCondition", "@defineRecipient", "@defineRetention"),
    ],
)
