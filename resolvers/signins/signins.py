"""Records and evaluates accesses to all platforms (R17, R18); customers are notified of unusual ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, bindparam, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.dependencies import SignInDependencies
from resolvers.commands.places import GeoLocation
from resolvers.emails.emails import write
from resolvers.emails.signin import SignInEmail
from resolvers.signins.contexts import ContextMatch, SignInContext
from resolvers.signins.judgement import PastAccess, Unusual, unusual_reasons
from resolvers.signins.secrets import hashed, new_secret
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey, nobodys_key
from store.database.store import Store
from store.queue.rate_limit import AttemptRate, take
from store.sql.ids import new_id
from store.sql.inserting import insert_where
from store.sql.metadata import instant
from store.tables.access import sign_ins
from store.tables.customers import customers
from store.tables.signin import alarm_links

REMEMBERED = 60
"""The number of earlier accesses to compare with."""
A_DAY = AttemptRate(burst=1, seconds=86_400)
"""The rate of notifications about one device in one network for the same reasons."""


@dataclass(frozen=True, slots=True, repr=False)
class Visitor:
    """The client of a request: IP address, device description and device cookie."""

    address: str | None
    device: str
    device_secret: str | None = None
    """The device cookie from the last sign-in in this browser."""


@dataclass(frozen=True, slots=True, repr=False)
class PlatformAccess:
    """An access to record."""

    platform: str
    at: datetime
    address: str | None
    device: str
    place: GeoLocation
    unusual: tuple[Unusual, ...] = ()
    succeeded: bool = True
    context: SignInContext | None = None
    """The context to remember; None for a refused access."""


class History:
    """Compares accesses with earlier ones."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        found = select(
            sign_ins.c.id, sign_ins.c.at, sign_ins.c.ip_address, sign_ins.c.country, sign_ins.c.device
        ).where(sign_ins.c.customer_id == bindparam("customer"), sign_ins.c.outcome == "SUCCEEDED")
        self._find = store.reader.prepare(found.order_by(sign_ins.c.id.desc()).limit(REMEMBERED))

    async def evaluate(
        self, key: SubjectKey, platform: str, visitor: Visitor, now: datetime, known: bool | None
    ) -> PlatformAccess:
        """Evaluate a successful access against the earlier ones; `known` is `known_device` of `unusual_reasons`."""
        place = self._dependencies.places.find(visitor.address)
        seen = PastAccess(now, visitor.address, place.country, visitor.device, place)
        earlier = await self._earlier(key)
        unusual, context = unusual_reasons(seen, earlier, known), self.context(key, visitor)
        return PlatformAccess(platform, now, visitor.address, visitor.device, place, unusual, context=context)

    async def moved(
        self, key: SubjectKey, platform: str, visitor: Visitor, now: datetime, finding: ContextMatch
    ) -> PlatformAccess:
        """Evaluate the use of a session or token family in a new context (S12), like a sign-in; a refused one is
        unusual.

        Implausible travel within a country is no reason: a phone that changes networks seems to jump.
        """
        access = await self.evaluate(key, platform, visitor, now, None if finding.new_device else True)
        reasons = [each for each in access.unusual if finding.new_country or each is not Unusual.TRAVEL]
        if not finding.verdict.admits:
            why = Unusual.COUNTRY if finding.new_country else Unusual.NETWORK_AND_DEVICE
            reasons = list(dict.fromkeys((why, *reasons)))
        return replace(access, unusual=tuple(reasons), succeeded=finding.verdict.admits)

    def context(self, key: SubjectKey, visitor: Visitor) -> SignInContext:
        """The context of a visitor, hashed under the customer's key."""
        return SignInContext(key, visitor.address, visitor.device, self._dependencies.places)

    def failed(self, platform: str, visitor: Visitor, now: datetime) -> PlatformAccess:
        """A failed access, which is not evaluated."""
        place = self._dependencies.places.find(visitor.address)
        return PlatformAccess(platform, now, visitor.address, visitor.device, place, succeeded=False)

    async def _earlier(self, key: SubjectKey) -> Sequence[PastAccess]:
        rows = await self._store.reader.fetch(self._find, {"customer": key.customer_id})
        found = [self._seen(key, *row) for row in rows]
        # By time, not by id: other platforms report late.
        return sorted(found, key=lambda each: each.at, reverse=True)

    def _seen(
        self, key: SubjectKey, id_: int, at: str | datetime, address: bytes, country: bytes, device: bytes
    ) -> PastAccess:
        ip = opened(key, sign_ins.c.ip_address, id_, address)
        # Located again instead of stored: coordinates are not kept.
        place = self._dependencies.places.find(ip)
        return PastAccess(
            instant(at),
            ip,
            opened(key, sign_ins.c.country, id_, country),
            opened(key, sign_ins.c.device, id_, device),
            place,
        )


async def record(
    connection: AsyncConnection,
    key: SubjectKey,
    dependencies: SignInDependencies,
    access: PlatformAccess,
    credential_id: int | None = None,
) -> int:
    """Record an access, in the caller's transaction, and notify the customer of an unusual one; returns its id.

    The notification's link "It wasn't me" removes the credential's password, or without `credential_id` all passwords
    of the platform.
    """
    row = _row(key, access)
    await connection.execute(insert(sign_ins).values(row))
    # Every unusual access is recorded; only the notification is limited.
    if access.unusual and await _may_notify(connection, key, access):
        await _report(connection, key, dependencies, access, row["id"], credential_id)
    return int(row["id"])


async def record_alike(connection: AsyncConnection, key: SubjectKey | None, access: PlatformAccess) -> None:
    """Record a failed access, in the caller's transaction, with the same statement for a missing account (G7)."""
    row = _row(key or nobodys_key(), access)
    there = exists().where(customers.c.id == row["customer_id"])
    await connection.execute(insert_where(sign_ins, row, there))


def _row(key: SubjectKey, access: PlatformAccess) -> dict[str, Any]:
    id_ = new_id()
    return {
        "id": id_,
        "customer_id": key.customer_id,
        "platform": access.platform,
        "at": access.at,
        "outcome": "SUCCEEDED" if access.succeeded else "FAILED",
        "ip_address": sealed(key, sign_ins.c.ip_address, id_, access.address),
        "country": sealed(key, sign_ins.c.country, id_, access.place.country),
        "device": sealed(key, sign_ins.c.device, id_, access.device),
        "unusual": bool(access.unusual),
    }


async def _may_notify(connection: AsyncConnection, key: SubjectKey, access: PlatformAccess) -> bool:
    """True if the customer was not notified of the same today already."""
    if access.context is None:
        return True
    reasons = ",".join(sorted(each.name for each in access.unusual))
    # Different reasons are different notifications.
    name = access.context.bucket(key.customer_id, reasons, access.succeeded)
    return not await take(connection, {name: A_DAY}, int(access.at.timestamp() * 1000))


async def _report(
    connection: AsyncConnection,
    key: SubjectKey,
    dependencies: SignInDependencies,
    access: PlatformAccess,
    id_: int,
    credential_id: int | None,
) -> None:
    secret = new_secret()
    row = {
        "id": new_id(),
        "customer_id": key.customer_id,
        "sign_in_id": id_,
        "credential_id": credential_id,
        "secret_hash": hashed(secret),
        "expires_at": access.at + dependencies.times.alarm,
    }
    await connection.execute(insert(alarm_links).values(row))
    await write(
        connection,
        key,
        dependencies.site,
        SignInEmail.UNUSUAL_SIGN_IN,
        access.at,
        platform=access.platform,
        device=access.device,
        place=access.place.country or "-",
        link=dependencies.site.link("/not-me", secret),
    )


def sealed(key: SubjectKey, column: Column[Any], row_id: int, value: str | None) -> bytes | None:
    """Encrypt a text for a row; None stays None."""
    return None if value is None else key.seal(column, row_id, column.info["sealing"].encode(value))


def opened(key: SubjectKey, column: Column[Any], row_id: int, resting: bytes | None) -> str | None:
    """Decrypt a text; None if there is none or it is damaged, since a damaged row must not lock its owner out."""
    try:
        return None if resting is None else column.info["sealing"].decode(key.open(column, row_id, resting))
    except SealBrokenError:
        return None
