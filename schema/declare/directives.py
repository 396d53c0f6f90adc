"""The schema directives, the executable directive `@for`, and the policy's enums in GraphQL."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.directive import DirectiveLocation
from strawberry.schema_directive import Location

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.conditions import Condition
from policy.grant import Refusal
from policy.openid import OpenIdScope
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from policy.vocabularies import DPV
from schema.core.words import enumerated


def mirrored(source: type[Enum], name: str, describe: str, description: str) -> Any:
    """A GraphQL enum with the members of a policy enum; the members' attribute `describe` holds their descriptions."""
    values = {
        member.name: strawberry.enum_value(member.name, description=getattr(member, describe)) for member in source
    }
    return enumerated(name, values, description)


PurposeEnum = mirrored(
    Purpose, "Purpose", "why", "A purpose that personal data may be used for. Every other use is refused."
)
CategoryEnum = mirrored(Category, "DataCategory", "text", "A category of personal data.")
ConditionEnum = mirrored(
    Condition, "Condition", "text", "A condition on a customer's row that must hold for a field to be readable."
)
RecipientEnum = mirrored(Recipient, "Recipient", "text", "A kind of recipient of personal data. There are no others.")
RefusalModeEnum = mirrored(Refusal, "RefusalMode", "text", "The answer to an operation that asks for more than it may.")
AppScopeEnum = mirrored(AppScope, "AppScope", "text", "A permission that a customer can give to a third-party app.")
OpenIdScopeEnum = mirrored(
    OpenIdScope, "OpenIdScope", "text", "A scope of OpenID Connect that a customer can allow a third-party app."
)
RetentionEnum = mirrored(
    RetentionRule, "RetentionRule", "text", "A retention rule: the period that personal data is kept, and its start."
)

DATA = [Location.FIELD_DEFINITION, Location.ARGUMENT_DEFINITION, Location.INPUT_FIELD_DEFINITION]
DECLARING = [Location.OBJECT, Location.INTERFACE, Location.INPUT_OBJECT, *DATA]
"""The locations of the specification's directives: on a type they count for its fields."""
SPECIFICATION = "https://specs.example.org/purpose/v1.0"
"""The version of docs/spec/purpose-directives.md that the schema is written in."""


@strawberry.schema_directive(
    locations=DECLARING, name="personalData", description="The field holds or takes personal data of this category."
)
class PersonalData:
    """`source` names where the data rests: a column, or those of which an object is made; only an auditor's print has
    it (`gateway schema print --storage`)."""

    category: CategoryEnum
    # UNSET instead of None, here and below: None would print the argument as `null`.
    source: list[str] | None = strawberry.UNSET


@strawberry.schema_directive(
    locations=DECLARING,
    name="purpose",
    repeatable=True,
    description="The purposes that may use the field; with `when`, only where the condition holds.",
)
class AllowedFor:
    """A field without this directive is readable for no purpose."""

    allows: list[PurposeEnum]
    when: ConditionEnum | None = strawberry.UNSET


@strawberry.schema_directive(
    locations=DECLARING,
    name="retention",
    description="The retention rule of the data.",
)
class Retention:
    """On a type, it applies to each field without a rule of its own."""

    rule: RetentionEnum


@strawberry.schema_directive(
    locations=[Location.OBJECT, Location.INTERFACE, Location.FIELD_DEFINITION],
    name="disclosedTo",
    description="The recipients that may receive the field's data.",
)
class DisclosedTo:
    """The kinds of recipients (GDPR Art. 4(9))."""

    recipients: list[RecipientEnum]


@strawberry.schema_directive(
    locations=DECLARING,
    name="public",
    description="The field needs no purpose, for this reason: it is nobody's data.",
)
class Public:
    """Silence is no answer: a field names purposes, or says why it needs none."""

    why: str


@strawberry.schema_directive(
    locations=[Location.SCHEMA],
    name="link",
    repeatable=True,
    description="The schema is written in this version of a specification, and imports these of its names.",
)
class Link:
    """Specifications of Apollo's form (link v1.0)."""

    url: str
    imports: list[str] = strawberry.directive_field(name="import")


@strawberry.schema_directive(
    locations=[Location.SCHEMA],
    name="definePurpose",
    repeatable=True,
    description="A purpose: its sentence, its term of the Data Privacy Vocabulary, and its legal bases.",
)
class DefinePurpose:
    """Section 2.2 of docs/spec/purpose-directives.md."""

    name: str
    text: str
    iri: str | None = UNSET
    basis: list[str] | None = UNSET


@strawberry.schema_directive(
    locations=[Location.SCHEMA],
    name="defineRetention",
    repeatable=True,
    description="A rule of retention: its sentence, its length (ISO 8601), and the event from which it is counted.",
)
class DefineRetention:
    """Section 2.2 of docs/spec/purpose-directives.md."""

    name: str
    text: str
    period: str | None = UNSET
    starts: str | None = UNSET


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    name="requiresScopes",
    description="The token needs all scopes of at least one of these lists.",
)
class RequiresScopes:
    """The name and shape of the Apollo Federation directive."""

    scopes: list[list[str]]


@strawberry.schema_directive(
    locations=DATA,
    name="firstParty",
    description="For first-party clients only: customers cannot allow it to a third-party app.",
)
class FirstParty:
    """The counterpart of `@thirdParty`."""


@strawberry.schema_directive(
    locations=DATA,
    name="thirdParty",
    description="A third-party app may select it with one of these scopes, after consent of the customer.",
)
class ThirdParty:
    """The consent page describes each scope."""

    scopes: list[str]


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="stepUp",
    description="Refused with STEP_UP_REQUIRED unless the customer signed in this many seconds ago or less.",
)
class StepUp:
    """Marks sensitive mutations (S7)."""

    max_age_seconds: int


@strawberry.directive(
    locations=[DirectiveLocation.QUERY, DirectiveLocation.MUTATION],
    name="for",
    description=(
        "The purpose of the operation. Required if the token has several purposes; it selects one of them and never "
        "adds one."
    ),
)
def for_purpose(
    purpose: Annotated[
        PurposeEnum, strawberry.argument(description="The purpose that the operation has, one of the token's.")
    ],
    reference: Annotated[
        str | None,
        strawberry.argument(description="The case that it is about, such as `INC-4711`; some purposes require one."),
    ] = strawberry.UNSET,
) -> None:
    """Declares the directive. It has no resolver: the document's directive is read before execution."""


SCHEMA_DIRECTIVES = [
    PersonalData,
    AllowedFor,
    Retention,
    DisclosedTo,
    Public,
    RequiresScopes,
    FirstParty,
    ThirdParty,
    StepUp,
    Link,
    DefinePurpose,
    DefineRetention,
]
LINKS = [
    Link(
        url=SPECIFICATION,
        imports=[
            *("@personalData", "@purpose", "@retention", "@disclosedTo", "@public"),
            *("@definePurpose", "@defineRetention"),
            *("Purpose", "DataCategory", "Condition", "Recipient", "RetentionRule"),
        ],
    )
]
"""The specifications that the schema is written in."""
WORDS = [
    *(
        DefinePurpose(
            name=each.name, text=each.text, iri=f"{DPV}{each.dpv[0]}", basis=[basis.name for basis in each.bases]
        )
        for each in Purpose
    ),
    *(
        DefineRetention(name=each.name, text=each.text, period=each.period or UNSET, starts=each.starts)
        for each in RetentionRule
    ),
]
"""Terms, bases and periods of the policy, beside the enums that have their sentences."""
