"""The purpose's conditions as SQL: what may not be read is not read, instead of being removed afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, and_, bindparam, case, literal_column, null, or_, select
from sqlalchemy.sql.elements import KeyedColumnElement

from policy.conditions import Condition
from policy.purposes import Purpose
from policy.registries import LEGAL, NATURAL, Publishing, pairs
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
"""The parameter that carries the customer a token is bound to."""

NOW = "now"
"""The parameter that carries the moment of the request."""


def owner_of(table: Table) -> Column[int]:
    """The column that says whose row it is; LookupError for a table that belongs to nobody."""
    if table is customers:
        return customers.c.id
    if "customer_id" not in table.c:
        raise LookupError(f"{table.name} has no owner")
    return table.c.customer_id


def unstopped(owner: Column[int], *subjects: str) -> ColumnElement[bool]:
    """The customer has neither restricted processing nor objected, as far as these subjects say (Art. 18, 21).

    A scalar subquery, as no planner turns it into a join: one look-up in a small unique index for each row that is
    read, whatever the number of customers and of rows in either table.
    """
    stop = processing_stops.alias("stop")
    found: Select[Any] = select(literal_column("1")).where(stop.c.customer_id == owner, stop.c.subject.in_(subjects))
    return found.limit(literal_column("1")).correlate(owner.table).scalar_subquery().is_(None)


def _given() -> ColumnElement[bool]:
    """The card's own consent is one to store cards, given by the same customer."""
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
    """A later event of that kind is a withdrawal: events are only ever added, and the newest counts (R48, R49)."""
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
    """What the customer wished, as far as the registry of the ending leaves it to them (R26, R51, A6); nothing before
    the owner has confirmed that they are the owner (S13). Of a restricted customer, nothing but what the registry
    requires (Art. 18(2): rights of others, important public interest)."""
    wished = unstopped(domains.c.customer_id, RESTRICTION) & domains.c[f"hide_{field}"].is_(False)
    free = [each for each in Publishing if each.free]
    ruled = _ruled(field, Publishing.ALWAYS) | (_ruled(field, *free) & wished)
    return domains.c.registrant_confirmed_at.is_not(None) & ruled


def _ruled(field: str, *rules: Publishing) -> ColumnElement[bool]:
    """The registry has one of these rules for this kind of owner."""
    found = list(pairs(field, *rules))
    kinds = [(kind, sorted(tld for tld, its in found if its == kind)) for kind in (NATURAL, LEGAL)]
    return or_(*(and_(domains.c.registrant_kind == kind, domains.c.tld.in_(tlds)) for kind, tlds in kinds))


def running() -> ColumnElement[bool]:
    """The registration runs at the moment of the request."""
    return runs(bindparam(NOW, type_=Instant))


CLAUSES: dict[Condition, tuple[Table, ColumnElement[bool]]] = {
    Condition.NEWS_NOT_DECLINED: (customers, customers.c.product_news.is_(True)),
    Condition.CARD_STORAGE_CONSENTED: (payment_methods, _given() & ~_taken_back()),
    Condition.DISCLOSURE_MAY_BE_TOLD: (
        disclosures,
        disclosures.c.embargoed_until.is_(None) | (disclosures.c.embargoed_until <= bindparam(NOW, type_=Instant)),
    ),
    Condition.REGISTRATION_RUNS: (domains, running()),
    Condition.WHOIS_NAME_PUBLISHED: (domains, _published("name")),
    Condition.WHOIS_ADDRESS_PUBLISHED: (domains, _published("address")),
    Condition.WHOIS_EMAIL_PUBLISHED: (domains, _published("email")),
    Condition.WHOIS_PHONE_PUBLISHED: (domains, _published("phone")),
}
"""Each condition with the table whose rows it judges."""


def row_filters(
    table: Table, conditions: Iterable[Condition], own_only: bool, purpose: Purpose | None = None
) -> list[ColumnElement[bool]]:
    """The WHERE clauses that the purpose adds to a read of this table (R5, R12, R50; DESIGN §2 rules 3 and 6)."""
    clauses = [_clause(table, condition) for condition in sorted(conditions, key=lambda each: each.name)]
    if own_only:
        clauses.append(owner_of(table) == bindparam(SUBJECT, type_=Id))
    if purpose is not None and (subjects := stops(purpose)):
        clauses.append(unstopped(owner_of(table), *subjects))
    return clauses


def masked(
    column: Column[object], conditions: Iterable[Condition], unless_restricted: bool = False
) -> KeyedColumnElement[object]:
    """The column, or NULL in rows where one of the conditions does not hold (R26).

    With `unless_restricted`, NULL in rows of customers who have processing restricted, too.
    """
    clauses = [_clause(column.table, condition) for condition in sorted(conditions, key=lambda each: each.name)]
    if unless_restricted:
        clauses.append(unstopped(column.table.c.customer_id, RESTRICTION))
    if not clauses:
        return column
    checked = clauses[0]
    for clause in clauses[1:]:
        checked = checked & clause
    return case((checked, column), else_=null()).label(column.name)


def _clause(table: object, condition: Condition) -> ColumnElement[bool]:
    home, clause = CLAUSES[condition]
    if home is not table:
        raise LookupError(f"{condition.name} judges rows of {home.name}, not of {getattr(table, 'name', table)}")
    return clause
