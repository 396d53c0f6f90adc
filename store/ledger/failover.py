"""Notices when another PostgreSQL server answers for the ledger, after a failover, and whether it lacks entries (F8).

A standby that is promoted continues on another timeline, and lacks what the former primary had not sent. Signed heads
(`store.ledger.heads`) show what was lost of the tree; entries of the last minute are not signed yet. So each process
knows the last entry that was acknowledged to it, and the key store the server that acknowledged it: since a server's
log is one sequence, a server that has the last entry has everything that was acknowledged before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from policy.retention import RetentionRule
from store.crypto.system_keys import insert_new
from store.ledger.append import LedgerAppender
from store.ledger.append_postgresql import TIMELINE, Acknowledged, PostgresWriter, ServerIdentity
from store.ledger.entries import EVENT_GAP, ledger_entries
from store.ledger.resuming import Resumer
from store.sql.engines import transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.metadata import Id, Instant, instant, key_metadata, plain, table
from store.sql.reading import Reader

log = logging.getLogger(__name__)

ledger_server = table(
    "ledger_server",
    RetentionRule.KEYS,
    plain("id", Integer, None, primary_key=True, autoincrement=False),
    plain("system", BigInteger, None),
    plain("timeline", Text, None),
    plain("synchronous", Boolean, None),
    plain("sequence", BigInteger, None),
    plain("at", Instant, None),
    plain("lost_from", Instant, None, nullable=True),
    plain("lost_to", Instant, None, nullable=True),
    plain("resumed", Integer, None),
    within=key_metadata,
)
"""One row: the server that has the ledger, the last entry that was acknowledged (number and time), and, from the time
at which something was found to be lost, between which times; `resumed` counts the operators' acts since. It contains no
personal data."""

SERVER = 1
"""The id of that row."""

CONFIRMED_AFTER = 6.0
"""Seconds for which the other replicas look for their own last entries, before one serves on another server."""

DOUBTED_AFTER = 12.0
"""Seconds after which a server that nobody could vouch for is taken to lack something."""

SYNCHRONOUS = (
    "current_setting('synchronous_standby_names') <> '' "
    "AND current_setting('synchronous_commit') IN ('on', 'remote_apply')"
)
"""Whether a commit is answered only when a standby has it as well."""


class LedgerTailLostError(StoreUnavailableError):
    """The server that answers lacks entries that were acknowledged, or nobody can tell that it has them."""

    def __init__(self, since: datetime, until: datetime) -> None:
        super().__init__(
            OutageCause.LEDGER_BEHIND,
            f"what was recorded from {since:%Y-%m-%d %H:%M:%S}Z to {until:%Y-%m-%d %H:%M:%S}Z may be missing, "
            "since the ledger's server failed over to one that lacks it",
        )
        self.since, self.until = since, until


@dataclass(frozen=True, slots=True)
class _Known:
    """The row of `ledger_server`."""

    server: ServerIdentity
    synchronous: bool
    sequence: int
    at: datetime
    lost: tuple[datetime, datetime] | None
    resumed: int


def _now() -> datetime:
    return datetime.now(UTC)


class FailoverWatch:
    """Compares the server that answers with the one that was known; any number of processes do so at once."""

    def __init__(
        self,
        ledger: Reader,
        keys: Reader,
        engine: AsyncEngine,
        writer: PostgresWriter,
        clock: Callable[[], datetime] = _now,
        ticking: Callable[[], float] = monotonic,
    ) -> None:
        self._ledger, self._keys, self._engine, self._writer = ledger, keys, engine, writer
        self._clock, self._ticking = clock, ticking
        self._noticed: tuple[ServerIdentity, float] | None = None
        self._resumed: int | None = None
        columns = [ledger_server.c[column.name] for column in ledger_server.columns if column.name != "id"]
        self._find = keys.prepare(select(*columns).where(ledger_server.c.id == SERVER))
        system: ColumnElement[Any] = literal_column("(SELECT system_identifier FROM pg_control_system())")
        identity = select(system, literal_column(TIMELINE), literal_column(SYNCHRONOUS))
        self._identify = ledger.prepare(identity)
        self._entry = ledger.prepare(
            select(ledger_entries.c.entry).where(ledger_entries.c.sequence == bindparam("sequence", type_=Id))
        )
        newest = select(ledger_entries.c.at).order_by(ledger_entries.c.sequence.desc()).limit(1)
        self._newest = ledger.prepare(newest)
        self._last = ledger.prepare(select(func.max(ledger_entries.c.sequence)))

    async def check(self) -> None:
        """Return if the server that answers has everything that was acknowledged.

        Another one is taken over when it was promoted from a synchronous standby, or when the last entry that this
        process was told of is there, and no other process misses one of its own meanwhile. LedgerTailLostError
        otherwise, until `resume`; StoreUnavailableError while that is being found out.
        """
        server, synchronous = await self._present()
        known = await self._known()
        if known is None:
            await self._remember(None, server, synchronous, self._writer.acknowledged)
            self._take_over(server)
            return
        if self._resumed is not None and known.resumed != self._resumed:
            self._writer.acknowledged = None  # An operator has given up what is missing.
        self._resumed = known.resumed
        last = self._writer.acknowledged
        if known.lost is not None:
            raise LedgerTailLostError(*known.lost)
        if last is not None and not await self._has(last):
            await self._doubt(known, max(last.at, known.at))
        if known.server == server:
            if (last is not None and last.sequence > known.sequence) or known.synchronous != synchronous:
                await self._remember(known, server, synchronous, last)
        else:
            await self._judge(known, server, last)
            await self._remember(known, server, synchronous, last)
            log.warning(
                "The ledger's server failed over, and nothing that was acknowledged is missing",
                extra={"timeline": server.timeline},
            )
        self._take_over(server)

    async def resume(self, ledger: LedgerAppender, by: Resumer) -> tuple[datetime, datetime] | None:
        """Go on with the server that answers; returns from when to when entries may be missing, None if none are.

        Who did it, and why, is recorded with the two times. Killed anywhere, it can be run again.
        """
        server, synchronous = await self._present()
        known = await self._known()
        if known is None or (known.lost is None and known.server == server):
            return None
        lost = known.lost or (await self._newest_at(known.at), known.at)
        self._take_over(server)
        since, until = (int(each.timestamp()) for each in lost)
        entry = {"version": 1, "event": EVENT_GAP, "at": int(self._clock().timestamp()), "from": since, "to": until}
        await ledger.append_withheld(entry | {"reason": by.reason, "operator": by.operator, "staff": by.staff})
        await self._remember(known, server, synchronous, self._writer.acknowledged, resumed=known.resumed + 1)
        self._resumed = known.resumed + 1
        return lost

    async def _judge(self, known: _Known, server: ServerIdentity, last: Acknowledged | None) -> None:
        """Return if nothing is missing on another server; see `check`."""
        if known.synchronous:
            return
        now = self._ticking()
        if self._noticed is None or self._noticed[0] != server:
            self._noticed = server, now
            log.warning(
                "Another server answers for the ledger: it is compared with what was acknowledged",
                extra={"timeline": server.timeline},
            )
        since = now - self._noticed[1]
        # Whoever has not been told of the newest entry cannot vouch for it, and leaves it to those who have.
        vouching = last is not None and last.sequence >= known.sequence
        if vouching and since >= CONFIRMED_AFTER:
            return
        if since >= DOUBTED_AFTER:
            await self._doubt(known, known.at if last is None else max(known.at, last.at))
        raise StoreUnavailableError(OutageCause.DOWN, "the ledger's server failed over, and is compared")

    async def _doubt(self, known: _Known, until: datetime) -> None:
        """Record that something is missing, and raise LedgerTailLostError."""
        since = await self._newest_at(until)
        lost = {"lost_from": since, "lost_to": until}
        async with transaction(self._engine) as connection:
            mine = update(ledger_server).where(ledger_server.c.id == SERVER, ledger_server.c.resumed == known.resumed)
            await connection.execute(mine.where(ledger_server.c.lost_from.is_(None)).values(lost))
        raise LedgerTailLostError(since, until)

    async def _newest_at(self, until: datetime) -> datetime:
        rows = await self._ledger.fetch(self._newest, {})
        return min(instant(rows[0][0]), until) if rows else until

    def _take_over(self, server: ServerIdentity) -> None:
        self._writer.server, self._noticed = server, None

    async def _present(self) -> tuple[ServerIdentity, bool]:
        ((system, timeline, synchronous),) = await self._ledger.fetch(self._identify, {})
        if not timeline:
            raise StoreUnavailableError(OutageCause.READ_ONLY, "a standby answers for the ledger")
        return ServerIdentity(system, timeline), bool(synchronous)

    async def _known(self) -> _Known | None:
        rows = await self._keys.fetch(self._find, {})
        if not rows:
            return None
        system, timeline, synchronous, sequence, at, since, until, resumed = rows[0]
        lost = None if since is None else (instant(since), instant(until))
        return _Known(ServerIdentity(system, timeline), bool(synchronous), sequence, instant(at), lost, resumed)

    async def _has(self, last: Acknowledged) -> bool:
        # By its bytes: a promoted server may give the same number to another entry.
        rows = await self._ledger.fetch(self._entry, {"sequence": last.sequence})
        return bool(rows) and bytes(rows[0][0]) == last.entry

    async def _remember(
        self,
        known: _Known | None,
        server: ServerIdentity,
        synchronous: bool,
        last: Acknowledged | None,
        resumed: int = 0,
    ) -> None:
        """Remember a server, unless another process has just found that something is lost."""
        row: dict[str, Any] = {"system": server.system, "timeline": server.timeline, "synchronous": synchronous}
        if last is None:
            ((sequence,),) = await self._ledger.fetch(self._last, {})
            row |= {"sequence": sequence or 0, "at": self._clock()}
        else:
            row |= {"sequence": last.sequence, "at": last.at}
        row["resumed"] = resumed or (known.resumed if known is not None else 0)
        async with transaction(self._engine) as connection:
            if known is None:
                await connection.execute(insert_new(connection, ledger_server), row | {"id": SERVER})
                return
            mine = update(ledger_server).where(ledger_server.c.id == SERVER, ledger_server.c.resumed == known.resumed)
            if resumed:
                row |= {"lost_from": None, "lost_to": None}
            else:
                mine = mine.where(ledger_server.c.lost_from.is_(None))
                if known.server == server:  # Another process may have been told of a newer entry.
                    mine = mine.where(ledger_server.c.sequence <= row["sequence"])
            await connection.execute(mine.values(row))
