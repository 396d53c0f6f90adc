"""What `gateway audit query` explains is what the gateway answers: compared with its own dry runs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from sqlalchemy import insert

from audits.reports.clients import AuditedClient, registrations
from audits.reports.query_report import Explained, Explanation, query_report
from audits.reports.reading import opened
from audits.schema.sources import Text
from gateway.demo.demo_queries import CUSTOMER, QUERIES, DemoQuery
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from schema.api.api import Api
from schema.api.build import core_schema, own_model
from schema.audits.printed import own_facts
from schema.documents.requests import Request
from schema.execution.explaining import CASE, Explainer
from schema.model.model import SchemaModel
from store.database.config import StoreConfig
from store.database.store import open_store
from store.registers.clients import documents
from tests.promises.gate import PATIENT

FACTS = own_facts(own_model())
MODEL = SchemaModel(core_schema())


def explained(folder: Path, client: str, text: str, purpose: str | None = None, **changes: object) -> Explanation:
    """What the command finds for a client of a store, as registered or with changes."""

    async def explain() -> Explanation:
        async with opened(StoreConfig.local(folder)) as readers:
            (found,) = [each for each in await registrations(readers.main) if each.id == client]
            changed = AuditedClient(**{name: getattr(found, name) for name in AuditedClient.__slots__} | changes)
            return Explainer(MODEL, FACTS, changed, readers.main).explain(Text("d.graphql", text), purpose)

    return asyncio.run(explain())


def only(found: Explanation) -> Explained:
    """The one operation of a document that was judged for one purpose."""
    (one,) = found.operations
    return one


@pytest.mark.parametrize("step", QUERIES, ids=lambda each: f"{each.who}-{each.title}")
def test_it_says_what_the_gateway_would_do(demo_store: Path, step: DemoQuery) -> None:
    client = "web" if step.who == CUSTOMER else step.who
    found = only(explained(demo_store, client, step.query))

    async def dry_run() -> dict[str, object]:
        store = await open_store(StoreConfig.local(demo_store))
        try:
            purposes = frozenset({Purpose[found.purpose]} if found.purpose != "none" else ())
            bound = any(each.own_data_only for each in purposes)
            grant = Grant(
                "t", client, 1 if bound else None, purposes, frozenset(), 2**40, Refusal.REFUSE, False,
                client == "auditor", 100,
            )  # fmt: skip
            api = Api(store, PATIENT, clock=lambda: datetime.now(UTC))
            needs = bool(purposes) and next(iter(purposes)).requires_reference
            request = Request(query=step.query, dry_run=True, reference=CASE if needs else None)
            answer: dict[str, object] = orjson.loads((await api.execute(request, grant)).body)
            return answer
        finally:
            await store.close()

    said = asyncio.run(dry_run())
    assert (found.verdict == "allowed") == said["allowed"] == step.answered
    refused = {each["extensions"]["coordinate"] for each in said["refused"] if "coordinate" in each["extensions"]}  # type: ignore[attr-defined]
    assert {each.coordinate for each in found.fields if not each.allowed} >= refused
    if step.answered:
        assert set(found.columns) == set(said["columns"])  # type: ignore[call-overload]
        assert {each.coordinate for each in found.fields if each.allowed} >= set(said["fields"])  # type: ignore[call-overload]


PHONES = "query Calls {\n  customers(first: 3) {\n    nodes {\n      fullName\n      phone\n    }\n  }\n}"


def test_a_refused_field_says_where_why_and_for_what_it_would_be_allowed(demo_store: Path) -> None:
    found = only(explained(demo_store, "billing", PHONES))
    (phone,) = [each for each in found.fields if not each.allowed]
    assert (phone.coordinate, phone.reason, phone.column) == (
        "Customer.phone",
        "PURPOSE_NOT_ALLOWED",
        "customers.phone",
    )
    assert (phone.place.line, phone.place.column) == (5, 7)
    assert "EMERGENCY_CONTACT" in phone.instead
    assert found.columns == ("customers.name",), "what is refused is not read"


def test_a_client_that_has_fields_withheld_is_answered_in_part(demo_store: Path) -> None:
    found = explained(demo_store, "billing", PHONES, refusal="WITHHOLD")
    assert only(found).verdict == "withheld"
    assert not found.answered


def test_several_purposes_are_each_tried_and_one_is_enough(demo_store: Path) -> None:
    several = {"purposes": ("INVOICING", "EMERGENCY_CONTACT")}
    found = explained(demo_store, "billing", PHONES, **several)
    assert {each.purpose: each.verdict for each in found.operations} == {
        "INVOICING": "refused",
        "EMERGENCY_CONTACT": "allowed",
    }
    assert found.answered
    assert only(explained(demo_store, "billing", PHONES, "INVOICING", **several)).verdict == "refused"
    stated = PHONES.replace("query Calls", 'query Calls @for(purpose: EMERGENCY_CONTACT, reference: "INC-1")')
    assert only(explained(demo_store, "billing", stated, **several)).verdict == "allowed"
    other = only(explained(demo_store, "billing", PHONES, "EMERGENCY_CONTACT"))
    assert other.verdict == "refused", "a purpose that the client does not have"
    assert other.problems


def test_every_way_through_the_switches_is_counted(demo_store: Path) -> None:
    fields = "email @include(if: $a) postalAddress @skip(if: $b) { city }"
    text = f"query($a: Boolean!, $b: Boolean!) {{ customers {{ nodes {{ {fields} }} }} }}"
    assert {"customers.email", "customers.postal_address"} <= set(only(explained(demo_store, "billing", text)).columns)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{ customers {\n nmae } }", 2),
        ("{", 1),
        ("{ " * 3000, 1),
        ("", 1),
        ("query @for(purpose: $p) { grant { client } }", 1),
    ],
)
def test_a_document_that_is_not_valid_says_where(demo_store: Path, text: str, line: int) -> None:
    found = explained(demo_store, "billing", text)
    assert found.unfit
    assert found.unfit[0].place.line == line
    assert not found.answered


def test_a_document_of_a_bound_client_says_how_to_register_it(demo_store: Path) -> None:
    found = only(explained(demo_store, "billing", "{ grant { client } }", documents_only=True))
    digest = sha256(b"{ grant { client } }").hexdigest()
    assert found.verdict == "allowed"
    assert any(digest in each for each in found.remarks)


def test_introspection_needs_its_right(demo_store: Path) -> None:
    text = "{ __schema { queryType { name } } }"
    assert only(explained(demo_store, "billing", text)).verdict == "refused"
    assert only(explained(demo_store, "auditor", text)).verdict == "allowed"


def test_a_registered_document_has_its_purpose(demo_store: Path, tmp_path: Path) -> None:
    """Its hash is looked up: the purpose it was registered for is the one it is judged for."""

    async def register() -> None:
        store = await open_store(StoreConfig.local(demo_store))
        async with store.write() as connection:
            row = {"client_id": "noc", "hash": sha256(PHONES.encode()).hexdigest(), "text": PHONES}
            await connection.execute(
                insert(documents).values(**row, purpose="EMERGENCY_CONTACT", registered_at=datetime.now(UTC))
            )
        await store.close()

    asyncio.run(register())
    several = ("EMERGENCY_CONTACT", "INVOICING")
    assert only(explained(demo_store, "noc", PHONES, purposes=several)).purpose == "EMERGENCY_CONTACT"


def test_the_report_tells_it_all(demo_store: Path) -> None:
    found = [explained(demo_store, "billing", each) for each in (PHONES, "{ nothing }")]
    data = query_report("billing", found).data
    assert data["answered"] is False
    assert data["documents"][0]["operations"][0]["verdict"] == "refused"
    assert data["documents"][1]["problems"][0]["line"] == 1
