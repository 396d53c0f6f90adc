"""The ledger's sealer, put together from the settings: beside the serving, alone, or for one command."""

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
    """What makes the ledger's tree grow, and what signs it."""

    tree: Tree
    keys: LedgerKeys
    sealer: Sealer


@asynccontextmanager
async def open_seals(store: Store, config: StoreConfig, settings: Settings) -> AsyncIterator[Seals]:
    """For the length of the block, on connections of its own; the store need not be up."""
    tree = Tree.at(config.maintained(config.ledger), config.lock_timeout)
    try:
        origin = origin_of(settings.issuer) if settings.issuer else None
        keys = LedgerKeys(tree.reader, tree.engine, store.keys.system, origin)
        checkpoints = Checkpoints(tree.reader)
        notary = Notary(tree.prover, checkpoints, keys, tree.engine, store.heads, config.head_place)
        rhythm = Rhythm(entries=settings.checkpoint_entries, seconds=settings.checkpoint_seconds)
        yield Seals(tree, keys, Sealer(tree, notary, rhythm))
    finally:
        await tree.close()


async def rotate_ledger_key(store: Store, seals: Seals, now: datetime) -> VerifierKey:
    """Make a new key, introduce it by an entry, and have it sign together with the old one; its public half.

    The entry is what the old key vouches for: a signature beside its own could be anybody's.
    """
    await seals.sealer.seal_all()  # The very first key is made here, if there is none.
    _, coming = await seals.keys.under((await seals.keys.all())[0].verifier.name)
    await store.ledger.append(key_added(coming.verifier, now))
    await seals.sealer.extend_all()  # Before the key is there, or another sealer might have both sign without it.
    key = await seals.keys.rotate()
    await seals.sealer.seal_all()
    return key


@asynccontextmanager
async def open_sweeper(
    store: Store, config: StoreConfig, settings: Settings, means: SignInDependencies, clock: Callable[[], datetime]
) -> AsyncIterator[Sweeper]:
    """What removes what was kept for long enough; the ledger's pruning has to be signed, so it comes with the seals."""
    async with open_seals(store, config, settings) as seals:
        prune = Pruner(seals.tree, store.ledger, seals.sealer.seal_all).prune
        yield Sweeper(store, prune, clock, owners=lambda now: erase_due_owners(_sweeping(store, means, now)))


def _sweeping(store: Store, means: SignInDependencies, now: datetime) -> CommandContext:
    """The desk of what nobody asks for at the time."""
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
    """Seal in the background while the block runs, and a last time at its end, unless another process is to do it."""
    if not settings.seal_ledger:
        yield
        return
    async with open_seals(store, config, settings) as seals:
        stop = asyncio.Event()
        task = asyncio.create_task(seals.sealer.run(stop), name="ledger sealer")
        try:
            yield
        finally:
            stop.set()
            await task
