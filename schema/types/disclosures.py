"""Disclosures of a customer's data to third parties (R23)."""

from __future__ import annotations

import orjson
import strawberry

from policy.conditions import Condition
from policy.purposes import Purpose
from schema.core.scalars import CountryCode, DateTime
from schema.declare.directives import PurposeEnum, RecipientEnum
from schema.declare.fields import datum, identity, when
from schema.declare.node import Node
from schema.declare.records import record
from store.tables.disclosures import disclosures

OWN = (when(Condition.DISCLOSURE_MAY_BE_TOLD, Purpose.SELF_SERVICE),)


@record(disclosures)
class Disclosure(Node):
    """One transfer of personal data to a payment company, an authority, a registry or a partner."""

    id: strawberry.ID = identity(disclosures, OWN)
    recipient_kind: RecipientEnum | None = datum(disclosures.c.recipient_kind, "The kind of recipient.", OWN)
    recipient_name: str | None = datum(disclosures.c.recipient_name, "The recipient.", OWN)
    recipient_country: CountryCode | None = datum(disclosures.c.recipient_country, "The recipient's country.", OWN)
    purpose: PurposeEnum | None = datum(disclosures.c.purpose, "The purpose.", OWN)
    legal_basis: str | None = datum(disclosures.c.legal_basis, "The legal basis.", OWN)
    fields: list[str] | None = datum(
        disclosures.c.fields, "The schema coordinates of the disclosed fields.", OWN, read=orjson.loads
    )
    trigger: str | None = datum(
        disclosures.c.trigger, "The payment, the `id` of the domain, or the order that caused it.", OWN
    )
    at: DateTime | None = datum(disclosures.c.at, "The time.", OWN)
