"""The summary for a data protection impact assessment (GDPR Art. 35(7)): everything that the declarations know of it.

An assessment is the controller's: how likely and how severe a risk is, no schema knows. The summary has the
description, the risks that the declarations show, the measures with the tests that keep them, and what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import func, select

from audits.papers.record import ProcessingRecord
from audits.schema.facts import Facts
from policy.categories import Category
from policy.purposes import Purpose
from policy.recipients import Recipient
from store.sql.reading import Reader
from store.tables.customers import customers

Found = Literal["YES", "NO", "UNKNOWN"]


@dataclass(frozen=True, slots=True)
class Risk:
    """One criterion for a high risk, and what the declarations say of it."""

    name: str
    asked: str
    found: Found
    evidence: str
    measures: tuple[str, ...]
    """The numbers of the statements of docs/security-checklist.md, and of the notice's requirements, that answer it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure, with the statements that a test keeps, and the folder or file of the tests."""

    text: str
    statements: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImpactSummary:
    """The whole summary; `open` are the points that only the controller can answer."""

    record: ProcessingRecord
    risks: tuple[Risk, ...]
    measures: tuple[Measure, ...]
    open: tuple[str, ...]


ART_9: Final[tuple[Category, ...]] = ()
"""The special categories of Art. 9(1) among the categories: none."""

SENSITIVE: Final = (Category.CARD_NUMBER, Category.PASSWORD, Category.AUTH_FACTOR, Category.COARSE_LOCATION)
"""Categories whose loss weighs heavily without being those of Art. 9: means of payment, secrets, places."""

MEASURES: Final[tuple[Measure, ...]] = (
    Measure(
        "A field is read for a purpose that it names, or not at all; without one the process does not start.",
        ("G8", "G9", "R5"),
        ("tests/promises/test_default_deny.py", "tests/promises/test_only_what_is_allowed.py"),
    ),
    Measure(
        "Only the columns that a query needs are read and decrypted.",
        ("G8",),
        ("tests/promises/test_minimised_to_the_column.py",),
    ),
    Measure(
        "Each reading is recorded before its answer leaves, in a ledger that nobody can change unnoticed.",
        ("D13", "D14"),
        ("tests/promises/test_recorded_before_revealed.py", "tests/ledger"),
    ),
    Measure(
        "Values are encrypted at rest under a key of each person's own, in a database of its own.",
        ("D1", "D2", "D3", "D8"),
        ("tests/store/test_canaries.py", "tests/store/test_sealing.py"),
    ),
    Measure(
        "An erasure destroys the key first, reaches backups, and is certified.",
        ("D5", "D9", "D15"),
        ("tests/erasure", "tests/promises/test_forgotten_means_keyless.py"),
    ),
    Measure(
        "What has served its purpose is deleted without anybody's doing.",
        ("R36",),
        ("tests/retention",),
    ),
    Measure(
        "Whoever restricted processing, or objected, is absent from every way of reading.",
        ("D16", "D17"),
        ("tests/promises/test_restricted_means_absent.py",),
    ),
    Measure(
        "A program reads a limited number of persons in an hour, and its limit stops it.",
        ("G15", "F4"),
        ("tests/promises/test_limit_of_customers.py",),
    ),
    Measure(
        "Companies get only the fields that were registered for them, authorities what two officers signed.",
        ("D11", "D12", "R7", "R24"),
        ("tests/sharing",),
    ),
    Measure(
        "Guessing is slowed, an unusual sign-in is announced, what is sensitive needs a fresh sign-in.",
        ("S1", "S7", "S9", "S11"),
        ("tests/signin", "tests/journeys/test_attacks.py"),
    ),
    Measure(
        "No personal value is in a log, metric, error, address or ledger entry.",
        ("D1", "D19"),
        ("tests/promises/test_free_text_stays_where_it_is.py", "tests/promises/test_errors_tell_nothing.py"),
    ),
)
"""In the order of Art. 35(7)(d); a test checks that each statement and each path exists."""

LEFT: Final = (
    "How likely and how severe each risk is for the persons, in the context of the business (Art. 35(7)(c)).",
    "The advice of the data protection officer (Art. 35(2)).",
    "The views of the persons or their representatives, or why they are not sought (Art. 35(9)).",
    "If the risk stays high after the measures: the consultation of the authority beforehand (Art. 36(1)).",
    "When the assessment is looked at again, at the latest when a risk changes (Art. 35(11)).",
)


async def persons_in(reader: Reader) -> int:
    """Count the customers of a store; StoreUnavailableError."""
    ((count,),) = await reader.fetch(reader.prepare(select(func.count(customers.c.id))), {})
    return int(count)


def impact(facts: Facts, found: ProcessingRecord, persons: int | None) -> ImpactSummary:
    """Derive the summary from a record; `persons` is how many customers the store has, None: it was not read."""
    return ImpactSummary(found, tuple(_risks(facts, found, persons)), MEASURES, tuple(_open(found, persons)))


def _risks(facts: Facts, found: ProcessingRecord, persons: int | None) -> Sequence[Risk]:
    enabled = [each for each in found.activities if each.enabled]
    held = {category for each in enabled for category in each.categories}
    named = [each.purpose.name for each in enabled if each.purpose.requires_reference]
    outside = sorted({f"{one.recipient.name} {one.country}" for each in enabled for one in each.transfers})
    published = [each.coordinate for each in facts.outputs if Recipient.REGISTRY.name in each.declared.recipients]
    kept = [each.client for each in found.copies if each.days is None or each.days > 0]
    watched = Purpose.ACCOUNT_SECURITY in {each.purpose for each in enabled}
    matched = Category.BROWSING in held
    sensitive = [each.name for each in SENSITIVE if each in held]
    return (
        Risk(
            "SPECIAL_CATEGORIES",
            "Special categories of data (Art. 9, 10)",
            "YES" if ART_9 else "NO",
            "No category of the policy is one of Art. 9 or 10. Free text, such as a service's name, may hold anything.",
            ("D1", "D19"),
        ),
        Risk(
            "SENSITIVE_DATA",
            "Data whose loss weighs heavily",
            "YES" if sensitive else "NO",
            ", ".join(sensitive) or "None.",
            ("D2", "D4", "S2"),
        ),
        Risk(
            "LARGE_SCALE",
            "Large scale (Art. 35(3)(b), recital 91)",
            "UNKNOWN",
            "The store was not read."
            if persons is None
            else f"{persons:,} customers; the controller judges the scale.",
            ("G15", "F9"),
        ),
        Risk(
            "EMERGENCY_ACCESS",
            "Access beyond the daily work, by a case",
            "YES" if named else "NO",
            ", ".join(named) or "None.",
            ("G17", "D12"),
        ),
        Risk(
            "AUTOMATED_DECISIONS",
            "Automated decisions with legal or similar effect (Art. 22, 35(3)(a))",
            "NO",
            "None is declared. What runs by itself: erasure and deletion by their dates, and refusals of sign-ins.",
            ("F3", "S1"),
        ),
        Risk(
            "MONITORING",
            "Systematic monitoring, location, behaviour",
            "YES" if watched or matched else "NO",
            "Sign-ins are compared by country to announce unusual ones (R18)."
            + (" Pages visited are measured by consent (R28)." if matched else ""),
            ("S9", "S12", "R18"),
        ),
        Risk(
            "PUBLICATION",
            "Data that is made public",
            "YES" if published else "NO",
            f"{len(published)} fields may be published by a registry." if published else "None.",
            ("S14", "R26"),
        ),
        Risk(
            "TRANSFERS",
            "Transfers to other countries (Art. 44 to 49)",
            "YES" if outside else "NO",
            ", ".join(outside) or "The controller names none.",
            ("D11", "R7"),
        ),
        Risk(
            "COPIES",
            "Copies outside the gateway",
            "UNKNOWN" if not found.registers_read else "YES" if kept else "NO",
            ", ".join(kept)
            or ("The registers were not read." if not found.registers_read else "No program keeps any."),
            ("D17", "D8"),
        ),
        Risk(
            "VULNERABLE_PERSONS",
            "Children, employees and others who cannot freely agree",
            "UNKNOWN",
            "No declaration tells a customer's age or situation.",
            (),
        ),
    )


def _open(found: ProcessingRecord, persons: int | None) -> Sequence[str]:
    more = list(LEFT)
    if persons is None:
        more.append("How many persons are concerned: the store was not read.")
    if not found.registers_read:
        more.append("Which companies receive data, and which programs keep copies: the registers were not read.")
    more += [f"What the program {each.client} keeps, and how long." for each in found.copies if each.days is None]
    more += [
        f"The period {name}: nobody has said when it ends." for name, at in (found.periods or {}).items() if not at
    ]
    return more
