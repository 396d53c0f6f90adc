"""What rests on consent, or may be objected to, goes at once, even while services run (A10; GDPR Art. 17(1)(b),(c))."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.catalogue import translate
from messages.message import marked
from policy.events import Event
from resolvers.commands.context import CommandContext
from resolvers.consents.consents import standing, withdraw
from resolvers.consents.preferences import stop_measuring, switch_news
from resolvers.events.announcements import announce
from resolvers.events.changes import record
from resolvers.events.rectifying import tell_of_correction
from resolvers.payments.cards import KIND, forget_cards
from store.crypto.subject_key import SubjectKey
from store.tables.customers import customers
from store.tables.payments import card_vault

C = customers.c
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
"""What stays and why, and what can be done about it (GDPR Art. 12(4))."""


def stays(language: str) -> tuple[str, ...]:
    """What is told of what stays, in the language."""
    return tuple(translate(each, language) for each in STAYS)


async def erase_consented(connection: AsyncConnection, desk: CommandContext, key: SubjectKey) -> tuple[str, ...]:
    """Erase cards, news, measuring and the optional phone in the caller's transaction, which has the customer locked.

    The coordinates of what there was. The caller scrubs the vault once the transaction is over (`scrub`).
    """
    owner, gone = key.customer_id, []
    row = (await connection.execute(select(C.phone, C.product_news, C.locale).where(C.id == owner))).one()
    language = row.locale or "en"
    if await standing(connection, owner, KIND):
        await withdraw(connection, desk, key, KIND, language, SOURCE)
        await forget_cards(connection, desk, key)
        gone.append(CARD)
    if row.product_news:
        await switch_news(connection, desk, key, wanted=False, source=SOURCE)
        gone.append(NEWS)
    if await stop_measuring(connection, desk, key, language, SOURCE):
        gone.append(MEASURING)
    if row.phone is not None:
        change = {"phone": None, "version": C.version + 1, "updated_at": desk.now}
        await connection.execute(update(customers).where(C.id == owner).values(change))
        await record(connection, desk, key, [PHONE])
        await tell_of_correction(connection, owner, [PHONE], desk.now)
        await announce(connection, key, Event.PROFILE_CHANGED.wire, desk.now, [PHONE])
        gone.append(PHONE)
    return tuple(gone)


async def scrub(desk: CommandContext, gone: tuple[str, ...]) -> None:
    """Take what the removal left behind out of the database's files."""
    if CARD in gone:
        await desk.store.scrub(card_vault)
