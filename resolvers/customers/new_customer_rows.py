"""Converts a new customer to rows of the tables, with ids and references; values are still in plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Table

from policy.causes import Cause, CauseKind
from policy.platforms import DEFAULT
from resolvers.customers.new_customer import (
    NewConsent,
    NewCredential,
    NewCustomer,
    NewInvoice,
    NewPaymentMethod,
    NewService,
)
from store.crypto.subject_key import SubjectKey
from store.sql.metadata import is_text
from store.tables.access import sessions, sign_ins
from store.tables.consents import consents, cookie_choices
from store.tables.credentials import credentials, second_factors
from store.tables.customers import customers
from store.tables.disclosures import disclosures
from store.tables.domains import domains
from store.tables.erasures import erasures
from store.tables.invoices import invoice_lines, invoices
from store.tables.payments import card_vault, payment_methods
from store.tables.services import services

TABLES: tuple[Table, ...] = (
    customers, services, domains, consents, payment_methods, card_vault, invoices, invoice_lines, credentials,
    second_factors, sign_ins, sessions, cookie_choices, disclosures, erasures,
)  # fmt: skip
"""The tables of a registration; a referenced table comes before those that refer to it."""

FURTHER: tuple[str, ...] = tuple(
    column.name
    for column in customers.c
    if "sealing" in column.info and is_text(column) and column.nullable and not hasattr(NewCustomer, column.name)
)
"""Columns of the customer that `NewCustomer` has no attribute for: one text each, which may be left out."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RowCause:
    """The cause of a disclosure by the row that it is about, whose global id needs the customer's key."""

    kind: CauseKind
    type_name: str
    row_id: int

    def trigger(self, key: SubjectKey) -> str:
        """The text of the record."""
        return Cause(self.kind, key.lasting_id(self.type_name, self.row_id)).trigger


class RowWriter:
    """Builds the rows of one customer. Ids rise with time, because lists are read in the order of ids."""

    __slots__ = ("_caused", "_make_id", "_now", "customer_id", "rows")

    def __init__(
        self, customer_id: int, rows: dict[Table, list[Row]], make_id: Callable[[], int], now: datetime
    ) -> None:
        self.customer_id, self.rows, self._make_id, self._now = customer_id, rows, make_id, now
        self._caused: dict[int, RowCause] = {}

    def customer(self, new: NewCustomer) -> None:
        """Add the rows of a customer and of everything that belongs to them."""
        self._root(new)
        for service in new.services:
            self.service(service)
        given = self._consents(new)
        for method in new.payment_methods:
            self._payment_method(method, given)
        for credential in (*new.credentials, *self._first_credential(new)):
            self._credential(credential)
        for invoice in sorted(new.invoices, key=attrgetter("issued_at")):
            self.invoice(invoice)
        self._plain(sign_ins, sorted(new.sign_ins, key=attrgetter("at")))
        self._plain(sessions, sorted(new.sessions, key=attrgetter("started_at")))
        self._plain(cookie_choices, [new.cookie_choice] if new.cookie_choice is not None else [])
        for disclosure in sorted(new.disclosures, key=attrgetter("at")):
            about = self._caused.get(id(disclosure.trigger), disclosure.trigger)
            self._add(disclosures, disclosure, fields=orjson.dumps(disclosure.fields).decode(), trigger=about)
        self._plain(erasures, sorted(new.erasures, key=attrgetter("requested_at")))

    def _root(self, new: NewCustomer) -> None:
        row = {each.name: getattr(new, each.name) for each in customers.c if hasattr(new, each.name)}
        self.rows[customers].append(row | dict.fromkeys(FURTHER) | new.further | {
            "id": self.customer_id,
            "customer_number": new.customer_number or generated_number(self.customer_id),
            "updated_at": self._now,
            "version": 1,
        })  # fmt: skip

    def service(self, service: NewService) -> None:
        """Add a service, with the registration of its domain."""
        id_ = self._add(services, service, without=("domain",))
        if service.domain is not None:
            # An imported registrant counts as confirmed: the former system registered them already.
            since = service.domain.registered_at
            over = service.ended(self._now)
            country = service.domain.registrant_address.country
            more: dict[str, Any] = {
                "registrant_confirmed_at": since,
                "released_at": over,
                "registrant_country": country,
            }
            own = self._add(domains, service.domain, service_id=id_, **more)
            self._caused[id(service.domain)] = RowCause("REGISTRATION", "Domain", own)

    def _consents(self, new: NewCustomer) -> dict[int, int]:
        """Add the consent events; returns their row ids by object identity, since two equal events are two rows."""
        of_cards = [method.card_consent for method in new.payment_methods if method.card_consent is not None]
        events: list[NewConsent] = sorted([*of_cards, *new.consents], key=attrgetter("at"))
        # Consents before payment methods, which refer to them.
        return {id(event): self._add(consents, event) for event in events}

    def _payment_method(self, method: NewPaymentMethod, given: dict[int, int]) -> None:
        consent = method.card_consent
        consent_id = given[id(consent)] if consent is not None else None
        own = self._add(payment_methods, method, without=("card_number", "card_consent"), card_consent_id=consent_id)
        if method.card_number is not None:
            row = {"payment_method_id": own, "number": method.card_number, "stored_at": method.created_at}
            self.rows[card_vault].append(self._owned() | row)

    def invoice(self, invoice: NewInvoice) -> int:
        """Add an invoice with its lines, in their order; returns its id."""
        own = self._add(invoices, invoice, without=("cancelled", "lines"), status=invoice.status)
        for line in invoice.lines:
            self._add(invoice_lines, line, invoice_id=own, currency=invoice.currency)
        self._caused[id(invoice)] = RowCause("PAYMENT", "Invoice", own)
        return own

    def _first_credential(self, new: NewCustomer) -> tuple[NewCredential, ...]:
        """The credential of the client area, without a password, for a customer who has none: its owner sets the first
        one through "Forgot your password?", which finds credentials."""
        if any(each.platform == DEFAULT for each in new.credentials):
            return ()
        return (NewCredential(DEFAULT, new.email, None, self._now, None),)

    def _credential(self, credential: NewCredential) -> None:
        id_ = self._add(credentials, credential, without=("second_factors",))
        for factor in credential.second_factors:
            self._add(second_factors, factor, credential_id=id_, last_timecode=None)

    def _plain(self, table: Table, records: Iterable[Any]) -> None:
        for record in records:
            self._add(table, record)

    def _add(self, table: Table, record: Any, without: tuple[str, ...] = (), **more: Any) -> int:
        """Add a row with the record's fields, which are named like the columns; returns its id."""
        row = self._owned()
        for name in _names(record.__class__):
            if name not in without:
                value = getattr(record, name)
                row[name] = value.name if isinstance(value, Enum) else value
        row.update(more)
        self.rows[table].append(row)
        return int(row["id"])

    def _owned(self) -> Row:
        return {"id": self._make_id(), "customer_id": self.customer_id}


def generated_number(customer_id: int) -> str:
    """A customer number: the id in Crockford's base 32, which has no look-alike characters."""
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "C-" + "".join(digits[customer_id >> shift & 31] for shift in range(60, -1, -5))


@cache
def _names(record: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))
