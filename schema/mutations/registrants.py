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

    street: str | None = stored_input(
        ADDRESS,
        "The street with the number of the house, or what stands in their place; required.",
        EITHER,
        part="street",
    )
    street2: str | None = stored_input(
        ADDRESS, "A second line, such as building, floor or care of.", EITHER, part="street2"
    )
    postal_code: str | None = stored_input(
        ADDRESS,
        "The postal code in the form of the country; required where addresses have one.",
        EITHER,
        part="postal_code",
    )
    city: str | None = stored_input(ADDRESS, "The town or city, in any script; required.", EITHER, part="city")
    region: str | None = stored_input(
        ADDRESS, "The state, province or canton; required where addresses have one.", EITHER, part="region"
    )
    country: CountryCode | None = stored_input(
        ADDRESS, "The country by its two letters, such as `CH` (ISO 3166-1); required.", EITHER, part="country"
    )


@strawberry.input(description="The registrant of a domain: null clears a field, and omitted fields stay.")
class RegistrantInput:
    """A registrant. One who is not the customer is informed (GDPR Art. 14)."""

    name: str | None = stored_input(
        domains.c.registrant_name, "The name of the owner: of a person, or of an organisation. It is required.", EITHER
    )
    address: RegistrantAddressInput | None = stored_input(
        ADDRESS, "The postal address of the owner, of which street, city and country are required.", EITHER
    )
    email: EmailAddress | None = stored_input(
        domains.c.registrant_email, "The owner's e-mail address, to which the confirmation is sent.", EITHER
    )
    phone: PhoneNumber | None = stored_input(
        domains.c.registrant_phone, "The phone, with the country code; never the customer's emergency number.", EITHER
    )


@command_input("A domain to register. All details of its registrant that may be hidden are hidden.", REGISTRAR)
class RegisterDomainInput:
    """A domain to register, for tools."""

    service_id: strawberry.ID = transient_input(
        Category.SUBSCRIPTION, "The `id` of the `Service` that the domain belongs to; its kind is DOMAIN.", REGISTRAR
    )
    name: str = stored_input(
        domains.c.name, "The domain name, such as `example.ch`; letters of any script are taken.", REGISTRAR
    )
    registrant_kind: RegistrantKind = stored_input(
        domains.c.registrant_kind,
        "Whether the owner is a person or an organisation, of which registries publish more.",
        REGISTRAR,
    )
    registrant: RegistrantInput = stored_input(
        domains.c.registrant_name, "The particulars of the owner, who need not be the customer.", REGISTRAR
    )
    expires_at: DateTime | None = stored_input(
        domains.c.expires_at, "The time at which the registration ends; left out if the registry names none.", REGISTRAR
    )


@plain_type
class RegisterDomainPayload:
    """The registered domain, or the problems of the input."""

    domain: Domain | None = affected(
        "domain",
        domains,
        Category.SUBSCRIPTION,
        "The registered domain; null if nothing was registered (`userErrors`).",
        REGISTRAR,
    )
    user_errors: list[UserError] = user_errors()


@command_input("The renewal of a domain's registration.", REGISTRAR)
class RenewDomainInput:
    """A renewal, for tools."""

    domain_id: strawberry.ID = transient_input(
        Category.SUBSCRIPTION, "The `id` of the `Domain` that was renewed.", REGISTRAR
    )
    expires_at: DateTime = stored_input(
        domains.c.expires_at, "The time at which the renewed registration ends, later than before.", REGISTRAR
    )
    if_version: int | None = plain_input(
        "Change only if `Domain.version` still has this value, so that concurrent edits are not overwritten.", REGISTRAR
    )


@plain_type
class RenewDomainPayload:
    """The domain with its new end, or the problems of the input."""

    domain: Domain | None = affected(
        "domain",
        domains,
        Category.SUBSCRIPTION,
        "The domain with its new end; null if nothing was changed (`userErrors`).",
        REGISTRAR,
    )
    user_errors: list[UserError] = user_errors()


@command_input("A new registrant of one's own domain, or details of the present one.", (SELF,))
class UpdateRegistrantInput:
    """Changes of a registrant; another e-mail address means another person, who is asked to confirm (S13)."""

    domain_id: strawberry.ID = transient_input(
        Category.SUBSCRIPTION, "The `id` of the `Domain` whose owner is corrected.", (SELF,)
    )
    registrant_kind: RegistrantKind | None = stored_input(
        domains.c.registrant_kind, "Whether the owner is a person or an organisation; unchanged when left out.", (SELF,)
    )
    registrant: RegistrantInput = stored_input(
        domains.c.registrant_name, "The particulars of the owner; what is left out stays as it is.", (SELF,)
    )
    if_version: int | None = plain_input(
        "Change only if `Domain.version` still has this value, so that concurrent edits are not overwritten.", (SELF,)
    )


@plain_type
class UpdateRegistrantPayload:
    """The domain after the change, or the problems of the input."""

    domain: Domain | None = affected(
        "domain",
        domains,
        Category.SUBSCRIPTION,
        "The domain with its new owner; null if nothing was changed (`userErrors`).",
        (SELF,),
    )
    user_errors: list[UserError] = user_errors()
