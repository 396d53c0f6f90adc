"""The mutations that restrict processing and object to a purpose (GDPR Art. 18, 21)."""

from __future__ import annotations

from policy.categories import Category
from schema.declare.commands import AFTERWARDS, UserError, affected, command_input, stored_input, user_errors
from schema.declare.directives import PurposeEnum
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.customers import Customer
from schema.types.restrictions import GroundEnum
from store.tables.customers import customers
from store.tables.restrictions import objections, restrictions

OWN = (SELF,)


def _customer() -> Customer | None:
    return affected("customer", customers, Category.CUSTOMER_ID, AFTERWARDS, OWN)  # type: ignore[no-any-return]


@command_input("A request to restrict processing.", OWN)
class RequestRestrictionInput:
    """A restriction; it takes effect at once."""

    ground: GroundEnum = stored_input(
        restrictions.c.ground, "The ground on which the customer asks for it (GDPR Art. 18(1)).", OWN
    )


@plain_type
class RequestRestrictionPayload:
    """The customer with the restriction."""

    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@command_input("The end of one's own restriction; it takes no reason.", OWN)
class LiftRestrictionInput:
    """There is nothing to say, since a customer has one restriction at a time, and room for what later needs to be."""


@plain_type
class LiftRestrictionPayload:
    """The customer without a restriction."""

    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@command_input("An objection to a purpose.", OWN)
class ObjectToInput:
    """An objection; no reason is required, since the controller has to show grounds (GDPR Art. 21(1))."""

    purpose: PurposeEnum = stored_input(
        objections.c.purpose, "The purpose that the customer objects to; `purposes` says to which one can.", OWN
    )


@plain_type
class ObjectToPayload:
    """The customer with the present objections."""

    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@command_input("The withdrawal of an objection.", OWN)
class WithdrawObjectionInput:
    """An objection is known by its purpose; no reason is required."""

    purpose: PurposeEnum = stored_input(objections.c.purpose, "The purpose of the objection that is taken back.", OWN)


@plain_type
class WithdrawObjectionPayload:
    """The customer with the remaining objections."""

    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()
