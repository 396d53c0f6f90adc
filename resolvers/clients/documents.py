"""Registers the trusted documents of clients by release, and the steps from ad hoc documents to registered ones."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.purposes import Purpose
from resolvers.clients.client_area import ID as CLIENT_AREA
from resolvers.clients.registration import RegistrationError
from store.database.store import Store
from store.queue.revocations import client_changed
from store.registers.clients import clients, document_releases, documents, observed_documents
from store.sql.metadata import instant

RELEASE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,39}")


@dataclass(frozen=True, slots=True)
class Published:
    """The result of a publication."""

    new: int
    known: int


class DocumentRegistrar:
    """Writes registered documents to a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def publish(
        self,
        client_id: str,
        texts: Mapping[str, str],
        release: str,
        purpose: Purpose | None,
        now: datetime,
        *,
        acting: bool = False,
    ) -> Published:
        """Register texts by their SHA-256 for a release, all or none. RegistrationError.

        A document that is registered stays as it is, so that nothing a client sends today can change; one that is
        registered for another purpose is refused, and so is one whose `acting` differs: whether an agent may change
        something by it.
        """
        _check(client_id, release)
        async with self._store.write() as connection:
            await _require(connection, client_id)
            there = documents.c
            mine = select(there.hash, there.purpose, there.acting).where(there.client_id == client_id)
            known = {row.hash: row for row in (await connection.execute(mine)).all()}
            for hash_ in texts.keys() & known.keys():
                if known[hash_].purpose != (purpose.name if purpose else None):
                    said = f"for {known[hash_].purpose}" if known[hash_].purpose else "without a purpose"
                    raise RegistrationError(f"sha256:{hash_} is registered {said} already: retire it first.")
                if bool(known[hash_].acting) != acting:
                    said = "with" if known[hash_].acting else "without"
                    raise RegistrationError(f"sha256:{hash_} is registered {said} --acting already: retire it first.")
            facts = {"client_id": client_id, "registered_at": now, "acting": acting}
            new = [
                facts | {"hash": hash_, "text": text, "purpose": purpose.name if purpose else None}
                for hash_, text in texts.items()
                if hash_ not in known
            ]
            if new:
                await connection.execute(insert(documents), new)
            await self._release(connection, client_id, texts, release, now)
            await client_changed(connection, client_id, now)
        return Published(len(new), len(texts) - len(new))

    async def _release(
        self, connection: AsyncConnection, client_id: str, texts: Collection[str], release: str, now: datetime
    ) -> None:
        there = document_releases.c
        mine = select(there.hash).where(there.client_id == client_id, there.release == release)
        known = set((await connection.scalars(mine)).all())
        facts = {"client_id": client_id, "release": release, "registered_at": now}
        if missing := [facts | {"hash": each} for each in texts if each not in known]:
            await connection.execute(insert(document_releases), missing)

    async def retire(self, client_id: str, release: str, now: datetime, unused_since: datetime | None) -> int:
        """Remove a release, and the documents that no other release has; returns how many. RegistrationError.

        With `unused_since` it is refused while one of them was used since.
        """
        _check(client_id, release)
        there = document_releases.c
        async with self._store.write() as connection:
            await _require(connection, client_id)
            of_release = select(there.hash).where(there.client_id == client_id, there.release == release)
            mine = set((await connection.scalars(of_release)).all())
            if not mine:
                raise RegistrationError(f"{client_id} has no documents of the release {release}.")
            others = select(there.hash).where(there.client_id == client_id, there.release != release)
            going = mine - set((await connection.scalars(others)).all())
            if unused_since is not None:
                await _require_unused(connection, client_id, going, unused_since)
            await connection.execute(
                delete(document_releases).where(there.client_id == client_id, there.release == release)
            )
            for hash_ in sorted(going):
                await connection.execute(
                    delete(documents).where(documents.c.client_id == client_id, documents.c.hash == hash_)
                )
            await client_changed(connection, client_id, now)
        return len(going)

    async def observe(self, client_id: str, now: datetime) -> None:
        """Count the ad hoc documents of a client from now on, and accept them. RegistrationError."""
        await self._set(client_id, now, {"documents_only": False, "documents_observed_at": now})

    async def open(self, client_id: str, now: datetime) -> None:
        """Accept ad hoc documents, and count none. RegistrationError."""
        await self._set(client_id, now, {"documents_only": False, "documents_observed_at": None})

    async def _set(self, client_id: str, now: datetime, facts: Mapping[str, object]) -> None:
        _check(client_id)
        async with self._store.write() as connection:
            await _require(connection, client_id)
            mine = observed_documents.c.client_id == client_id
            await connection.execute(delete(observed_documents).where(mine))
            await connection.execute(update(clients).where(clients.c.id == client_id).values(facts))
            await client_changed(connection, client_id, now)

    async def enforce(self, client_id: str, now: datetime, anyway: bool) -> None:
        """Refuse ad hoc documents of a client from now on. RegistrationError.

        It is refused, but for `anyway`, without registered documents, without an observation, or while ad hoc
        documents were seen in it.
        """
        _check(client_id)
        async with self._store.write() as connection:
            since = await _require(connection, client_id)
            mine = select(func.count()).select_from(documents).where(documents.c.client_id == client_id)
            if not await connection.scalar(mine):
                raise RegistrationError(f"{client_id} has no registered documents: it could send nothing at all.")
            seen = select(func.count(), func.max(observed_documents.c.last_at)).where(
                observed_documents.c.client_id == client_id
            )
            count, last = (await connection.execute(seen)).one()
            if not anyway and since is None:
                raise RegistrationError(
                    f"{client_id} was not observed: begin with gateway documents observe {client_id}."
                )
            if not anyway and count:
                raise RegistrationError(
                    f"{client_id} still sends documents that are not registered: {count}, the last one at "
                    f"{instant(last).isoformat()}. gateway documents list {client_id} shows them."
                )
            await connection.execute(update(clients).where(clients.c.id == client_id).values(documents_only=True))
            await client_changed(connection, client_id, now)


def _check(client_id: str, release: str = "1") -> None:
    if client_id == CLIENT_AREA:
        raise RegistrationError("The gateway registers the documents of its client area itself, at each start.")
    if not RELEASE.fullmatch(release):
        raise RegistrationError("A release has 1 to 40 of letters, digits, `.`, `_`, `+` and `-`, such as 2.3.1.")


async def _require(connection: AsyncConnection, client_id: str) -> datetime | None:
    """Return since when the client is observed; RegistrationError for an unknown one."""
    found = select(clients.c.documents_observed_at).where(clients.c.id == client_id)
    row = (await connection.execute(found)).one_or_none()
    if row is None:
        raise RegistrationError(f"There is no client {client_id}.")
    return None if row[0] is None else instant(row[0])


async def _require_unused(
    connection: AsyncConnection, client_id: str, hashes: Collection[str], since: datetime
) -> None:
    used = select(documents.c.hash, documents.c.last_used_at).where(
        documents.c.client_id == client_id, documents.c.last_used_at >= since
    )
    found: Sequence[tuple[str, datetime]] = [
        (hash_, last) for hash_, last in (await connection.execute(used)).all() if hash_ in hashes
    ]
    if found:
        hash_, last = max(found, key=lambda each: instant(each[1]))
        raise RegistrationError(
            f"{len(found)} of them are still in use, the last one at {instant(last).isoformat()} (sha256:{hash_}). "
            "Wait until the release is not used any more, or retire it with --anyway."
        )
