"""A store whose secrets rest as the release before had them: password hashes in clear, cards by a key of the house."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from sqlalchemy import LargeBinary, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database.config import StoreConfig
from store.database.store import Store
from store.operations.value_rewrites import value_rewrites
from store.sql.engines import make_engine, transaction
from store.sql.metadata import Id
from store.tables.credentials import credentials
from store.tables.payments import card_vault
from store.upgrade.rewriting import FORMER_KEYS, REWRITES
from tests.stores import opened

K, V = credentials.c, card_vault.c


@dataclass(frozen=True, slots=True, repr=False)
class Former:
    """What rested, by row."""

    hashes: dict[int, bytes]
    fingerprints: dict[int, bytes]

    @property
    def values(self) -> set[bytes]:
        """All of it."""
        return {*self.hashes.values(), *self.fingerprints.values()}


def former_fingerprint(key: bytes, number: str) -> bytes:
    """As the release before made it: HMAC-SHA-256 under the key of the blind indexes, cut to 16 bytes."""
    return hmac.digest(key, f"card\0{number}".encode(), "sha256")[:16]


async def bring_back(config: StoreConfig) -> Former:
    """Give the rows of a store their former form, as main_0023 leaves them: all of them to be written anew.

    The tables are of today: this release cannot write those of that one, and later migrations do not run twice.
    """
    async with opened(config) as store:
        for name in FORMER_KEYS:  # As any gateway of that release made them.
            await store.keys.system.named(name)
        former = await _values(store)
    engine = make_engine(config.maintained(config.database))
    async with transaction(engine) as connection:
        await _write(connection, former)
    await engine.dispose()
    return former


async def _values(store: Store) -> Former:
    async with store.write() as connection:
        rows = (await connection.execute(select(K.id, K.customer_id, K.password_hash))).all()
        cards = (await connection.execute(select(V.id, V.customer_id, V.number))).all()
    owners = sorted({row.customer_id for row in (*rows, *cards)})
    keys = dict(zip(owners, await store.keys.subjects(owners), strict=True))
    hashes, fingerprints = dict[int, bytes](), dict[int, bytes]()
    for id_, owner, resting in rows:
        key = keys[owner]
        if resting is not None and key is not None:
            hashes[id_] = key.open(K.password_hash, id_, bytes(resting))
    for id_, owner, number in cards:
        key = keys[owner]
        if key is not None:
            digits = key.open(V.number, id_, bytes(number)).decode()
            fingerprints[id_] = former_fingerprint(store.keys.system.index_key, digits)
    return Former(hashes, fingerprints)


async def _write(connection: AsyncConnection, former: Former) -> None:
    for column, values in ((K.password_hash, former.hashes), (V.fingerprint, former.fingerprints)):
        which = column.table.c.id == bindparam("which", type_=Id)
        change = update(column.table).where(which).values({column.name: bindparam("value", type_=LargeBinary())})
        await connection.execute(change, [{"which": id_, "value": value} for id_, value in values.items()])
    fresh = {"after": 0, "rewritten": 0, "lost": 0, "done": False}
    await connection.execute(insert(value_rewrites), [{"value": each} | fresh for each in REWRITES])
