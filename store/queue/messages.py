"""Messages in the outbox: the lease under which they are delivered, and their encryption under the customer's key, or a
system key for the final notice after erasure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.crypto.key_store import KeyStore
from store.crypto.sealing import SealBrokenError, Sealed, seal, unseal
from store.crypto.system_keys import SystemKeys
from store.queue.lease import RowLease
from store.tables.outbox import outbox

KEY = "outbox"

LEASE = RowLease(outbox, timedelta(minutes=1))
"""After which another worker takes over; far longer than any delivery takes."""


def name_of(system: SystemKeys, id_: int) -> str:
    """Return the id of a message for receivers and logs: stable, and without its time."""
    return system.ids.lasting("msg", id_, id_)


async def seal_for_nobody(system: SystemKeys, id_: int, message: bytes) -> Sealed:
    """Encrypt a message that must outlive its customer's key; it is wiped as soon as it is delivered."""
    return seal(AESGCM(await system.named(KEY)), _place(id_), message)


async def opened(keys: KeyStore, rows: Sequence[tuple[int, int | None, bytes | None]]) -> list[bytes | None]:
    """Decrypt the messages of rows of id, customer and payload; None for one whose key is destroyed."""
    owners = await keys.subjects([owner for _, owner, _ in rows if owner is not None])
    by_owner = {key.customer_id: key for key in owners if key is not None}
    system = AESGCM(await keys.system.named(KEY)) if any(owner is None for _, owner, _ in rows) else None
    return [_opened(by_owner.get(owner) if owner is not None else system, id_, payload) for id_, owner, payload in rows]


def _opened(key: Any, id_: int, payload: bytes | None) -> bytes | None:
    if key is None or payload is None:
        return None
    try:
        if isinstance(key, AESGCM):
            return unseal(key, _place(id_), payload)
        found: bytes = key.open(outbox.c.payload, id_, payload)
    except SealBrokenError:
        return None
    return found


def _place(id_: int) -> bytes:
    # Without the customer's number, which must not outlive the erasure.
    return f"{outbox.c.payload}:nobody:{id_}".encode()
