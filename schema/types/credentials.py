"""How a customer signs in: facts that protect, never a secret (R16)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from resolvers.reads import customers as reads
from schema.core.scalars import DateTime
from schema.core.words import enumerated
from schema.declare.fields import datum, identity, related
from schema.declare.node import Node
from schema.declare.readers import SIGN_IN_FACTS, SIGNED_IN
from schema.declare.records import record
from store.tables.credentials import FACTOR_KINDS, PLATFORMS, STRENGTHS, credentials, second_factors

Platform = enumerated("Platform", PLATFORMS, "Where customers sign in, each with its own password.")
PasswordStrength = enumerated("PasswordStrength", STRENGTHS, "What the meter said when the password was set.")
FactorKind = enumerated("FactorKind", FACTOR_KINDS, "What the factor is.")


@record(second_factors)
class SecondFactor(Node):
    """A second factor of one platform."""

    id: strawberry.ID = identity(second_factors, SIGN_IN_FACTS)
    kind: FactorKind | None = datum(second_factors.c.kind, "What it is.", SIGN_IN_FACTS)
    confirmed_at: DateTime | None = datum(
        second_factors.c.confirmed_at, "Since when it protects; null while unconfirmed.", SIGN_IN_FACTS
    )
    last_used_at: DateTime | None = datum(second_factors.c.last_used_at, "When it was last used.", SIGN_IN_FACTS)
    label: str | None = datum(second_factors.c.label, "What the customer calls a passkey.", SIGNED_IN)
    remaining: int | None = datum(second_factors.c.remaining, "How many recovery codes are left.", SIGN_IN_FACTS)


@record(credentials)
class Credential(Node):
    """The sign-in of one platform."""

    id: strawberry.ID = identity(credentials, SIGN_IN_FACTS)
    platform: Platform | None = datum(credentials.c.platform, "The platform it opens.", SIGN_IN_FACTS)
    login_name: str | None = datum(credentials.c.login_name, "The name to sign in with.", SIGNED_IN)
    changed_at: DateTime | None = datum(credentials.c.changed_at, "When the password was last changed.", SIGN_IN_FACTS)
    password_strength: PasswordStrength | None = datum(
        credentials.c.strength, "How strong the password was when it was set.", SIGN_IN_FACTS
    )
    second_factors: list[SecondFactor] | None = related(
        reads.second_factors_of, "The second factors of this platform.", Category.AUTH_FACTOR, SIGN_IN_FACTS
    )
