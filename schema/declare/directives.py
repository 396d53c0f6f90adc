"""The purpose directives, and the enums of the policy as GraphQL knows them."""

from __future__ import annotations

from enum import Enum
from typing import Any

import strawberry
from strawberry.directive import DirectiveLocation
from strawberry.schema_directive import Location

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from schema.core.words import enumerated


def mirrored(source: type[Enum], name: str, describe: str, description: str) -> Any:
    """A GraphQL enum with the members of a policy enum, each described by its attribute `describe`."""
    values = {
        member.name: strawberry.enum_value(member.name, description=getattr(member, describe)) for member in source
    }
    return enumerated(name, values, description)


PurposeEnum = mirrored(Purpose, "Purpose", "why", "What personal data may be used for. Nothing else is allowed.")
CategoryEnum = mirrored(Category, "DataCategory", "text", "What kind of personal data a field holds.")
ConditionEnum = mirrored(Condition, "Condition", "text", "What must hold for a customer's datum to be readable.")
RecipientEnum = mirrored(Recipient, "Recipient", "text", "The only kinds of others that may receive personal data.")
AppScopeEnum = mirrored(AppScope, "AppScope", "text", "What a customer can allow an app of somebody else.")
RetentionEnum = mirrored(RetentionRule, "RetentionRule", "text", "How long personal data is kept, and from when.")

DATA = [Location.FIELD_DEFINITION, Location.ARGUMENT_DEFINITION, Location.INPUT_FIELD_DEFINITION]


@strawberry.schema_directive(
    locations=DATA, name="personalData", description="The field holds or takes personal data of this category."
)
class PersonalData:
    """`source` names the sealed or plain column that the data rests in."""

    category: CategoryEnum
    source: str | None = strawberry.UNSET


@strawberry.schema_directive(
    locations=DATA,
    name="purpose",
    repeatable=True,
    description="The purposes that may use the field; with `when`, only where the condition holds.",
)
class AllowedFor:
    """A field without any is readable for no purpose at all."""

    allows: list[PurposeEnum]
    when: ConditionEnum | None = strawberry.UNSET


@strawberry.schema_directive(
    locations=[Location.OBJECT, Location.INTERFACE, *DATA],
    name="retention",
    description="How long the data is kept, and from when.",
)
class Retention:
    """On a type it holds for each of its fields that does not say otherwise."""

    rule: RetentionEnum


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="disclosedTo", description="Who else may receive the field's data."
)
class DisclosedTo:
    """The kinds of recipients."""

    recipients: list[RecipientEnum]


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    name="requiresScopes",
    description="The token needs every scope of one of these lists.",
)
class RequiresScopes:
    """The name and shape of the Apollo Federation directive."""

    scopes: list[list[str]]


@strawberry.schema_directive(
    locations=DATA,
    name="firstParty",
    description="For the company's own clients only: no customer can allow it to an app of somebody else.",
)
class FirstParty:
    """What is not `@thirdParty` is this."""


@strawberry.schema_directive(
    locations=DATA,
    name="thirdParty",
    description="An app of somebody else may ask for it with one of these scopes, once its customer allowed it.",
)
class ThirdParty:
    """Each scope stands on the consent page in words."""

    scopes: list[str]


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="stepUp",
    description="Refused with STEP_UP_REQUIRED unless the customer signed in this many seconds ago or less.",
)
class StepUp:
    """Of what is sensitive."""

    max_age_seconds: int


@strawberry.directive(
    locations=[DirectiveLocation.QUERY, DirectiveLocation.MUTATION],
    name="for",
    description=(
        "Why the operation reads personal data. Needed when the token carries several purposes; "
        "it chooses among the token's purposes and never adds one."
    ),
)
def for_purpose(purpose: PurposeEnum, reference: str | None = strawberry.UNSET) -> None:
    """Never runs: it is read from the document, before execution."""


SCHEMA_DIRECTIVES = [PersonalData, AllowedFor, Retention, DisclosedTo, RequiresScopes, FirstParty, ThirdParty, StepUp]
