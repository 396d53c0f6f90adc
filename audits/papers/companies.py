"""The companies that may receive personal data: name, country, fields, purposes, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audits.papers.notice_rows import readable, row_of
from audits.papers.registers import Registers
from audits.schema.columns import never_shown
from audits.schema.facts import Facts
from policy.categories import Category
from policy.purposes import Purpose
from policy.recipients import Recipient


@dataclass(frozen=True, slots=True)
class Company:
    """One recipient of the registers."""

    recipient: Recipient
    name: str
    country: str
    purposes: tuple[Purpose, ...]
    fields: tuple[str, ...]
    """Schema coordinates; for a payment affiliate or a registry, those that its kind may receive."""
    categories: tuple[Category, ...]
    groups: tuple[str, ...]
    """The rows of the notice with these fields."""
    since: str | None = None
    """The day of a partner's undertaking, or of a payment affiliate's registration."""
    document: str | None = None
    """The SHA-256 of a partner's undertaking."""


def companies(facts: Facts, registers: Registers) -> tuple[Company, ...]:
    """Return all companies: payment affiliates first, then registries, then partners."""
    return (*_affiliates(facts, registers), *_registries(facts, registers), *_partners(facts, registers))


def received(facts: Facts, recipient: Recipient) -> tuple[tuple[str, ...], tuple[Category, ...], tuple[str, ...]]:
    """Return the coordinates and categories that a kind of recipient may receive, and their rows of the notice.

    These are the fields that name it as recipient, and hidden data that the gateway itself forwards to it.
    """
    found = [(fact, category) for fact, category in readable(facts) if recipient.name in fact.declared.recipients]
    forwarded = {each.category for each in never_shown(facts) if each.forwarded is recipient and each.category}
    categories = {category for _, category in found} | forwarded
    groups = [row_of(category, fact.declared.recipients, fact.retention) for fact, category in found]
    groups += [row_of(each, (), ()) for each in forwarded]
    return (
        tuple(fact.coordinate for fact, _ in found),
        tuple(each for each in Category if each in categories),
        tuple(dict.fromkeys(groups)),
    )


def _affiliates(facts: Facts, registers: Registers) -> Iterator[Company]:
    fields, categories, groups = received(facts, Recipient.PAYMENT_AFFILIATE)
    for each in registers.affiliates:
        since = f"{each.since:%Y-%m-%d}"
        purposes = Recipient.PAYMENT_AFFILIATE.purposes
        yield Company(Recipient.PAYMENT_AFFILIATE, each.name, each.country, purposes, fields, categories, groups, since)


def _registries(facts: Facts, registers: Registers) -> Iterator[Company]:
    fields, categories, groups = received(facts, Recipient.REGISTRY)
    # Once for each registry, which may have several endings.
    for name, country in dict.fromkeys((each.name, each.country) for each in registers.registries):
        yield Company(Recipient.REGISTRY, name, country, Recipient.REGISTRY.purposes, fields, categories, groups)


def _partners(facts: Facts, registers: Registers) -> Iterator[Company]:
    for each in registers.partners:
        parts = list(_parts(facts, each.fields))
        yield Company(
            Recipient.PARTNER,
            each.name,
            each.country,
            (each.purpose,),
            each.fields,
            tuple(dict.fromkeys(category for _, category, _ in parts)),
            tuple(dict.fromkeys(group for _, _, group in parts)),
            f"{each.since:%Y-%m-%d}",
            each.document or None,
        )


def _parts(facts: Facts, coordinates: Iterable[str]) -> Iterator[tuple[str, Category, str]]:
    """Yield each field with its category and its row; a field that is not in the schema any more is skipped."""
    for coordinate in coordinates:
        fact = facts.all.get(coordinate)
        category = Category.__members__.get(fact.category or "") if fact is not None else None
        if fact is not None and category is not None:
            yield coordinate, category, row_of(category, fact.declared.recipients, fact.retention)
