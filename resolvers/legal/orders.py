"""An order of an authority as it comes in: what it names, and the digest that two officers sign (R24, D12)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import orjson

from policy.orders import Order
from policy.purposes import Purpose
from policy.references import References
from resolvers.events.references import REFERENCES, may_be_personal
from store.sql.metadata import instant_text

COUNTRY = re.compile(r"[A-Z]{2}")
APPROVES, REFUSES = "legal-request", "legal-refusal"
"""The namespaces of the signatures: one that refuses an order is never taken for one that approves it."""


class LegalRequestError(Exception):
    """The request is refused; the text says why, and how to go on. It repeats no value of a person."""


@dataclass(frozen=True, slots=True, repr=False)
class NewRequest:
    """A request as it came in: about the customer of a number, or about somebody whom an erasure made unknown."""

    reference: str
    authority: str
    country: str
    ground: str
    fields: tuple[str, ...]
    period_from: datetime
    period_until: datetime
    customer_number: str | None = None
    erasure: int | None = None
    embargoed_until: datetime | None = None

    def check(self, known: frozenset[str], now: datetime, references: References = REFERENCES) -> None:
        """LegalRequestError for what is no order, or one that could not be answered as it stands."""
        if not fits_order(references, self.reference) or not COUNTRY.fullmatch(self.country):
            own = references.patterns.get(Purpose.LEGAL_REQUEST.name)
            raise LegalRequestError(
                f"A reference is the order's number, as {'4 O 123/26' if own is None else own.text}, and nothing like "
                "a telephone number or an e-mail address; a country is two capitals (ISO 3166-1)."
            )
        if not all(1 <= len(each.strip()) <= 200 and each.isprintable() for each in (self.authority, self.ground)):
            raise LegalRequestError("Name the authority and the legal ground, on one line each.")
        if (self.customer_number is None) is (self.erasure is None):
            raise LegalRequestError("Name whom it is about: --customer NUMBER, or --erasure CASE for somebody erased.")
        if not self.fields:
            raise LegalRequestError("Name the fields that the order names: no others may be answered.")
        if unknown := sorted(set(self.fields) - known):
            raise LegalRequestError(f"{unknown[0]} is no field that rests with us: `gateway legal fields` lists them.")
        if not self.period_from < self.period_until:
            raise LegalRequestError("An order names a period: its first day, and its last, which is not before it.")
        if self.embargoed_until is not None and self.embargoed_until <= now:
            raise LegalRequestError(
                "An order to be silent ends in the future; leave it out if the customer may be told."
            )

    def digest(self, subject: str) -> bytes:
        """SHA-256 over everything that the order names. `subject` is the customer's id as the world outside knows it,
        or the erasure's number: no hash of what can be guessed (D10)."""
        named = {
            "version": 1,
            "reference": self.reference,
            "authority": self.authority.strip(),
            "country": self.country,
            "ground": self.ground.strip(),
            "subject": subject,
            "fields": sorted(set(self.fields)),
            "from": instant_text(self.period_from),
            "until": instant_text(self.period_until),
            "embargo": None if self.embargoed_until is None else instant_text(self.embargoed_until),
        }
        return sha256(orjson.dumps(named, option=orjson.OPT_SORT_KEYS)).digest()


def fits_order(references: References, text: str) -> bool:
    """Whether it is the number of an order as the operator wants them; courts number as they like where nothing is set.

    What may be a person's telephone number or address is none (D1).
    """
    if Purpose.LEGAL_REQUEST.name in references.patterns:
        return references.fits(Purpose.LEGAL_REQUEST, text)
    return is_order_number(text)


def is_order_number(text: str) -> bool:
    """Whether it may be the number of an order, and of nobody (D1)."""
    return Order(text).sound and not may_be_personal(text)


def to_sign(reference: str, digest: bytes) -> str:
    """The text that officers sign, with its closing line break."""
    return f"gateway legal request\n{reference}\nsha256:{digest.hex()}\n"
