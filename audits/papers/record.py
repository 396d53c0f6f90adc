"""The record of processing activities: GDPR Art. 30(1)(a) to (g), from schema, policy, store and controller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from audits.papers.companies import Company, companies
from audits.papers.controller import Controller, Transfer
from audits.papers.registers import Copies, Registers
from audits.papers.subjects import Subject, subjects
from audits.schema.columns import never_shown, speaks_of_this_store, stored_columns
from audits.schema.facts import Fact, Facts
from messages.message import Message, Text, marked
from policy.categories import Category
from policy.hard_rules import ONLY
from policy.purposes import Purpose
from policy.recipients import CONTRACTED, Recipient
from policy.retention import RetentionRule

OUTSIDE: Final[Mapping[Purpose, tuple[tuple[Category, ...], tuple[RetentionRule, ...], str]]] = {
    Purpose.PARTNER_EXECUTION: (
        (),
        (),
        marked("The fields on the partner's own allow-list, decided with each partner."),
    ),
    Purpose.LEGAL_REQUEST: ((), (), marked("The fields that the order names, decided with each order.")),
    Purpose.COOKIE_MEASUREMENT: (
        (Category.COOKIE_ID, Category.BROWSING),
        (RetentionRule.COOKIE_CHOICE,),
        marked("On the web site, not through the gateway."),
    ),
    Purpose.COOKIE_ESSENTIAL: (
        (Category.COOKIE_ID, Category.PREFERENCE),
        (RetentionRule.SESSION_RECORDS, RetentionRule.COOKIE_CHOICE),
        marked("On the web site and in the client area."),
    ),
    Purpose.ACCOUNTABILITY_LOG: (
        (Category.SUBJECT_PSEUDONYM,),
        (RetentionRule.LEDGER,),
        marked("The ledger: who read which field, without any value."),
    ),
    Purpose.STATUTORY_RETENTION: (
        (),
        (),
        marked("Nothing until the controller configures statute, period and fields (A8)."),
    ),
}
"""The categories, retention rules and remarks of purposes for which no field of the schema can be read."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One purpose with all information that the article requires, plus the legal bases, which it does not require."""

    purpose: Purpose
    subjects: tuple[Subject, ...]
    categories: tuple[Category, ...]
    recipients: tuple[Recipient, ...]
    transfers: tuple[Transfer, ...]
    limits: tuple[RetentionRule, ...]
    fields: tuple[str, ...]
    note: str
    companies: tuple[Company, ...] | None
    """The registered companies that receive data for this purpose; None: no register was read."""

    @property
    def may_have_partners(self) -> bool:
        """True if a partner may carry it out; whether one does is known from the register only."""
        return self.purpose in CONTRACTED

    @property
    def enabled(self) -> bool:
        """True unless the purpose is switched off."""
        return self.purpose.enabled


@dataclass(frozen=True, slots=True)
class ProcessingRecord:
    """The whole record."""

    controller: Controller
    activities: tuple[Activity, ...]
    measures: tuple[Text, ...]
    copies: tuple[Copies, ...]
    """The programs that may keep copies of the data that they read."""
    periods: Mapping[str, str | None] | None
    """The periods set by the operator; None: unknown."""
    registers_read: bool


def record(facts: Facts, controller: Controller, registers: Registers) -> ProcessingRecord:
    """Make the record with one activity for each purpose, in the order of the policy; `SCHEMA_ALONE` is remarked."""
    activities = tuple(activity(facts, purpose, registers, controller.transfers) for purpose in Purpose)
    measures: tuple[Text, ...] = (*own_measures(facts), *controller.measures)
    return ProcessingRecord(controller, activities, measures, registers.copies, registers.periods, registers.read)


def activity(facts: Facts, purpose: Purpose, registers: Registers, transfers: tuple[Transfer, ...] = ()) -> Activity:
    """Derive the activity of one purpose from the fields that can be read for it, or from OUTSIDE."""
    read = [fact for fact in facts.outputs if purpose.name in fact.purposes]
    # OUTSIDE applies only as long as the schema has no field for the purpose.
    stored, limits, note = OUTSIDE.get(purpose, ((), (), "")) if not read else ((), (), "")
    # Secrets that no field shows are processed for a purpose, too.
    hidden = [column for column in never_shown(facts) if column.category and keeper(column.category) is purpose]
    categories = {fact.category for fact in read} | {each.name for each in stored}
    categories |= {column.category.name for column in hidden if column.category}
    kept = {name for fact in read for name in fact.retention} | {each.name for each in limits}
    kept |= {column.retention.name for column in hidden}
    known = tuple(each for each in companies(facts, registers) if purpose in each.purposes)
    kinds = {each.recipient for each in known}
    recipients = tuple(each for each in Recipient if purpose in each.purposes or each in kinds)
    return Activity(
        purpose=purpose,
        subjects=subjects(purpose),
        categories=tuple(each for each in Category if each.name in categories),
        recipients=recipients,
        transfers=tuple(each for each in transfers if each.recipient in recipients),
        limits=tuple(each for each in RetentionRule if each.name in kept),
        fields=tuple(fact.coordinate for fact in read),
        note=note,
        companies=known if registers.read else None,
    )


def keeper(category: Category) -> Purpose | None:
    """Return the purpose of a secret that no field shows: of those that a hard rule allows, one by consent, else the
    first.

    For example a stored card number has CARD_ON_FILE, a password AUTHENTICATION.
    """
    allowed = {purpose for rule in ONLY if category in rule.categories for purpose in rule.purposes}
    left = [each for each in Purpose if each in allowed and each.enabled and not each.own_data_only]
    return next((each for each in left if each.consent), next(iter(left), None))


def disclosed(facts: Facts, recipient: Recipient, purpose: Purpose | None = None) -> tuple[Fact, ...]:
    """Return the fields that may be disclosed to a recipient, for one purpose or for any."""
    return tuple(
        fact
        for fact in facts.outputs
        if recipient.name in fact.declared.recipients and (purpose is None or purpose.name in fact.purposes)
    )


def own_measures(facts: Facts) -> tuple[Message, ...]:
    """Return the gateway's own security measures (Art. 30(1)(g), 32), with counts if possible."""
    pairs = sum(len(fact.purposes) for fact in facts.outputs)
    every = len(facts.outputs) * len(Purpose)
    said = [
        Message(
            "Access by purpose: {pairs} of {every} pairs of field and purpose are allowed, all others refused before "
            "anything is read.",
            pairs=pairs,
            every=every,
        ),
        Message("Each reading is recorded before its answer leaves, under pseudonyms that die with the person's key."),
        Message("Deletion destroys the person's key first, so that backups cannot be read either."),
    ]
    if speaks_of_this_store(facts):
        personal = [each for each in stored_columns().values() if each.category is not None]
        said.insert(
            0,
            Message(
                "Encryption at rest with a key of each person's own (AES-256-GCM): {sealed} of {columns} columns with "
                "personal data; {prints} hold keyed fingerprints only. The keys rest in a database of their own.",
                sealed=sum(each.sealed for each in personal),
                columns=len(personal),
                prints=sum(each.fingerprint for each in personal),
            ),
        )
    return tuple(said)
