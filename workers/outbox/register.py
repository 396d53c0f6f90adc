"""The register of systems that are told of events, and what an operator may do with messages that wait."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from policy.events import BY_NAME
from policy.own_names import is_own_name
from policy.registered import Webhook, offences
from policy.transport import is_encrypted
from store.crypto.signing import secret_text
from store.database.store import Store
from store.queue.messages import name_of
from store.registers.webhooks import seal_secret, webhooks
from store.sql.ids import new_id
from store.tables.outbox import outbox
from values.hosts import url_to_ascii
from workers.http.client import HttpClient
from workers.outbox.receivers import DeliveryError, OutboxMessage, Receivers

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
SECRET_BYTES = 32
MOST = 200
"""Messages that one list shows."""

STATES: dict[str, ColumnElement[bool]] = {
    "waiting": outbox.c.next_attempt_at.is_not(None),
    "dead": outbox.c.dead_at.is_not(None),
    "delivered": outbox.c.delivered_at.is_not(None),
    "held": and_(outbox.c.held_by.is_not(None), outbox.c.dead_at.is_(None)),
}


class WebhookError(Exception):
    """The change is refused; the text says why, and how to go on."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How the outbox fares."""

    waiting: int
    dead: int
    held: int
    """Letters that wait for the release of the import that caused them."""
    oldest: datetime | None
    """When the oldest message that waits was written."""


class Webhooks:
    """Everything about receivers and messages; no content of a message is ever opened here."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, name: str, url: str, events: Sequence[str], now: datetime) -> str:
        """Tell a system of these events, of all if there are none; its secret, which is shown this once."""
        if not NAME.fullmatch(name):
            raise WebhookError("A name has small letters, digits, dots and dashes, such as crm or billing-2.")
        if is_own_name(name):
            raise WebhookError("The gateway itself goes by this name: take another.")
        try:
            url = url_to_ascii(url)
        except ValueError as error:
            raise WebhookError(f"The address names no host. {error}") from None
        if not is_encrypted(url):
            raise WebhookError("The address must begin with https:// (on this machine, http://) and hold no password.")
        if found := offences(Webhook(name, url, frozenset(events))):
            raise WebhookError(f"{found[0]}.")
        if unknown := sorted(set(events) - BY_NAME.keys()):
            raise WebhookError(f"There is no event {unknown[0]}. There are: {', '.join(BY_NAME)}.")
        id_, secret = new_id(), secrets.token_bytes(SECRET_BYTES)
        row = {
            "id": id_,
            "name": name,
            "url": url,
            "events": orjson.dumps(sorted(set(events))).decode(),
            "secret": await seal_secret(self._store.keys.system, id_, secret),
            "created_at": now,
        }
        async with self._store.write() as connection:
            if await connection.scalar(select(webhooks.c.id).where(webhooks.c.name == name)) is not None:
                raise WebhookError(f"{name} is there already: rotate its secret, or choose another name.")
            await connection.execute(insert(webhooks).values(row))
        return secret_text(secret)

    async def listed(self) -> Sequence[Any]:
        """Every system, with how many messages wait for it and how many are dead."""
        waiting = func.count(outbox.c.next_attempt_at).label("waiting")
        dead = func.count(outbox.c.dead_at).label("dead")
        query = select(
            webhooks.c.id, webhooks.c.name, webhooks.c.url, webhooks.c.events, webhooks.c.disabled_at, waiting, dead
        )
        query = query.join_from(webhooks, outbox, outbox.c.webhook_id == webhooks.c.id, isouter=True)
        query = query.group_by(
            webhooks.c.id, webhooks.c.name, webhooks.c.url, webhooks.c.events, webhooks.c.disabled_at
        ).order_by(webhooks.c.name)
        async with self._store.write() as connection:
            return (await connection.execute(query)).all()

    async def rotate(self, name: str, overlap: timedelta, now: datetime) -> str:
        """A new secret; the old one signs beside it for the overlap."""
        row = await self._row(name)
        secret = secrets.token_bytes(SECRET_BYTES)
        change = {
            "secret": await seal_secret(self._store.keys.system, row.id, secret),
            "previous_secret": row.secret if overlap else None,
            "previous_until": now + overlap if overlap else None,
        }
        async with self._store.write() as connection:
            await connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(change))
        return secret_text(secret)

    async def disable(self, name: str, now: datetime) -> int:
        """Tell a system nothing more. What waited for it is dead, and can be replayed; how much that is."""
        row = await self._row(name)
        waits = (outbox.c.webhook_id == row.id, outbox.c.next_attempt_at.is_not(None))
        dead = {"next_attempt_at": None, "dead_at": now, "trouble": "DISABLED", "leased_until": None}
        async with self._store.write() as connection:
            await connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(disabled_at=now))
            return (await connection.execute(update(outbox).where(*waits).values(dead))).rowcount

    async def enable(self, name: str) -> None:
        """Tell a system again, of what happens from now on."""
        row = await self._row(name)
        async with self._store.write() as connection:
            await connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(disabled_at=None))

    async def test(self, name: str, client: HttpClient, now: datetime) -> None:
        """Send a system one message of type `webhook.test` about nobody; WebhookError when it does not take it."""
        row = await self._row(name)
        columns = (row.id, row.url, row.secret, row.previous_secret, row.previous_until)
        system = await Receivers(self._store, client).system(columns, now)
        stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        content = orjson.dumps({"type": "webhook.test", "timestamp": stamp, "data": {}})
        try:
            id_ = new_id()
            name = name_of(self._store.keys.system, id_)
            await system.send(OutboxMessage(id_, name, None, content, 1, now), now)
        except DeliveryError as failure:
            raise WebhookError(f"{name} did not take the message: {failure.word}.") from None

    async def messages(self, state: str | None, name: str | None = None, id_: int | None = None) -> Sequence[Any]:
        """The newest messages in a state, without what is in them."""
        query = select(
            outbox.c.id,
            outbox.c.topic,
            outbox.c.event,
            webhooks.c.name,
            outbox.c.created_at,
            outbox.c.attempts,
            outbox.c.next_attempt_at,
            outbox.c.delivered_at,
            outbox.c.dead_at,
            outbox.c.trouble,
            outbox.c.held_by,
        )
        query = query.join_from(outbox, webhooks, outbox.c.webhook_id == webhooks.c.id, isouter=True)
        if state is not None:
            query = query.where(STATES[state])
        if name is not None:
            query = query.where(webhooks.c.name == name)
        if id_ is not None:
            query = query.where(outbox.c.id == id_)
        async with self._store.write() as connection:
            return (await connection.execute(query.order_by(outbox.c.id.desc()).limit(MOST))).all()

    async def replay(self, ids: Sequence[int], name: str | None, everything: bool, now: datetime) -> int:
        """Have dead messages tried again, and delivered ones too if they are named; how many there are."""
        settled = or_(outbox.c.dead_at.is_not(None), outbox.c.delivered_at.is_not(None))
        which = and_(outbox.c.id.in_(ids), settled) if ids else outbox.c.dead_at.is_not(None)
        if name is not None:
            which = and_(which, outbox.c.webhook_id == (await self._row(name)).id)
        if not ids and name is None and not everything:
            raise WebhookError("Say which: ids, --to NAME, or --all.")
        disabled = select(webhooks.c.id).where(webhooks.c.disabled_at.is_not(None))
        alive = or_(outbox.c.webhook_id.is_(None), outbox.c.webhook_id.not_in(disabled))
        again = {"next_attempt_at": now, "dead_at": None, "delivered_at": None, "attempts": 0, "trouble": None}
        again |= {"give_up_at": now + timedelta(days=3), "leased_until": None}
        # A notice of a session that ended has its content by its session.
        whole = or_(outbox.c.payload.is_not(None), outbox.c.session_id.is_not(None))
        wanted = (which, alive, whole, or_(outbox.c.void_at.is_(None), outbox.c.void_at > now))
        async with self._store.write() as connection:
            return (await connection.execute(update(outbox).where(*wanted).values(again))).rowcount

    async def counts(self) -> Counts:
        """How many wait, how many are dead, since when the oldest waits."""
        query = select(func.count(outbox.c.next_attempt_at), func.count(outbox.c.dead_at))
        held = select(func.count()).select_from(outbox).where(STATES["held"])
        oldest = select(outbox.c.created_at).where(outbox.c.next_attempt_at.is_not(None)).order_by(outbox.c.id).limit(1)
        async with self._store.write() as connection:
            waiting, dead = (await connection.execute(query)).one()
            return Counts(waiting, dead, await connection.scalar(held) or 0, await connection.scalar(oldest))

    async def _row(self, name: str) -> Any:
        async with self._store.write() as connection:
            row = (await connection.execute(select(webhooks).where(webhooks.c.name == name))).one_or_none()
        if row is None:
            raise WebhookError(f"There is no system {name}: `gateway webhooks list` shows those there are.")
        return row
