"""Credentials and second factors of a customer: facts only, never a secret (R16)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from resolvers.reads import customers as reads
from schema.core.enums import FactorKind, PasswordStrength, Platform
from schema.core.scalars import DateTime
from schema.declare.fields import datum, identity, related
from schema.declare.node import Node
from schema.declare.readers import SIGN_IN_FACTS, SIGNED_IN
from schema.declare.records import record
from store.tables.credentials import credentials, second_factors


@record(second_factors)
class SecondFactor(Node):
    """A second factor of one platform."""

    id: strawberry.ID = identity(second_factors, SIGN_IN_FACTS)
    kind: FactorKind | None = datum(second_factors.c.kind, "The kind of factor, such as a passkey.", SIGN_IN_FACTS)
    confirmed_at: DateTime | None = datum(
        second_factors.c.confirmed_at, "The time at which it became active; null while unconfirmed.", SIGN_IN_FACTS
    )
    last_used_at: DateTime | None = datum(
        second_factors.c.last_used_at,
        "The time at which it was last used to sign in; null if it never was.",
        SIGN_IN_FACTS,
    )
    # Free text of the customer, so fewer purposes read it than the other facts.
    label: str | None = datum(
        second_factors.c.label,
        "The name that the customer gave a passkey; null without one, and for other kinds.",
        SIGNED_IN,
    )
    remaining: int | None = datum(
        second_factors.c.remaining, "How many recovery codes are left; null for other kinds of factors.", SIGN_IN_FACTS
    )


@record(credentials)
class Credential(Node):
    """The sign-in of one platform."""

    id: strawberry.ID = identity(credentials, SIGN_IN_FACTS)
    platform: Platform | None = datum(
        credentials.c.platform, "The platform that one signs in to with this name and password.", SIGN_IN_FACTS
    )
    login_name: str | None = datum(
        credentials.c.login_name, "The name that the customer types to sign in to this platform.", SIGNED_IN
    )
    changed_at: DateTime | None = datum(
        credentials.c.changed_at,
        "The time at which the password was last changed, or first chosen.",
        SIGN_IN_FACTS,
    )
    password_strength: PasswordStrength | None = datum(
        credentials.c.strength,
        "The measured strength of the password when it was set; null if none was chosen yet.",
        SIGN_IN_FACTS,
    )
    second_factors: list[SecondFactor] | None = related(
        reads.second_factors_of,
        "The second factors of this platform, also those that are not confirmed yet.",
        Category.AUTH_FACTOR,
        SIGN_IN_FACTS,
    )
