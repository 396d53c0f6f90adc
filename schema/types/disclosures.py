"""What others received."""

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

D = disclosures.c
OWN = (when(Condition.DISCLOSURE_MAY_BE_TOLD, Purpose.SELF_SERVICE),)


@record(disclosures)
class Disclosure(Node):
    """One transfer of personal data to a payment company, an authority, a registry or a partner."""

    id: strawberry.ID = identity(disclosures, OWN)
    recipient_kind: RecipientEnum | None = datum(D.recipient_kind, "What kind of recipient.", OWN)
    recipient_name: str | None = datum(D.recipient_name, "Who received it.", OWN)
    recipient_country: CountryCode | None = datum(D.recipient_country, "In which country.", OWN)
    purpose: PurposeEnum | None = datum(D.purpose, "What for.", OWN)
    legal_basis: str | None = datum(D.legal_basis, "On what legal ground.", OWN)
    fields: list[str] | None = datum(D.fields, "Which fields, by schema coordinate.", OWN, read=orjson.loads)
    trigger: str | None = datum(D.trigger, "The payment, the `id` of the domain, or the order that called for it.", OWN)
    at: DateTime | None = datum(D.at, "When.", OWN)
