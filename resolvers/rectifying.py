"""Who has a copy hears of a correction, too (R30; GDPR Art. 19): whoever read the data, or received it, and said where.

An affiliate hears of cards alone (R22), and an authority of nothing.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.recipients import Recipient
from store.database import Store
from store.disclosures import disclosures
from store.erasures import TOOL
from store.metadata import Id
from store.readers import clients_that_read
from store.recipients import recipient_contacts
from store.statements import Statement
from store.subjectkey import SubjectKey

D, K = disclosures.c, recipient_contacts.c

KINDS: Final = (TOOL, Recipient.PARTNER.name, Recipient.REGISTRY.name)
CONTACTS = Statement(select(K.kind, K.name, K.webhook_id).where(K.webhook_id.is_not(None)))
RECEIVED = Statement(
    select(D.recipient_kind, D.recipient_name).where(D.customer_id == bindparam("owner", type_=Id)).distinct()
)


async def subscriptions_of_copies(store: Store, connection: AsyncConnection, key: SubjectKey) -> list[int]:
    """The subscriptions of those who have a copy of this customer's data, whatever events they named.

    Where nobody registered one, as in most houses, that is one small look-up and no reading of the ledger.
    """
    contacts = [each for each in await CONTACTS.rows(connection, {}) if each[0] in KINDS]
    if not contacts:
        return []
    had = {(kind, name) for kind, name in await RECEIVED.rows(connection, {"owner": key.customer_id})}
    if any(kind == TOOL for kind, _, _ in contacts):
        had |= {(TOOL, client) for client in await clients_that_read(store.ledger_reader, key.pseudonym)}
    return [hook for kind, name, hook in contacts if (kind, name) in had]
