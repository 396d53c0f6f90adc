"""Erases data based on consent or open to objection at once, even while services run (A10; GDPR Art. 17(1)(b),(c))."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.catalogue import translate
from messages.message import marked
from policy.events import Event
from resolvers.commands.context import CommandContext
from resolvers.consents.consents import is_given, withdraw
from resolvers.consents.preferences import stop_measuring, switch_news
from resolvers.events.announcements import announce
from resolvers.events.changes import record
from resolvers.events.rectifying import notify_of_correction
from resolvers.payments.cards import KIND, forget_cards
from store.crypto.subject_key import SubjectKey
from store.lookups.reservations import Reservations
from store.tables.customers import customers
from store.tables.payments import card_vault

SOURCE = "graphql/requestErasure"

CARD, NEWS, MEASURING, PHONE = "Customer.cards", "Customer.productNews", "Customer.cookieChoice", "Customer.phone"

STAYS = (
    marked(
        "Your name, addresses, sign-in data, services, domains and invoices stay while a service runs: we need them to "
        "provide and bill it (GDPR Art. 6(1)(b)), so they need not be erased yet (Art. 17(1)(a))."
    ),
    marked(
        "The records of your consents, of sign-ins and of who read your data stay as long, as the law obliges us to "
        "show them (GDPR Art. 5(2), 6(1)(c))."
    ),
    marked(
        "You can complain to a data protection authority, where you live, work, or think that the law was broken "
        "(GDPR Art. 77), and go to court (Art. 79)."
    ),
)
"""The data that stays and why, and the remedies (GDPR Art. 12(4))."""


def stays(language: str) -> tuple[str, ...]:
    """The texts about the data that stays, in a language."""
    return tuple(translate(each, language) for each in STAYS)


async def erase_consented(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, reserved: Reservations
) -> tuple[str, ...]:
    """Erase cards, news, measuring and the phone, in the caller's transaction, which has the customer's row locked.

    Returns the coordinates of the erased data. The caller runs `scrub` after the commit, and has the transaction inside
    `reserving`, by which the look-up of the phone goes with it.
    """
    owner, erased = key.customer_id, []
    row = (
        await connection.execute(
            select(customers.c.phone, customers.c.phone_ref, customers.c.product_news, customers.c.locale).where(
                customers.c.id == owner
            )
        )
    ).one()
    language = row.locale or "en"
    # Withdrawn first: the record must show why the cards were deleted.
    if await is_given(connection, owner, KIND):
        await withdraw(connection, context, key, KIND, language, SOURCE)
        await forget_cards(connection, context, key)
        erased.append(CARD)
    if row.product_news:
        await switch_news(connection, context, key, wanted=False, source=SOURCE)
        erased.append(NEWS)
    if await stop_measuring(connection, context, key, language, SOURCE):
        erased.append(MEASURING)
    if row.phone is not None:
        await reserved.take(connection, [], context.now, replacing=[(owner, row.phone_ref)])
        change = {"phone": None, "phone_ref": None, "version": customers.c.version + 1, "updated_at": context.now}
        await connection.execute(update(customers).where(customers.c.id == owner).values(change))
        await record(connection, context, key, [PHONE])
        await notify_of_correction(connection, owner, [PHONE], context.now)
        await announce(connection, key, Event.PROFILE_CHANGED.wire, context.now, [PHONE])
        erased.append(PHONE)
    return tuple(erased)


async def scrub(context: CommandContext, erased: tuple[str, ...]) -> None:
    """Remove copies of erased card numbers from the database's files (D8)."""
    # Only the vault: card numbers are the data whose copies in free pages matter most (D8).
    if CARD in erased:
        await context.store.scrub(card_vault)
