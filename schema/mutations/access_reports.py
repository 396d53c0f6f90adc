"""Accesses that other platforms report (R17)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from schema.core.scalars import DateTime
from schema.declare.commands import UserError, affected, unkept, user_errors, written
from schema.declare.records import plain_type
from schema.types.access import SignIn, SignInOutcome
from schema.types.credentials import Platform
from store.tables.access import sign_ins

SECURITY = (Purpose.ACCOUNT_SECURITY,)


@strawberry.input(description="One access that another platform saw; the customer is told when it is unusual.")
class RecordAccessInput:
    """Of a customer named by id or by number."""

    customer: strawberry.ID | None = unkept(Category.CUSTOMER_ID, "The customer's `id`.", SECURITY)
    customer_number: str | None = unkept(Category.CUSTOMER_ID, "The customer's number, instead of the `id`.", SECURITY)
    platform: Platform = written(sign_ins.c.platform, "Which platform was entered.", SECURITY)
    outcome: SignInOutcome = written(sign_ins.c.outcome, "Whether it succeeded.", SECURITY)
    ip_address: str = written(
        sign_ins.c.ip_address, "From where, as IPv4 or IPv6. Its country is worked out here.", SECURITY
    )
    device: str | None = written(sign_ins.c.device, "The browser or app, in a few words.", SECURITY)
    at: DateTime | None = written(sign_ins.c.at, "When; now, if left out.", SECURITY)


@plain_type
class RecordAccessPayload:
    """The access as it was recorded."""

    sign_in: SignIn | None = affected("signIn", sign_ins, Category.ACCESS_HISTORY, "The access.", SECURITY)
    user_errors: list[UserError] = user_errors()
