"""The facts of the privacy notice, derived from schema, policy and store, so that they follow every change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from audits.papers.companies import Company, companies, received
from audits.papers.notice_rows import GROUPS, HOMES, group_of, readable, row_of
from audits.papers.registers import Copies, Registers, RegistryDisclosure
from audits.schema.columns import StoredColumn, never_shown
from audits.schema.facts import Fact, Facts
from policy.categories import Category
from policy.conditions import Condition
from policy.dates import AUTOMATIC, REQUEST_LIMITS, WARNINGS, due_erasure
from policy.hard_rules import NEVER, ONLY
from policy.platforms import PLATFORMS
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule

Member = TypeVar("Member")

OWN_PLACE: Final = "Cookies"
BEYOND: Final = "Not in the notice"


@dataclass(frozen=True, slots=True)
class Use:
    """One purpose of a row."""

    purpose: Purpose
    categories: tuple[Category, ...]
    """The categories of the row with this purpose: a name may be used for a purpose for which an address may not."""
    conditions: tuple[Condition, ...]
    partly: bool
    """True if the conditions apply to some of the row's fields only."""
    at_home: bool
    """True if the company's own notice explains the purpose in this row."""


@dataclass(frozen=True, slots=True)
class DataRow:
    """One row of the notice: a kind of data in everyday terms."""

    group: str
    categories: tuple[Category, ...]
    uses: tuple[Use, ...]
    own: bool
    """True if the person can read it in the client area."""
    hidden: tuple[Category, ...]
    """Categories that are stored, and never returned."""
    kept: tuple[RetentionRule, ...]
    recipients: tuple[Recipient, ...]
    limits: tuple[str, ...]
    """The hard rules that apply to it, with their numbers."""
    fields: tuple[str, ...]
    forwarded: tuple[tuple[Category, Recipient], ...]
    """Hidden categories that the gateway itself sends to a recipient, such as a card number for a payment (R22)."""
    companies: tuple[Company, ...]
    """The registered companies that may receive it."""


@dataclass(frozen=True, slots=True)
class SharingCase:
    """One case of disclosure."""

    recipient: Recipient
    categories: tuple[Category, ...]
    groups: tuple[str, ...]
    by_order: bool
    """True if an order or an allow-list determines the fields, case by case."""
    companies: tuple[Company, ...]
    """The registered companies."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """The periods after which all data of a person is deleted."""

    services_must_have_ended: bool
    request_days: int
    automatic_months: int
    warning_days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PrivacyNotice:
    """All facts of the notice, independent of language."""

    rows: tuple[DataRow, ...]
    sharing: tuple[SharingCase, ...]
    cookies: tuple[Purpose, ...]
    own: tuple[Purpose, ...]
    """The purposes with which people see and change their own data."""
    deletion: Deletion
    kept: tuple[tuple[RetentionRule, tuple[str, ...]], ...]
    """Each retention rule with the rows to which it applies."""
    purposes: tuple[Purpose, ...]
    """All purposes of the services, in the order of the policy."""
    beyond: tuple[Purpose, ...]
    """Purposes beyond the services (A14)."""
    beyond_kept: tuple[RetentionRule, ...]
    limits: tuple[str, ...]
    platforms: tuple[str, ...]
    registries: tuple[RegistryDisclosure, ...]
    """The published fields of a domain's owner, by ending."""
    copies: tuple[Copies, ...]
    """The programs that may keep copies of the data that they read."""
    periods: Mapping[str, str | None] | None
    """The periods set by the operator; None: unknown."""
    registers_read: bool
    """False if the registers were not available, so that the recipients are unknown."""


def notice(facts: Facts, registers: Registers) -> PrivacyNotice:
    """Derive the facts from the present schema and the registers (`SCHEMA_ALONE` if there are none).

    Names that the policy does not know are ignored here; the lint reports them.
    """
    known = companies(facts, registers)
    rows = tuple(_rows(facts, known))
    groups = {rule: tuple(row.group for row in rows if rule in row.kept) for rule in RetentionRule}
    # They contain no names. The ledger has its own paragraph, even if customers can read the entries about them.
    off_notice = (RetentionRule.LEDGER, RetentionRule.ERASURE_RECORDS)
    by_itself = RetentionRule.LEDGER
    kept = tuple((rule, groups[rule]) for rule in RetentionRule if groups[rule] and rule is not by_itself)
    return PrivacyNotice(
        rows=rows,
        sharing=tuple(_sharing(facts, known)),
        cookies=tuple(each for each in Purpose if each.notice == OWN_PLACE),
        own=tuple(each for each in Purpose if each.own_data_only),
        deletion=deletion(),
        kept=kept,
        purposes=tuple(each for each in Purpose if not each.notice.startswith(BEYOND)),
        beyond=tuple(each for each in Purpose if each.notice.startswith(BEYOND)),
        beyond_kept=tuple(
            rule for rule in RetentionRule if rule in off_notice and (rule is by_itself or not groups[rule])
        ),
        limits=tuple(each.source for each in (*NEVER, *ONLY)),
        platforms=PLATFORMS,
        registries=registers.registries,
        copies=registers.copies,
        periods=registers.periods,
        registers_read=registers.read,
    )


def deletion() -> Deletion:
    """Return the periods of `policy.dates`, from its own function if a rule is more than a number."""
    # Any date: only whether there is a result matters.
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    while_active = due_erasure(
        requests=[moment], services_active=True, last_service_ended=None, last_sign_in=None, zone=UTC
    )
    return Deletion(
        services_must_have_ended=while_active is None,
        request_days=max(limit.days for limit in REQUEST_LIMITS),
        automatic_months=AUTOMATIC.months,
        warning_days=tuple(each.days for each in WARNINGS),
    )


def _group(fact: Fact, category: Category) -> str:
    return row_of(category, fact.declared.recipients, fact.retention)


def _rows(facts: Facts, known: Sequence[Company]) -> Iterator[DataRow]:
    fields: dict[str, list[tuple[Fact, Category]]] = {}
    for fact, category in readable(facts):
        fields.setdefault(_group(fact, category), []).append((fact, category))
    hidden: dict[str, list[StoredColumn]] = {}
    shown = {category for _, category in readable(facts)}
    for column in never_shown(facts):
        # Hidden copies of shown categories are not listed, except secrets, which are shown to nobody.
        if column.category is not None and (column.category not in shown or column.is_secret):
            hidden.setdefault(group_of(column.category), []).append(column)
    # Rows without a place in GROUPS come last, by name.
    order = [name for name, _ in GROUPS] + sorted(fields.keys() | hidden.keys())
    for group in dict.fromkeys(order):
        if group in fields or group in hidden:
            mine = tuple(each for each in known if group in each.groups)
            yield _row(group, fields.get(group, []), hidden.get(group, []), mine)


def _row(
    group: str, fields: list[tuple[Fact, Category]], hidden: list[StoredColumn], known: tuple[Company, ...]
) -> DataRow:
    categories = _unique(category for _, category in fields)
    stored = _unique(column.category for column in hidden if column.category is not None)
    purposes = {name for fact, _ in fields for name in fact.purposes if name in Purpose.__members__}
    kept = {name for fact, _ in fields for name in fact.retention} | {column.retention.name for column in hidden}
    forwarded = _unique((each.category, each.forwarded) for each in hidden if each.category and each.forwarded)
    receivers = {name for fact, _ in fields for name in fact.declared.recipients}
    receivers |= {each.recipient.name for each in known} | {recipient.name for _, recipient in forwarded}
    bound = {*categories, *stored}
    return DataRow(
        group=group,
        categories=categories,
        uses=tuple(
            _use(group, purpose, [(fact, category) for fact, category in fields if purpose.name in fact.purposes])
            for purpose in Purpose
            if purpose.name in purposes and not purpose.own_data_only
        ),
        own=any(purpose.own_data_only and purpose.name in purposes for purpose in Purpose),
        hidden=stored,
        kept=tuple(rule for rule in RetentionRule if rule.name in kept),
        recipients=tuple(each for each in Recipient if each.name in receivers),
        limits=tuple(each.source for each in (*NEVER, *ONLY) if bound.intersection(each.categories)),
        fields=tuple(fact.coordinate for fact, _ in fields),
        forwarded=forwarded,
        companies=known,
    )


def _use(group: str, purpose: Purpose, fields: list[tuple[Fact, Category]]) -> Use:
    names = [fact.purposes[purpose.name] for fact, _ in fields]
    known = _unique(Condition[name] for name in names if name and name in Condition.__members__)
    # True, too, if two fields of the row have different conditions.
    partly = any(name is None for name in names) or len(known) > 1
    categories = _unique(category for _, category in fields)
    return Use(purpose, categories, known, partly, at_home=HOMES.get(group, "-") in purpose.notice)


def _sharing(facts: Facts, known: Sequence[Company]) -> Iterator[SharingCase]:
    for recipient in Recipient:
        mine = tuple(each for each in known if each.recipient is recipient)
        _, categories, groups = received(facts, recipient)
        categories = _unique([*categories, *(one for each in mine for one in each.categories)])
        groups = _unique([*groups, *(one for each in mine for one in each.groups)])
        yield SharingCase(recipient, categories, groups, by_order=not categories, companies=mine)


def _unique(values: Iterable[Member]) -> tuple[Member, ...]:
    return tuple(dict.fromkeys(values))
