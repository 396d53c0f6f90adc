"""Webhook messages about events: one to each subscribed system, in the transaction of the change (outbox).

A message is JSON with `type`, `timestamp` and `data`: the customer's id, the changed coordinates, and facts that are
ids or enum values. A receiver that needs a value queries the gateway, for a purpose.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import BY_NAME, Event
from policy.registered import Webhook
from policy.restricting import RESTRICTION
from resolvers.events.registers import may_serve
from resolvers.reads.filters import unstopped
from store.crypto.subject_key import SubjectKey
from store.crypto.system_keys import SystemKeys
from store.queue.messages import seal_for_nobody
from store.registers.webhooks import webhooks
from store.sql.ids import new_id
from store.sql.statements import Statement
from store.tables.customers import customers
from store.tables.outbox import outbox

TOPIC = "webhook"

# Built once: nearly every command announces something.
LISTENING = Statement(
    select(webhooks.c.id, webhooks.c.events, webhooks.c.name, webhooks.c.url)
    .where(webhooks.c.disabled_at.is_(None))
    .order_by(webhooks.c.id)
)


def heard() -> Select[Any]:
    """The systems that are told of events: without any, an event is no message."""
    return select(webhooks.c.id).where(webhooks.c.disabled_at.is_(None))


COORDINATE = re.compile(r"[A-Z][A-Za-z]*(\.[a-z][A-Za-z0-9]*)?")
WORD = re.compile(r"[A-Z][A-Z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a row: its type in the schema, and its key."""

    type_name: str
    key: int


Fact = Ref | bool | str | datetime
"""A reference, a boolean, an enum value or a time. Nothing that could be personal data."""


async def announce(
    connection: AsyncConnection,
    key: SubjectKey,
    event: str,
    now: datetime,
    coordinates: Sequence[str] = (),
    facts: Mapping[str, Fact] | None = None,
    to: Sequence[int] | None = None,
) -> None:
    """Write one message per subscribed system, in the caller's transaction; ValueError for possibly personal data.

    With `to`, only these subscriptions, of external companies that the event concerns; their messages have the facts
    without the customer's id. No message is written for a customer with restricted processing, unless the event is
    exempt (`Event.despite`).

    The ids of a customer's messages have the order of the commits: the customer's row is locked from here to the end of
    the transaction, and each id is greater than the earlier ones.
    """
    whose = key.customer_id if to is None else None
    receivers, content = await _prepared(connection, event, key.global_id, whose, now, coordinates, facts)
    if to is not None:
        receivers = [each for each in receivers if each in to]
    if not receivers:
        return
    free = unstopped(customers.c.id, RESTRICTION).label("free")
    row = select(customers.c.id, free).where(customers.c.id == key.customer_id)
    # FOR NO KEY UPDATE: inserting rows that refer to the customer need not wait.
    found = (await connection.execute(row.with_for_update(key_share=True, of=customers))).one_or_none()
    if found is not None and not found.free and BY_NAME[event].despite is None:
        return  # Receivers get an event when the restriction ends, and read again.
    # Receivers order messages by id, and ids of several machines are not in the order of commits.
    newest = await connection.scalar(select(func.max(outbox.c.id)).where(outbox.c.customer_id == key.customer_id)) or 0
    rows = []
    for receiver in receivers:
        newest = id_ = _after(newest)
        payload = key.seal(outbox.c.payload, id_, content)
        rows.append(_row(id_, receiver, event, now) | {"customer_id": key.customer_id, "payload": payload})
    await connection.execute(insert(outbox), rows)


async def announce_erased(
    connection: AsyncConnection, system_keys: SystemKeys, customer_id: int, now: datetime
) -> None:
    """Write the messages about an erased customer. Their key is destroyed, so a system key encrypts them."""
    event = Event.ERASED.wire
    ids = system_keys.ids

    def shown(type_name: str, row: int) -> str:
        return ids(type_name, customer_id, row)

    receivers, content = await _prepared(connection, event, shown, customer_id, now, (), None)
    for receiver in receivers:
        id_ = new_id()
        payload = await seal_for_nobody(system_keys, id_, content)
        row = _row(id_, receiver, event, now) | {"customer_id": None, "payload": payload}
        await connection.execute(insert(outbox).values(row))


async def _prepared(
    connection: AsyncConnection,
    event: str,
    id_of: Callable[[str, int], str],
    customer_id: int | None,
    now: datetime,
    coordinates: Sequence[str],
    facts: Mapping[str, Fact] | None,
) -> tuple[list[int], bytes]:
    """The receivers and the content. It is built even without receivers, so that an invalid event fails everywhere."""
    if event not in BY_NAME:
        raise ValueError("there is no such event")
    if any(not COORDINATE.fullmatch(each) for each in coordinates):
        raise ValueError("coordinates are names of the schema, such as Customer.name")
    data: dict[str, Any] = {} if customer_id is None else {"customer": id_of("Customer", customer_id)}
    data["coordinates"] = sorted(coordinates)
    data |= {name: _shown(fact, id_of) for name, fact in (facts or {}).items()}
    content = orjson.dumps({"type": event, "timestamp": _stamp(now), "data": data})
    rows = await LISTENING.rows(connection, {})
    return [id_ for id_, *row in rows if _listens(event, *row)], content


def _listens(event: str, events: str, name: str, url: str) -> bool:
    """True if the system subscribed to the event, and its subscription keeps the hard rules (D11)."""
    wanted = frozenset(orjson.loads(events))
    return event in (wanted or BY_NAME) and _is_lawful(events, name, url)


def _is_lawful(events: str, name: str, url: str) -> bool:
    return may_serve(name, Webhook(name, url, frozenset(orjson.loads(events))))


def _shown(fact: Any, id_of: Callable[[str, int], str]) -> str | bool:
    if isinstance(fact, Ref):
        return id_of(fact.type_name, fact.key)
    if isinstance(fact, datetime):
        return _stamp(fact)
    if isinstance(fact, bool) or (isinstance(fact, str) and WORD.fullmatch(fact)):
        return fact
    # A free text could be personal data, so it is refused by type and pattern.
    raise ValueError("a fact is a Ref, a bool, a moment, or a word of an enum")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _after(newest: int) -> int:
    """An id greater than the newest one, even if that was created on a machine whose clock is ahead."""
    id_ = new_id()
    return id_ if id_ > newest else newest + 1 + secrets.randbits(20)


def _row(id_: int, receiver: int, event: str, now: datetime) -> dict[str, Any]:
    return {
        "id": id_,
        "topic": TOPIC,
        "webhook_id": receiver,
        "event": event,
        "created_at": now,
        "next_attempt_at": now,
        "attempts": 0,
    }
