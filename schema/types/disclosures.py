"""Disclosures of a customer's data to third parties (R23)."""

from __future__ import annotations

import orjson
import strawberry

from policy.conditions import Condition
from policy.purposes import Purpose
from resolvers.reads.criteria import among, equal, since, until
from schema.core.scalars import CountryCode, DateTime
from schema.declare.connections import connection
from schema.declare.directives import PurposeEnum, RecipientEnum
from schema.declare.fields import datum, identity, when
from schema.declare.filters import compared
from schema.declare.node import Node
from schema.declare.records import record
from store.tables.disclosures import disclosures

OWN = (when(Condition.DISCLOSURE_MAY_BE_TOLD, Purpose.SELF_SERVICE),)


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
    trigger: str | None = datum(
        disclosures.c.trigger, "The payment, the `id` of the domain, or the order that caused it.", OWN
    )
    at: DateTime | None = datum(disclosures.c.at, "The time at which the data left.", OWN)


@strawberry.input(description="Narrows a list of disclosures.")
class DisclosureFilter:
    """Each field reads the column that it compares."""

    recipient_kind: list[RecipientEnum] | None = compared(
        among(disclosures.c.recipient_kind), "Disclosures to recipients of one of these kinds.", OWN
    )
    trigger: str | None = compared(
        equal(disclosures.c.trigger), "Caused by this payment, order, or domain by its `id`.", OWN
    )
    since: DateTime | None = compared(since(disclosures.c.at), "Disclosures at this time or later.", OWN)
    before: DateTime | None = compared(until(disclosures.c.at), "Disclosures before this time.", OWN)


DisclosureConnection = connection(Disclosure, "Disclosure")
