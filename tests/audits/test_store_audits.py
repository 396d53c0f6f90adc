"""Ledger, erasures, consents and clients from real stores of both kinds: counted, found, and nobody named."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import insert

from audits.forms.forms import FORMS
from audits.reports.clients import registrations
from audits.reports.consents import consent_facts, consents_report, unclear_wordings
from audits.reports.erasures import erasure_facts, erasures_report, overdue
from audits.reports.ledger import PAGE, LedgerFacts, _count, ledger_facts
from audits.reports.ledger_report import ledger_report
from audits.reports.reading import Readers, opened
from audits.schema.checks import Check
from store.database.config import StoreConfig
from store.database.store import Store, StoreUnavailableError, open_store
from store.ledger.entries import canonical
from store.registers.clients import clients, documents
from store.tables.consents import consents, cookie_choices
from store.tables.customers import customers
from store.tables.erasures import erasures

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SUBJECT = 812345678901234
"""A customer's id: no report may hold it."""


@pytest.fixture
async def filled(store: Store, store_config: StoreConfig) -> AsyncIterator[tuple[Store, Readers]]:
    """A store with one customer, and readers of it."""
    async with store.write() as connection:
        await connection.execute(
            insert(customers).values(
                id=SUBJECT, customer_number=b"x", product_news=True,
                created_at=NOW, updated_at=NOW, version=1,
            )
        )  # fmt: skip
    async with opened(store_config) as readers:
        yield store, readers


def consent(number: int, kind: str, state: str, version: str = "2026-01", hash_: bytes = b"h") -> dict[str, object]:
    """One consent event."""
    return {
        "id": number, "customer_id": SUBJECT, "kind": kind, "state": state, "wording_version": version,
        "wording_hash": hash_.ljust(32), "language": "en", "source": "client-area/cards", "at": NOW,
    }  # fmt: skip


async def test_consents_are_counted_and_only_the_newest_stands(filled: tuple[Store, Readers]) -> None:
    store, readers = filled
    rows = [
        consent(1, "CARD_STORAGE", "GIVEN"),
        consent(2, "CARD_STORAGE", "WITHDRAWN"),
        consent(3, "WHOIS_PUBLICATION", "GIVEN"),
    ]
    async with store.write() as connection:
        await connection.execute(insert(consents), rows)
        await connection.execute(
            insert(cookie_choices).values(
                id=4, customer_id=SUBJECT, measurement=False, wording_version="1", chosen_at=NOW, expires_at=NOW,
                global_privacy_control=True,
            )
        )  # fmt: skip
    facts = await consent_facts(readers.main)
    assert facts.standing == {"CARD_STORAGE": {"WITHDRAWN": 1}, "WHOIS_PUBLICATION": {"GIVEN": 1}}
    assert sum(each.events for each in facts.events) == 3
    assert facts.cookies == {"yes": 0, "no": 1, "globalPrivacyControl": 1}
    assert unclear_wordings(facts) == []
    names_nobody(consents_report(facts, NOW))
    async with store.write() as connection:
        await connection.execute(insert(consents).values(**consent(5, "CARD_STORAGE", "GIVEN", hash_=b"another")))
    (found,) = unclear_wordings(await consent_facts(readers.main))
    assert (found.check, found.coordinate) == (Check.WORDING_CHANGED, "CARD_STORAGE/2026-01/en")


async def test_erasures_say_when_and_never_whose(filled: tuple[Store, Readers]) -> None:
    store, readers = filled

    def row(number: int, state: str, due: datetime | None, finished: datetime | None = None) -> dict[str, object]:
        return {
            "id": number, "customer_id": SUBJECT + number, "state": state, "cause": "REQUEST", "requested_at": NOW,
            "due_at": due, "when_services_end": state == "ARMED", "cancelled_at": None, "finished_at": finished,
        }  # fmt: skip

    day = timedelta(days=1)
    async with store.write() as connection:
        await connection.execute(
            insert(erasures),
            [
                row(1, "ERASED", NOW - day, NOW),
                row(2, "SCHEDULED", NOW + 3 * day),
                row(3, "ERASING", NOW - day),
                row(4, "ARMED", None),
                row(5, "CANCELLED", NOW - day),
                row(6, "ERASED", NOW + day, NOW),
            ],
        )
    found = await erasure_facts(readers.main)
    assert [each.case for each in found if each.overdue(NOW)] == [3]
    assert [each.case for each in found if each.late()] == [1]
    assert [each.case for each in found if each.soon(NOW)] == [2]
    assert found[0].case == 3, "the next deadline first"
    assert [each.check for each in overdue(found, NOW)] == [Check.ERASURE_OVERDUE]
    report = erasures_report(found, NOW)
    assert report.data["counts"]["overdue"] == 1
    names_nobody(report)


def entry(
    client: str, purpose: str | None, at: datetime, subjects: int = 2, reference: str | None = None
) -> dict[str, object]:
    """One reading, as the API records it."""
    return {
        "version": 1, "at": int(at.timestamp()), "client": client, "purpose": purpose, "reference": reference,
        "operation": "0" * 64, "fields": ["Customer.email", "Customer.name"], "subjects": ["p" * 22] * subjects,
    }  # fmt: skip


async def test_the_ledger_is_counted_by_client_purpose_and_period(filled: tuple[Store, Readers]) -> None:
    store, readers = filled
    for each in (
        entry("billing", "INVOICING", NOW),
        entry("billing", "INVOICING", NOW - timedelta(days=40)),
        entry("noc", "EMERGENCY_CONTACT", NOW, 1, "INC-4711"),
        {"version": 1, "certificate": "erased"},
    ):
        await store.ledger.append(each)
    found = await ledger_facts(readers.ledger)
    assert (found.entries, found.others, found.findings) == (4, 1, [])
    assert [(each.period, each.client, each.subjects, each.with_reference) for each in found.sorted_uses()] == [
        ("2026-10", "billing", 2, 0),
        ("2026-11", "billing", 2, 0),
        ("2026-11", "noc", 1, 1),
    ]
    assert {each.operations for each in found.sorted_uses()} == {1}
    assert found.fields == {"Customer.email": 3, "Customer.name": 3}
    assert found.last_use()["billing", "INVOICING"] == NOW
    by_day = await ledger_facts(readers.ledger, period="day")
    assert "2026-11-23" in {each.period for each in by_day.sorted_uses()}
    later = await ledger_facts(readers.ledger, since=datetime.now(UTC) + timedelta(days=1))
    assert later.entries == 0
    report = ledger_report(found, NOW)
    names_nobody(report)
    assert "p" * 22 not in FORMS["json"](report), "not even a pseudonym"


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_a_ledger_of_several_pages_is_read_to_its_end(filled: tuple[Store, Readers]) -> None:
    store, readers = filled
    for _ in range(PAGE // 1000 + 1):
        await asyncio.gather(*(store.ledger.append(entry("billing", "INVOICING", NOW)) for _ in range(1000)))
    found = await ledger_facts(readers.ledger)
    assert found.entries == (PAGE // 1000 + 1) * 1000


def test_a_flipped_bit_is_found_where_it_breaks_the_form() -> None:
    """What it cannot tell, the ledger's signed tree can: this only sees that an entry is not what was written."""
    raw = canonical(entry("billing", "INVOICING", NOW))
    whole = LedgerFacts()
    _count(whole, 1, raw, 7)
    assert not whole.findings
    broken = 0
    for number in range(len(raw)):
        flipped = bytearray(raw)
        flipped[number] ^= 0x80
        found = LedgerFacts()
        _count(found, 7, bytes(flipped), 7)
        broken += bool(found.findings)
        for each in found.findings:
            assert (each.check, each.place.line) == (Check.LEDGER_ENTRY, 7)
    assert broken == len(raw), "the highest bit of any letter"
    for odd in (b"", b"[]", b"null", b'{"at": 1}', orjson.dumps({"at": "x"}), raw + b" ", b"\xff"):
        found = LedgerFacts()
        _count(found, 1, odd, 7)
        assert found.findings, odd


async def test_registrations_come_from_the_store(filled: tuple[Store, Readers]) -> None:
    store, readers = filled
    async with store.write() as connection:
        await connection.execute(
            insert(clients).values(
                id="billing", name="Billing", purposes='["INVOICING"]', scopes='["audit:read"]', refusal="REFUSE",
                documents_only=True, introspection=False, max_page=10, created_at=NOW, disabled_at=None,
            )
        )  # fmt: skip
        await connection.execute(
            insert(documents).values(client_id="billing", hash="0" * 64, text="{ a }", purpose=None, registered_at=NOW)
        )
    (found,) = await registrations(readers.main)
    assert (found.purposes, found.scopes, found.documents_only) == (("INVOICING",), frozenset({"audit:read"}), True)
    assert found.created_at == NOW
    assert found.documents[0].text == "{ a }"


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_an_audit_needs_no_key_and_makes_none(store_config: StoreConfig) -> None:
    async with opened(store_config) as readers:
        assert await registrations(readers.main) == []
    assert not store_config.root_key_path.exists()
    other = await open_store(store_config)
    await other.close()
    store_config.key_store.path.unlink()
    async with opened(store_config) as readers:
        assert await erasure_facts(readers.main) == []


async def test_a_store_that_is_not_there_says_so(bare_config: StoreConfig) -> None:
    with pytest.raises(StoreUnavailableError, match="gateway db upgrade"):
        async with opened(bare_config):
            pass


def names_nobody(report: object) -> None:
    """No form of the report holds a customer's id."""
    for name, form in FORMS.items():
        assert str(SUBJECT) not in form(report), name  # type: ignore[arg-type]
    assert json.loads(FORMS["json"](report))  # type: ignore[arg-type]
