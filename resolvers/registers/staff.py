"""The register of staff: codes, roles, and the public keys by which each person proves who they are (R24, D12)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.registers.ssh_keys import PublicKey, SshError
from store.accesses.staff_pseudonyms import shown_code, staff_pseudonym
from store.database.store import Store
from store.registers.staff import STAFF_ROLES, staff, staff_keys
from store.sql.ids import new_id
from store.sql.reading import Reader

CODE = re.compile(r"[A-Z][A-Z0-9-]{1,15}")


class StaffError(Exception):
    """The register refuses the change; the text says why, and how to go on."""


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the staff, by code."""

    id: int
    code: str
    role: str


class Staff:
    """Registers people by codes. A code and a key are one person's for ever, and never given again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, code: str, role: str, key: str, now: datetime) -> str:
        """Note a person with their first key; the key's fingerprint."""
        if not CODE.fullmatch(code):
            raise StaffError("A code has 2 to 16 capitals, digits and dashes, such as LG-7, and is nobody's name.")
        if role not in STAFF_ROLES:
            raise StaffError(f"There is no role {role}. There are: {', '.join(STAFF_ROLES)}.")
        public, id_ = _public(key), new_id()
        async with self._store.write() as connection:
            if await connection.scalar(select(staff.c.id).where(staff.c.code == code)) is not None:
                raise StaffError(f"{code} was given already, and is never given again.")
            await connection.execute(insert(staff).values(id=id_, code=code, role=role, added_at=now))
            await self._keep(connection, id_, public, now)
        return public.fingerprint

    async def add_key(self, code: str, key: str, now: datetime) -> str:
        """A further key, such as a second security key; its fingerprint."""
        public = _public(key)
        async with self._store.write() as connection:
            await self._keep(connection, await self._id(connection, code), public, now)
        return public.fingerprint

    async def remove_key(self, code: str, fingerprint: str, now: datetime) -> None:
        """A key that was lost proves nothing from now on."""
        async with self._store.write() as connection:
            mine = (
                staff_keys.c.staff_id == await self._id(connection, code),
                staff_keys.c.fingerprint == fingerprint,
                staff_keys.c.removed_at.is_(None),
            )
            if (await connection.execute(update(staff_keys).where(*mine).values(removed_at=now))).rowcount == 0:
                raise StaffError(f"{code} has no such key: `gateway staff keys list {code}` shows them.")

    async def set_disabled(self, code: str, now: datetime | None) -> None:
        """Somebody has left, or is back."""
        async with self._store.write() as connection:
            id_ = await self._id(connection, code)
            await connection.execute(update(staff).where(staff.c.id == id_).values(disabled_at=now))

    async def listed(self) -> Sequence[Any]:
        """Everybody by code, disabled ones too."""
        async with self._store.write() as connection:
            return (await connection.execute(select(staff).order_by(staff.c.code))).all()

    async def shown_codes(self) -> dict[str, str]:
        """The code under which customers see each person, by staff code."""
        system = self._store.keys.system
        return {row.code: shown_code(await staff_pseudonym(system, row.code)) for row in await self.listed()}

    async def keys(self, code: str) -> Sequence[Any]:
        """Every key of somebody, removed ones too, the oldest first."""
        async with self._store.write() as connection:
            mine = select(staff_keys).where(staff_keys.c.staff_id == await self._id(connection, code))
            return (await connection.execute(mine.order_by(staff_keys.c.added_at, staff_keys.c.id))).all()

    async def require(self, code: str) -> Member:
        """Somebody who works here now; StaffError for anybody else."""
        query = select(staff.c.id, staff.c.code, staff.c.role).where(
            staff.c.code == code, staff.c.disabled_at.is_(None)
        )
        async with self._store.write() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise StaffError(f"Nobody of the staff has the code {code}: `gateway staff list` shows who does.")
        return Member(row.id, row.code, row.role)

    async def _keep(self, connection: AsyncConnection, staff_id: int, key: PublicKey, now: datetime) -> None:
        if (
            await connection.scalar(select(staff_keys.c.id).where(staff_keys.c.fingerprint == key.fingerprint))
            is not None
        ):
            raise StaffError("This key was registered already: each person has keys that nobody else holds.")
        row = {"id": new_id(), "staff_id": staff_id, "fingerprint": key.fingerprint, "public": key.line}
        await connection.execute(insert(staff_keys).values(row | {"added_at": now}))

    async def _id(self, connection: AsyncConnection, code: str) -> int:
        id_ = await connection.scalar(select(staff.c.id).where(staff.c.code == code))
        if id_ is None:
            raise StaffError(f"Nobody has the code {code}: `gateway staff list` shows who does.")
        return int(id_)


async def holder_of(connection: AsyncConnection, key: PublicKey) -> Member | None:
    """The active member of staff whose registered key this is; None if there is none."""
    query = select(staff.c.id, staff.c.code, staff.c.role).join_from(
        staff, staff_keys, staff_keys.c.staff_id == staff.c.id
    )
    mine = (
        staff_keys.c.fingerprint == key.fingerprint,
        staff_keys.c.public == key.line,
        staff_keys.c.removed_at.is_(None),
        staff.c.disabled_at.is_(None),
    )
    row = (await connection.execute(query.where(*mine))).one_or_none()
    return None if row is None else Member(row.id, row.code, row.role)


class ActiveStaff:
    """Finds who works here now, with one read."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        mine = staff.c.code == bindparam("code"), staff.c.disabled_at.is_(None)
        self._role = reader.prepare(select(staff.c.role).where(*mine))

    async def role_of(self, code: str) -> str | None:
        """The role of somebody who works here now; None for anybody else."""
        # A code that cannot exist is not worth a read.
        if not CODE.fullmatch(code):
            return None
        rows = await self._reader.fetch(self._role, {"code": code})
        return str(rows[0][0]) if rows else None


def _public(text: str) -> PublicKey:
    try:
        return PublicKey.read(text)
    except SshError as error:
        raise StaffError(str(error)) from None
