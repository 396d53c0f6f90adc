"""Records what a partner reads as a disclosure of each customer, before the answer leaves (R7, R23)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from policy.bases import LegalBasis
from policy.causes import Cause
from policy.grant import Partner
from policy.purposes import Purpose
from policy.recipients import Recipient
from resolvers.disclosures.disclosures import disclose
from store.crypto.subject_key import SubjectKey
from store.database.store import Store


async def disclose_to_partner(
    store: Store,
    partner: Partner,
    known: Mapping[int, SubjectKey | None],
    coordinates: Iterable[str],
    purpose: Purpose,
    now: datetime,
) -> None:
    """Record the disclosures in one transaction, durable on return, under the purpose of the operation (D11).

    ValueError if partners may receive nothing for this purpose; then no answer leaves.
    """
    # Root fields and ids that the undertaking does not list carry no data of their own.
    fields = sorted(set(coordinates) & partner.fields)
    if not fields:
        return
    async with store.write() as connection:
        for key in known.values():
            if key is not None:
                await disclose(
                    connection,
                    key,
                    recipient_kind=Recipient.PARTNER,
                    recipient_name=partner.name,
                    country=partner.country,
                    purpose=purpose,
                    legal_basis=LegalBasis.A6_1_B,
                    coordinates=fields,
                    trigger=Cause("PARTNER", partner.name).trigger,
                    now=now,
                )
