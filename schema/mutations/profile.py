"""The mutation that changes the customer's profile (R30)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from schema.core.scalars import CountryCode
from schema.declare.commands import (
    UserError,
    affected,
    command_input,
    plain_input,
    stored_input,
    user_errors,
    with_editable_fields,
)
from schema.declare.readers import WRITE_PROFILE
from schema.declare.records import plain_type
from schema.types.customers import Customer
from store.tables.customers import customers

OWN = (WRITE_PROFILE,)
ADDRESS = customers.c.postal_address


@strawberry.input(description="A postal address; it replaces the one that was there.")
class PostalAddressInput:
    """An address; street, city and country are required."""

    street: str | None = stored_input(ADDRESS, "Street and number.", OWN, part="street")
    street2: str | None = stored_input(ADDRESS, "A second line: building, floor, care of.", OWN, part="street2")
    postal_code: str | None = stored_input(ADDRESS, "Postal code.", OWN, part="postal_code")
    city: str | None = stored_input(ADDRESS, "Town or city.", OWN, part="city")
    region: str | None = stored_input(ADDRESS, "State, province or canton.", OWN, part="region")
    country: CountryCode | None = stored_input(ADDRESS, "Two letters (ISO 3166-1).", OWN, part="country")


@command_input("Changes of the profile: null clears a field, and omitted fields stay.", OWN)
@with_editable_fields(Customer)
class UpdateProfileInput:
    """Every field of the customer that says `editable_by`; name and address, which have parts."""

    given_name: str | None = stored_input(customers.c.name, "Given name.", OWN, part="given")
    family_name: str | None = stored_input(customers.c.name, "Family name.", OWN, part="family")
    postal_address: PostalAddressInput | None = stored_input(ADDRESS, "The address for invoices.", OWN)
    if_version: int | None = plain_input(
        "Change only if `Customer.version` still has this value, so that concurrent edits are not overwritten.", OWN
    )


@plain_type
class UpdateProfilePayload:
    """The profile after the change, or the problems of the input."""

    customer: Customer | None = affected("customer", customers, Category.CUSTOMER_ID, "The customer afterwards.", OWN)
    user_errors: list[UserError] = user_errors()
