"""Erases data based on consent or open to objection at once, even while services run (A10; GDPR Art. 17(1)(b),(c))."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from resolvers.commands.context import CommandContext
from resolvers.consents.consents import is_given, withdraw
from resolvers.consents.preferences import stop_measuring, switch_news
from resolvers.events.announcements import announce
from resolvers.events.changes import record
from resolvers.events.rectifying import notify_of_correction
from resolvers.payments.cards import KIND, forget_cards
from store.crypto.subject_key import SubjectKey
from store.tables.customers import customers
from store.tables.payments import card_vault

SOURCE = "graphql/requestErasure"

CARD, NEWS, MEASURING, PHONE = "Customer.cards", "Customer.productNews", "Customer.cookieChoice", "Customer.phone"

STAYS = {
    "en": (
        "Your name, addresses, sign-in data, services, domains and invoices stay while a service runs: we need them to "
        "provide and bill it (GDPR Art. 6(1)(b)), so they need not be erased yet (Art. 17(1)(a)).",
        "The records of your consents, of sign-ins and of who read your data stay as long, as the law obliges us to "
        "show them (GDPR Art. 5(2), 6(1)(c)).",
        "You can complain to a data protection authority, where you live, work, or think that the law was broken "
        "(GDPR Art. 77), and go to court (Art. 79).",
    ),
    "fr": (
        "Vos nom, adresses, données de connexion, services, domaines et factures restent tant qu'un service est "
        "actif : il nous les faut pour le fournir et le facturer (RGPD art. 6(1)(b)), ils n'ont donc pas encore à "
        "être effacés (art. 17(1)(a)).",
        "Les traces de vos consentements, de vos connexions et de qui a lu vos données restent aussi longtemps, car la "
        "loi nous oblige à pouvoir les montrer (RGPD art. 5(2), 6(1)(c)).",
        "Vous pouvez porter plainte auprès d'une autorité de protection des données, là où vous vivez, travaillez ou "
        "pensez que la loi a été violée (RGPD art. 77), et saisir la justice (art. 79).",
    ),
}
"""The data that stays and why, and the remedies (GDPR Art. 12(4)), by language."""


def stays(language: str) -> tuple[str, ...]:
    """The texts about the data that stays, in French or English."""
    return STAYS["fr" if language.lower().startswith("fr") else "en"]


async def erase_consented(connection: AsyncConnection, context: CommandContext, key: SubjectKey) -> tuple[str, ...]:
    """Erase cards, news, measuring and the phone, in the caller's transaction, which has the customer's row locked.

    Returns the coordinates of the erased data. The caller runs `scrub` after the commit.
    """
    owner, erased = key.customer_id, []
    row = (
        await connection.execute(
            select(customers.c.phone, customers.c.product_news, customers.c.locale).where(customers.c.id == owner)
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
        change = {"phone": None, "version": customers.c.version + 1, "updated_at": context.now}
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
