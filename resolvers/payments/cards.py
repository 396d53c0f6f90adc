"""Stores cards by consent only; withdrawing the consent deletes them at once (R20, R48, R49; D4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.cards import CardFault, CardNumber, card_number, expired, possible
from policy.events import Event
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.consents.consents import give, is_given, outdated, withdraw
from resolvers.events.announcements import Fact, Ref, announce
from resolvers.payments.affiliates import received_cards
from resolvers.payments.payments import (
    GONE,
    MOST,
    TOO_MANY,
    changed,
    count,
    fall_back,
    insert_method,
    locked,
    make_default,
    sealed_value,
)
from store.crypto.subject_key import SubjectKey
from store.sql.ids import new_id
from store.tables.consents import consents
from store.tables.payments import card_fingerprint, card_vault, payment_methods

KIND = "CARD_STORAGE"
SOURCE = "graphql/addCard"

NO_CONSENT = UserProblem(
    "CONSENT_REQUIRED",
    "A card is kept only if the box is ticked. Without it you can pay with the card, and nothing of it is kept.",
    ("consent", "agreed"),
)
EXPIRED = UserProblem("CARD_EXPIRED", "This card has expired.", ("expMonth",))
IMPOSSIBLE = UserProblem("INVALID_EXPIRY", "Write the month as 1 to 12 and the year with four digits.", ("expMonth",))
DUPLICATE = UserProblem("CARD_KNOWN", "This card is kept already.", ("number",))
NOTHING_KEPT = UserProblem("NOT_CONSENTED", "No card is kept, so there is nothing to take back.")


async def add_card(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Store a card together with the consent, in one transaction.

    1. check the consent and its wording version; 2. check number and expiry; 3. refuse a stored card, found by a
    fingerprint under the customer's key; 4. write consent, payment method and number. The security code is no input of
    this command, so it cannot be stored.
    """
    consent = given.get("consent") or {}
    if not consent.get("agreed"):  # 1
        return Result(problems=(NO_CONSENT,))
    if old := outdated(consent.get("wordingVersion"), ("consent", "wordingVersion")):
        return Result(problems=(old,))
    checked = check_card(context, given)  # 2
    if isinstance(checked, tuple):
        return Result(problems=checked)
    (key,) = await context.store.keys.subjects([context.subject])
    if key is None:
        return Result(problems=(GONE,))
    # Keyed by the customer: card numbers can be guessed (D10), and no card is recognised across customers.
    mark = card_fingerprint(key, checked.digits)
    async with context.store.write() as connection:
        if not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        same = select(card_vault.c.id).where(
            card_vault.c.customer_id == key.customer_id, card_vault.c.fingerprint == mark
        )
        if await connection.scalar(same) is not None:  # 3
            return Result(problems=(DUPLICATE,))
        if await count(connection, key.customer_id) >= MOST:
            return Result(problems=(TOO_MANY,))
        id_ = await _keep(connection, context, key, given, checked, mark)  # 4
    return Result(affected={"card": id_, "customer": context.subject})


def check_card(context: CommandContext, given: Mapping[str, Any]) -> CardNumber | tuple[UserProblem, ...]:
    """The card number; or the problems of number and expiry."""
    month, year, today = given["expMonth"], given["expYear"], context.now.date()
    problems: list[UserProblem] = []
    number = card_number(given["number"], tests=context.dependencies.test_cards)
    if isinstance(number, CardFault):
        problems.append(UserProblem(f"INVALID_CARD_{number.name}", number.text, ("number",)))
    if not possible(month, year, today):
        problems.append(IMPOSSIBLE)
    elif expired(month, year, today):
        problems.append(EXPIRED)
    return number if isinstance(number, CardNumber) and not problems else tuple(problems)


async def _keep(
    connection: AsyncConnection,
    context: CommandContext,
    key: SubjectKey,
    given: Mapping[str, Any],
    card: CardNumber,
    mark: bytes,
) -> int:
    event = await give(connection, context, key, KIND, given["consent"]["language"], SOURCE)
    values = {
        "card_brand": card.brand.text,
        "card_last4": card.last4,
        "card_expiry": [f"{given['expMonth']:02d}", str(given["expYear"])],
        "card_consent_id": event,
    }
    id_ = await insert_method(connection, context, key, "CARD", values)
    vault = new_id()
    row = {
        "id": vault,
        "customer_id": key.customer_id,
        "payment_method_id": id_,
        "number": sealed_value(key, card_vault.c.number, vault, card.digits),
        "fingerprint": mark,
        "stored_at": context.now,
    }
    await connection.execute(insert(card_vault).values(row))
    if given.get("makeDefault"):
        await make_default(connection, key.customer_id, id_)
    await changed(connection, context, key, id_, "CARD")
    return id_


async def withdraw_consent(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Withdraw the consent: all numbers are deleted, the default method falls back, the consent stays on record
    (R48)."""
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(GONE,))
        if not await is_given(connection, key.customer_id, KIND):
            return Result(problems=(NOTHING_KEPT,))
        language = await _language(connection, key.customer_id)
        event = await withdraw(connection, context, key, KIND, language, "graphql/withdrawCardConsent")
        await forget_cards(connection, context, key)
    # After the commit: deleted numbers are in free pages from then on (D8).
    await context.store.scrub(card_vault)
    return Result(affected={"consent": event, "customer": context.subject})


async def forget_cards(connection: AsyncConnection, context: CommandContext, key: SubjectKey) -> None:
    """Delete all numbers and stored cards, and inform affiliates that received one; past payments remain lawful."""
    owner = key.customer_id
    kept = (
        await connection.scalars(
            select(payment_methods.c.id).where(
                payment_methods.c.customer_id == owner, payment_methods.c.card_consent_id.is_not(None)
            )
        )
    ).all()
    await connection.execute(delete(card_vault).where(card_vault.c.customer_id == owner))
    await connection.execute(delete(payment_methods).where(payment_methods.c.id.in_(kept)))
    await fall_back(connection, owner)
    # Affiliates may have tokens of the cards, and have to delete them (R48).
    holders = await received_cards(connection, owner)
    for id_ in kept:
        await changed(connection, context, key, id_, "CARD")
        card: dict[str, Fact] = {"card": Ref("Card", id_)}
        await announce(connection, key, Event.CARD_WITHDRAWN.wire, context.now, facts=card, to=holders)


async def _language(connection: AsyncConnection, customer_id: int) -> str:
    """The language of the consent."""
    newest = (
        select(consents.c.language)
        .where(consents.c.customer_id == customer_id, consents.c.kind == KIND)
        .order_by(consents.c.id.desc())
        .limit(1)
    )
    return await connection.scalar(newest) or "en"
