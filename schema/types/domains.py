"""Domain names with their registrants and whois settings."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.recipients import Recipient
from resolvers.reads import customers as reads
from resolvers.reads.criteria import equal, looked_up, since, until
from schema.core.enums import RegistrantKind
from schema.core.scalars import DateTime, EmailAddress, PhoneNumber
from schema.declare.connections import connection
from schema.declare.fields import Allowed, datum, embedded, identity, related, when
from schema.declare.filters import compared
from schema.declare.node import Node
from schema.declare.readers import NAMED_DOMAINS, OWNED, REGISTERED, SELF
from schema.declare.records import record
from schema.types.addresses import PostalAddress
from schema.types.back_references import CustomerRef
from store.crypto.blind_index import Lookup
from store.tables.domains import domains
from values.domain_name import to_ascii, to_unicode

REGISTRY = (Recipient.REGISTRY,)


def published(condition: Condition) -> tuple[Allowed, ...]:
    """DOMAIN_REGISTRATION may read a detail only if it is to be published; the customer may always."""
    return (when(condition, Purpose.DOMAIN_REGISTRATION), SELF)


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
    registrant_kind: RegistrantKind | None = datum(
        domains.c.registrant_kind, "Person or organisation.", OWNED, disclosed_to=REGISTRY
    )
    registrant_name: str | None = datum(
        domains.c.registrant_name,
        "The registrant's name.",
        published(Condition.WHOIS_NAME_PUBLISHED),
        disclosed_to=REGISTRY,
    )
    registrant_address: PostalAddress | None = embedded(
        domains.c.registrant_address,
        "The registrant's postal address.",
        published(Condition.WHOIS_ADDRESS_PUBLISHED),
        disclosed_to=REGISTRY,
    )
    registrant_email: EmailAddress | None = datum(
        domains.c.registrant_email,
        "The registrant's e-mail address.",
        published(Condition.WHOIS_EMAIL_PUBLISHED),
        disclosed_to=REGISTRY,
    )
    # A copy of its own, so that the emergency phone never reaches a registry (R14, A4).
    registrant_phone: PhoneNumber | None = datum(
        domains.c.registrant_phone,
        "The registrant's phone, as registered; never the customer's emergency number.",
        published(Condition.WHOIS_PHONE_PUBLISHED),
        disclosed_to=REGISTRY,
    )
    hide_name: bool | None = datum(domains.c.hide_name, "The name is hidden in the whois.", REGISTERED)
    hide_address: bool | None = datum(domains.c.hide_address, "The address is hidden in the whois.", REGISTERED)
    hide_email: bool | None = datum(domains.c.hide_email, "The e-mail address is hidden in the whois.", REGISTERED)
    hide_phone: bool | None = datum(domains.c.hide_phone, "The phone is hidden in the whois.", REGISTERED)
    registered_at: DateTime | None = datum(domains.c.registered_at, "The time of registration.", REGISTERED)
    expires_at: DateTime | None = datum(domains.c.expires_at, "The end of the registration.", REGISTERED)
    registrant_erasure_requested_at: DateTime | None = datum(
        domains.c.registrant_erasure_at,
        "The time of the registrant's erasure request, which is executed when the registration has ended.",
        (SELF,),
    )
    registrant_confirmed_at: DateTime | None = datum(
        domains.c.registrant_confirmed_at,
        "The time of the registrant's confirmation; until then nothing about them is published or sent to them.",
        (SELF,),
    )
    version: int | None = datum(
        domains.c.version,
        "Increases with each change of the domain, whoever makes it; see `ifVersion` of `SetWhoisVisibilityInput` and "
        "`UpdateRegistrantInput`.",
        REGISTERED,
        category=Category.PREFERENCE,
    )
    customer: CustomerRef | None = related(
        reads.customer_of_domain, "The customer of the domain.", Category.CUSTOMER_ID, NAMED_DOMAINS
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
