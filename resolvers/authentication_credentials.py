"""Finding a credential: by platform and login name, by its own id, or all of a customer's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.passwords_text import MOST_BYTES
from store.blindindex import Lookup
from store.credentials import credentials
from store.database import Store
from store.metadata import instant
from store.subjectkey import SubjectKey, nobodys_key

K = credentials.c
EPOCH = datetime.fromtimestamp(0, UTC)
COLUMNS = (K.id, K.customer_id, K.platform, K.login_name, K.password_hash, K.changed_at)


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """The sign-in of one customer to one platform."""

    id: int
    customer_id: int
    platform: str
    login_name: bytes
    """Sealed."""
    password_hash: str | None
    changed_at: datetime

    @classmethod
    def of(cls, row: Any) -> Credential:
        """From a row of `COLUMNS`."""
        id_, customer, platform, name, hash_, changed = row
        return cls(id_, customer, platform, bytes(name), hash_, instant(changed))


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A credential with the key of its customer."""

    credential: Credential
    key: SubjectKey


def nobody(platform: str) -> Account:
    """The account of somebody who has none, to do the same work for (G7)."""
    return Account(Credential(0, 0, platform, b"", None, EPOCH), nobodys_key())


async def lock_credentials(connection: AsyncConnection, customer_id: int) -> None:
    """Hold a customer's credentials in the caller's transaction: before the customer's own row and any link, so that no
    two changes of one account wait for each other."""
    found = select(K.id).where(K.customer_id == customer_id).order_by(K.id).with_for_update()
    await connection.execute(found)


class Credentials:
    """Reads credentials. One whose customer was erased does not exist."""

    def __init__(self, store: Store) -> None:
        self._store = store
        found = select(*COLUMNS)
        prepare = store.reader.prepare
        self._by_login = prepare(found.where(K.id == bindparam("id"), K.login_ref == bindparam("ref")))
        self._by_id = prepare(found.where(K.id == bindparam("id")))
        self._of_customer = prepare(found.where(K.customer_id == bindparam("customer")).order_by(K.id))

    def login_index(self, login: str) -> bytes:
        """The keyed fingerprint of a login name, whatever was typed."""
        text = login[:MOST_BYTES].encode(errors="replace").decode()
        return self._store.keys.blind_index(Lookup.LOGIN, text)

    def index_of(self, account: Account) -> bytes:
        """The same of an account that was found in another way."""
        name = account.key.open(K.login_name, account.credential.id, account.credential.login_name)
        return self.login_index(name.decode())

    async def by_login(self, platform: str, login_index: bytes) -> Account | None:
        """Whose login name this is."""
        held = await self._store.keys.lookups.find(Lookup.LOGIN, login_index, platform)
        return await self._one(self._by_login, {"id": held.row_id, "ref": held.ref})

    async def by_id(self, credential_id: int) -> Account | None:
        """One that is known already."""
        return await self._one(self._by_id, {"id": credential_id})

    async def of_customer(self, customer_id: int) -> list[Credential]:
        """All platforms of a customer."""
        return [
            Credential.of(row) for row in await self._store.reader.fetch(self._of_customer, {"customer": customer_id})
        ]

    async def _one(self, prepared: Any, values: dict[str, Any]) -> Account | None:
        rows = await self._store.reader.fetch(prepared, values)
        credential = Credential.of(rows[0]) if rows else None
        # The key of nobody is asked for too, and none is taken from memory: the same work for any name (S1, G7).
        key = await self._store.keys.read(credential.customer_id if credential else 0)
        return None if credential is None or key is None else Account(credential, key)
