"""The ledger's sealer, made from the settings: as a background task, in a process of its own, or for one command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from gateway.config.settings import Settings
from resolvers.commands.dependencies import SignInDependencies, Site
from resolvers.erasure.notifying import ErasureTelling
from resolvers.registrants.sweeping import DueOwners
from store.database.config import StoreConfig
from store.database.store import Store
from store.ledger.pruning import Pruner
from store.ledger.sealer import Tree
from store.ledger.signed_checkpoints import Checkpoints, Notary
from store.ledger.signing_keys import LedgerKeys
from store.merkle.checkpoints import origin_of
from workers.erasure.worker import Eraser
from workers.ledger.seals import Seals
from workers.ledger.worker import Rhythm, Sealer
from workers.retention.worker import Sweeper


@asynccontextmanager
async def open_seals(store: Store, config: StoreConfig, settings: Settings) -> AsyncIterator[Seals]:
    """For the length of the block, on connections of its own; the store need not be up."""
    tree = Tree.at(config.maintained(config.ledger), config.lock_timeout, writer=store.ledger.writer)
    try:
        origin = origin_of(settings.issuer) if settings.issuer else None
        keys = LedgerKeys(tree.reader, tree.engine, store.keys.system, origin)
        checkpoints = Checkpoints(tree.reader)
        notary = Notary(tree.prover, checkpoints, keys, tree.engine, store.heads, config.head_place)
        rhythm = Rhythm(entries=settings.checkpoint_entries, seconds=settings.checkpoint_seconds)
        yield Seals(tree, keys, Sealer(tree, notary, rhythm))
    finally:
        await tree.close()


@asynccontextmanager
async def open_sweeper(
    store: Store, config: StoreConfig, settings: Settings, means: SignInDependencies, clock: Callable[[], datetime]
) -> AsyncIterator[Sweeper]:
    """Open the retention worker for the length of the block; it needs the sealer, because pruning must be signed."""
    async with open_seals(store, config, settings) as seals:
        prune = Pruner(seals.tree, store.ledger, seals.sealer.seal_all).prune
        yield Sweeper(store, prune, clock, owners=DueOwners(store, means).erase)


@asynccontextmanager
async def open_eraser(
    store: Store, config: StoreConfig, settings: Settings, site: Site, clock: Callable[[], datetime]
) -> AsyncIterator[Eraser]:
    """The worker that erases customers; certificates are signed with the keys of the ledger."""
    async with open_seals(store, config, settings) as seals:
        letters = ErasureTelling(store, site)
        yield Eraser(store, seals.keys.signers, letters, site.zone, clock, backup_days=settings.backup_days)


@asynccontextmanager
async def sealed_meanwhile(store: Store, config: StoreConfig, settings: Settings) -> AsyncIterator[None]:
    """Seal in the background while the block runs, and once more at its end, unless GATEWAY_SEAL_LEDGER is off."""
    if not settings.seal_ledger:
        yield
        return
    async with open_seals(store, config, settings) as seals:
        stop = asyncio.Event()
        task = asyncio.create_task(seals.sealer.run(stop), name="ledger sealer")
        try:
            yield
        finally:
            # Not cancelled: the sealer ends by itself after a last round, so that the newest entries get signed.
            stop.set()
            await task
