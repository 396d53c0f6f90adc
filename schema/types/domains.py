"""Domain names with their registrants and whois settings."""

from __future__ import annotations

from dataclasses import dataclass

import strawberry

from policy.categories import Category
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.registries import FIELDS, Publishing, registry_of
from resolvers.reads import customers as reads
from resolvers.reads.criteria import equal, looked_up, since, until
from schema.core.enums import RegistrantKind, WhoisField
from schema.core.scalars import CountryCode, Date, DateTime, EmailAddress, PhoneNumber
from schema.core.words import enumerated
from schema.declare.connections import connection
from schema.declare.fields import Allowed, composed, datum, detailed, embedded, identity, public, related, when
from schema.declare.filters import compared
from schema.declare.node import Node
from schema.declare.readers import NAMED_DOMAINS, OWNED, REGISTERED, SELF
from schema.declare.records import details, plain_type, record
from schema.sources.values import Attribute
from schema.types.addresses import PostalAddress
from schema.types.back_references import CustomerRef
from schema.types.services import Service
from store.crypto.blind_index import Lookup
from store.tables.domains import domains
from values.domain_name import to_ascii, to_unicode

REGISTRY = (Recipient.REGISTRY,)
RULES = "it is what a registry does with every domain of an ending"


WhoisRule = enumerated(
    "WhoisRule",
    {each.name: strawberry.enum_value(each.name, description=each.text) for each in Publishing},
    "The rule of a registry for a detail of the registrant.",
)


@plain_type
class RegistryRule:
    """The registry's rule for one detail."""

    field: WhoisField = public(Attribute("field"), "The detail of the owner that the rule is about.", RULES)
    rule: WhoisRule = public(Attribute("rule"), "Whether the registry publishes the detail.", RULES)
    meaning: str = public(Attribute("meaning"), "The rule in one plain sentence, to be shown to the customer.", RULES)
    free: bool = public(Attribute("free"), "Whether the customer decides about it with `setWhoisVisibility`.", RULES)


@plain_type
class RegistryPolicy:
    """The rules of a registry for publishing a registrant's details, to be shown before an order."""

    registry: str = public(
        Attribute("registry"), "The registry that keeps the top-level domain, such as `SWITCH`.", RULES
    )
    rules: list[RegistryRule] = public(
        Attribute("rules"), "What the registry publishes of each detail of an owner.", RULES
    )
    source: str = public(Attribute("source"), "The document of the registry that says so, by its title.", RULES)
    checked: Date = public(Attribute("checked"), "The day on which that document was last checked.", RULES)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a registry, as `RegistryRule` shows it."""

    field: str
    rule: str
    meaning: str
    free: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a registry, as `RegistryPolicy` shows them."""

    registry: str
    rules: list[Rule]
    source: str
    checked: str


def policy_of(tld: str, kind: str) -> Policy | None:
    """The rules of a top-level domain for a kind of registrant; None for one that is not offered."""
    registry = registry_of(tld)
    if registry is None:
        return None
    rules = [(field.upper(), registry.rule(kind, field)) for field in FIELDS]
    details = [Rule(field, rule.name, rule.text, rule.free) for field, rule in rules]
    return Policy(registry.name, details, registry.source, registry.checked)


def published(condition: Condition) -> tuple[Allowed, ...]:
    """DOMAIN_REGISTRATION may read a detail only if it is to be published; the customer may always."""
    return (when(condition, Purpose.DOMAIN_REGISTRATION), SELF)


@details(domains)
class Registrant:
    """The owner of a domain (role `registrant` of RFC 9083). A purpose also needs an allowance on
    `Domain.registrant`."""

    kind: RegistrantKind | None = datum(
        domains.c.registrant_kind,
        "Whether the owner is a person or an organisation, of which registries publish more.",
        OWNED,
        disclosed_to=REGISTRY,
    )
    name: str | None = datum(
        domains.c.registrant_name,
        "The name of the owner, who need not be the customer.",
        published(Condition.WHOIS_NAME_PUBLISHED),
        disclosed_to=REGISTRY,
    )
    address: PostalAddress | None = embedded(
        domains.c.registrant_address,
        "The postal address of the owner, as it was registered.",
        published(Condition.WHOIS_ADDRESS_PUBLISHED),
        disclosed_to=REGISTRY,
    )
    country: CountryCode | None = datum(
        domains.c.registrant_country,
        "The country of the owner's address (ISO 3166-1 alpha-2), which generic registries have published even where "
        "the address is hidden; null for an owner who was written down without, or by an earlier release.",
        published(Condition.WHOIS_COUNTRY_PUBLISHED),
        disclosed_to=REGISTRY,
    )
    email: EmailAddress | None = datum(
        domains.c.registrant_email,
        "The owner's e-mail address, as it was registered.",
        published(Condition.WHOIS_EMAIL_PUBLISHED),
        disclosed_to=REGISTRY,
    )
    # A copy of its own, so that the emergency phone never reaches a registry (R14, A4).
    phone: PhoneNumber | None = datum(
        domains.c.registrant_phone,
        "The registrant's phone, as registered; never the customer's emergency number.",
        published(Condition.WHOIS_PHONE_PUBLISHED),
        disclosed_to=REGISTRY,
    )
    confirmed_at: DateTime | None = datum(
        domains.c.registrant_confirmed_at,
        "The time at which the owner confirmed the particulars; null until then, and nothing about them is published.",
        (SELF,),
    )
    erasure_requested_at: DateTime | None = datum(
        domains.c.registrant_erasure_at,
        "The time at which the owner asked for erasure, which is carried out when the registration has "
        "ended; null without a request.",
        (SELF,),
    )


@record(domains)
class Domain(Node):
    """A registered domain name. The registrant may be someone else than the customer."""

    id: strawberry.ID = identity(domains, REGISTERED)
    name: str | None = datum(
        domains.c.name,
        "The domain name as in the DNS; international ones as A-labels.",
        REGISTERED,
        disclosed_to=REGISTRY,
    )
    # For people only: registries take A-labels.
    unicode_name: str | None = datum(
        domains.c.name,
        "The name with U-labels, if it is international (`unicodeName` of RFC 9083).",
        (SELF,),
        read=to_unicode,
    )
    tld: str | None = datum(
        domains.c.tld, "The top-level domain, whose registry decides what is published.", REGISTERED
    )
    registrant: Registrant | None = detailed(
        domains,
        "The owner of the domain, who need not be the customer.",
        Category.SUBSCRIPTION,
        OWNED,
    )
    hide_name: bool | None = datum(
        domains.c.hide_name,
        "Whether the customer hides the owner's name in the whois, as far as the registry lets them.",
        REGISTERED,
    )
    hide_address: bool | None = datum(
        domains.c.hide_address,
        "Whether the customer hides the owner's address in the whois, as far as the registry lets them.",
        REGISTERED,
    )
    hide_email: bool | None = datum(
        domains.c.hide_email,
        "Whether the customer hides the owner's e-mail address in the whois, as far as the registry lets them.",
        REGISTERED,
    )
    hide_phone: bool | None = datum(
        domains.c.hide_phone,
        "Whether the customer hides the owner's phone in the whois, as far as the registry lets them.",
        REGISTERED,
    )
    registered_at: DateTime | None = datum(
        domains.c.registered_at, "The time at which the domain was registered.", REGISTERED
    )
    expires_at: DateTime | None = datum(
        domains.c.expires_at, "The time at which the registration ends; null if the registry names none.", REGISTERED
    )
    version: int | None = datum(
        domains.c.version,
        "Increases with each change of the domain, whoever makes it; see `ifVersion` of `SetWhoisVisibilityInput` and "
        "`UpdateRegistrantInput`.",
        REGISTERED,
        category=Category.PREFERENCE,
    )
    service: Service | None = related(
        reads.service_of_domain,
        "The service that keeps the domain; null for one that is kept without.",
        Category.SUBSCRIPTION,
        (Purpose.SERVICE_PROVISION, SELF),
    )
    registry_policy: RegistryPolicy | None = composed(
        (domains.c.tld, domains.c.registrant_kind),
        policy_of,
        "What its registry publishes of such a registrant, and what the customer decides; null for an ending that is "
        "not offered any more.",
        OWNED,
    )
    customer: CustomerRef | None = related(
        reads.customer_of_domain,
        "The customer who keeps the domain, and need not be its owner.",
        Category.CUSTOMER_ID,
        NAMED_DOMAINS,
    )


@strawberry.input(description="Narrows a list of domains.")
class DomainFilter:
    """Each field reads the column that it compares; the name is compared by blind index."""

    name: str | None = compared(
        looked_up(Lookup.DOMAIN, to_ascii), "The domain of this name, in either spelling.", REGISTERED
    )
    tld: str | None = compared(equal(domains.c.tld, str.lower), "Under this top-level domain.", REGISTERED)
    expires_from: DateTime | None = compared(
        since(domains.c.expires_at), "The registration ends at this time or later.", REGISTERED
    )
    expires_before: DateTime | None = compared(
        until(domains.c.expires_at), "The registration ends before this time.", REGISTERED
    )


DomainConnection = connection(Domain, "Domain")
