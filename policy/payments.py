"""The ways to pay."""

from __future__ import annotations

from typing import Final, Literal, get_args

PaymentKind = Literal["CARD", "PAYPAL", "BANK_TRANSFER"]
PAYMENT_KINDS: Final[tuple[PaymentKind, ...]] = get_args(PaymentKind)
