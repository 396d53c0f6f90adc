"""Somebody who has a copy of the data, every key that there is later, and the gateway's source; and guesses."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select

from store.crypto.key_tables import subject_keys, system_keys
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey, _expanded, nobodys_key
from store.database.store import Store
from store.sql.metadata import metadata

KINDS = ("card", "context", "letter", "command", "reset link", "e-mail link")
"""What hashes under a customer's own key are of."""
SHORTEST = 7
"""Bytes that a hash is cut to."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Every key of the key store, unwrapped."""

    house: dict[str, bytes]
    subjects: dict[int, bytes]

    @classmethod
    async def of(cls, store: Store) -> Keys:
        """As the root key opens them now."""
        root, reader = store.keys._root, store.keys._reader
        S, H = subject_keys.c, system_keys.c  # noqa: N806
        living = select(S.customer_id, S.root_version, S.wrapped).where(S.wrapped.is_not(None))
        subjects = await reader.fetch(reader.prepare(living), {})
        house = await reader.fetch(reader.prepare(select(H.name, H.root_version, H.wrapped)), {})
        return cls(
            {name: root.unwrap(version, f"system:{name}", wrapped) for name, version, wrapped in house},
            {id_: root.unwrap(version, f"subject:{id_}", wrapped) for id_, version, wrapped in subjects},
        )

    def __iter__(self) -> Iterator[bytes]:
        yield from self.house.values()
        for key in self.subjects.values():
            yield key
            yield from (_expanded(key, f"gateway keyed hash: {kind}") for kind in KINDS)


class Copy:
    """Every row of the customers' data, as it rested at a moment.

    Without the columns by which customers are looked up (`store.crypto.blind_index`): those have a promise of their
    own.
    """

    def __init__(self, rows: dict[str, list[dict[str, Any]]]) -> None:
        self.rows = rows
        self.content = b"\n".join(
            value.encode() if isinstance(value, str) else bytes(value)
            for table in rows.values()
            for row in table
            for name, value in row.items()
            if isinstance(value, str | bytes | memoryview)
        )

    @classmethod
    async def of(cls, store: Store) -> Copy:
        """A backup."""
        async with store.write() as connection:
            return cls({
                table.name: [dict(row) for row in (await connection.execute(select(table))).mappings()]
                for table in metadata.sorted_tables
            })  # fmt: skip

    def confirms(self, keys: Keys, texts: Iterable[bytes]) -> list[bytes]:
        """The texts of which a hash rests here, plain or under one of these keys, in bytes or hexadecimal."""
        every = list(keys)
        found = []
        for text in texts:
            hashes = [sha256(text).digest(), *(hmac.digest(key, text, "sha256") for key in every)]
            cut = [each[:SHORTEST] for each in hashes]
            if any(each in self.content or each.hex().encode() in self.content for each in cut):
                found.append(text)
        return found

    def is_password(self, candidate: str) -> bool:
        """Whether a hash that rests here is of this password."""
        hashes = [each for each in self.content.split(b"\n") if b"$argon2" in each]
        return any(_matches(each.decode(errors="replace"), candidate) for each in hashes)

    def opened(self, keys: Keys) -> Iterator[tuple[str, int, bytes]]:
        """Every sealed value that opens under a customer's key: its column, its customer, and what was sealed."""
        unwrapped = {id_: SubjectKey(id_, raw, 0, nobodys_key()._ids) for id_, raw in keys.subjects.items()}
        for table in metadata.sorted_tables:
            for column in (each for each in table.c if "sealing" in each.info):
                for row in self.rows[table.name]:
                    owner = row["id"] if table.name == "customers" else row["customer_id"]
                    for key in unwrapped.values() if row[column.name] is not None else ():
                        try:
                            yield str(column), owner, key.open(column, row["id"], bytes(row[column.name]))
                        except SealBrokenError:
                            continue


def _matches(stored: str, candidate: str) -> bool:
    try:
        return PasswordHasher().verify(stored, candidate)
    except (VerificationError, ValueError):
        return False
