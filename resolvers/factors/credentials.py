"""Finding a credential: by platform and login name, by its own id, or all of a customer's."""

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
    """The sign-in of one customer to one platform."""

    id: int
    customer_id: int
    platform: str
    login_name: bytes
    """Sealed."""
    sealed_hash: bytes | None
    """As it rests: another one as soon as it is written anew."""
    password_hash: str | None
    changed_at: datetime

    @classmethod
    def of(cls, row: Any, key: SubjectKey) -> Credential:
        """From a row of `COLUMNS`, and the key of its customer."""
        id_, customer, platform, name, resting, changed = row
        sealed = None if resting is None else bytes(resting)
        return cls(id_, customer, platform, bytes(name), sealed, opened_hash(key, id_, sealed), instant(changed))


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A credential with the key of its customer."""

    credential: Credential
    key: SubjectKey


def nobody(platform: str) -> Account:
    """The account of somebody who has none, to do the same work for (G7)."""
    return Account(Credential(0, 0, platform, b"", None, None, EPOCH), nobodys_key())


def sealed_hash(key: SubjectKey, credential_id: int, password_hash: str) -> bytes:
    """A password's hash as it rests."""
    return key.seal(
        credentials.c.password_hash, credential_id, credentials.c.password_hash.info["sealing"].encode(password_hash)
    )


def opened_hash(key: SubjectKey, credential_id: int, sealed: bytes | None) -> str | None:
    """The hash; None where there is none, or where it does not open: then there is no password, and a link leads to a
    new one. One value is opened in either case (S1, G7)."""
    owner, id_, value = (nobodys_key(), 0, _decoy()) if sealed is None else (key, credential_id, sealed)
    try:
        found = owner.open(credentials.c.password_hash, id_, value).decode()
    except (SealBrokenError, UnicodeDecodeError):
        log.warning("The password of %s does not open: it takes a new one.", key)
        return None
    return None if sealed is None else found


@cache
def _decoy() -> bytes:
    """What is opened in the place of a hash that there is not, as long as one."""
    return sealed_hash(nobodys_key(), 0, "$" * 97)


async def lock_credentials(connection: AsyncConnection, customer_id: int) -> None:
    """Hold a customer's credentials in the caller's transaction: before the customer's own row and any link, so that no
    two changes of one account wait for each other."""
    found = (
        select(credentials.c.id)
        .where(credentials.c.customer_id == customer_id)
        .order_by(credentials.c.id)
        .with_for_update()
    )
    await connection.execute(found)


class Credentials:
    """Reads credentials. One whose customer was erased does not exist."""

    def __init__(self, store: Store) -> None:
        self._store = store
        found = select(*COLUMNS)
        prepare = store.reader.prepare
        self._by_login = prepare(
            found.where(credentials.c.id == bindparam("id"), credentials.c.login_ref == bindparam("ref"))
        )
        self._by_id = prepare(found.where(credentials.c.id == bindparam("id")))
        self._of_customer = prepare(
            found.where(credentials.c.customer_id == bindparam("customer")).order_by(credentials.c.id)
        )

    def login_index(self, login: str) -> bytes:
        """The keyed fingerprint of a login name, whatever was typed."""
        text = login[:MOST_BYTES].encode(errors="replace").decode()
        return self._store.keys.blind_index(Lookup.LOGIN, text)

    def index_of(self, account: Account) -> bytes:
        """The same of an account that was found in another way."""
        name = account.key.open(credentials.c.login_name, account.credential.id, account.credential.login_name)
        return self.login_index(name.decode())

    async def by_login(self, platform: str, login_index: bytes) -> Account | None:
        """Whose login name this is."""
        held = await self._store.keys.lookups.find(Lookup.LOGIN, login_index, platform)
        return await self._one(self._by_login, {"id": held.row_id, "ref": held.ref})

    async def by_id(self, credential_id: int) -> Account | None:
        """One that is known already."""
        return await self._one(self._by_id, {"id": credential_id})

    async def of_customer(self, key: SubjectKey) -> list[Credential]:
        """All platforms of a customer."""
        rows = await self._store.reader.fetch(self._of_customer, {"customer": key.customer_id})
        return [Credential.of(row, key) for row in rows]

    async def _one(self, prepared: Any, values: dict[str, Any]) -> Account | None:
        rows = await self._store.reader.fetch(prepared, values)
        # The key of nobody is asked for too, none is taken from memory, and a decoy is opened: the same work for any
        # name (S1, G7).
        key = await self._store.keys.read(rows[0][1] if rows else 0)
        if not rows or key is None:
            opened_hash(nobodys_key(), 0, None)
            return None
        return Account(Credential.of(rows[0], key), key)
