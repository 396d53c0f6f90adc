"""Forwards card data to payment affiliates; each disclosure is recorded before it is sent (R22, R23; D4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.bases import LegalBasis
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.registered import AffiliateRegistration as Registered
from resolvers.commands.context import CommandContext
from resolvers.disclosures.disclosures import disclose
from resolvers.events.registers import may_serve
from store.crypto.signing import signed
from store.crypto.subject_key import SubjectKey
from store.registers.affiliates import affiliates, open_affiliate_secret
from store.tables.disclosures import disclosures

ACCEPTED, DECLINED, UNREACHABLE = OUTCOMES = ("ACCEPTED", "DECLINED", "UNREACHABLE")


@dataclass(frozen=True, slots=True, repr=False)
class Affiliate:
    """An active payment affiliate with its secret."""

    id: int
    name: str
    url: str
    country: str
    secret: bytes


@dataclass(frozen=True, slots=True, repr=False)
class AffiliateMessage:
    """A message to an affiliate: `fields` are coordinates for the record, `content` is sent. It has no repr (D1)."""

    kind: str
    id: str
    trigger: str
    fields: Sequence[str]
    content: Mapping[str, Any]


async def affiliate_of(
    context: CommandContext, connection: AsyncConnection, kind: str, name: str | None = None
) -> Affiliate | None:
    """The affiliate of a kind of payment: the named or the first registered one; None if there is none."""
    found = select(
        affiliates.c.id, affiliates.c.name, affiliates.c.url, affiliates.c.country, affiliates.c.secret
    ).where(affiliates.c.kind == kind, affiliates.c.disabled_at.is_(None))
    if name is not None:
        found = found.where(affiliates.c.name == name)
    rows = (await connection.execute(found.order_by(affiliates.c.id))).all()
    # Checked again, since a register can be changed by hand (D11).
    row = next((each for each in rows if may_serve(each.name, Registered(each.url, each.country))), None)
    if row is None:
        return None
    secret = await open_affiliate_secret(context.store.keys.system, row.id, row.secret)
    return Affiliate(row.id, row.name, row.url, row.country, secret)


async def write_down(
    connection: AsyncConnection,
    context: CommandContext,
    key: SubjectKey,
    affiliate: Affiliate,
    message: AffiliateMessage,
) -> None:
    """Record the disclosure, in a transaction that commits before the message is sent."""
    await disclose(
        connection,
        key,
        recipient_kind=Recipient.PAYMENT_AFFILIATE,
        recipient_name=affiliate.name,
        country=affiliate.country,
        purpose=Purpose.PAYMENT_EXECUTION,
        legal_basis=LegalBasis.A6_1_B,
        coordinates=message.fields,
        trigger=message.trigger,
        now=context.now,
    )


async def send(context: CommandContext, key: SubjectKey, affiliate: Affiliate, message: AffiliateMessage) -> str:
    """Append a durable ledger entry, then send the message; returns the outcome.

    The message id is the same for the same payment, so that the affiliate can detect repetitions and charge once.
    """
    entry = {
        "version": 1,
        "at": int(context.now.timestamp()),
        "client": context.grant.client_id,
        "purpose": Purpose.PAYMENT_EXECUTION.name,
        "reference": None,
        "operation": sha256(f"affiliate {message.kind}".encode()).hexdigest(),
        "fields": sorted(message.fields),
        "subjects": [key.pseudonym],
    }
    # Durable before the card leaves: a crash may record a message that was not sent, never the reverse (F1).
    await context.store.ledger.append(entry)
    if context.dependencies.post is None:
        return UNREACHABLE
    stamp = context.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    body = orjson.dumps({"type": message.kind, "timestamp": stamp, "data": dict(message.content)})
    headers = {"Content-Type": "application/json"} | signed([affiliate.secret], message.id, context.now, body)
    status = await context.dependencies.post(affiliate.url, headers, body)
    if status is not None and 200 <= status < 300:
        return ACCEPTED
    # 5xx and no answer may be repeated with the same id; 4xx is the affiliate's decision.
    return DECLINED if status is not None and 400 <= status < 500 else UNREACHABLE


async def received_cards(connection: AsyncConnection, customer_id: int) -> list[int]:
    """The webhook subscriptions of affiliates that have received a card of this customer."""
    recipients = select(disclosures.c.recipient_name).where(
        disclosures.c.customer_id == customer_id, disclosures.c.recipient_kind == Recipient.PAYMENT_AFFILIATE.name
    )
    found = select(affiliates.c.webhook_id).where(affiliates.c.kind == "CARD", affiliates.c.name.in_(recipients))
    return list((await connection.scalars(found)).all())
