"""The mutations that restrict processing and object to a purpose (GDPR Art. 18, 21)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from schema.declare.commands import UserError, affected, stored_input, user_errors
from schema.declare.directives import PurposeEnum
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.customers import Customer
from schema.types.restrictions import GroundEnum
from store.tables.customers import customers
from store.tables.restrictions import objections, restrictions

OWN = (SELF,)


@strawberry.input(description="A request to restrict processing.")
class RequestRestrictionInput:
    """A restriction; it takes effect at once."""

    ground: GroundEnum = stored_input(restrictions.c.ground, "The case of GDPR Art. 18(1).", OWN)


@strawberry.input(description="An objection to a purpose.")
class ObjectionInput:
    """An objection; no reason is required, since the controller has to show grounds (GDPR Art. 21(1))."""

    purpose: PurposeEnum = stored_input(objections.c.purpose, "The purpose.", OWN)


@plain_type
class RestrictionPayload:
    """The customer with the present restriction and objections."""

    customer: Customer | None = affected("customer", customers, Category.CUSTOMER_ID, "The customer afterwards.", OWN)
    user_errors: list[UserError] = user_errors()
