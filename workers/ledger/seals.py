"""Everything that seals a ledger, together: its tree, the keys that sign it, and the worker that does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from store.database.store import Store
from store.ledger.sealer import Tree
from store.ledger.signing_keys import LedgerKeys, key_added
from store.merkle.signed_note import VerifierKey
from workers.ledger.worker import Sealer


@dataclass(frozen=True, slots=True)
class Seals:
    """The tree of the ledger, its sealer, and the keys that sign it."""

    tree: Tree
    keys: LedgerKeys
    sealer: Sealer


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
