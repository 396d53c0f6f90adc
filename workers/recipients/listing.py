"""Telling everybody who has a copy that a customer is erased (GDPR Art. 17(2), 19): who it is, and what is written.

Listing and writing is one transaction; what becomes of each message is noted by `workers.recipients.noting`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import and_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.erasing import DELIVER_WITHIN, Method, NotificationState
from policy.events import Event
from policy.recipients import Recipient
from policy.registered import Webhook, offences
from store.crypto.subject_key import SubjectKey
from store.crypto.system_keys import SystemKeys
from store.queue.messages import seal_for_nobody
from store.registers.affiliates import affiliates
from store.registers.clients import clients
from store.registers.recipients import recipient_contacts
from store.registers.webhooks import webhooks
from store.sql.ids import new_id
from store.tables.disclosures import disclosures
from store.tables.erasures import TOOL, erasure_recipients
from store.tables.oauth import oauth_clients
from store.tables.outbox import outbox
from store.tables.restrictions import notice_recipients

TOLD = frozenset(Recipient) - {Recipient.AUTHORITY}
"""Who is asked to erase, too. What an authority received under an order is not ours to call back."""

MOST = 500
"""References that one message names; a recipient that got more of one person than this asks for the rest."""

LETTER = "letter"
"""The topic of what an operator is to post: nobody else delivers it."""


@dataclass(frozen=True, slots=True)
class CopyHolder:
    """One that may hold a copy; `references` are those under which it got the data."""

    kind: str
    name: str
    country: str | None = None
    keeps: str | None = None
    keeps_days: int | None = None
    references: tuple[str, ...] = field(default=(), repr=False)


async def holders(connection: AsyncConnection, customer_id: int, readers: Iterable[str]) -> list[CopyHolder]:
    """Whoever received something by a disclosure, and the registered tools among the clients that read."""
    kinds = [kind.name for kind in TOLD]
    got = select(disclosures.c.recipient_kind, disclosures.c.recipient_name, func.max(disclosures.c.recipient_country))
    got = got.where(disclosures.c.customer_id == customer_id, disclosures.c.recipient_kind.in_(kinds))
    found = []
    for kind, name, country in await connection.execute(
        got.group_by(disclosures.c.recipient_kind, disclosures.c.recipient_name)
    ):
        found.append(CopyHolder(kind, name, country, references=await _references(connection, customer_id, kind, name)))
    return found + await tools(connection, readers)


async def tools(connection: AsyncConnection, readers: Iterable[str]) -> list[CopyHolder]:
    """The clients that may hold a copy. A partner's is listed by the partner's name, and our own pages keep none."""
    ours = and_(oauth_clients.c.client_id == clients.c.id, oauth_clients.c.first_party)
    columns = select(clients.c.id, clients.c.keeps, clients.c.keeps_days).join_from(
        clients, oauth_clients, ours, isouter=True
    )
    theirs = columns.where(
        clients.c.id.in_(sorted(readers)), clients.c.partner_id.is_(None), oauth_clients.c.client_id.is_(None)
    )
    rows = await connection.execute(theirs.order_by(clients.c.id))
    return [CopyHolder(TOOL, id_, None, keeps, days) for id_, keeps, days in rows]


async def _references(connection: AsyncConnection, customer_id: int, kind: str, name: str) -> tuple[str, ...]:
    """What a recipient knows the data by; partners and tools know the customer's id."""
    if kind not in (Recipient.PAYMENT_AFFILIATE.name, Recipient.REGISTRY.name):
        return ()
    mine = (
        disclosures.c.customer_id == customer_id,
        disclosures.c.recipient_kind == kind,
        disclosures.c.recipient_name == name,
    )
    triggers = await connection.scalars(
        select(disclosures.c.trigger).where(*mine).group_by(disclosures.c.trigger).limit(MOST)
    )
    return tuple(sorted(trigger.rpartition(":")[2] for trigger in triggers))


async def list_and_write(
    connection: AsyncConnection, house: SystemKeys, erasure_id: int, key: SubjectKey, found: Sequence[CopyHolder],
    now: datetime,
) -> None:  # fmt: skip
    """List those who are not listed yet, and write to each by the way that is registered for it."""
    names = select(erasure_recipients.c.kind, erasure_recipients.c.name).where(
        erasure_recipients.c.erasure_id == erasure_id
    )
    listed = {(kind, name) for kind, name in await connection.execute(names)}
    for holder in found:
        if (holder.kind, holder.name) in listed:
            continue
        message = await _write(connection, house, erasure_id, key, holder, now)
        row = {
            "id": new_id(), "erasure_id": erasure_id, "kind": holder.kind, "name": holder.name,
            "country": holder.country, "listed_at": now, "state": NotificationState.LISTED.name, "tries": 0,
            "keeps": holder.keeps, "keeps_days": holder.keeps_days,
            "earlier": await _earlier(connection, key.customer_id, holder),
        }  # fmt: skip
        await connection.execute(insert(erasure_recipients).values(row | message))


async def _earlier(connection: AsyncConnection, customer_id: int, holder: CopyHolder) -> str | None:
    """What it was told of before and what it answered, which outlives the rows about the customer; None: nothing."""
    mine = (
        notice_recipients.c.customer_id == customer_id,
        notice_recipients.c.kind == holder.kind,
        notice_recipients.c.name == holder.name,
    )
    query = (
        select(
            notice_recipients.c.about,
            notice_recipients.c.state,
            notice_recipients.c.answer,
            notice_recipients.c.sent_at,
            notice_recipients.c.answered_at,
        )
        .where(*mine)
        .order_by(notice_recipients.c.id.desc())
        .limit(MOST)
    )
    found = [
        {"about": about, "state": state, "answer": answer, "sentAt": _said(sent), "answeredAt": _said(answered)}
        for about, state, answer, sent, answered in await connection.execute(query)
    ]
    return orjson.dumps(found).decode() if found else None


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


async def _write(
    connection: AsyncConnection, house: SystemKeys, case: int, key: SubjectKey, holder: CopyHolder, now: datetime
) -> dict[str, Any]:
    """The message to one recipient, sealed for nobody as the customer's key is about to go; its number and way."""
    about = facts_for(key, holder, house.ids.lasting("Case", case, case))
    row, content, way = await message_to(connection, holder, Event.ERASE.wire, about, letter, now)
    row |= {"customer_id": None, "payload": await seal_for_nobody(house, row["id"], content)}
    await connection.execute(insert(outbox).values(row))
    return way


def facts_for(key: SubjectKey, holder: CopyHolder, case: str) -> dict[str, Any]:
    """By what a recipient knows the data: ids and references. An affiliate knows its references alone."""
    about: dict[str, Any] = {"case": case}
    if holder.kind != Recipient.PAYMENT_AFFILIATE.name:
        about["customer"] = key.global_id("Customer", key.customer_id)
    return about | {"references": list(holder.references)}


async def message_to(
    connection: AsyncConnection, holder: CopyHolder, wire: str, about: dict[str, Any],
    written: Callable[[str, dict[str, Any]], dict[str, str]], now: datetime,
) -> tuple[dict[str, Any], bytes, dict[str, Any]]:  # fmt: skip
    """A row of the outbox for the way that is registered for a recipient, what to seal into it, and its number and way.

    `written` makes the e-mail of an address and the facts, or, with an empty address, what an operator posts.
    """
    hook, email = await way_to(connection, holder.kind, holder.name)
    row: dict[str, Any] = {
        "id": new_id(), "topic": "webhook", "event": wire, "created_at": now,
        "attempts": 0, "next_attempt_at": now, "give_up_at": now + DELIVER_WITHIN, "webhook_id": hook,
    }  # fmt: skip
    method: Method | None = Method.WEBHOOK
    if hook is not None:
        stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        content = orjson.dumps({"type": wire, "timestamp": stamp, "data": about})
    elif email is not None:
        content, method = orjson.dumps(written(email, about)), Method.EMAIL
        row["topic"] = "email"
    else:
        content, method = orjson.dumps(written("", about)), None
        row |= {"topic": LETTER, "next_attempt_at": None}
    return row, content, {"outbox_id": row["id"], "method": None if method is None else method.name}


async def way_to(connection: AsyncConnection, kind: str, name: str) -> tuple[int | None, str | None]:
    """The subscription or the mailbox of a recipient. One that breaks a hard rule, or is disabled, is none (D11)."""
    contact = select(recipient_contacts.c.webhook_id, recipient_contacts.c.email).where(
        recipient_contacts.c.kind == kind, recipient_contacts.c.name == name
    )
    row = (await connection.execute(contact)).one_or_none()
    hook, email = (None, None) if row is None else (row.webhook_id, row.email)
    if row is None and kind == Recipient.PAYMENT_AFFILIATE.name:
        hook = await connection.scalar(select(affiliates.c.webhook_id).where(affiliates.c.name == name))
    if hook is not None:
        found = select(webhooks.c.name, webhooks.c.url, webhooks.c.events).where(
            webhooks.c.id == hook, webhooks.c.disabled_at.is_(None)
        )
        there = (await connection.execute(found)).one_or_none()
        if there is None or offences(Webhook(there.name, there.url, frozenset(orjson.loads(there.events)))):
            hook = None
    return hook, email


def letter(to: str, about: dict[str, Any]) -> dict[str, str]:
    """An e-mail, or what an operator posts: with ids and references, and no value of a person."""
    lines = [f"Our case: {about['case']}"]
    if customer := about.get("customer"):
        lines.append(f"Customer: {customer}")
    lines += [f"Reference: {each}" for each in about["references"]]
    text = (
        "We have erased a customer whose data you received from us, and tell you as GDPR Art. 17(2) and 19 demand: "
        "please erase your copy, links to it and replications of it, and answer that you did, or why you may not.\n\n"
        + "\n".join(lines)
    )
    return {"to": to, "subject": f"Please erase your copy ({about['case']})", "text": text, "language": "en"}
