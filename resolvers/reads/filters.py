"""The purpose's conditions as SQL clauses: rows and values that may not be read are not selected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, and_, bindparam, case, literal_column, null, or_, select
from sqlalchemy.sql.elements import KeyedColumnElement

from policy.conditions import Condition
from policy.purposes import Purpose
from policy.registries import LEGAL, NATURAL, Publishing, generic_endings, pairs
from policy.restricting import RESTRICTION, stops
from store.records.registrations import runs
from store.sql.metadata import Id, Instant
from store.tables.consents import consents
from store.tables.customers import customers
from store.tables.disclosures import disclosures
from store.tables.domains import domains
from store.tables.payments import payment_methods
from store.tables.restrictions import processing_stops

SUBJECT = "subject"
"""The SQL parameter of the customer that the token is bound to."""

NOW = "now"
"""The SQL parameter of the time of the request."""


PERIOD = ("period_from", "period_until")
"""The parameters that carry a period: its beginning, and the moment from which on it is over."""


def owner_of(table: Table) -> Column[int]:
    """The column of the owning customer; LookupError for a table without owners."""
    if table is customers:
        return customers.c.id
    if "customer_id" not in table.c:
        raise LookupError(f"{table.name} has no owner")
    return table.c.customer_id


def unstopped(owner: Column[int], *subjects: str) -> ColumnElement[bool]:
    """The clause that the customer has no stop for these subjects: restriction or objection (GDPR Art. 18, 21).

    It is a scalar subquery, which planners do not turn into a join: one look-up in a small unique index per row that is
    read, independent of the size of either table.
    """
    stop = processing_stops.alias("stop")
    found: Select[Any] = select(literal_column("1")).where(stop.c.customer_id == owner, stop.c.subject.in_(subjects))
    return found.limit(literal_column("1")).correlate(owner.table).scalar_subquery().is_(None)


def _given() -> ColumnElement[bool]:
    """The clause that the card has a consent to store cards, given by the same customer."""
    given, card = consents.alias("given"), payment_methods.c
    return (
        select(given.c.id)
        .where(
            given.c.id == card.card_consent_id,
            given.c.customer_id == card.customer_id,
            given.c.kind == "CARD_STORAGE",
            given.c.state == "GIVEN",
        )
        .exists()
    )


def _taken_back() -> ColumnElement[bool]:
    """The clause that a later event of this kind is a withdrawal; events are append-only (R48, R49)."""
    later, card = consents.alias("later"), payment_methods.c
    return (
        select(later.c.id)
        .where(
            later.c.customer_id == card.customer_id,
            later.c.id > card.card_consent_id,
            later.c.kind == "CARD_STORAGE",
            later.c.state == "WITHDRAWN",
        )
        .exists()
    )


def _published(field: str) -> ColumnElement[bool]:
    """The clause that a detail is published: by the registry's rule, or by the customer's choice (R26, R51, A6).

    Nothing is published before the registrant has confirmed (S13). Under a restriction only what the registry requires
    is (GDPR Art. 18(2): rights of others, important public interest).
    """
    chosen = unstopped(domains.c.customer_id, RESTRICTION) & domains.c[f"hide_{field}"].is_(False)
    # Rules that leave the choice to the registrant.
    free = [each for each in Publishing if each.free]
    ruled = _ruled(field, Publishing.ALWAYS) | (_ruled(field, *free) & chosen)
    return domains.c.registrant_confirmed_at.is_not(None) & ruled


def _country_published() -> ColumnElement[bool]:
    """The clause that the country is published: with the address, or where ICANN requires it (RFC 8605)."""
    required = domains.c.tld.in_(generic_endings())
    return _published("address") | (domains.c.registrant_confirmed_at.is_not(None) & required)


def _ruled(field: str, *rules: Publishing) -> ColumnElement[bool]:
    """The clause that the registry has one of these rules for this kind of registrant."""
    found = list(pairs(field, *rules))
    kinds = [(kind, sorted(tld for tld, its in found if its == kind)) for kind in (NATURAL, LEGAL)]
    return or_(*(and_(domains.c.registrant_kind == kind, domains.c.tld.in_(tlds)) for kind, tlds in kinds))


def running() -> ColumnElement[bool]:
    """The clause that the registration runs at the time of the request."""
    return runs(bindparam(NOW, type_=Instant))


HOMES: dict[Condition, Table] = {
    Condition.NEWS_NOT_DECLINED: customers,
    Condition.CARD_STORAGE_CONSENTED: payment_methods,
    Condition.DISCLOSURE_MAY_BE_TOLD: disclosures,
    Condition.REGISTRATION_RUNS: domains,
    Condition.WHOIS_NAME_PUBLISHED: domains,
    Condition.WHOIS_ADDRESS_PUBLISHED: domains,
    Condition.WHOIS_COUNTRY_PUBLISHED: domains,
    Condition.WHOIS_EMAIL_PUBLISHED: domains,
    Condition.WHOIS_PHONE_PUBLISHED: domains,
}
"""The table that each condition applies to."""


def _not_embargoed() -> ColumnElement[bool]:
    """The clause that the disclosure is not under an embargo at the time of the request."""
    embargo = disclosures.c.embargoed_until
    return embargo.is_(None) | (embargo <= bindparam(NOW, type_=Instant))


CLAUSES: dict[Condition, Callable[[], ColumnElement[bool]]] = {
    Condition.NEWS_NOT_DECLINED: lambda: customers.c.product_news.is_(True),
    Condition.CARD_STORAGE_CONSENTED: lambda: _given() & ~_taken_back(),
    Condition.DISCLOSURE_MAY_BE_TOLD: _not_embargoed,
    Condition.REGISTRATION_RUNS: lambda: running(),
    Condition.WHOIS_NAME_PUBLISHED: lambda: _published("name"),
    Condition.WHOIS_ADDRESS_PUBLISHED: lambda: _published("address"),
    Condition.WHOIS_COUNTRY_PUBLISHED: lambda: _country_published(),
    Condition.WHOIS_EMAIL_PUBLISHED: lambda: _published("email"),
    Condition.WHOIS_PHONE_PUBLISHED: lambda: _published("phone"),
}
"""Makes the clause of each condition, when a plan needs it."""


def row_filters(
    table: Table, conditions: Iterable[Condition], own_only: bool, purpose: Purpose | None = None
) -> list[ColumnElement[bool]]:
    """The WHERE clauses of the purpose for a read of this table (R5, R12, R50; DESIGN §2 rules 3 and 6)."""
    # Sorted, so that equal conditions give the same SQL text and prepared statement.
    clauses = [_clause(table, condition) for condition in sorted(conditions, key=lambda each: each.name)]
    if own_only:
        clauses.append(owner_of(table) == bindparam(SUBJECT, type_=Id))
    # Some purposes cannot be stopped, such as legal duties.
    if purpose is not None and (subjects := stops(purpose)):
        clauses.append(unstopped(owner_of(table), *subjects))
    return clauses


def within_period(happened: Column[datetime]) -> ColumnElement[bool]:
    """The condition for events within the period in the parameters."""
    begin, end = (bindparam(name, type_=Instant) for name in PERIOD)
    return (happened >= begin) & (happened < end)


def masked(
    column: Column[object], conditions: Iterable[Condition], unless_restricted: bool = False
) -> KeyedColumnElement[object]:
    """The column, masked as NULL where one of the conditions does not hold (R26).

    With `unless_restricted` it is NULL for customers with restricted processing, too.
    """
    clauses = [_clause(column.table, condition) for condition in sorted(conditions, key=lambda each: each.name)]
    if unless_restricted:
        clauses.append(unstopped(column.table.c.customer_id, RESTRICTION))
    if not clauses:
        return column
    checked = clauses[0]
    for clause in clauses[1:]:
        checked = checked & clause
    # In the statement: a hidden value does not leave the database.
    return case((checked, column), else_=null()).label(column.name)


def _clause(table: object, condition: Condition) -> ColumnElement[bool]:
    home = HOMES[condition]
    if home is not table:
        raise LookupError(f"{condition.name} judges rows of {home.name}, not of {getattr(table, 'name', table)}")
    return CLAUSES[condition]()
