"""The mutations that change the customer's e-mail address."""

from __future__ import annotations

from policy.categories import Category
from schema.core.scalars import EmailAddress
from schema.declare.commands import UserError, affected, command_input, stored_input, transient_input, user_errors
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.customers import Customer
from store.tables.customers import customers
from store.tables.signin import email_links

OWN = (SELF,)


@command_input("A request to change the e-mail address.", OWN)
class RequestEmailChangeInput:
    """A request; the address changes when the link sent to it is confirmed."""

    email: EmailAddress = stored_input(
        email_links.c.email,
        "The new address, such as `anna@example.ch`; a link is sent to it, which confirms the change.",
        OWN,
    )


@command_input("The confirmation of the new address.", OWN)
class ConfirmEmailChangeInput:
    """A confirmation; the secret is valid once, for an hour (S8)."""

    token: str = transient_input(
        Category.AUTH_FACTOR, "The secret of the link in the message, which stands in its address after `t=`.", OWN
    )


@plain_type
class RequestEmailChangePayload:
    """The customer; the answer does not reveal whether another customer has the address."""

    customer: Customer | None = affected(
        "customer",
        customers,
        Category.CUSTOMER_ID,
        "The customer, still with the former address; null if no link was sent (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@plain_type
class ConfirmEmailChangePayload:
    """The customer with the new address, or the problem of the link."""

    customer: Customer | None = affected(
        "customer",
        customers,
        Category.CUSTOMER_ID,
        "The customer as after the change; null if nothing was changed (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()
