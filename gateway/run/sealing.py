"""The ledger's sealer, made from the settings: as a background task, in a process of its own, or for one command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from gateway.config.settings import Settings
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from resolvers.commands.context import CommandContext
from resolvers.commands.dependencies import SignInDependencies
from resolvers.registrants.rights import erase_due_owners
from store.database.config import StoreConfig
from store.database.store import Store
from store.ledger.pruning import Pruner
from store.ledger.sealer import Tree
from store.ledger.signed_checkpoints import Checkpoints, Notary
from store.ledger.signing_keys import LedgerKeys, key_added
from store.merkle.checkpoints import origin_of
from store.merkle.signed_note import VerifierKey
from workers.ledger.worker import Rhythm, Sealer
from workers.retention.worker import Sweeper

CLIENT = "retention"


@dataclass(frozen=True, slots=True)
class Seals:
    """The ledger's Merkle tree, the keys that sign it, and the sealer that extends and signs it."""

    tree: Tree
    keys: LedgerKeys
    sealer: Sealer


@asynccontextmanager
async def open_seals(store: Store, config: StoreConfig, settings: Settings) -> AsyncIterator[Seals]:
    """Open the sealer for the length of the block, on connections of its own; the store need not be available."""
    tree = Tree.at(config.maintained(config.ledger), config.patience)
    try:
        origin = origin_of(settings.issuer) if settings.issuer else None
        keys = LedgerKeys(tree.reader, tree.engine, store.keys.house, origin)
        checkpoints = Checkpoints(tree.reader)
        notary = Notary(tree.prover, checkpoints, keys, tree.engine, store.heads, config.head_place)
        rhythm = Rhythm(entries=settings.checkpoint_entries, seconds=settings.checkpoint_seconds)
        yield Seals(tree, keys, Sealer(tree, notary, rhythm))
    finally:
        await tree.close()


async def rotate_ledger_key(store: Store, seals: Seals, now: datetime) -> VerifierKey:
    """Rotate the ledger's key: announce a new key by an entry, and sign once with both; returns its public key.

    The old key vouches for the new one by signing the entry: a second signature alone could be anybody's.
    """
    await seals.sealer.seal_all()  # Creates the very first key, if there is none.
    _, coming = await seals.keys.under((await seals.keys.all())[0].verifier.name)
    await store.ledger.append(key_added(coming.verifier, now))
    # The entry must be in the tree before the key exists: otherwise another sealer might sign with both without it.
    await seals.sealer.extend_all()
    key = await seals.keys.rotate()
    await seals.sealer.seal_all()
    return key


@asynccontextmanager
async def open_sweeper(
    store: Store, config: StoreConfig, settings: Settings, means: SignInDependencies, clock: Callable[[], datetime]
) -> AsyncIterator[Sweeper]:
    """Open the retention worker for the length of the block; it needs the sealer, because pruning must be signed."""
    async with open_seals(store, config, settings) as seals:
        prune = Pruner(seals.tree, store.ledger, seals.sealer.seal_all).prune
        yield Sweeper(store, prune, clock, owners=lambda now: erase_due_owners(_sweeping(store, means, now)))


def _sweeping(store: Store, means: SignInDependencies, now: datetime) -> CommandContext:
    """The command context of erasures that are due without a request at the time."""
    grant = Grant(
        token_id=CLIENT,
        client_id=CLIENT,
        subject=None,
        purposes=frozenset({Purpose.ERASURE}),
        scopes=frozenset(),
        expires_at=int(now.timestamp()) + 60,
        refusal=Refusal.REFUSE,
        documents_only=False,
        introspection=False,
        max_page=1,
    )
    return CommandContext(store, grant, Purpose.ERASURE, None, now, means)


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
