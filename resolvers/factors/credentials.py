"""Finds credentials: by platform and login name, by id, or all of a customer."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.passwords.text import MOST_BYTES
from store.crypto.blind_index import Lookup
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey, nobodys_key
from store.database.store import Store
from store.sql.metadata import instant
from store.tables.credentials import credentials
from store.tables.customers import customers

log = logging.getLogger(__name__)

EPOCH = datetime.fromtimestamp(0, UTC)
COLUMNS = (
    credentials.c.id,
    credentials.c.customer_id,
    credentials.c.platform,
    credentials.c.login_name,
    credentials.c.password_hash,
    credentials.c.changed_at,
)


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """A customer's credential of one platform."""

    id: int
    customer_id: int
    platform: str
    login_name: bytes
    """The encrypted login name."""
    sealed_hash: bytes | None
    """The stored ciphertext; it changes with each write, so it identifies a version."""
    password_hash: str | None
    changed_at: datetime

    @classmethod
    def of(cls, row: Any, key: SubjectKey) -> Credential:
        """Decrypt a row of `COLUMNS` with the customer's key."""
        id_, customer, platform, name, resting, changed = row
        sealed = None if resting is None else bytes(resting)
        return cls(id_, customer, platform, bytes(name), sealed, opened_hash(key, id_, sealed), instant(changed))


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A credential with the key of its customer."""

    credential: Credential
    key: SubjectKey


def nobody(platform: str) -> Account:
    """A placeholder account, for the same work when there is none (G7)."""
    return Account(Credential(0, 0, platform, b"", None, None, EPOCH), nobodys_key())


def sealed_hash(key: SubjectKey, credential_id: int, password_hash: str) -> bytes:
    """The encrypted password hash."""
    return key.seal(
        credentials.c.password_hash, credential_id, credentials.c.password_hash.info["sealing"].encode(password_hash)
    )


def opened_hash(key: SubjectKey, credential_id: int, sealed: bytes | None) -> str | None:
    """Decrypt a password hash; None if there is none or it does not decrypt, so that a reset link is needed. Exactly
    one value is decrypted in either case (S1, G7)."""
    owner, id_, value = (nobodys_key(), 0, _decoy()) if sealed is None else (key, credential_id, sealed)
    try:
        found = owner.open(credentials.c.password_hash, id_, value).decode()
    # No error for the customer: a reset link replaces the damaged value.
    except (SealBrokenError, UnicodeDecodeError):
        log.warning("The password of %s does not open: it takes a new one.", key)
        return None
    return None if sealed is None else found


def _bounded(text: str) -> str:
    """A text of any length for a blind index; without lone surrogates, which the hash could not encode."""
    return text[:MOST_BYTES].encode(errors="replace").decode()


@cache
def _decoy() -> bytes:
    """A ciphertext of the length of a password hash, decrypted when there is no hash."""
    # 97 characters: the length of an Argon2id hash with the default parameters.
    return sealed_hash(nobodys_key(), 0, "$" * 97)


async def lock_credentials(connection: AsyncConnection, customer_id: int) -> None:
    """Lock a customer's credentials in the caller's transaction. Every command does so before it locks the customer's
    row or a link, so that two changes of one account cannot deadlock."""
    found = (
        select(credentials.c.id)
        .where(credentials.c.customer_id == customer_id)
        .order_by(credentials.c.id)
        .with_for_update()
    )
    await connection.execute(found)


class Credentials:
    """Reads credentials; those of erased customers do not exist."""

    def __init__(self, store: Store) -> None:
        self._store = store
        found = select(*COLUMNS)
        prepare = store.reader.prepare
        self._by_login = prepare(
            found.where(credentials.c.id == bindparam("id"), credentials.c.login_ref == bindparam("ref"))
        )
        self._by_mailbox = prepare(
            found.join_from(credentials, customers, customers.c.id == credentials.c.customer_id).where(
                customers.c.id == bindparam("customer"),
                customers.c.email_ref == bindparam("ref"),
                credentials.c.platform == bindparam("platform"),
            )
        )
        self._by_id = prepare(found.where(credentials.c.id == bindparam("id")))
        self._of_customer = prepare(
            found.where(credentials.c.customer_id == bindparam("customer")).order_by(credentials.c.id)
        )

    def login_index(self, login: str) -> bytes:
        """The blind index of a login name, for any input."""
        return self._store.keys.blind_index(Lookup.LOGIN, _bounded(login))

    def index_of(self, account: Account) -> bytes:
        """The blind index of the login name of a known account."""
        name = account.key.open(credentials.c.login_name, account.credential.id, account.credential.login_name)
        return self.login_index(name.decode())

    async def by_login(self, platform: str, login_index: bytes) -> Account | None:
        """The account with this login name on the platform; None if there is none."""
        # By look-up and reference: an outdated look-up matches no row.
        held = await self._store.keys.lookups.find(Lookup.LOGIN, login_index, platform)
        return await self._one(self._by_login, {"id": held.row_id, "ref": held.ref})

    async def by_mailbox(self, platform: str, address: str) -> Account | None:
        """The account on the platform of the customer with this e-mail address, whose login name may be another one;
        None if there is none."""
        index = self._store.keys.blind_index(Lookup.EMAIL, _bounded(address))
        held = await self._store.keys.lookups.find(Lookup.EMAIL, index)
        values = {"customer": held.row_id, "ref": held.ref, "platform": platform}
        return await self._one(self._by_mailbox, values)

    async def by_id(self, credential_id: int) -> Account | None:
        """The account of a credential id; None if there is none."""
        return await self._one(self._by_id, {"id": credential_id})

    async def of_customer(self, key: SubjectKey) -> list[Credential]:
        """All credentials of a customer."""
        rows = await self._store.reader.fetch(self._of_customer, {"customer": key.customer_id})
        return [Credential.of(row, key) for row in rows]

    async def _one(self, prepared: Any, values: dict[str, Any]) -> Account | None:
        rows = await self._store.reader.fetch(prepared, values)
        # Without a row, a key is read and a decoy decrypted all the same, and no key comes from the cache: the same
        # work for any name (S1, G7).
        key = await self._store.keys.read(rows[0][1] if rows else 0)
        if not rows or key is None:
            opened_hash(nobodys_key(), 0, None)
            return None
        return Account(Credential.of(rows[0], key), key)
