"""The key store: creates, caches and destroys the data keys of customers (envelope encryption, key wrapping)."""

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
    """Return the time in UTC."""
    return datetime.now(UTC)


class SubjectErasedError(Exception):
    """The customer's key was destroyed: no data may be stored for this customer again (R56)."""

    def __init__(self, customer_id: int) -> None:
        super().__init__(f"the key of customer {customer_id} was destroyed")


class KeyStore:
    """Provides the keys of customers, and the system keys.

    An unwrapped key is cached for `max_age` seconds at most, so that a key destroyed by another process expires here
    too; for at most `capacity` customers, evicting the oldest first. `system` has the keys that belong to no customer.
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
        """`owner` is an engine with the role that owns the tables; default: `engine`."""
        self._owner = owner or engine
        self.system = SystemKeys(reader, engine, root)
        self.lookups = LookUps(reader, engine, root)
        """Finds the owners of values by their blind indexes."""
        self.engine = engine
        """For transactions on the key store."""
        self._reader = reader
        self._engine = engine
        self._root = root
        self._capacity = capacity
        self._max_age = max_age
        self._clock = clock
        self._destructions = 0
        self.hits = self.misses = 0
        """Keys that were asked for and found in the cache, or not."""
        # In the order of unwrapping, so the oldest are in front; a dict would walk over the slots it has emptied there,
        # and a cache in Python (cachetools) would cost a page of 500 more than its keys do.
        self._kept: OrderedDict[int, SubjectKey] = OrderedDict()
        columns = subject_keys.c.customer_id, subject_keys.c.root_version, subject_keys.c.wrapped
        live = subject_keys.c.wrapped.is_not(None)
        self._find = reader.prepare(select(*columns).where(any_of(subject_keys.c.customer_id, "ids"), live))

    async def subjects(self, ids: Sequence[int]) -> list[SubjectKey | None]:
        """Return each customer's key, in the order of the ids; None if there is none, or it was destroyed."""
        kept = self._kept
        time = monotonic()
        found = [key if (key := kept.get(id_)) is not None and key.expires > time else None for id_ in ids]
        missing = found.count(None)
        self.hits, self.misses = self.hits + len(found) - missing, self.misses + missing
        if missing:
            fresh = await self._unwrap({id_ for id_, key in zip(ids, found, strict=True) if key is None}, time)
            found = [key or fresh.get(id_) for id_, key in zip(ids, found, strict=True)]
        return found

    async def read(self, id_: int) -> SubjectKey | None:
        """Return one customer's key, without the cache: the same work for an unknown customer as for a known one
        (G7)."""
        return (await self._unwrap({id_}, monotonic())).get(id_)

    async def _unwrap(self, ids: Iterable[int], time: float) -> dict[int, SubjectKey]:
        before = self._destructions
        rows = await self._reader.fetch(self._find, {"ids": list(ids)})
        expires, outside = time + self._max_age, self.system.ids
        fresh = {
            id_: SubjectKey(id_, self._root.unwrap(version, f"subject:{id_}", wrapped), expires, outside)
            for id_, version, wrapped in rows
        }
        if before == self._destructions:  # Otherwise it may have been read before its destruction, which would undo it.
            self._keep(fresh)
        return fresh

    def _keep(self, fresh: dict[int, SubjectKey]) -> None:
        kept = self._kept
        for id_ in fresh:
            kept.pop(id_, None)  # An update keeps the position, so remove it first: the newest belong at the end.
        kept.update(fresh)
        while len(kept) > self._capacity:
            kept.popitem(last=False)

    async def create(self, ids: Sequence[int]) -> list[SubjectKey]:
        """Make a key for each customer, durably; an existing key is kept. SubjectErasedError if one was destroyed."""
        self.system.require()
        # Committed before the data that is encrypted with them, or a crash could leave data without a key.
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
                # Read back: another process may have made a key for the same customer first, and that one counts.
        keys = await self.subjects(ids)
        for id_, found in zip(ids, keys, strict=True):
            if found is None:
                raise SubjectErasedError(id_)
        return [key for key in keys if key is not None]

    async def destroy(self, customer_id: int, *, clean: bool = True, number: int | None = None) -> bytes | None:
        """Destroy a customer's key and look-ups; returns the fingerprint of the destroyed key, None if there never was
        one.

        To destroy many, pass `clean=False` and call `clean` once after the last.

        The destruction gets the next erasure number, or the `number` that the other database has for it. Idempotent.
        SQLite overwrites the bytes in the file at once (secure_delete, and the log is truncated); PostgreSQL when the
        row is vacuumed, which is done here. Keys in backups become unreadable by `rotate` and the removal of the old
        root key.
        """
        gone = subject_keys.update().where(
            subject_keys.c.customer_id == customer_id, subject_keys.c.wrapped.is_not(None)
        )
        async with transaction(self._engine) as connection:
            done = await connection.execute(gone.values(wrapped=None, destroyed_at=self._clock()))
            if done.rowcount == 1:
                numbered = subject_keys.update().where(subject_keys.c.customer_id == customer_id)
                # In the transaction of the destruction, so that a restored database is recognised by its number.
                counted = await count_erasure(connection, key_erasure_count, number)
                await connection.execute(numbered.values(erasure_number=counted))
            query = select(subject_keys.c.fingerprint).where(subject_keys.c.customer_id == customer_id)
            mark = (await connection.execute(query)).scalar()
            for table in MARKED:
                await connection.execute(table.delete().where(table.c.customer_id == customer_id))
        # After the commit: a read that began before it must not put the key back into the cache (see `_unwrap`).
        self._destructions += 1
        self._kept.pop(customer_id, None)
        if clean:
            await self.clean()
        return mark

    async def erasure_number(self, customer_id: int) -> int | None:
        """Return the number of the erasure that destroyed a customer's key; None for a key that is live, or was
        destroyed before erasures had numbers."""
        found = select(subject_keys.c.erasure_number).where(subject_keys.c.customer_id == bindparam("id", type_=Id))
        rows = await self._reader.fetch(self._reader.prepare(found), {"id": customer_id})
        return None if not rows or rows[0][0] is None else int(rows[0][0])

    async def last_erasure(self) -> int:
        """Return the number of the last erasure in this database; 0 before the first."""
        return await last_erasure(self._reader, key_erasure_count)

    async def erased_since(self, number: int, most: int) -> list[tuple[int, int]]:
        """Return the erasures after a number with their customers, the lowest number first, at most `most`."""
        S = subject_keys.c  # noqa: N806  (columns, as everywhere)
        found = select(S.erasure_number, S.customer_id).where(S.erasure_number > bindparam("number", type_=Id))
        ordered = found.order_by(S.erasure_number).limit(bindparam("most", type_=Id))
        rows = await self._reader.fetch(self._reader.prepare(ordered), {"number": number, "most": most})
        return [(int(number), owner) for number, owner in rows]

    async def settle_erasures(self, number: int) -> None:
        """Record that all erasures up to this number are carried out here."""
        async with transaction(self._engine) as connection:
            await count_erasure(connection, key_erasure_count, number)

    async def clean(self, *, must: bool = False) -> None:
        """Remove the bytes of destroyed keys and look-ups from the key store's files; see `store.sql.scrubbing`."""
        for table in (subject_keys, *MARKED):
            await scrub(self._owner, table, must=must)

    async def clean_system(self) -> None:
        """Remove the bytes of replaced system keys from the key store's files."""
        await scrub(self._owner, system_keys)

    async def destroy_system(self, name: str) -> None:
        """Destroy a system key that is not used any more; no error if there is none."""
        async with transaction(self._owner) as connection:
            await connection.execute(delete(system_keys).where(system_keys.c.name == name))
        await self.clean_system()

    async def destroyed(self, after: int, most: int) -> list[int]:
        """Return customers whose key was destroyed, with an id above `after`, in the order of their ids."""
        found = select(subject_keys.c.customer_id).where(
            subject_keys.c.customer_id > bindparam("after", type_=Id), subject_keys.c.wrapped.is_(None)
        )
        ordered = found.order_by(subject_keys.c.customer_id).limit(bindparam("most", type_=Id))
        rows = await self._reader.fetch(self._reader.prepare(ordered), {"after": after, "most": most})
        return [row[0] for row in rows]

    async def known(self, ids: Sequence[int]) -> set[int]:
        """Return the customers that have a row here, whether their key is live or destroyed."""
        found = select(subject_keys.c.customer_id).where(any_of(subject_keys.c.customer_id, "ids"))
        return {row[0] for row in await self._reader.fetch(self._reader.prepare(found), {"ids": list(ids)})}

    async def fingerprints(self, ids: Sequence[int]) -> dict[int, bytes]:
        """Return the fingerprints of the live keys of these customers."""
        columns = select(subject_keys.c.customer_id, subject_keys.c.fingerprint)
        living = columns.where(any_of(subject_keys.c.customer_id, "ids"), subject_keys.c.wrapped.is_not(None))
        rows = await self._reader.fetch(self._reader.prepare(living), {"ids": list(ids)})
        return {id_: bytes(mark) for id_, mark in rows}

    async def living(self, fingerprint: bytes) -> int | None:
        """Return the customer whose live key has this fingerprint; None if there is none."""
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
        """Count the keys that are wrapped under an older root key, and the look-ups that are encrypted under such a
        key."""
        return await pending(self._root, self._engine)

    def root_version(self) -> int:
        """Return the newest version of the root key."""
        return self._root.current()

    def root_made_at(self) -> datetime:
        """Return when the newest version of the root key was written to this machine."""
        return self._root.made_at()

    async def first_destroyed(self) -> datetime | None:
        """Return the earliest destruction of a key that backups may contain under the newest root key; None: there is
        none.

        Keys that backups contain under older versions end with those, once everything is rewrapped.
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
        """Destroy the files of older root keys under which nothing is wrapped any more; returns their versions.

        Keys that backups contain under them, destroyed ones included, are unreadable from then on.
        """
        older = self._root.older()
        if not older or await self.pending():
            return []
        for version in older:
            self._root.destroy(version)
        return older

    def blind_index(self, kind: Lookup | str, value: str) -> bytes:
        """Return the blind index of a value; `kind` is email, customer_number, domain or login; 16 bytes."""
        return blind_index(self.system.index_key, kind, value)
