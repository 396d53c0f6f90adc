"""The mutation that registers a customer."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from schema.core.scalars import CountryCode, EmailAddress, LanguageTag
from schema.declare.commands import UserError, affected, command_input, stored_input, user_errors
from schema.declare.records import plain_type
from schema.types.customers import Customer
from store.tables.customers import customers

ADDRESS = customers.c.postal_address
PROVIDED = (Purpose.SERVICE_PROVISION,)


@strawberry.input(description="The address for invoices.")
class NewPostalAddressInput:
    """An address in the format of its country."""

    street: str = stored_input(
        ADDRESS, "The street with the number of the house, or what stands in their place.", PROVIDED, part="street"
    )
    street2: str | None = stored_input(
        ADDRESS, "A second line, such as building, floor or care of.", PROVIDED, part="street2"
    )
    postal_code: str | None = stored_input(
        ADDRESS,
        "The postal code in the form of the country; required where addresses have one.",
        PROVIDED,
        part="postal_code",
    )
    city: str = stored_input(ADDRESS, "The town or city, in any script.", PROVIDED, part="city")
    region: str | None = stored_input(
        ADDRESS, "The state, province or canton; required where addresses have one.", PROVIDED, part="region"
    )
    country: CountryCode = stored_input(
        ADDRESS, "The country by its two letters, such as `CH` (ISO 3166-1).", PROVIDED, part="country"
    )


@command_input("A new customer, with the data that is needed to provide services and no more.", PROVIDED)
class RegisterCustomerInput:
    """A new customer, for tools such as the shop."""

    # No phone: it is for emergencies, and customers add it themselves (R14).
    given_name: str | None = stored_input(
        customers.c.name, "The given name, in any script; at least one letter.", PROVIDED,
        part="given",
    )  # fmt: skip
    family_name: str | None = stored_input(
        customers.c.name, "The family name, in any script; at least one letter.", PROVIDED, part="family"
    )
    email: EmailAddress = stored_input(customers.c.email, "The e-mail address for messages about services.", PROVIDED)
    postal_address: NewPostalAddressInput = stored_input(
        ADDRESS, "The postal address that invoices are made out to.", PROVIDED
    )
    locale: LanguageTag | None = stored_input(
        customers.c.locale,
        "The language in which the customer is written to, such as `fr-CH`; English when left out.",
        PROVIDED,
    )
    product_news: bool | None = stored_input(
        customers.c.product_news,
        "Whether the customer wants news about our services by e-mail; false when left out.",
        PROVIDED,
    )


@plain_type
class RegisterCustomerPayload:
    """The customer, or the problems of the input."""

    customer: Customer | None = affected(
        "customer",
        customers,
        Category.CUSTOMER_ID,
        "The new customer; null if nobody was registered (`userErrors`).",
        PROVIDED,
    )
    user_errors: list[UserError] = user_errors()
