"""Changing one's e-mail address."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from schema.declare.commands import UserError, affected, unkept, user_errors, written
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.customers import Customer
from store.tables.customers import customers
from store.tables.signin import email_links

OWN = (SELF,)


@strawberry.input(description="The address that messages shall come to.")
class RequestEmailChangeInput:
    """Nothing changes until it is confirmed from there."""

    email: str = written(email_links.c.email, "The new address.", OWN)


@strawberry.input(description="What the message to the new address brought.")
class ConfirmEmailChangeInput:
    """It works once, for an hour."""

    token: str = unkept(Category.AUTH_FACTOR, "The secret in the link, after `t=`.", OWN)


@plain_type
class EmailChangePayload:
    """The customer; the answer to a request says nothing of anybody else."""

    customer: Customer | None = affected("customer", customers, Category.CUSTOMER_ID, "The customer.", OWN)
    user_errors: list[UserError] = user_errors()
