"""The mutations that register a domain and change its registrant."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from schema.core.enums import RegistrantKind
from schema.core.scalars import CountryCode, DateTime, EmailAddress, PhoneNumber
from schema.declare.commands import (
    UserError,
    affected,
    command_input,
    plain_input,
    stored_input,
    transient_input,
    user_errors,
)
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.domains import Domain
from store.tables.domains import domains

ADDRESS = domains.c.registrant_address
REGISTRAR = (Purpose.DOMAIN_REGISTRATION,)
EITHER = (Purpose.DOMAIN_REGISTRATION, SELF)


@strawberry.input(description="The postal address of a registrant; it replaces the earlier one.")
class RegistrantAddressInput:
    """An address; street, city and country are required."""

    street: str | None = stored_input(ADDRESS, "Street and number.", EITHER, part="street")
    street2: str | None = stored_input(ADDRESS, "A second line: building, floor, care of.", EITHER, part="street2")
    postal_code: str | None = stored_input(ADDRESS, "Postal code.", EITHER, part="postal_code")
    city: str | None = stored_input(ADDRESS, "Town or city.", EITHER, part="city")
    region: str | None = stored_input(ADDRESS, "State, province or canton.", EITHER, part="region")
    country: CountryCode | None = stored_input(ADDRESS, "Two letters (ISO 3166-1).", EITHER, part="country")


@strawberry.input(description="The registrant of a domain: null clears a field, and omitted fields stay.")
class RegistrantInput:
    """A registrant. One who is not the customer is informed (GDPR Art. 14)."""

    name: str | None = stored_input(domains.c.registrant_name, "The name; required.", EITHER)
    address: RegistrantAddressInput | None = stored_input(ADDRESS, "The postal address.", EITHER)
    email: EmailAddress | None = stored_input(domains.c.registrant_email, "The e-mail address.", EITHER)
    phone: PhoneNumber | None = stored_input(
        domains.c.registrant_phone, "The phone, with the country code; never the customer's emergency number.", EITHER
    )


@command_input("A domain to register. All details of its registrant that may be hidden are hidden.", REGISTRAR)
class RegisterDomainInput:
    """A domain to register, for tools."""

    service_id: strawberry.ID = transient_input(
        Category.SUBSCRIPTION, "The `id` of the `Service` it belongs to.", REGISTRAR
    )
    name: str = stored_input(domains.c.name, "The domain name, such as `example.ch`.", REGISTRAR)
    registrant_kind: RegistrantKind = stored_input(domains.c.registrant_kind, "Person or organisation.", REGISTRAR)
    registrant: RegistrantInput = stored_input(domains.c.registrant_name, "The registrant.", REGISTRAR)
    expires_at: DateTime | None = stored_input(domains.c.expires_at, "The end of the registration.", REGISTRAR)


@plain_type
class RegisterDomainPayload:
    """The registered domain, or the problems of the input."""

    domain: Domain | None = affected("domain", domains, Category.SUBSCRIPTION, "The domain.", REGISTRAR)
    user_errors: list[UserError] = user_errors()


@command_input("A new registrant of one's own domain, or details of the present one.", (SELF,))
class UpdateRegistrantInput:
    """Changes of a registrant; another e-mail address means another person, who is asked to confirm (S13)."""

    domain_id: strawberry.ID = transient_input(Category.SUBSCRIPTION, "The `id` of the `Domain`.", (SELF,))
    registrant_kind: RegistrantKind | None = stored_input(domains.c.registrant_kind, "Person or organisation.", (SELF,))
    registrant: RegistrantInput = stored_input(domains.c.registrant_name, "The registrant.", (SELF,))
    if_version: int | None = plain_input(
        "Change only if `Domain.version` still has this value, so that concurrent edits are not overwritten.", (SELF,)
    )


@plain_type
class UpdateRegistrantPayload:
    """The domain after the change, or the problems of the input."""

    domain: Domain | None = affected("domain", domains, Category.SUBSCRIPTION, "The domain.", (SELF,))
    user_errors: list[UserError] = user_errors()
