"""Notifies all recipients of a customer's data of the erasure (GDPR Art. 17(2), 19): finds them, and writes to each.

Listing and writing are one transaction; `workers.recipients.noting` records the outcome of each message.
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

A, C, D, K, N, O, R, W = (  # noqa: E741  (the tables' columns)
    affiliates.c, clients.c, disclosures.c, recipient_contacts.c, notice_recipients.c, outbox.c, erasure_recipients.c,
    webhooks.c,
)  # fmt: skip

NOTIFIED = frozenset(Recipient) - {Recipient.AUTHORITY}
"""The kinds of recipients that are notified. Data disclosed to an authority under an order cannot be recalled."""

MOST = 500
"""Maximum references in one message; a recipient with more about one person asks for the rest."""

LETTER = "letter"
"""The topic of letters that an operator posts; no worker delivers them."""


@dataclass(frozen=True, slots=True)
class CopyHolder:
    """A recipient that may have a copy; `references` are those under which it received the data."""

    kind: str
    name: str
    country: str | None = None
    keeps: str | None = None
    keeps_days: int | None = None
    references: tuple[str, ...] = field(default=(), repr=False)


async def holders(connection: AsyncConnection, customer_id: int, readers: Iterable[str]) -> list[CopyHolder]:
    """Find the recipients of disclosures, and the registered tools among the clients that read."""
    kinds = [kind.name for kind in NOTIFIED]
    got = select(D.recipient_kind, D.recipient_name, func.max(D.recipient_country))
    got = got.where(D.customer_id == customer_id, D.recipient_kind.in_(kinds))
    found = []
    for kind, name, country in await connection.execute(
        got.group_by(disclosures.c.recipient_kind, disclosures.c.recipient_name)
    ):
        found.append(CopyHolder(kind, name, country, references=await _references(connection, customer_id, kind, name)))
    return found + await tools(connection, readers)


async def tools(connection: AsyncConnection, readers: Iterable[str]) -> list[CopyHolder]:
    """Find the clients that may have a copy. Partners are listed by their own name, and our own pages keep none."""
    ours = and_(oauth_clients.c.client_id == C.id, oauth_clients.c.first_party)
    columns = select(C.id, C.keeps, C.keeps_days).join_from(clients, oauth_clients, ours, isouter=True)
    theirs = columns.where(C.id.in_(sorted(readers)), C.partner_id.is_(None), oauth_clients.c.client_id.is_(None))
    rows = await connection.execute(theirs.order_by(C.id))
    return [CopyHolder(TOOL, id_, None, keeps, days) for id_, keeps, days in rows]


async def _references(connection: AsyncConnection, customer_id: int, kind: str, name: str) -> tuple[str, ...]:
    """Return the references by which a recipient knows the data; partners and tools know the customer's id instead."""
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
    connection: AsyncConnection, system: SystemKeys, erasure_id: int, key: SubjectKey, found: Sequence[CopyHolder],
    now: datetime,
) -> None:  # fmt: skip
    """List the recipients that are not listed yet, and write to each over its registered channel."""
    names = select(R.kind, R.name).where(R.erasure_id == erasure_id)
    listed = {(kind, name) for kind, name in await connection.execute(names)}
    for holder in found:
        if (holder.kind, holder.name) in listed:
            continue
        message = await _write(connection, system, erasure_id, key, holder, now)
        row = {
            "id": new_id(), "erasure_id": erasure_id, "kind": holder.kind, "name": holder.name,
            "country": holder.country, "listed_at": now, "state": NotificationState.LISTED.name, "tries": 0,
            "keeps": holder.keeps, "keeps_days": holder.keeps_days,
            "earlier": await _earlier(connection, key.customer_id, holder),
        }  # fmt: skip
        await connection.execute(insert(erasure_recipients).values(row | message))


async def _earlier(connection: AsyncConnection, customer_id: int, holder: CopyHolder) -> str | None:
    """Return earlier notices to a recipient and its answers as JSON, to outlive the customer's rows; None: there are
    none."""
    mine = N.customer_id == customer_id, N.kind == holder.kind, N.name == holder.name
    query = select(N.about, N.state, N.answer, N.sent_at, N.answered_at).where(*mine).order_by(N.id.desc()).limit(MOST)
    found = [
        {"about": about, "state": state, "answer": answer, "sentAt": _said(sent), "answeredAt": _said(answered)}
        for about, state, answer, sent, answered in await connection.execute(query)
    ]
    return orjson.dumps(found).decode() if found else None


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


async def _write(
    connection: AsyncConnection, system: SystemKeys, case: int, key: SubjectKey, holder: CopyHolder, now: datetime
) -> dict[str, Any]:
    """Write the message to one recipient, encrypted under a system key, since the customer's is about to be destroyed;
    returns its number and channel."""
    about = facts_for(key, holder, system.ids.lasting("Case", case, case))
    row, content, way = await message_to(connection, holder, Event.ERASE.wire, about, letter, now)
    row |= {"customer_id": None, "payload": await seal_for_nobody(system, row["id"], content)}
    await connection.execute(insert(outbox).values(row))
    return way


def facts_for(key: SubjectKey, holder: CopyHolder, case: str) -> dict[str, Any]:
    """Return the ids and references by which a recipient knows the data. A payment affiliate knows references only."""
    about: dict[str, Any] = {"case": case}
    if holder.kind != Recipient.PAYMENT_AFFILIATE.name:
        about["customer"] = key.global_id("Customer", key.customer_id)
    return about | {"references": list(holder.references)}


async def message_to(
    connection: AsyncConnection, holder: CopyHolder, wire: str, about: dict[str, Any],
    written: Callable[[str, dict[str, Any]], dict[str, str]], now: datetime,
) -> tuple[dict[str, Any], bytes, dict[str, Any]]:  # fmt: skip
    """Return a row of the outbox for a recipient's registered channel, its content, and the number and channel.

    `written` makes the e-mail from an address and the facts, or, with an empty address, the letter for an operator.
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
    """Return the webhook or the mailbox of a recipient. A webhook that breaks a hard rule, or is disabled, is ignored
    (D11)."""
    contact = select(K.webhook_id, K.email).where(K.kind == kind, K.name == name)
    row = (await connection.execute(contact)).one_or_none()
    hook, email = (None, None) if row is None else (row.webhook_id, row.email)
    if row is None and kind == Recipient.PAYMENT_AFFILIATE.name:
        # The affiliate's own webhook, unless the operator has named another contact.
        hook = await connection.scalar(select(A.webhook_id).where(A.name == name))
    if hook is not None:
        # Checked again: the row may be of a release that allowed more (D11).
        found = select(W.name, W.url, W.events).where(W.id == hook, W.disabled_at.is_(None))
        there = (await connection.execute(found)).one_or_none()
        if there is None or offences(Webhook(there.name, there.url, frozenset(orjson.loads(there.events)))):
            hook = None
    return hook, email


def letter(to: str, about: dict[str, Any]) -> dict[str, str]:
    """Return an e-mail, or the letter for an operator, with ids and references, without other personal data."""
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
