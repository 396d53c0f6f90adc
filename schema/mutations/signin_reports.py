"""The mutation by which other platforms report sign-ins (R17)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from schema.core.enums import Platform, SignInOutcome
from schema.core.scalars import DateTime
from schema.declare.commands import UserError, affected, command_input, stored_input, transient_input, user_errors
from schema.declare.records import plain_type
from schema.types.access import SignIn
from store.tables.access import sign_ins

SECURITY = (Purpose.ACCOUNT_SECURITY,)


@command_input("A sign-in to another platform. The customer is notified if it is unusual.", SECURITY)
class RecordSignInInput:
    """A sign-in of a customer, who is given by id or by customer number."""

    customer_id: strawberry.ID | None = transient_input(
        Category.CUSTOMER_ID, "The `id` of the customer who signed in; either this or `customerNumber`.", SECURITY
    )
    customer_number: str | None = transient_input(
        Category.CUSTOMER_ID,
        "The number of the customer who signed in, such as `C-100042`; either this or `customerId`.",
        SECURITY,
    )
    platform: Platform = stored_input(
        sign_ins.c.platform, "The platform that the customer signed in to, or tried to.", SECURITY
    )
    outcome: SignInOutcome = stored_input(sign_ins.c.outcome, "Whether the customer was signed in.", SECURITY)
    ip_address: str = stored_input(
        sign_ins.c.ip_address, "The IPv4 or IPv6 address. The gateway looks its country up.", SECURITY
    )
    device: str | None = stored_input(
        sign_ins.c.device,
        "The browser or app in a few words, such as `Epiphany on Linux`; null if it is not known.",
        SECURITY,
    )
    at: DateTime | None = stored_input(sign_ins.c.at, "The time of the attempt; now when left out.", SECURITY)


@plain_type
class RecordSignInPayload:
    """The sign-in as it was recorded."""

    sign_in: SignIn | None = affected(
        "signIn",
        sign_ins,
        Category.ACCESS_HISTORY,
        "The attempt as it was recorded; null if it was not (`userErrors`).",
        SECURITY,
    )
    user_errors: list[UserError] = user_errors()
