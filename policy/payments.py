"""The ways to pay, and the states of an invoice."""

from __future__ import annotations

from typing import Final, Literal, get_args

PaymentKind = Literal["CARD", "PAYPAL", "BANK_TRANSFER"]
PAYMENT_KINDS: Final[tuple[PaymentKind, ...]] = get_args(PaymentKind)

InvoiceState = Literal["OPEN", "PAID", "CANCELLED"]
INVOICE_STATES: Final[tuple[InvoiceState, ...]] = get_args(InvoiceState)
