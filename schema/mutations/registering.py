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

    street: str = stored_input(ADDRESS, "Street and number.", PROVIDED, part="street")
    street2: str | None = stored_input(ADDRESS, "A second line: building, floor, care of.", PROVIDED, part="street2")
    postal_code: str | None = stored_input(ADDRESS, "Postal code.", PROVIDED, part="postal_code")
    city: str = stored_input(ADDRESS, "Town or city.", PROVIDED, part="city")
    region: str | None = stored_input(ADDRESS, "State, province or canton.", PROVIDED, part="region")
    country: CountryCode = stored_input(ADDRESS, "Two letters (ISO 3166-1).", PROVIDED, part="country")


@command_input("A new customer, with the data that is needed to provide services and no more.", PROVIDED)
class RegisterCustomerInput:
    """A new customer, for tools such as the shop."""

    # No phone: it is for emergencies, and customers add it themselves (R14).
    given_name: str | None = stored_input(
        customers.c.name, "Given name; left out by people who have one name, or the one that they have.", PROVIDED,
        part="given",
    )  # fmt: skip
    family_name: str | None = stored_input(
        customers.c.name, "Family name; required without a given name.", PROVIDED, part="family"
    )
    email: EmailAddress = stored_input(customers.c.email, "The e-mail address for messages about services.", PROVIDED)
    postal_address: NewPostalAddressInput = stored_input(ADDRESS, "The address for invoices.", PROVIDED)
    locale: LanguageTag | None = stored_input(customers.c.locale, "The language of messages (BCP 47).", PROVIDED)
    product_news: bool | None = stored_input(
        customers.c.product_news, "Whether the customer wants product news; false by default.", PROVIDED
    )


@plain_type
class RegisterCustomerPayload:
    """The customer, or the problems of the input."""

    customer: Customer | None = affected("customer", customers, Category.CUSTOMER_ID, "The customer.", PROVIDED)
    user_errors: list[UserError] = user_errors()
