"""Registering a customer."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from schema.declare.commands import UserError, affected, user_errors, written
from schema.declare.records import plain_type
from schema.types.customers import Customer
from store.tables.customers import customers

ADDRESS = customers.c.postal_address
PROVIDED = (Purpose.SERVICE_PROVISION,)


@strawberry.input(description="Where invoices go.")
class NewPostalAddressInput:
    """By the customs of its country."""

    street: str = written(ADDRESS, "Street and number.", PROVIDED, part="street")
    street2: str | None = written(ADDRESS, "A second line: building, floor, care of.", PROVIDED, part="street2")
    postal_code: str | None = written(ADDRESS, "Postal code.", PROVIDED, part="postal_code")
    city: str = written(ADDRESS, "Town or city.", PROVIDED, part="city")
    region: str | None = written(ADDRESS, "State, province or canton.", PROVIDED, part="region")
    country: str = written(ADDRESS, "Two letters (ISO 3166-1).", PROVIDED, part="country")


@strawberry.input(description="A new customer, with what is needed to provide services and no more.")
class RegisterCustomerInput:
    """For the tools that take customers in."""

    given_name: str = written(customers.c.name, "Given name.", PROVIDED, part="given")
    family_name: str = written(customers.c.name, "Family name.", PROVIDED, part="family")
    email: str = written(customers.c.email, "To write about the services.", PROVIDED)
    postal_address: NewPostalAddressInput = written(ADDRESS, "Where invoices go.", PROVIDED)
    locale: str | None = written(customers.c.locale, "The language to be written to in (BCP 47).", PROVIDED)
    product_news: bool | None = written(
        customers.c.product_news, "Whether news were asked for; not by default.", PROVIDED
    )


@plain_type
class RegisterCustomerPayload:
    """The customer, or what is wrong with the input."""

    customer: Customer | None = affected("customer", customers, Category.CUSTOMER_ID, "The customer.", PROVIDED)
    user_errors: list[UserError] = user_errors()
