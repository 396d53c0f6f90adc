"""The mutation that changes the customer's profile (R30)."""

from __future__ import annotations

from typing import Any

import strawberry
from sqlalchemy import Column

from policy.categories import Category
from schema.core.scalars import CountryCode
from schema.declare.commands import (
    UserError,
    affected,
    command_input,
    editable_columns,
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

    street: str | None = stored_input(
        ADDRESS, "The street with the number of the house, or what stands in their place; required.", OWN, part="street"
    )
    street2: str | None = stored_input(
        ADDRESS, "A second line, such as building, floor or care of.", OWN, part="street2"
    )
    postal_code: str | None = stored_input(
        ADDRESS,
        "The postal code in the form of the country; required where addresses have one.",
        OWN,
        part="postal_code",
    )
    city: str | None = stored_input(ADDRESS, "The town or city, in any script; required.", OWN, part="city")
    region: str | None = stored_input(
        ADDRESS, "The state, province or canton; required where addresses have one.", OWN, part="region"
    )
    country: CountryCode | None = stored_input(
        ADDRESS, "The country by its two letters, such as `CH` (ISO 3166-1); required.", OWN, part="country"
    )


@command_input("Changes of the profile: null clears a field, and omitted fields stay.", OWN)
@with_editable_fields(Customer)
class UpdateProfileInput:
    """Every field of the customer that says `editable_by`; name and address, which have parts."""

    given_name: str | None = stored_input(
        customers.c.name, "The given name, in any script; at least one letter.", OWN, part="given"
    )
    family_name: str | None = stored_input(
        customers.c.name, "The family name, in any script; at least one letter.", OWN, part="family"
    )
    postal_address: PostalAddressInput | None = stored_input(
        ADDRESS, "The postal address that invoices are made out to; all of it is replaced.", OWN
    )
    if_version: int | None = plain_input(
        "Change only if `Customer.version` still has this value, so that concurrent edits are not overwritten.", OWN
    )


@plain_type
class UpdateProfilePayload:
    """The profile after the change, or the problems of the input."""

    customer: Customer | None = affected(
        "customer",
        customers,
        Category.CUSTOMER_ID,
        "The customer as after the change; null if nothing was changed (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


def profile_columns() -> dict[str, Column[Any]]:
    """The columns of the profile's fields that hold one text, by their names in `UpdateProfileInput`."""
    return editable_columns(Customer)
