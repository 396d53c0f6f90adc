"""A complete upgrade: migrations, then stored values, then look-ups."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, select

from store.crypto.lookup_tables import lookup_changes
from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.database.store import Store, open_store
from store.operations.index_changes import index_rebuilds
from store.operations.value_rewrites import value_rewrites
from store.sql.addresses import Address
from store.sql.engines import make_reader
from store.upgrade.former_indexes import former_there, remove_former
from store.upgrade.lacking_keys import require_all_rows
from store.upgrade.reindexing_writing import Collision, collisions, rebuild
from store.upgrade.rewriting import Report, Rewritten, rewrite_all


def silent(_: str) -> None:
    """Ignore a progress report."""


async def upgrade_all(
    config: StoreConfig, report: Report = silent, *, accept_loss: bool = False
) -> tuple[int, list[Collision]]:
    """Upgrade the store (`gateway db upgrade`); returns the number of rows with a new look-up, and the collisions.

    Progress is reported to the callback. The keys are needed only when rows must be converted. Idempotent, and safe on
    every replica at once: unfinished work is continued, and collisions are retried. The blind indexes of an earlier
    release, and their key, are removed when the last one was moved.

    KeysLackingError, before any value is changed or removed, when the key store lacks a customer and so does not belong
    to this data; unless the loss is accepted.
    """
    await upgrade(config)
    rewriting, reindexing = await _any(config, config.database, value_rewrites.c.value), await _unfinished(config)
    if (rewriting or reindexing) and not accept_loss:
        await _require_keys(config)
    if rewriting:
        await _rewritten(config, report, accept_loss)
    done = await _reindexed(config, report, anew=False) if reindexing else (0, [])
    if not accept_loss and await former_there(config):
        await _require_keys(config)
    await remove_former(config)
    return done


async def _require_keys(config: StoreConfig) -> None:
    async with _opened(config) as store:
        await require_all_rows(store)


async def _rewritten(config: StoreConfig, report: Report, accept_loss: bool) -> None:
    """Rewrite stored values in this release's form, and report the results."""
    async with _opened(config) as store:
        for each in await rewrite_all(store, report, accept_loss=accept_loss):
            report(_said(each))


def _said(each: Rewritten) -> str:
    said = f"{each.value}: {each.rewritten:,} values have this release's form."
    return f"{said} {each.lost:,} were emptied: their customers are erased, or they do not open." if each.lost else said


async def reindex_all(config: StoreConfig, report: Report = silent) -> tuple[int, list[Collision]]:
    """Rebuild all look-ups, for example after the last replica of an earlier release has ended."""
    return await _reindexed(config, report, anew=True)


async def customer_ids(config: StoreConfig, found: Iterable[Collision]) -> dict[int, str]:
    """Return the global ids of the customers of collisions."""
    async with _opened(config) as store:
        ids = store.keys.system.ids
        return {each: ids("Customer", each, each) for one in found for each in (one.customer, *one.others)}


async def _reindexed(config: StoreConfig, report: Report, anew: bool) -> tuple[int, list[Collision]]:
    moved = list[int]()
    async with _opened(config) as store:
        changed = await rebuild(store, anew, moved.append)
        if some := sum(moved):
            report(f"{some:,} look-ups were moved to the key store.")
        if changed - some or anew:
            made = "have a look-up again, or" if anew else "are looked up"
            report(f"{changed - some:,} rows {made} by another form of their value now.")
        found, last = list[Collision](), 0
        while page := await collisions(store, last):
            found += [collision for _, collision in page]
            last = page[-1][0]
        return changed, found


@asynccontextmanager
async def _opened(config: StoreConfig) -> AsyncIterator[Store]:
    store = await open_store(_as_owner(config), reindexing=True)
    try:
        yield store
    finally:
        await store.close()


def _as_owner(config: StoreConfig) -> StoreConfig:
    """Return the configuration with the owner's role: the serving role has no privileges yet on new tables."""

    def owned(address: Address) -> str:
        return config.maintained(address).dsn

    ledger = None if config.ledger_url is None else owned(config.ledger)
    return replace(
        config, database_url=owned(config.database), key_store_url=owned(config.key_store), ledger_url=ledger
    )


async def _unfinished(config: StoreConfig) -> bool:
    places = (config.database, index_rebuilds.c.lookup), (config.key_store, lookup_changes.c.id)
    for address, column in places:
        if await _any(config, address, column):
            return True
    return False


async def _any(config: StoreConfig, address: Address, column: ColumnElement[Any]) -> bool:
    reader = make_reader(config.maintained(address), 1, config.read_deadline)
    try:
        return bool(await reader.fetch(reader.prepare(select(column).limit(1)), {}))
    finally:
        await reader.close()
