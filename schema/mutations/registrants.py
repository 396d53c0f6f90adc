"""Registering a domain for a customer, and changing its owner."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from schema.core.scalars import DateTime
from schema.declare.commands import UserError, affected, unkept, user_errors, written
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.domains import Domain, RegistrantKind
from store.tables.domains import domains

ADDRESS = domains.c.registrant_address
REGISTRAR = (Purpose.DOMAIN_REGISTRATION,)
EITHER = (Purpose.DOMAIN_REGISTRATION, SELF)


@strawberry.input(description="The postal address of an owner; it replaces the one that was there.")
class RegistrantAddressInput:
    """Street, city and country are needed."""

    street: str | None = written(ADDRESS, "Street and number.", EITHER, part="street")
    street2: str | None = written(ADDRESS, "A second line: building, floor, care of.", EITHER, part="street2")
    postal_code: str | None = written(ADDRESS, "Postal code.", EITHER, part="postal_code")
    city: str | None = written(ADDRESS, "Town or city.", EITHER, part="city")
    region: str | None = written(ADDRESS, "State, province or canton.", EITHER, part="region")
    country: str | None = written(ADDRESS, "Two letters (ISO 3166-1).", EITHER, part="country")


@strawberry.input(description="The owner of a domain. What is given is changed, null empties it, the rest stays.")
class RegistrantInput:
    """Somebody other than the customer is told that they were named, and by whom."""

    name: str | None = written(domains.c.registrant_name, "The name; an owner has one.", EITHER)
    address: RegistrantAddressInput | None = written(ADDRESS, "The postal address.", EITHER)
    email: str | None = written(domains.c.registrant_email, "The e-mail address.", EITHER)
    phone: str | None = written(
        domains.c.registrant_phone, "The phone, with the country code: never the customer's emergency number.", EITHER
    )


@strawberry.input(description="A domain that is being registered; whatever may be hidden of its owner is hidden.")
class RegisterDomainInput:
    """For the tools that register domains."""

    service: strawberry.ID = unkept(Category.SUBSCRIPTION, "The `id` of the `Service` it belongs to.", REGISTRAR)
    name: str = written(domains.c.name, "The domain name, such as `example.ch`.", REGISTRAR)
    registrant_kind: RegistrantKind = written(domains.c.registrant_kind, "Person or organisation.", REGISTRAR)
    registrant: RegistrantInput = written(domains.c.registrant_name, "The owner.", REGISTRAR)
    expires_at: DateTime | None = written(domains.c.expires_at, "When the registration ends.", REGISTRAR)


@strawberry.input(description="A new owner of an own domain, or details of the present one.")
class UpdateRegistrantInput:
    """With another e-mail address it is somebody else, who is told."""

    domain: strawberry.ID = unkept(Category.SUBSCRIPTION, "The `id` of the `Domain`.", (SELF,))
    registrant_kind: RegistrantKind | None = written(domains.c.registrant_kind, "Person or organisation.", (SELF,))
    registrant: RegistrantInput = written(domains.c.registrant_name, "The owner.", (SELF,))


@plain_type
class RegistrantPayload:
    """The domain as it is now, or what is wrong with the input."""

    domain: Domain | None = affected("domain", domains, Category.SUBSCRIPTION, "The domain.", EITHER)
    user_errors: list[UserError] = user_errors()
