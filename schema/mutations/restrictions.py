"""Restricting processing, and objecting to a purpose (GDPR Art. 18, 21)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from schema.declare.commands import UserError, affected, user_errors, written
from schema.declare.directives import PurposeEnum
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.customers import Customer
from schema.types.restrictions import GroundEnum
from store.tables.customers import customers
from store.tables.restrictions import objections, restrictions

OWN = (SELF,)


@strawberry.input(description="Why processing is to be restricted.")
class RequestRestrictionInput:
    """It holds at once."""

    ground: GroundEnum = written(restrictions.c.ground, "The case of GDPR Art. 18(1).", OWN)


@strawberry.input(description="What is objected to.")
class ObjectionInput:
    """No reason has to be given: what is decided, we have to show grounds for."""

    purpose: PurposeEnum = written(objections.c.purpose, "The purpose.", OWN)


@plain_type
class RestrictionPayload:
    """The customer with what stands now."""

    customer: Customer | None = affected("customer", customers, Category.CUSTOMER_ID, "The customer afterwards.", OWN)
    user_errors: list[UserError] = user_errors()
