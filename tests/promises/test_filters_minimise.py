"""A filter narrows what is read, disclosed and recorded, and is decided on like the field it compares (R1, R23)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from policy.grant import Refusal
from policy.purposes import Purpose
from store.tables.disclosures import disclosures
from store.tables.domains import domains
from tests.promises.gate import Gate, grant, own

pytestmark = pytest.mark.anyio

PROVIDER = grant(Purpose.SERVICE_PROVISION)
REGISTRAR = grant(Purpose.DOMAIN_REGISTRATION)
BILLING = grant(Purpose.INVOICING)
NAMED = "query ($n: String) { me { domains(filter: {name: $n}) { nodes { name } } } }"


def domain_names(gate: Gate, place: int) -> list[str]:
    return [each.domain.name for each in gate.people[place].services if each.domain]


async def asked(gate: Gate, query: str, who: Any, **variables: Any) -> Any:
    return (await gate.ask(query, who, variables=variables)).data


async def test_a_look_at_one_domain_of_a_customer_discloses_and_records_that_one(changing: Gate) -> None:
    """Item 4: whoever looks one domain up by its customer gets no other (R1), and none is handed over (R23)."""
    place = next(n for n in range(len(changing.people)) if len(domain_names(changing, n)) > 1)
    name = domain_names(changing, place)[0]
    query = """query ($id: ID!, $n: String!) { customer(by: {id: $id}) {
      domains(filter: {name: $n}) { nodes { name hideName } } } }"""
    before = await _disclosed(changing)
    found = await asked(changing, query, REGISTRAR, id=changing.id(place), n=name)
    (shown,) = found["customer"]["domains"]["nodes"]
    assert shown["name"] == name
    assert await _disclosed(changing) == before + 1, "one domain was handed over"
    assert (await changing.entries())[-1]["fields"] == [
        "Query.customer", "Customer.domains", "Domain.name", "Domain.hideName"
    ]  # fmt: skip


async def _disclosed(gate: Gate) -> int:
    rows = await gate.store.reader.fetch(gate.store.reader.prepare(select(func.count()).select_from(disclosures)), {})
    return int(rows[0][0])


async def test_a_name_is_found_in_either_spelling_and_only_below_its_customer(gate: Gate) -> None:
    name = domain_names(gate, 0)[0]
    for spelling in (name, name.upper() + "."):
        assert (await asked(gate, NAMED, own(gate.ids[0]), n=spelling))["me"]["domains"]["nodes"] == [{"name": name}]
    assert (await asked(gate, NAMED, own(gate.ids[1]), n=name))["me"]["domains"]["nodes"] == []
    mine = {each["name"] for each in (await asked(gate, NAMED, own(gate.ids[0])))["me"]["domains"]["nodes"]}
    assert mine == set(domain_names(gate, 0)), "null compares nothing"


async def test_a_name_of_nobody_costs_the_same_statements(gate: Gate) -> None:
    """G7: in the key store as in the data."""
    name = domain_names(gate, 1)[0]
    ran = [await gate.ask(NAMED, own(gate.ids[0]), variables={"n": each}) for each in (name, "nobody.example")]
    assert ran[0].raw == ran[1].raw
    assert ran[0].statements == ran[1].statements and ran[0].key_statements == ran[1].key_statements


async def test_a_row_that_lost_its_look_up_is_not_found_by_it(changing: Gate) -> None:
    """The data is authoritative: the key store's word alone is not enough."""
    name = domain_names(changing, 0)[0]
    async with changing.store.write() as connection:
        await connection.execute(domains.update().values(name_ref=b"12345678"))
    assert (await asked(changing, NAMED, own(changing.ids[0]), n=name))["me"]["domains"]["nodes"] == []


async def test_a_malformed_name_is_told_without_repeating_it(gate: Gate) -> None:
    answer = await gate.ask(NAMED, own(gate.ids[0]), variables={"n": "no name at all"})
    assert answer.codes == ["BAD_USER_INPUT"] and "`filter.name`" in answer.body["errors"][0]["message"]
    assert b"no name at all" not in answer.raw


async def test_comparing_is_reading_and_stands_in_the_ledger(changing: Gate) -> None:
    """What is compared is recorded though it was not selected; what the variables leave out is not."""
    query = """query ($id: ID!, $f: InvoiceFilter) { customer(by: {id: $id}) {
      invoices(filter: $f) { nodes { number } } } }"""
    for given, compared in (({"paid": True}, ["Invoice.paidAt"]), ({"paid": None}, []), (None, [])):
        await asked(changing, query, BILLING, id=changing.id(0), f=given)
        fields = (await changing.entries())[-1]["fields"]
        assert fields == ["Query.customer", "Customer.invoices", "Invoice.number", *compared]


async def test_a_filter_is_refused_to_who_may_not_read_the_field(gate: Gate) -> None:
    """An order of the statement would tell what may not be read; refused before any statement."""
    query = "query %s { customers { nodes { domains(filter: %s) { nodes { id } } } } }"
    answer = await gate.ask(query % ("Q", '{tld: "ch"}'), BILLING)
    assert "DomainFilter.tld" in {each["coordinate"] for each in answer.errors} and answer.statements == ()
    withheld = await gate.ask(query % ("Q", '{tld: "ch"}'), replace(BILLING, refusal=Refusal.WITHHOLD))
    assert "DomainFilter.tld" in {each["coordinate"] for each in withheld.errors}, "never left out: it asks otherwise"
    brought = await gate.ask(
        query % ("($f: DomainFilter)", "$f"),
        replace(BILLING, refusal=Refusal.WITHHOLD),
        variables={"f": {"tld": "ch"}},
    )
    assert brought.errors[0]["coordinate"] == "DomainFilter.tld" and brought.statements == ()


async def test_each_field_of_a_filter_keeps_the_rows_that_it_says(gate: Gate) -> None:
    whole = await asked(gate, "{ me { invoices { nodes { number issuedAt dueAt paidAt } } } }", own(gate.ids[0]))
    bills = whole["me"]["invoices"]["nodes"]
    middle = sorted(each["issuedAt"] for each in bills)[len(bills) // 2]
    expected = {
        f'number: "{bills[0]["number"]}"': [bills[0]],
        "paid: true": [each for each in bills if each["paidAt"]],
        "paid: false": [each for each in bills if not each["paidAt"]],
        f'issuedFrom: "{middle}"': [each for each in bills if each["issuedAt"] >= middle],
        f'issuedBefore: "{middle}"': [each for each in bills if each["issuedAt"] < middle],
        f'issuedBefore: "{middle}", paid: true': [
            each for each in bills if each["issuedAt"] < middle and each["paidAt"]
        ],
    }
    for text, rows in expected.items():
        query = f"{{ me {{ invoices(filter: {{{text}}}) {{ nodes {{ number issuedAt dueAt paidAt }} }} }} }}"
        assert (await asked(gate, query, own(gate.ids[0])))["me"]["invoices"]["nodes"] == rows, text


async def test_enums_are_one_of_several(gate: Gate) -> None:
    query = "query ($s: [ServiceState!]) { me { services(filter: {state: $s}) { nodes { state } } } }"
    whole = (await asked(gate, query, own(gate.ids[0])))["me"]["services"]["nodes"]
    for asked_for in (["ACTIVE"], ["TERMINATED"], ["ACTIVE", "TERMINATED"], []):
        found = (await asked(gate, query, own(gate.ids[0]), s=asked_for))["me"]["services"]["nodes"]
        assert found == [each for each in whole if each["state"] in asked_for]


async def test_pages_go_through_what_passed_in_either_order(gate: Gate) -> None:
    query = """query ($a: String, $o: ListOrder) { me { invoices(first: 2, after: $a, order: $o, filter: {paid: true}) {
      nodes { number } pageInfo { hasNextPage endCursor } } } }"""
    walks = {}
    for order in ("NEWEST_FIRST", "OLDEST_FIRST"):
        seen, after = [], None
        while True:
            page = (await asked(gate, query, own(gate.ids[0]), a=after, o=order))["me"]["invoices"]
            seen += [each["number"] for each in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        walks[order] = seen
    assert walks["NEWEST_FIRST"] == walks["OLDEST_FIRST"][::-1] and len(walks["NEWEST_FIRST"]) > 2


async def test_a_cursor_is_for_its_order(gate: Gate) -> None:
    query = "query ($a: String) { me { invoices(first: 1, after: $a%s) { pageInfo { endCursor } } } }"
    cursor = (await asked(gate, query % "", own(gate.ids[0])))["me"]["invoices"]["pageInfo"]["endCursor"]
    answer = await gate.ask(query % ", order: OLDEST_FIRST", own(gate.ids[0]), variables={"a": cursor})
    assert answer.codes == ["INVALID_CURSOR"]
