"""Pays with a stored or one-time card, and forwards stored cards; a number only leaves for an affiliate (R20-R23)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.causes import Cause
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.consents.consents import is_given
from resolvers.events.changes import record
from resolvers.events.references import may_be_personal
from resolvers.payments.affiliates import ACCEPTED, Affiliate, AffiliateMessage, affiliate_of, send, write_down
from resolvers.payments.cards import KIND, check_card
from resolvers.payments.payments import GONE, locked
from store.crypto.subject_key import SubjectKey
from store.tables.invoices import invoices
from store.tables.payments import card_vault, payment_methods
from values.money import money

COORDINATES = {
    "number": "Card.number",
    "expMonth": "Card.expMonth",
    "expYear": "Card.expYear",
    "securityCode": "Card.securityCode",
    "card": "Card.id",
}
"""Coordinates of the parts of a card by their names in messages; a part that is not listed cannot be sent."""

NO_INVOICE = UserProblem("NOT_FOUND", "There is no such invoice.", ("invoiceId",))
PAID = UserProblem("ALREADY_PAID", "This invoice is paid.", ("invoiceId",))
CANCELLED = UserProblem("INVOICE_CANCELLED", "This invoice is cancelled: there is nothing to pay.", ("invoiceId",))
NOT_OPEN = {"PAID": PAID, "CANCELLED": CANCELLED}
PAID_BY_CARD = {"status": "PAID", "paid_with": "CARD"}
NO_CARD = UserProblem("NOT_FOUND", "No such card is kept.", ("cardId",))
ONE = UserProblem("ONE_CARD", "Name a kept card, or give one for this payment: one of the two.", ("cardId",))
NOBODY = UserProblem("NO_AFFILIATE", "Nobody is registered who takes payments by card.")
NO_AFFILIATE = UserProblem("NO_AFFILIATE", "There is no such affiliate for cards.", ("affiliate",))
CODE = UserProblem("INVALID_SECURITY_CODE", "The security code has three digits, or four.", ("oneTime", "securityCode"))
OTHERWISE = UserProblem("UNKNOWN_REFERENCE", "A reference is like INC-4711: no telephone number.", ("reference",))


@dataclass(frozen=True, slots=True)
class ForwardedMessage(Result):
    """The outcome of a message to an affiliate, who is asked between two transactions."""

    asks_another_party: ClassVar[bool] = True
    outcome: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class _Card:
    """A card with its number; it has no repr (D1)."""

    facts: Mapping[str, Any]

    @property
    def fields(self) -> tuple[str, ...]:
        """The coordinates that a message with this card discloses; KeyError for an undeclared part."""
        return tuple(COORDINATES[each] for each in self.facts)


async def pay_with_card(context: CommandContext, given: Mapping[str, Any]) -> ForwardedMessage:
    """Pay one's own invoice. A one-time card is checked, forwarded and not stored (R20).

    1. check that there is exactly one valid card; 2. check that the invoice is open; 3. commit the disclosure;
    4. append the ledger entry durably; 5. send the card; 6. mark the invoice as paid if the payment was accepted.
    """
    one_time = given.get("oneTime")
    if (one_time is None) == (given.get("cardId") is None):
        return ForwardedMessage(problems=(ONE,))
    card = _one_time(context, one_time) if one_time is not None else None  # 1
    if isinstance(card, tuple):
        return ForwardedMessage(problems=card)
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return ForwardedMessage(problems=(GONE,))
        found = select(invoices).where(invoices.c.id == given["invoiceId"], invoices.c.customer_id == key.customer_id)
        invoice = (await connection.execute(found)).one_or_none()
        if invoice is None or invoice.status != "OPEN":  # 2
            return ForwardedMessage(problems=(NO_INVOICE if invoice is None else NOT_OPEN[invoice.status],))
        if card is None:
            card = await kept_card(connection, key, given["cardId"])
            if card is None:
                return ForwardedMessage(problems=(NO_CARD,))
        affiliate = await affiliate_of(context, connection, "CARD")
        if affiliate is None:
            return ForwardedMessage(problems=(NOBODY,))
        message = _payment(key, invoice, card)
        # Committed before the message is sent, outside the transaction: no lock is held during the request.
        await write_down(connection, context, key, affiliate, message)  # 3
    outcome = await send(context, key, affiliate, message)  # 4, 5
    if outcome == ACCEPTED:
        async with context.store.write() as connection:  # 6
            # Only if still unpaid: two payments of one invoice have the same id at the affiliate.
            unpaid = invoices.c.id == invoice.id, invoices.c.paid_at.is_(None)
            await connection.execute(update(invoices).where(*unpaid).values(**PAID_BY_CARD, paid_at=context.now))
            await record(connection, context, key, ["Invoice.paidAt", "Invoice.paidWith", "Invoice.state"])
    return ForwardedMessage(affected={"invoice": invoice.id, "customer": key.customer_id}, outcome=outcome)


def _one_time(context: CommandContext, given: Mapping[str, Any]) -> _Card | tuple[UserProblem, ...]:
    checked = check_card(context, given)
    code = given.get("securityCode") or ""
    if isinstance(checked, tuple):
        return tuple(UserProblem(each.code, each.message, ("oneTime", *each.field)) for each in checked)
    if not (code.isascii() and code.isdecimal() and len(code) in (3, 4)):
        return (CODE,)
    facts = {"number": checked.digits, "expMonth": given["expMonth"], "expYear": given["expYear"]}
    return _Card(facts | {"securityCode": code})


async def kept_card(connection: AsyncConnection, key: SubjectKey, id_: int) -> _Card | None:
    """A stored card with its number, while the consent is in force; None otherwise (R21, D6)."""
    columns = select(card_vault.c.id, card_vault.c.number, payment_methods.c.card_expiry).join_from(
        card_vault, payment_methods, card_vault.c.payment_method_id == payment_methods.c.id
    )
    mine = (
        payment_methods.c.id == id_,
        payment_methods.c.customer_id == key.customer_id,
        payment_methods.c.card_consent_id.is_not(None),
    )
    row = (await connection.execute(columns.where(*mine))).one_or_none()
    # The consent decides, not the row: it may have been withdrawn a moment ago (R48).
    if row is None or not await is_given(connection, key.customer_id, KIND):
        return None
    expiry = payment_methods.c.card_expiry.info["sealing"].decode(
        key.open(payment_methods.c.card_expiry, id_, row.card_expiry)
    )
    number = key.open(card_vault.c.number, row.id, row.number).decode()
    card = key.global_id("Card", id_)
    return _Card({"number": number, "expMonth": int(expiry[0]), "expYear": int(expiry[1]), "card": card})


def _payment(key: SubjectKey, invoice: Any, card: _Card) -> AffiliateMessage:
    reference = key.lasting_id("Invoice", invoice.id)
    content = {"reference": reference, "amount": asdict(money(invoice.amount_minor, invoice.currency))}
    return AffiliateMessage(
        kind="payment",
        id=f"pay_{reference}",
        trigger=Cause("PAYMENT", reference).trigger,
        fields=(*card.fields, "Invoice.id", "Invoice.amount"),
        content=content | {"card": dict(card.facts)},
    )


async def forward_card(context: CommandContext, given: Mapping[str, Any]) -> ForwardedMessage:
    """Send a stored card to an affiliate, such as to obtain a token; for tools with the scope `cards:forward`."""
    reference = given["reference"]
    fits = reference.isascii() and reference.replace("-", "").isalnum() and len(reference) <= 64
    # The reference gets into the disclosure record, which holds no personal data.
    if not fits or may_be_personal(reference):
        return ForwardedMessage(problems=(OTHERWISE,))
    async with context.store.write(apart=True) as connection:
        owner = await connection.scalar(
            select(payment_methods.c.customer_id).where(
                payment_methods.c.id == given["cardId"], payment_methods.c.kind == "CARD"
            )
        )
    (key,) = (None,) if owner is None else await context.store.keys.subjects([owner])
    async with context.store.write() as connection:
        card = None if key is None else await kept_card(connection, key, given["cardId"])
        if key is None or card is None:
            return ForwardedMessage(problems=(NO_CARD,))
        affiliate: Affiliate | None = await affiliate_of(context, connection, "CARD", given["affiliate"])
        if affiliate is None:
            return ForwardedMessage(problems=(NO_AFFILIATE,))
        content = {"reference": reference, "card": dict(card.facts)}
        message = AffiliateMessage(
            "card",
            f"card_{key.lasting_id('Card', given['cardId'])}_{reference}",
            Cause("CARD", reference).trigger,
            card.fields,
            content,
        )
        await write_down(connection, context, key, affiliate, message)
    return ForwardedMessage(outcome=await send(context, key, affiliate, message))
