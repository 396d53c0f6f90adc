"""Who takes messages: internal systems by webhook, and the mail server for letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select

from policy.erasing import RecipientAnswer
from policy.events import Event
from policy.restricting import NoticeReply
from store.crypto.signing import signed
from store.database.store import Store
from store.registers.webhooks import open_secret, webhooks
from store.sql.metadata import instant
from workers.outbox.smtp import Mailer, MailError
from workers.outbox.webhooks import Poster, PostError

W = webhooks.c
OK = range(200, 300)


class DeliveryError(Exception):
    """A receiver did not take a message."""

    def __init__(self, word: str, retry_after: str | None = None, hopeless: bool = False) -> None:
        super().__init__(word)
        self.word = word
        """Why, for the operator; holds nothing of anybody."""
        self.retry_after = retry_after
        self.hopeless = hopeless


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One attempt at one message."""

    id: int
    name: str
    """What a receiver knows it by: the same at every attempt, so that it can tell a second one."""
    customer_id: int | None
    content: bytes | None
    attempt: int
    give_up_at: datetime
    event: str | None = None


class Receiver(Protocol):
    """Takes messages."""

    @property
    def id(self) -> int | None:
        """The subscription; None for the mail server."""

    async def send(self, message: OutboxMessage, now: datetime) -> RecipientAnswer | NoticeReply | None:
        """Have a message taken, and whatever the receiver answered at once; Failed when it is not taken."""


@dataclass(frozen=True, slots=True, repr=False)
class System:
    """An internal system."""

    id: int | None
    url: str
    secrets: tuple[bytes, ...]
    poster: Poster

    async def send(self, message: OutboxMessage, now: datetime) -> RecipientAnswer | NoticeReply | None:
        """Post it, signed; any 2xx says that it was taken, and a header may say what was done."""
        body = message.content or b""
        headers = {"Content-Type": "application/json"} | signed(self.secrets, message.name, now, body)
        try:
            answer = await self.poster.post(self.url, headers, body)
        except PostError as problem:
            raise DeliveryError(str(problem)) from None
        if answer.status not in OK:
            raise DeliveryError(f"HTTP {answer.status}", answer.retry_after)
        if message.event == Event.ERASE.wire:
            return RecipientAnswer.__members__.get((answer.erasure_answer or "").strip().upper())
        return NoticeReply.__members__.get((answer.notice_answer or "").strip().upper())


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes letters."""

    mailer: Mailer
    id: int | None = None

    async def send(self, message: OutboxMessage, now: datetime) -> RecipientAnswer | NoticeReply | None:
        """Hand the letter over; whoever reads it answers by other ways."""
        try:
            await self.mailer.send(message.name, message.content or b"", now)
        except MailError as problem:
            raise DeliveryError(str(problem), hopeless=problem.hopeless) from None
        return None


class Receivers:
    """Finds them. Without a mailer letters stay in the outbox, as in the demo, which shows them there."""

    def __init__(self, store: Store, poster: Poster, mailer: Mailer | None = None) -> None:
        self._store, self._poster, self._mailer = store, poster, mailer
        query = select(W.id, W.url, W.secret, W.previous_secret, W.previous_until).where(W.disabled_at.is_(None))
        self._enabled = store.reader.prepare(query)

    async def named(self, ids: Sequence[int | None], now: datetime) -> list[Receiver]:
        """Those of these ids that take messages now."""
        found: list[Receiver] = []
        if None in ids and self._mailer is not None:
            found.append(MailServer(self._mailer))
        if any(each is not None for each in ids):
            rows = await self._store.reader.fetch(self._enabled, {})
            found += [await self.system(tuple(row), now) for row in rows if row[0] in ids]
        return found

    async def system(self, row: tuple[Any, ...], now: datetime) -> System:
        """A system by its row, with the secrets that are good now."""
        id_, url, secret, previous, until = row
        house = self._store.keys.house
        secrets = [await open_secret(house, id_, secret)]
        if previous is not None and until is not None and now < instant(until):
            secrets.append(await open_secret(house, id_, previous))
        return System(id_, url, tuple(secrets), self._poster)
