"""Which mailboxes are a customer's: their e-mail address, and every address at a domain that they registered here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select

from store.crypto.blind_index import Lookup
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.records.registrations import runs
from store.sql.metadata import Id, Instant
from store.tables.customers import customers
from store.tables.domains import domains
from values.mailbox import Mailbox

LABELS = 2
"""A domain that somebody registers has two labels or more; a mailbox may be at a subdomain of it."""
PARENTS = 6
"""The most domains that one mailbox is looked for at."""


class OwnMailboxes:
    """Finds out whether a mailbox is a customer's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        mine = domains.c.customer_id == bindparam("customer", type_=Id)
        here = domains.c.id == bindparam("id", type_=Id), domains.c.name_ref == bindparam("ref")
        self._domain = store.reader.prepare(
            select(domains.c.id).where(*here, mine, runs(bindparam("now", type_=Instant)))
        )
        same = customers.c.id == bindparam("id", type_=Id), customers.c.email_ref == bindparam("ref")
        self._email = store.reader.prepare(select(customers.c.id).where(*same))

    async def has(self, key: SubjectKey, mailbox: Mailbox, now: datetime) -> bool:
        """True if the mailbox is the customer's address, or at a domain whose registration runs and is theirs.

        A domain whose registration has ended is nobody's: its next owner must not share a mailbox with the last one.
        """
        return await self._is_address(key, mailbox) or await self._is_at_domain(key, mailbox, now)

    async def _is_address(self, key: SubjectKey, mailbox: Mailbox) -> bool:
        mark = self._store.keys.blind_index(Lookup.EMAIL, mailbox.display)
        held = await self._store.keys.lookups.find(Lookup.EMAIL, mark)
        rows = await self._store.reader.fetch(self._email, {"id": held.row_id, "ref": held.ref})
        return bool(rows) and rows[0][0] == key.customer_id

    async def _is_at_domain(self, key: SubjectKey, mailbox: Mailbox, now: datetime) -> bool:
        labels = mailbox.domain.split(".")
        names = [".".join(labels[at:]) for at in range(len(labels) - LABELS + 1)][:PARENTS]
        for name in names:
            mark = self._store.keys.blind_index(Lookup.DOMAIN, name)
            held = await self._store.keys.lookups.find(Lookup.DOMAIN, mark)
            given = {"id": held.row_id, "ref": held.ref, "customer": key.customer_id, "now": now}
            if await self._store.reader.fetch(self._domain, given):
                return True
        return False
