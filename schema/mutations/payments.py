"""Adding, choosing and removing ways to pay. A card's number is an input here and nowhere an output (R20-R22, D4)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from resolvers.payments.affiliates import OUTCOMES
from resolvers.payments.payments import TYPES
from schema.core.scalars import LanguageTag
from schema.core.words import enumerated
from schema.declare.commands import UserError, affected, asked, returned, unkept, user_errors, written
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.consents import Consent
from schema.types.customers import Customer
from schema.types.invoices import Invoice
from schema.types.payments import Card, PaymentMethod
from store.tables.consents import consents
from store.tables.customers import customers
from store.tables.invoices import invoices
from store.tables.payments import card_vault, payment_methods

OWN = (SELF,)
FORWARDED = (Purpose.PAYMENT_EXECUTION,)
METHODS = tuple(TYPES.values())


@strawberry.input(description="The box. It is not ticked by itself; `consentWording` gives the sentence beside it.")
class CardConsentInput:
    """What was shown, and whether it was ticked."""

    agreed: bool = asked("Whether the customer ticked the box.", OWN)
    wording_version: str = asked("The `version` of the `ConsentWording` that was shown.", OWN)
    language: LanguageTag = asked("The language it was shown in.", OWN)


@strawberry.input(description="A card to keep. There is no place for the security code: it is never kept.")
class AddCardInput:
    """Number and expiry are taken together with the consent, or not at all."""

    number: str = written(card_vault.c.number, "The number on the card; give it as a variable.", OWN)
    exp_month: int = written(payment_methods.c.card_expiry, "Month of expiry, 1 to 12.", OWN, part="month")
    exp_year: int = written(payment_methods.c.card_expiry, "Year of expiry, four digits.", OWN, part="year")
    consent: CardConsentInput = asked("The consent to keep it.", OWN)
    make_default: bool | None = asked("Pay with it when nothing else is said.", OWN)


@strawberry.input(description="A PayPal account to pay with.")
class AddPayPalInput:
    """By its address."""

    account: str = written(payment_methods.c.paypal_account, "The e-mail address of the account.", OWN)
    make_default: bool | None = asked("Pay with it when nothing else is said.", OWN)


@strawberry.input(description="Payment by transfer. No account number is needed, and so none is kept.")
class AddBankTransferInput:
    """By the bank's name."""

    bank_name: str = written(payment_methods.c.bank_name, "The bank.", OWN)
    make_default: bool | None = asked("Pay with it when nothing else is said.", OWN)


@strawberry.input(description="One of the own payment methods.")
class PaymentMethodInput:
    """By its id."""

    id: strawberry.ID = unkept(Category.PAYMENT_METHOD, "The `id` of the `PaymentMethod`.", OWN)


@strawberry.input(description="A card for one payment: checked, forwarded, forgotten. No box has to be ticked.")
class OneTimeCardInput:
    """Nothing of it is kept anywhere."""

    number: str = unkept(Category.CARD_NUMBER, "The number on the card; give it as a variable.", OWN)
    exp_month: int = unkept(Category.CARD_EXPIRY, "Month of expiry, 1 to 12.", OWN)
    exp_year: int = unkept(Category.CARD_EXPIRY, "Year of expiry, four digits.", OWN)
    security_code: str = unkept(Category.CARD_NUMBER, "The code on the card; it is never kept.", OWN)


@strawberry.input(description="What to pay, and with which card: one that is kept, or one for this payment.")
class PayWithCardInput:
    """The amount is the invoice's."""

    invoice: strawberry.ID = unkept(Category.TRANSACTION, "The `id` of the `Invoice`.", OWN)
    card: strawberry.ID | None = unkept(Category.PAYMENT_METHOD, "The `id` of a kept `Card`.", OWN)
    one_time: OneTimeCardInput | None = asked("A card for this payment only.", OWN)


@strawberry.input(description="Which kept card, to whom.")
class ForwardCardInput:
    """For tools that charge what was agreed."""

    card: strawberry.ID = unkept(Category.PAYMENT_METHOD, "The `id` of the `Card`.", FORWARDED)
    affiliate: str = asked("The name of the payment affiliate, as it is registered.", FORWARDED)
    reference: str = asked("What it is forwarded for, such as the number of an order.", FORWARDED)


CardOutcome = enumerated("CardOutcome", OUTCOMES, "What the affiliate said.")


@plain_type
class PayWithCardPayload:
    """What became of the payment; DECLINED and UNREACHABLE leave the invoice open."""

    outcome: CardOutcome | None = returned("outcome", Category.TRANSACTION, "What the affiliate said.", OWN)
    invoice: Invoice | None = affected("invoice", invoices, Category.TRANSACTION, "The invoice.", OWN)
    user_errors: list[UserError] = user_errors()


@plain_type
class ForwardCardPayload:
    """What became of it."""

    outcome: CardOutcome | None = returned("outcome", Category.TRANSACTION, "What the affiliate said.", FORWARDED)
    user_errors: list[UserError] = user_errors()


def _customer() -> Customer | None:
    return affected("customer", customers, Category.CUSTOMER_ID, "The customer afterwards.", OWN)  # type: ignore[no-any-return]


@plain_type
class AddCardPayload:
    """The card as it may be shown, or what is wrong with the input."""

    card: Card | None = affected("card", payment_methods, Category.PAYMENT_METHOD, "The card.", OWN)
    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@plain_type
class PaymentMethodPayload:
    """The method as it is now."""

    payment_method: PaymentMethod | None = affected(
        "paymentMethod", payment_methods, Category.PAYMENT_METHOD, "The payment method.", OWN
    )
    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@plain_type
class RemovePaymentMethodPayload:
    """The customer with what is left."""

    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@plain_type
class WithdrawCardConsentPayload:
    """The event that stands on record from now on."""

    consent: Consent | None = affected("consent", consents, Category.PREFERENCE, "The withdrawal.", OWN)
    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()
