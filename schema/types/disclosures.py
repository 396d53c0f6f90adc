"""Disclosures of a customer's data to third parties (R23)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
import strawberry

from policy.categories import Category
from policy.causes import Cause, CauseKind, trigger_named
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.retention import RetentionRule
from resolvers.reads.criteria import among, equal, since, until
from schema.core.scalars import CountryCode, DateTime
from schema.declare.connections import connection
from schema.declare.directives import PurposeEnum, RecipientEnum
from schema.declare.fields import attribute, composed, datum, identity, when
from schema.declare.filters import compared
from schema.declare.node import Node
from schema.declare.readers import SELF
from schema.declare.records import plain_type, record
from store.tables.disclosures import disclosures

OWN = (when(Condition.DISCLOSURE_MAY_BE_TOLD, Purpose.SELF_SERVICE),)


def caused(name: str, description: str) -> Any:
    """A field of a cause. The condition of the disclosure's row is on the field that shows the cause."""
    return attribute(name, description, Category.ACCESS_HISTORY, RetentionRule.DISCLOSURE_RECORDS, (SELF,))


@plain_type
class PaymentCause:
    """The payment of an invoice."""

    invoice_id: strawberry.ID | None = caused("named", "The invoice, which `node(id:)` finds.")


@plain_type
class CardCause:
    """A stored card that was handed to the company that executes payments, under a reference of its own."""

    reference: str | None = caused("named", "The reference of the company that asked for the card.")


@plain_type
class RegistrationCause:
    """The registration of a domain, which its registry keeps."""

    domain_id: strawberry.ID | None = caused("named", "The domain, which `node(id:)` finds.")


@plain_type
class OrderCause:
    """A binding order of an authority."""

    reference: str | None = caused("named", "The authority's own reference, such as `EDC-2026-0117`.")


@plain_type
class PartnerCause:
    """A partner company's own reading of what it provides services with."""

    partner: str | None = caused("named", "The partner by its name, as in `recipientName`.")


DisclosureCause = Annotated[
    PaymentCause | CardCause | RegistrationCause | OrderCause | PartnerCause,
    strawberry.union("DisclosureCause", description="What caused a disclosure."),
]
TYPES: Mapping[CauseKind, str] = {
    "PAYMENT": "PaymentCause",
    "CARD": "CardCause",
    "REGISTRATION": "RegistrationCause",
    "ORDER": "OrderCause",
    "PARTNER": "PartnerCause",
}


@dataclass(frozen=True, slots=True)
class ShownCause:
    """A cause as a member of the union."""

    type_name: str
    named: str


def cause_of(trigger: str) -> ShownCause | None:
    """The cause that a record has; None for what is none."""
    cause = Cause.of_trigger(trigger)
    return None if cause is None else ShownCause(TYPES[cause.kind], cause.value)


@record(disclosures)
class Disclosure(Node):
    """One transfer of personal data to a payment company, an authority, a registry or a partner."""

    id: strawberry.ID = identity(disclosures, OWN)
    recipient_kind: RecipientEnum | None = datum(
        disclosures.c.recipient_kind, "The kind of the recipient, such as a payment company or a registry.", OWN
    )
    recipient_name: str | None = datum(
        disclosures.c.recipient_name, "The recipient by its name, such as `Example Acquirer`.", OWN
    )
    recipient_country: CountryCode | None = datum(
        disclosures.c.recipient_country, "The country of the recipient; null if it is not known.", OWN
    )
    purpose: PurposeEnum | None = datum(disclosures.c.purpose, "The purpose for which the data was disclosed.", OWN)
    legal_basis: str | None = datum(
        disclosures.c.legal_basis, "The legal basis as an article of the GDPR, such as `A6_1_B` for Art. 6(1)(b).", OWN
    )
    fields: list[str] | None = datum(
        disclosures.c.fields, "The schema coordinates of the disclosed fields.", OWN, read=orjson.loads
    )
    cause: DisclosureCause | None = composed(
        (disclosures.c.trigger,), cause_of, "What caused it; null for one of an earlier release.", OWN
    )
    at: DateTime | None = datum(disclosures.c.at, "The time at which the data left.", OWN)


@strawberry.input(description="Narrows a list of disclosures.")
class DisclosureFilter:
    """Each field reads the column that it compares."""

    recipient_kind: list[RecipientEnum] | None = compared(
        among(disclosures.c.recipient_kind), "Disclosures to recipients of one of these kinds.", OWN
    )
    cause_id: strawberry.ID | None = compared(
        equal(disclosures.c.trigger, trigger_named),
        "Caused by the payment of the invoice, or by the registration of the domain, with this `id`.",
        OWN,
    )
    since: DateTime | None = compared(since(disclosures.c.at), "Disclosures at this time or later.", OWN)
    before: DateTime | None = compared(until(disclosures.c.at), "Disclosures before this time.", OWN)


DisclosureConnection = connection(Disclosure, "Disclosure")
