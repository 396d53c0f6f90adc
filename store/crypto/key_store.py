"""The key store: customers' data keys, made, cached for a minute, and destroyed."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from time import monotonic

from sqlalchemy import Integer, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from store.crypto.blind_index import Lookup, blind_index
from store.crypto.erasure_numbers import count_erasure, last_erasure
from store.crypto.key_tables import key_erasure_count, subject_keys, system_keys
from store.crypto.lookup_rotation import Marked, untold
from store.crypto.lookup_tables import MARKED
from store.crypto.lookups import LookUps
from store.crypto.root_key import RootKeys
from store.crypto.rotation import pending, rotate
from store.crypto.subject_key import KEY_BYTES, SubjectKey, fingerprint
from store.crypto.system_keys import SystemKeys, insert_new
from store.sql.engines import transaction
from store.sql.metadata import Id, instant
from store.sql.reading import Reader, any_of
from store.sql.scrubbing import scrub

Clock = Callable[[], datetime]


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


class SubjectErasedError(Exception):
    """The customer's key was destroyed: nothing may be stored for this customer again (R56)."""

    def __init__(self, customer_id: int) -> None:
        super().__init__(f"the key of customer {customer_id} was destroyed")


class KeyStore:
    """Gives the keys of customers, and the keys of the house.

    An unwrapped key is kept for `max_age` seconds at most, so that a key destroyed by another process dies here too;
    of at most `capacity` customers, the oldest going first. `house` has the keys that belong to no customer.
    """

    def __init__(
        self,
        reader: Reader,
        engine: AsyncEngine,
        root: RootKeys,
        capacity: int = 100_000,
        max_age: float = 60.0,
        clock: Clock = now,
        owner: AsyncEngine | None = None,
    ) -> None:
        """`owner` is an engine with the role that owns the tables; the other one's, if there is none."""
        self._owner = owner or engine
        self.house = SystemKeys(reader, engine, root)
        self.lookups = LookUps(reader, engine, root)
        """Whose values are, by their blind indexes."""
        self.engine = engine
        """For transactions on the key store."""
        self._reader = reader
        self._engine = engine
        self._root = root
        self._capacity = capacity
        self._max_age = max_age
        self._clock = clock
        self._destructions = 0
        # In the order of unwrapping, so the oldest are in front; a dict would walk over the slots it has emptied there.
        self._kept: OrderedDict[int, SubjectKey] = OrderedDict()
        columns = subject_keys.c.customer_id, subject_keys.c.root_version, subject_keys.c.wrapped
        live = subject_keys.c.wrapped.is_not(None)
        self._find = reader.prepare(select(*columns).where(any_of(subject_keys.c.customer_id, "ids"), live))

    async def subjects(self, ids: Sequence[int]) -> list[SubjectKey | None]:
        """Each customer's key, in the order of the ids; None where there is none, or it was destroyed."""
        kept = self._kept
        time = monotonic()
        found = [key if (key := kept.get(id_)) is not None and key.expires > time else None for id_ in ids]
        if None in found:
            fresh = await self._unwrap({id_ for id_, key in zip(ids, found, strict=True) if key is None}, time)
            found = [key or fresh.get(id_) for id_, key in zip(ids, found, strict=True)]
        return found

    async def read(self, id_: int) -> SubjectKey | None:
        """One customer's key, read anew whether it is kept or not: as much work for nobody as for a customer (G7)."""
        return (await self._unwrap({id_}, monotonic())).get(id_)

    async def _unwrap(self, ids: Iterable[int], time: float) -> dict[int, SubjectKey]:
        before = self._destructions
        rows = await self._reader.fetch(self._find, {"ids": list(ids)})
        expires, outside = time + self._max_age, self.house.ids
        fresh = {
            id_: SubjectKey(id_, self._root.unwrap(version, f"subject:{id_}", wrapped), expires, outside)
            for id_, version, wrapped in rows
        }
        if before == self._destructions:  # Otherwise it may have been read before its destruction was committed.
            self._keep(fresh)
        return fresh

    def _keep(self, fresh: dict[int, SubjectKey]) -> None:
        kept = self._kept
        for id_ in fresh:
            kept.pop(id_, None)  # Back in at the end, where the youngest are.
        kept.update(fresh)
        while len(kept) > self._capacity:
            kept.popitem(last=False)

    async def create(self, ids: Sequence[int]) -> list[SubjectKey]:
        """Make a key for each customer, durably; those who have one keep it. SubjectErasedError if one was
        destroyed."""
        self.house.require()
        made = [(id_, secrets.token_bytes(KEY_BYTES)) for id_ in ids]
        moment = self._clock()
        rows = []
        for id_, key in made:
            version, wrapped = self._root.wrap(f"subject:{id_}", key)
            row = {"customer_id": id_, "root_version": version, "wrapped": wrapped, "created_at": moment}
            rows.append(row | {"fingerprint": fingerprint(key)})
        if rows:
            async with transaction(self._engine) as connection:
                await connection.execute(insert_new(connection, subject_keys), rows)
        keys = await self.subjects(ids)
        for id_, found in zip(ids, keys, strict=True):
            if found is None:
                raise SubjectErasedError(id_)
        return [key for key in keys if key is not None]

    async def destroy(self, customer_id: int, *, clean: bool = True, number: int | None = None) -> bytes | None:
        """Destroy a customer's key, and with it by what they were found; returns the fingerprint of the key that is
        gone, None if there never was one.

        Who destroys many says `clean=False`, and calls `clean` once after the last.

        The destruction gets the next number of an erasure, or the one that another store remembers it by.
        Asking again is harmless. SQLite overwrites the bytes in the file at once (secure_delete, and the log is cut);
        PostgreSQL when the row is vacuumed, which is done here. What backups still hold dies with `rotate` and the
        removal of the old root key.
        """
        gone = subject_keys.update().where(
            subject_keys.c.customer_id == customer_id, subject_keys.c.wrapped.is_not(None)
        )
        async with transaction(self._engine) as connection:
            done = await connection.execute(gone.values(wrapped=None, destroyed_at=self._clock()))
            if done.rowcount == 1:
                numbered = subject_keys.update().where(subject_keys.c.customer_id == customer_id)
                counted = await count_erasure(connection, key_erasure_count, number)
                await connection.execute(numbered.values(erasure_number=counted))
            query = select(subject_keys.c.fingerprint).where(subject_keys.c.customer_id == customer_id)
            mark = (await connection.execute(query)).scalar()
            for table in MARKED:
                await connection.execute(table.delete().where(table.c.customer_id == customer_id))
        self._destructions += 1
        self._kept.pop(customer_id, None)
        if clean:
            await self.clean()
        return mark

    async def erasure_number(self, customer_id: int) -> int | None:
        """The number of the erasure that destroyed a customer's key; None for a living key, or one that died before."""
        found = select(subject_keys.c.erasure_number).where(subject_keys.c.customer_id == bindparam("id", type_=Id))
        rows = await self._reader.fetch(self._reader.prepare(found), {"id": customer_id})
        return None if not rows or rows[0][0] is None else int(rows[0][0])

    async def last_erasure(self) -> int:
        """The number of the last erasure that was carried out here; 0 before the first."""
        return await last_erasure(self._reader, key_erasure_count)

    async def erased_since(self, number: int, most: int) -> list[tuple[int, int]]:
        """Numbers above this one and the customers whose keys they destroyed, the lowest first."""
        found = select(subject_keys.c.erasure_number, subject_keys.c.customer_id).where(
            subject_keys.c.erasure_number > bindparam("number", type_=Id)
        )
        ordered = found.order_by(subject_keys.c.erasure_number).limit(bindparam("most", type_=Id))
        rows = await self._reader.fetch(self._reader.prepare(ordered), {"number": number, "most": most})
        return [(int(number), owner) for number, owner in rows]

    async def settle_erasures(self, number: int) -> None:
        """Remember that everything up to this number is carried out here."""
        async with transaction(self._engine) as connection:
            await count_erasure(connection, key_erasure_count, number)

    async def clean(self, *, must: bool = False) -> None:
        """Take the bytes of destroyed keys and look-ups out of the key store's files, too; see
        `store.sql.scrubbing`."""
        for table in (subject_keys, *MARKED):
            await scrub(self._owner, table, must=must)

    async def clean_house(self) -> None:
        """The same for keys of the house that another took the place of."""
        await scrub(self._owner, system_keys)

    async def destroy_of_house(self, name: str) -> None:
        """Destroy a key of the house that nothing is made with any more; harmless if there is none."""
        async with transaction(self._owner) as connection:
            await connection.execute(delete(system_keys).where(system_keys.c.name == name))
        await self.clean_house()

    async def destroyed(self, after: int, most: int) -> list[int]:
        """Customers whose key was destroyed, in the order of their ids, beginning behind one of them."""
        found = select(subject_keys.c.customer_id).where(
            subject_keys.c.customer_id > bindparam("after", type_=Id), subject_keys.c.wrapped.is_(None)
        )
        ordered = found.order_by(subject_keys.c.customer_id).limit(bindparam("most", type_=Id))
        rows = await self._reader.fetch(self._reader.prepare(ordered), {"after": after, "most": most})
        return [row[0] for row in rows]

    async def known(self, ids: Sequence[int]) -> set[int]:
        """Those of these customers who have a row here: their key, or the word that it was destroyed."""
        found = select(subject_keys.c.customer_id).where(any_of(subject_keys.c.customer_id, "ids"))
        return {row[0] for row in await self._reader.fetch(self._reader.prepare(found), {"ids": list(ids)})}

    async def fingerprints(self, ids: Sequence[int]) -> dict[int, bytes]:
        """The fingerprints of these customers' keys, as far as the keys are still there."""
        columns = select(subject_keys.c.customer_id, subject_keys.c.fingerprint)
        living = columns.where(any_of(subject_keys.c.customer_id, "ids"), subject_keys.c.wrapped.is_not(None))
        rows = await self._reader.fetch(self._reader.prepare(living), {"ids": list(ids)})
        return {id_: bytes(mark) for id_, mark in rows}

    async def living(self, fingerprint: bytes) -> int | None:
        """The customer whose key has this fingerprint; None when there is no such key any more."""
        found = select(subject_keys.c.customer_id).where(
            subject_keys.c.fingerprint == bindparam("mark"), subject_keys.c.wrapped.is_not(None)
        )
        rows = await self._reader.fetch(self._reader.prepare(found), {"mark": fingerprint})
        return rows[0][0] if rows else None

    async def rotate(self, batch: int = 500, marked: Marked = untold) -> int:
        """Replace the root key, or finish a replacement that was interrupted: see `store.crypto.rotation.rotate`."""
        done = await rotate(self._root, self._engine, batch, self._owner, marked)
        await self.lookups.epochs.load()
        return done

    async def pending(self) -> int:
        """How many keys are wrapped under an older version of the root key, and look-ups under such a key of theirs."""
        return await pending(self._root, self._engine)

    def root_version(self) -> int:
        """The newest version of the root key."""
        return self._root.current()

    def root_made_at(self) -> datetime:
        """When the newest version was written here."""
        return self._root.made_at()

    async def first_destroyed(self) -> datetime | None:
        """When the first key was destroyed that backups may hold under the newest version; None: there is no such key.

        What they hold under older versions ends with those, once everything is wrapped anew.
        """
        first = select(subject_keys.c.destroyed_at).where(
            subject_keys.c.root_version == bindparam("version", type_=Integer()),
            subject_keys.c.wrapped.is_(None),
            subject_keys.c.destroyed_at.is_not(None),
        )
        ordered = first.order_by(subject_keys.c.destroyed_at).limit(1)
        rows = await self._reader.fetch(self._reader.prepare(ordered), {"version": self._root.current()})
        return instant(rows[0][0]) if rows else None

    async def destroy_old_roots(self) -> list[int]:
        """Destroy the files of older versions that nothing is wrapped under; which they were.

        What backups of the key store hold under them, destroyed keys too, can then be read by nobody.
        """
        older = self._root.older()
        if not older or await self.pending():
            return []
        for version in older:
            self._root.destroy(version)
        return older

    def blind_index(self, kind: Lookup | str, value: str) -> bytes:
        """The fingerprint by which a value is looked up: email, customer_number, domain, login; 16 bytes."""
        return blind_index(self.house.index_key, kind, value)
