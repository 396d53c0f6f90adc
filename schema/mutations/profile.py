"""Changing one's own profile."""

from __future__ import annotations

import strawberry

from policy.app_scopes import AppScope
from policy.categories import Category
from schema.declare.commands import UserError, affected, asked, user_errors, written
from schema.declare.fields import shared
from schema.declare.records import plain_type
from schema.types.customers import Customer
from store.tables.customers import customers

OWN = (shared(AppScope.PROFILE_WRITE),)
ADDRESS = customers.c.postal_address


@strawberry.input(description="A postal address; it replaces the one that was there.")
class PostalAddressInput:
    """Street, city and country are needed."""

    street: str | None = written(ADDRESS, "Street and number.", OWN, part="street")
    street2: str | None = written(ADDRESS, "A second line: building, floor, care of.", OWN, part="street2")
    postal_code: str | None = written(ADDRESS, "Postal code.", OWN, part="postal_code")
    city: str | None = written(ADDRESS, "Town or city.", OWN, part="city")
    region: str | None = written(ADDRESS, "State, province or canton.", OWN, part="region")
    country: str | None = written(ADDRESS, "Two letters (ISO 3166-1).", OWN, part="country")


@strawberry.input(description="What is given is changed, null empties it, and what is left out stays.")
class UpdateProfileInput:
    """Name, address, phone and language."""

    given_name: str | None = written(customers.c.name, "Given name.", OWN, part="given")
    family_name: str | None = written(customers.c.name, "Family name.", OWN, part="family")
    postal_address: PostalAddressInput | None = written(ADDRESS, "Where invoices go.", OWN)
    phone: str | None = written(customers.c.phone, "For emergencies only, with the country code.", OWN)
    locale: str | None = written(customers.c.locale, "The language to be written to in (BCP 47).", OWN)
    if_version: int | None = asked(
        "Change only if `Customer.version` is still this: an edit made in between is not overwritten.", OWN
    )


@plain_type
class UpdateProfilePayload:
    """The profile afterwards, or what is wrong with the input."""

    customer: Customer | None = affected("customer", customers, Category.CUSTOMER_ID, "The customer afterwards.", OWN)
    user_errors: list[UserError] = user_errors()
