"""The summary for an impact assessment says what the declarations say, and nothing that only a controller can judge."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audits.impact.report import impact_report
from audits.impact.summary import ART_9, LEFT, MEASURES, ImpactSummary, Measure, impact, persons_in
from audits.papers.record import record
from audits.papers.registers import SCHEMA_ALONE, Copies, Registers
from audits.schema.facts import Facts
from audits.schema.sources import Text
from policy.categories import Category
from policy.purposes import Purpose
from schema.api.build import sdl
from store.database.store import Store
from tests.audits.papers import OURS, controller

ROOT = Path(__file__).parents[2]
CODES = re.compile(r"^\| ([A-Z][0-9]+) \|", re.M)


def summary(registers: Registers = SCHEMA_ALONE, persons: int | None = None, facts: Facts = OURS) -> ImpactSummary:
    return impact(facts, record(facts, controller(), registers), persons)


def found(summary: ImpactSummary) -> dict[str, str]:
    return {each.name: each.found for each in summary.risks}


def test_every_measure_is_kept_by_tests_that_exist_and_by_statements_that_are_known() -> None:
    """A risk is answered by statements of the same lists, which tests/test_codes.py holds to tests."""
    checklist = set(CODES.findall((ROOT / "docs/security-checklist.md").read_text("utf-8")))
    notice = set(re.findall(r"\bR[0-9]+\b", (ROOT / "docs/requirements.md").read_text("utf-8")))
    assert len(checklist) > 50 and len(notice) > 50
    for each in (*MEASURES, *summary().risks):
        stated = each.statements if isinstance(each, Measure) else each.measures
        assert set(stated) <= checklist | notice, stated
    for measure in MEASURES:
        assert measure.statements and measure.tests
        assert [path for path in measure.tests if not (ROOT / path).exists()] == []


def test_every_part_of_the_article_and_every_purpose_that_is_on() -> None:
    report = impact_report(OURS, summary())
    assert [each.heading[:3] for each in report.sections] == ["(a)", "(b)", "(c)", "(d)", "Lef"]
    names = [each["name"] for each in report.data["activities"]]
    assert names == [each.name for each in Purpose if each.enabled]
    assert set(LEFT) <= set(report.data["open"])


def test_risks_follow_from_the_declarations() -> None:
    said = found(summary())
    assert said["EMERGENCY_ACCESS"] == "YES", "EMERGENCY_CONTACT names its case"
    assert said["PUBLICATION"] == said["MONITORING"] == said["SENSITIVE_DATA"] == said["TRANSFERS"] == "YES"
    assert said["SPECIAL_CATEGORIES"] == said["AUTOMATED_DECISIONS"] == "NO"
    assert said["LARGE_SCALE"] == said["COPIES"] == said["VULNERABLE_PERSONS"] == "UNKNOWN"
    bare = Facts.of(Text("bare.graphql", re.sub(r" @disclosedTo\([^)]*\)", "", sdl())))
    assert found(summary(facts=bare))["PUBLICATION"] == "NO"


def test_registers_and_numbers_change_what_is_said() -> None:
    """A program of which nobody said what it keeps is a risk, and an open point."""
    read = summary(Registers(copies=(Copies("crm", "CRM", None, None),)), persons=10_000_000)
    assert found(read)["COPIES"] == "YES"
    assert next(each for each in read.risks if each.name == "LARGE_SCALE").evidence.startswith("10,000,000 customers")
    assert any("crm" in each for each in read.open)
    assert not any("not read" in each for each in read.open)
    assert found(summary(Registers()))["COPIES"] == "NO"
    assert sum("not read" in each for each in summary().open) == 2


def test_no_category_is_of_article_9() -> None:
    """The policy says so of all of them; a new one is judged here: by its term in DPV, none of the special ones."""
    special = ("Health", "Genetic", "Biometric", "Religion", "Political", "Ethnic", "Sexual", "Union", "Criminal")
    assert tuple(each for each in Category if any(word in each.pd for word in special)) == ART_9


@pytest.mark.anyio
async def test_it_counts_the_persons_of_a_store(store: Store) -> None:
    assert await persons_in(store.reader) == 0
