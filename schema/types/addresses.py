"""The type of postal addresses."""

from __future__ import annotations

from policy.app_scopes import AppScope
from policy.purposes import Purpose
from schema.core.scalars import CountryCode
from schema.declare.fields import part, shared, together
from schema.declare.records import plain_type
from store.tables.customers import customers
from values.envelope import envelope

# Stands for every address column: all are sealed in the same parts.
ADDRESS = customers.c.postal_address
REACHED = (
    Purpose.INVOICING,
    Purpose.DOMAIN_REGISTRATION,
    Purpose.RIGHTS_HANDLING,
    shared(AppScope.PROFILE_READ, AppScope.INVOICES_READ),
)


@plain_type
class PostalAddress:
    """A postal address. A purpose also needs an allowance on the field that returns the address."""

    street: str | None = part(
        ADDRESS, "street", "The street with the number of the house, or what stands in their place.", REACHED
    )
    street2: str | None = part(
        ADDRESS, "street2", "A second line, such as building, floor or care of; null if there is none.", REACHED
    )
    postal_code: str | None = part(
        ADDRESS,
        "postal_code",
        "The postal code in the form of the country, such as `K1A 0B1`; null where there are none.",
        REACHED,
    )
    city: str | None = part(ADDRESS, "city", "The town or city, in the letters of the country.", REACHED)
    region: str | None = part(
        ADDRESS, "region", "State, province or canton, if the country's addresses have it.", REACHED
    )
    country: CountryCode | None = part(
        ADDRESS, "country", "The country by its two letters, whose rules the rest of the address follows.", REACHED
    )
    formatted: list[str] | None = together(
        ADDRESS, "The address lines in the format of the country, without the name.", REACHED, envelope
    )
