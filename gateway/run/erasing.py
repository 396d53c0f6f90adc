"""The worker that erases customers, put together from the settings, and what it writes to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.config.settings import Settings
from policy.dates import ErasureDates
from resolvers.commands.dependencies import Site
from resolvers.emails.emails import compose, reader_of, write
from resolvers.emails.erasure import ErasureEmail
from resolvers.events.announcements import announce, announce_erased
from store.crypto.subject_key import SubjectKey
from store.database.config import StoreConfig
from store.database.store import Store
from store.ledger.sealer import Tree
from store.ledger.signing_keys import LedgerKeys
from store.links.receipts import receipt_of
from store.merkle.checkpoints import origin_of
from store.merkle.signed_note import NoteSigner
from store.records.holds import told_holds
from workers.certificates.certificates import Signers
from workers.erasure.worker import Eraser, Letters


@asynccontextmanager
async def open_eraser(
    store: Store, config: StoreConfig, settings: Settings, site: Site, clock: Callable[[], datetime]
) -> AsyncIterator[Eraser]:
    """For the length of the block; certificates are signed with the keys of the ledger."""
    tree = Tree.at(config.maintained(config.ledger), config.patience)
    try:
        origin = origin_of(settings.issuer) if settings.issuer else None
        keys = LedgerKeys(tree.reader, tree.engine, store.keys.house, origin)
        yield Eraser(store, signers_of(keys), letters(store, site), site.zone, clock, backup_days=settings.backup_days)
    finally:
        await tree.close()


def signers_of(keys: LedgerKeys) -> Signers:
    """Those that sign the ledger now."""

    async def signing() -> Sequence[NoteSigner]:
        return [signer for _, signer in await keys.signing()]

    return signing


def letters(store: Store, site: Site) -> Letters:
    """What is written to customers in their language, and told to internal systems."""

    async def link(erasure_id: int) -> str:
        return f"{site.origin}/erasures/{await receipt_of(store.keys.house, erasure_id)}"

    async def tell(
        connection: AsyncConnection,
        key: SubjectKey,
        kind: str,
        erasure_id: int,
        clock: ErasureDates | None,
        now: datetime,
        void_at: datetime | None,
    ) -> int | None:
        if kind == ErasureEmail.HELD.name:
            holds = await told_holds(connection, key.customer_id, now)
            if not holds:
                where = await link(erasure_id)
                await write(connection, key, site, ErasureEmail.HELD_RESTRICTED, now, None, link=where)
            for hold in holds:
                where, facts = await link(erasure_id), {"fields": hold.said, "because": hold.basis}
                await write(connection, key, site, ErasureEmail.HELD, now, None, link=where, until=hold.until, **facts)
            return None
        dates = {} if clock is None else {"due": clock.due, "begin": clock.not_before}
        where = await link(erasure_id)
        message = await write(connection, key, site, ErasureEmail[kind], now, void_at, link=where, **dates)
        if clock is not None:
            await announce(connection, key, "erasure.due", now, facts={"dueAt": clock.due})
        return message

    async def farewell(connection: AsyncConnection, key: SubjectKey, erasure_id: int, now: datetime) -> bytes | None:
        reader = await reader_of(connection, key)
        if reader is None:
            return None
        return compose(reader, site, ErasureEmail.ERASED, now, link=await link(erasure_id))

    async def done(connection: AsyncConnection, customer_id: int, now: datetime) -> None:
        await announce_erased(connection, store.keys.house, customer_id, now)

    return Letters(tell, farewell, done)
