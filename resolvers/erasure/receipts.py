"""The receipt of an erasure opens its dates, state and signed statements, and nobody's name (GDPR Art. 12, 17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import orjson
from sqlalchemy import bindparam, select

from policy.erasing import State, meaning
from store.database.store import Store
from store.links.receipts import erasure_of
from store.records.holds import Hold, visible_holds
from store.sql.metadata import Id, instant
from store.sql.reading import Row
from store.tables.erasures import erasures

MOMENTS = (
    erasures.c.requested_at,
    erasures.c.not_before,
    erasures.c.due_at,
    erasures.c.finished_at,
    erasures.c.cancelled_at,
)

WHILE_SERVICES_RUN = frozenset({State.ARMED, State.BLOCKED, State.REFUSED})
"""States in which something stays that is needed for services (GDPR Art. 12(4))."""


class SignedStatement(Enum):
    """A signed text about an erasure; the value is the column."""

    CERTIFICATE = "certificate"
    RECIPIENTS = "recipients_statement"
    """On those whom the data was passed on to, once every one has answered or was given up."""
    FILES = "files_statement"
    """That the files are clean, where the certificate was signed before they were."""
    LETTER = "letter_statement"
    """On the fate of the last letter, where the certificate could not say it yet."""


@dataclass(frozen=True, slots=True)
class ErasureStanding:
    """How an erasure stands, as far as whoever holds its receipt may know."""

    state: State
    cause: str
    moments: Mapping[str, datetime | None]
    """By column."""
    erased_now: Sequence[str]
    """Coordinates that went at once, on request."""
    statements: Mapping[SignedStatement, str]
    """Those that were signed, byte by byte; none before the erasure is done."""
    held: Sequence[Hold]
    """Orders that keep something, as far as they may be told."""

    @property
    def meaning(self) -> str:
        """The state in a sentence."""
        return meaning(self.state, bool(self.held))

    @property
    def stays(self) -> bool:
        """Whether something stays that is needed for services."""
        return self.state in WHILE_SERVICES_RUN


class ErasureReceipts:
    """Asks nobody who they are: once erased, nobody can sign in any more, and a receipt cannot be guessed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        columns = (
            erasures.c.state,
            erasures.c.cause,
            erasures.c.erased_now,
            *MOMENTS,
            *(erasures.c[each.value] for each in SignedStatement),
        )
        self._find = store.reader.prepare(select(*columns).where(erasures.c.id == bindparam("id", type_=Id)))

    async def find(self, receipt: str, now: datetime) -> ErasureStanding | None:
        """The erasure of a receipt; None where there is none."""
        id_ = await erasure_of(self._store.keys.system, receipt)
        rows = await self._store.reader.fetch(self._find, {"id": id_}) if id_ is not None else ()
        if id_ is None or not rows:
            return None
        held = await self._held(id_, now) if rows[0][0] == State.HELD.name else ()
        return _standing(rows[0], held)

    async def _held(self, id_: int, now: datetime) -> Sequence[Hold]:
        async with self._store.write() as connection:
            owner = await connection.scalar(select(erasures.c.customer_id).where(erasures.c.id == id_))
            return await visible_holds(connection, owner or 0, now)


def _standing(row: Row, held: Sequence[Hold]) -> ErasureStanding:
    state, cause, gone, *more = row
    moments, texts = more[: len(MOMENTS)], more[len(MOMENTS) :]
    signed = zip(SignedStatement, texts, strict=True) if state == State.ERASED.name else ()
    return ErasureStanding(
        State[state],
        cause,
        {column.name: None if at is None else instant(at) for column, at in zip(MOMENTS, moments, strict=True)},
        orjson.loads(gone) if gone else [],
        {each: text for each, text in signed if text},
        held,
    )
