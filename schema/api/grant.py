"""The type `Grant`: what the caller's own token allows."""

from __future__ import annotations

import strawberry

from schema.core.scalars import DateTime
from schema.declare.directives import PurposeEnum, RefusalModeEnum
from schema.declare.fields import public
from schema.declare.records import plain_type
from schema.sources.values import Attribute

OWN_FACTS = "the caller's own token, and nothing of any customer"


@plain_type
class GrantBudget:
    """The budget that the caller's operations are charged to: the customer's with this client, or else the client's."""

    limit: int = public(Attribute("limit"), "The objects of a whole budget, and of a minute.", OWN_FACTS)
    remaining: int = public(
        Attribute("remaining"), "The objects left, while what this operation may read is reserved.", OWN_FACTS
    )
    resets_at: DateTime = public(
        Attribute("resets_at"), "The time at which the whole budget is there again.", OWN_FACTS
    )


@plain_type
class Grant:
    """The permissions and limits of the caller's token."""

    client: str = public(Attribute("client"), "The client that the token was issued to, by its client id.", OWN_FACTS)
    purposes: list[PurposeEnum] = public(
        Attribute("purposes"),
        "The purposes that operations with this token may have; with several, each operation states one.",
        OWN_FACTS,
    )
    scopes: list[str] = public(
        Attribute("scopes"), "The OAuth scopes of the token, which allow actions such as `audit:read`.", OWN_FACTS
    )
    expires_at: DateTime = public(Attribute("expires_at"), "The time at which the token expires.", OWN_FACTS)
    refusal: RefusalModeEnum = public(
        Attribute("refusal"),
        "The answer to asking for more than is allowed.",
        OWN_FACTS,
    )
    documents_only: bool = public(
        Attribute("documents_only"),
        "Whether the client may send no documents but those that were published for it.",
        OWN_FACTS,
    )
    introspection: bool = public(
        Attribute("introspection"),
        "Whether the client may ask for the schema, and gets suggestions of names.",
        OWN_FACTS,
    )
    max_page: int = public(Attribute("max_page"), "The most rows of one page: of `first` and `last`.", OWN_FACTS)
    budget: GrantBudget = public(
        Attribute("budget"), "What is left of the budget of objects that operations may read.", OWN_FACTS
    )
    session_id: strawberry.ID | None = public(
        Attribute("session_id"),
        "The `id` of the `Session` it was issued in; null for a tool's token.",
        OWN_FACTS,
        first_party=True,
    )
