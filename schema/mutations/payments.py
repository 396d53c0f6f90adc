"""The mutations of payment methods. A card number is an input here, and never an output (R20-R22, D4)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.purposes import Purpose
from resolvers.payments.affiliates import OUTCOMES
from resolvers.payments.payments import TYPES
from schema.core.scalars import LanguageTag
from schema.core.words import enumerated
from schema.declare.commands import (
    UserError,
    affected,
    plain_input,
    returned,
    stored_input,
    transient_input,
    user_errors,
)
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


@strawberry.input(
    description="The consent box, not ticked by default; `consentWording` returns the sentence beside it."
)
class CardConsentInput:
    """The wording that was shown, and the choice."""

    agreed: bool = plain_input("Whether the customer ticked the box.", OWN)
    wording_version: str = plain_input("The `version` of the `ConsentWording` that was shown.", OWN)
    language: LanguageTag = plain_input("The language it was shown in.", OWN)


@strawberry.input(description="A card to store. It has no field for the security code, which is never stored.")
class AddCardInput:
    """A card with the consent to store it; neither is accepted without the other (R20)."""

    # Stored in the vault, apart from the method: reading one never decrypts the other.
    number: str = stored_input(card_vault.c.number, "The number on the card; give it as a variable.", OWN)
    exp_month: int = stored_input(payment_methods.c.card_expiry, "Month of expiry, 1 to 12.", OWN, part="month")
    exp_year: int = stored_input(payment_methods.c.card_expiry, "Year of expiry, four digits.", OWN, part="year")
    consent: CardConsentInput = plain_input("The consent to store it.", OWN)
    make_default: bool | None = plain_input("Make it the default payment method.", OWN)


@strawberry.input(description="A PayPal account.")
class AddPayPalInput:
    """A PayPal account, by its e-mail address."""

    account: str = stored_input(payment_methods.c.paypal_account, "The e-mail address of the account.", OWN)
    make_default: bool | None = plain_input("Make it the default payment method.", OWN)


@strawberry.input(description="Payment by transfer. No account number is needed, so none is stored.")
class AddBankTransferInput:
    """A bank, by its name."""

    bank_name: str = stored_input(payment_methods.c.bank_name, "The bank.", OWN)
    make_default: bool | None = plain_input("Make it the default payment method.", OWN)


@strawberry.input(description="One of one's own payment methods.")
class PaymentMethodInput:
    """A payment method, by its id."""

    id: strawberry.ID = transient_input(Category.PAYMENT_METHOD, "The `id` of the `PaymentMethod`.", OWN)


@strawberry.input(description="A card for one payment: checked, forwarded and not stored. It needs no consent.")
class OneTimeCardInput:
    """A card that is not stored anywhere."""

    number: str = transient_input(Category.CARD_NUMBER, "The number on the card; give it as a variable.", OWN)
    exp_month: int = transient_input(Category.CARD_EXPIRY, "Month of expiry, 1 to 12.", OWN)
    exp_year: int = transient_input(Category.CARD_EXPIRY, "Year of expiry, four digits.", OWN)
    security_code: str = transient_input(Category.CARD_NUMBER, "The code on the card; it is never kept.", OWN)


@strawberry.input(description="The invoice to pay, and a stored card or one for this payment.")
class PayWithCardInput:
    """A payment; the amount is the invoice's."""

    invoice: strawberry.ID = transient_input(Category.TRANSACTION, "The `id` of the `Invoice`.", OWN)
    card: strawberry.ID | None = transient_input(Category.PAYMENT_METHOD, "The `id` of a stored `Card`.", OWN)
    one_time: OneTimeCardInput | None = plain_input("A card for this payment only.", OWN)


@strawberry.input(description="A stored card and a registered affiliate.")
class ForwardCardInput:
    """A card to forward, for tools that charge an agreed amount."""

    card: strawberry.ID = transient_input(Category.PAYMENT_METHOD, "The `id` of the `Card`.", FORWARDED)
    affiliate: str = plain_input("The registered name of the payment affiliate.", FORWARDED)
    reference: str = plain_input("The reason, such as an order number.", FORWARDED)


CardOutcome = enumerated("CardOutcome", OUTCOMES, "The affiliate's answer.")


@plain_type
class PayWithCardPayload:
    """The outcome of the payment; DECLINED and UNREACHABLE leave the invoice open."""

    outcome: CardOutcome | None = returned("outcome", Category.TRANSACTION, "The affiliate's answer.", OWN)
    invoice: Invoice | None = affected("invoice", invoices, Category.TRANSACTION, "The invoice.", OWN)
    user_errors: list[UserError] = user_errors()


@plain_type
class ForwardCardPayload:
    """The outcome of the forwarding."""

    outcome: CardOutcome | None = returned("outcome", Category.TRANSACTION, "The affiliate's answer.", FORWARDED)
    user_errors: list[UserError] = user_errors()


def _customer() -> Customer | None:
    return affected("customer", customers, Category.CUSTOMER_ID, "The customer afterwards.", OWN)  # type: ignore[no-any-return]


@plain_type
class AddCardPayload:
    """The stored card, without its number, or the problems of the input."""

    card: Card | None = affected("card", payment_methods, Category.PAYMENT_METHOD, "The card.", OWN)
    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@plain_type
class PaymentMethodPayload:
    """The payment method after the change."""

    payment_method: PaymentMethod | None = affected(
        "paymentMethod", payment_methods, Category.PAYMENT_METHOD, "The payment method.", OWN
    )
    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@plain_type
class RemovePaymentMethodPayload:
    """The customer with the remaining payment methods."""

    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@plain_type
class WithdrawCardConsentPayload:
    """The recorded withdrawal."""

    consent: Consent | None = affected("consent", consents, Category.PREFERENCE, "The withdrawal.", OWN)
    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()
