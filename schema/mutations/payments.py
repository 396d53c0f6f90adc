"""The mutations of payment methods. A card number is an input here, and never an output (R20-R22, D4)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from resolvers.payments.payments import TYPES
from schema.core.scalars import EmailAddress, LanguageTag
from schema.declare.commands import (
    AFTERWARDS,
    UserError,
    affected,
    command_input,
    plain_input,
    stored_input,
    transient_input,
    user_errors,
)
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.consents import Consent
from schema.types.customers import Customer
from schema.types.payments import Card, PaymentMethod
from store.tables.consents import consents
from store.tables.customers import customers
from store.tables.payments import card_vault, payment_methods

OWN = (SELF,)
METHODS = tuple(TYPES.values())
METHOD_ID = "The `id` of the `PaymentMethod`: a card, a PayPal account or a bank transfer."


@strawberry.input(
    description="The consent box, not ticked by default; `consentWording` returns the sentence beside it."
)
class CardConsentInput:
    """The wording that was shown, and the choice."""

    agreed: bool = plain_input("Whether the customer ticked the box, which must not be ticked by itself.", OWN)
    wording_version: str = plain_input("The `version` of the `ConsentWording` that was shown.", OWN)
    language: LanguageTag = plain_input("The language in which the wording was shown, such as `fr`.", OWN)


@command_input("A card to store. It has no field for the security code, which is never stored.", OWN)
class AddCardInput:
    """A card with the consent to store it; neither is accepted without the other (R20)."""

    # Stored in the vault, apart from the method: reading one never decrypts the other.
    number: str = stored_input(card_vault.c.number, "The number on the card; give it as a variable.", OWN)
    exp_month: int = stored_input(
        payment_methods.c.card_expiry, "The month in which the card expires, 1 to 12.", OWN, part="month"
    )
    exp_year: int = stored_input(
        payment_methods.c.card_expiry,
        "The year in which the card expires, with four digits, such as 2029.",
        OWN,
        part="year",
    )
    consent: CardConsentInput = plain_input(
        "The customer's consent to keep the number; without it no card is kept.", OWN
    )
    make_default: bool | None = plain_input(
        "Whether it becomes the default payment method; the first one does in any case.", OWN
    )


@command_input("A PayPal account to pay from.", OWN)
class AddPayPalInput:
    """A PayPal account, by its e-mail address."""

    account: EmailAddress = stored_input(
        payment_methods.c.paypal_account, "The e-mail address of the PayPal account, such as `anna@example.ch`.", OWN
    )
    make_default: bool | None = plain_input(
        "Whether it becomes the default payment method; the first one does in any case.", OWN
    )


@command_input("Payment by transfer. No account number is needed, so none is stored.", OWN)
class AddBankTransferInput:
    """A bank, by its name."""

    bank_name: str = stored_input(
        payment_methods.c.bank_name,
        "The bank that the customer pays from, as the customer calls it, such as `Example Savings Bank`; "
        "no account number.",
        OWN,
    )
    make_default: bool | None = plain_input(
        "Whether it becomes the default payment method; the first one does in any case.", OWN
    )


@command_input("The payment method to use by default.", OWN)
class SetDefaultPaymentMethodInput:
    """One of one's own payment methods."""

    payment_method_id: strawberry.ID = transient_input(Category.PAYMENT_METHOD, METHOD_ID, OWN)


@command_input("The way to pay that the customer lets go of.", OWN)
class RemovePaymentMethodInput:
    """One of one's own payment methods."""

    payment_method_id: strawberry.ID = transient_input(Category.PAYMENT_METHOD, METHOD_ID, OWN)


def _customer() -> Customer | None:
    return affected("customer", customers, Category.CUSTOMER_ID, AFTERWARDS, OWN)  # type: ignore[no-any-return]


@plain_type
class AddCardPayload:
    """The stored card, without its number, or the problems of the input."""

    card: Card | None = affected(
        "card",
        payment_methods,
        Category.PAYMENT_METHOD,
        "The kept card, without its number; null if nothing was kept (`userErrors`).",
        OWN,
    )
    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


def _method() -> PaymentMethod | None:
    return affected(  # type: ignore[no-any-return]
        "paymentMethod",
        payment_methods,
        Category.PAYMENT_METHOD,
        "The way to pay; null if nothing was changed (`userErrors`).",
        OWN,
    )


@plain_type
class AddPayPalPayload:
    """The account that was stored."""

    payment_method: PaymentMethod | None = _method()
    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@plain_type
class AddBankTransferPayload:
    """The stored payment method."""

    payment_method: PaymentMethod | None = _method()
    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@plain_type
class SetDefaultPaymentMethodPayload:
    """The payment method after the change."""

    payment_method: PaymentMethod | None = _method()
    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@plain_type
class RemovePaymentMethodPayload:
    """The customer with the remaining payment methods."""

    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()


@command_input("The withdrawal of the consent to store cards; it takes no reason.", OWN)
class WithdrawCardConsentInput:
    """A withdrawal: there is nothing to say, and room for what later needs to be."""


@plain_type
class WithdrawCardConsentPayload:
    """The recorded withdrawal."""

    consent: Consent | None = affected(
        "consent",
        consents,
        Category.PREFERENCE,
        "The event that takes the consent back; null if none was given (`userErrors`).",
        OWN,
    )
    customer: Customer | None = _customer()
    user_errors: list[UserError] = user_errors()
