"""The receivers of messages: internal systems by webhook, the mail server, and clients that are told of logouts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode

import orjson
from sqlalchemy import select

from policy.erasing import RecipientAnswer
from policy.events import Event
from policy.restricting import NoticeReply
from store.crypto.signing import signed
from store.database.store import Store
from store.registers.clients import clients
from store.registers.webhooks import open_secret, webhooks
from store.sql.metadata import instant
from store.tables.oauth import oauth_clients
from workers.http.client import HttpClient
from workers.http.errors import HttpRequestError
from workers.outbox.smtp import Mailer, MailError

OK = range(200, 300)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

ReceiverId = int | str | None
"""The id of a webhook, the id of a client, or None for the mail server."""
LogoutSigner = Callable[[str, Mapping[str, str], str], Awaitable[str]]
"""Makes the logout token for a client, of what it is told and an id that is used once."""


class DeliveryError(Exception):
    """A receiver did not accept a message."""

    def __init__(self, word: str, retry_after: str | None = None, hopeless: bool = False) -> None:
        super().__init__(word)
        self.word = word
        """The reason for the operator, without personal data."""
        self.retry_after = retry_after
        self.hopeless = hopeless


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One attempt at one message."""

    id: int
    name: str
    """The message id for the receiver: the same in every attempt, so that it can detect duplicates."""
    customer_id: int | None
    content: bytes | None
    attempt: int
    give_up_at: datetime
    event: str | None = None


class Receiver(Protocol):
    """A receiver of messages."""

    @property
    def id(self) -> ReceiverId:
        """The id of the webhook or client; None for the mail server."""

    async def send(self, message: OutboxMessage, now: datetime) -> RecipientAnswer | NoticeReply | None:
        """Have a message taken, and whatever the receiver answered at once; Failed when it is not taken."""


@dataclass(frozen=True, slots=True, repr=False)
class System:
    """An internal system."""

    id: int | None
    url: str
    secrets: tuple[bytes, ...]
    client: HttpClient

    async def send(self, message: OutboxMessage, now: datetime) -> RecipientAnswer | NoticeReply | None:
        """Post it, signed; any 2xx says that it was taken, and a header may say what was done."""
        body = message.content or b""
        headers = {"Content-Type": "application/json"} | signed(self.secrets, message.name, now, body)
        try:
            answer = await self.client.post(self.url, headers, body)
        except HttpRequestError as problem:
            raise DeliveryError(str(problem)) from None
        if answer.status not in OK:
            raise DeliveryError(f"HTTP {answer.status}", answer.headers.get("retry-after"))
        if message.event == Event.ERASE.wire:
            return RecipientAnswer.__members__.get(answer.headers.get("erasure-answer", "").strip().upper())
        return NoticeReply.__members__.get(answer.headers.get("notice-answer", "").strip().upper())


@dataclass(frozen=True, slots=True, repr=False)
class RelyingParty:
    """A client that is told of ended sessions (OpenID Connect Back-Channel Logout 1.0)."""

    id: str
    uri: str
    sign: LogoutSigner
    client: HttpClient

    async def send(self, message: OutboxMessage, now: datetime) -> RecipientAnswer | NoticeReply | None:
        """Post a logout token, signed for this attempt: it lives for two minutes, and its `jti` is used once."""
        token = await self.sign(self.id, orjson.loads(message.content or b"{}"), f"{message.name}.{message.attempt}")
        try:
            answer = await self.client.post(self.uri, FORM, urlencode({"logout_token": token}).encode())
        except HttpRequestError as problem:
            raise DeliveryError(str(problem)) from None
        if answer.status not in OK:
            raise DeliveryError(f"HTTP {answer.status}", answer.headers.get("retry-after"))
        return None


@dataclass(frozen=True, slots=True)
class MailServer:
    """The mail server."""

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
    """Finds receivers. Without a mailer e-mails stay in the outbox, as in the demo, which shows them there."""

    def __init__(
        self, store: Store, client: HttpClient, mailer: Mailer | None = None, sign: LogoutSigner | None = None
    ) -> None:
        """Without `sign` no client is told of logouts."""
        self._store, self._client, self._mailer, self._sign = store, client, mailer, sign
        registered = (
            select(oauth_clients.c.client_id, oauth_clients.c.backchannel_logout_uri)
            .join_from(oauth_clients, clients, clients.c.id == oauth_clients.c.client_id)
            .where(clients.c.disabled_at.is_(None), oauth_clients.c.backchannel_logout_uri.is_not(None))
        )
        self._registered = store.reader.prepare(registered)
        query = select(
            webhooks.c.id, webhooks.c.url, webhooks.c.secret, webhooks.c.previous_secret, webhooks.c.previous_until
        ).where(webhooks.c.disabled_at.is_(None))
        self._enabled = store.reader.prepare(query)

    async def named(self, ids: Sequence[ReceiverId], now: datetime) -> list[Receiver]:
        """Return the receivers with these ids that are enabled."""
        found: list[Receiver] = []
        if None in ids and self._mailer is not None:
            found.append(MailServer(self._mailer))
        if self._sign is not None and any(isinstance(each, str) for each in ids):
            rows = await self._store.reader.fetch(self._registered, {})
            found += [RelyingParty(id_, uri, self._sign, self._client) for id_, uri in rows if id_ in ids]
        if any(isinstance(each, int) for each in ids):
            rows = await self._store.reader.fetch(self._enabled, {})
            found += [await self.system(tuple(row), now) for row in rows if row[0] in ids]
        return found

    async def system(self, row: tuple[Any, ...], now: datetime) -> System:
        """Make the receiver of a webhook's row, with its valid secrets."""
        id_, url, secret, previous, until = row
        system = self._store.keys.system
        secrets = [await open_secret(system, id_, secret)]
        # During a rotation both secrets sign, so that receivers can switch at any time.
        if previous is not None and until is not None and now < instant(until):
            secrets.append(await open_secret(system, id_, previous))
        return System(id_, url, tuple(secrets), self._client)
