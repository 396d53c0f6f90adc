"""An export holds everything that is held, and nothing that it must not (R30, Art. 15, Art. 20)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select

from policy.acting import ActingPerson
from policy.categories import Category
from policy.orders import Order
from policy.purposes import Purpose
from policy.retention import RetentionRule
from store.accesses.staff_pseudonyms import shown_code, staff_pseudonym
from store.database.schemas import SCHEMAS
from store.records.declared import DECLARED, ExportDetail, UndeclaredTableError, rows
from store.records.declared_check import complaints, require_declared
from store.records.holdings import holdings
from store.sql.engines import transaction
from store.sql.ids import new_id
from store.sql.metadata import customer_table, metadata, plain, sealed
from store.tables.consents import consents
from store.tables.customers import customers
from tests.export.office import Office
from tests.ledger.test_bound_to_the_tree import BILLING, change
from tests.promises.gate import grant

pytestmark = pytest.mark.anyio
ONE_STORE = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)


def holding(document: Any, name: str) -> Any:
    """One section of an export."""
    return next(each for each in document["holdings"] if each["name"] == name)


async def test_every_value_with_its_meaning(office: Office) -> None:
    await office.made()
    document = await office.document()
    person = office.gate.people[0]
    profile = holding(document, "customers")
    (record,) = profile["records"]
    assert record["email"] == person.email
    assert record["name"] == {"given": person.name.given, "family": person.name.family}
    email = profile["fields"]["email"]
    assert (email["category"], email["retention"], email["origin"]) == ("EMAIL", "CUSTOMER_LIFE", "GIVEN")
    assert {"SERVICE_COMMUNICATION", "PRODUCT_NEWS"} <= set(email["purposes"])
    assert (email["source"], email["coordinates"]) == ("customers.email", ["Customer.email"])
    registrant = holding(document, "domains")["fields"]["registrant_name"]
    assert registrant["recipients"] == ["REGISTRY"]
    assert [each["number"] for each in holding(document, "invoices")["records"]] == [
        each.number for each in sorted(person.invoices, key=lambda each: each.issued_at)
    ]


async def test_every_table_and_column_of_the_store_stands_in_it(office: Office) -> None:
    """By the metadata: every table with rows of customers, every column of it, shown or withheld with the reason."""
    await office.made()
    document = await office.document()
    tables = [table for schema in SCHEMAS for table in schema.tables.sorted_tables]
    told = {name for name, said in DECLARED.items() if said.export is not ExportDetail.NOTHING}
    own = {table.name for table in tables if "customer_id" in table.c or table is customers}
    assert own < told
    expected = {
        table.name: {column.name for column in table.c}
        for table in tables
        if table.name in told - {"ledger_entries", "ledger_postings", "ledger_runs"}  # They are the section `accesses`.
    }
    found = {each["name"]: set(each["fields"]) for each in document["holdings"] if each["name"] != "accesses"}
    assert found == expected
    for each in document["holdings"]:
        for name, field in each["fields"].items():
            assert field["purposes"], f"{each['name']}.{name}"
            assert set(field["purposes"]) <= document["words"]["purposes"].keys()
            assert field["retention"] in document["words"]["retention"]
            assert field["origin"] in document["words"]["origins"]


@asynccontextmanager
async def added(office: Office) -> AsyncIterator[Table]:
    """A table that did not exist when the worker was written, with the one line that is said of it."""
    DECLARED["pets"] = rows()
    pets = customer_table(
        "pets",
        RetentionRule.CUSTOMER_LIFE,
        sealed("name", Category.NAME),
        plain("legs", customers.c.version.type, Category.PREFERENCE),
        sealed("chip_key", Category.AUTH_FACTOR, output=False),
    )
    try:
        async with transaction(office.store._parts.engine) as connection:
            await connection.run_sync(pets.create)
        yield pets
    finally:
        async with transaction(office.store._parts.engine) as connection:
            await connection.run_sync(lambda inner: pets.drop(inner, checkfirst=True))
        metadata.remove(pets)
        del DECLARED["pets"]


async def test_a_new_table_cannot_be_forgotten(office: Office) -> None:
    """The table is made here and now; no line of the exporter names it."""
    async with added(office) as pets:
        key, id_ = await office.key(), new_id()
        row = {"id": id_, "customer_id": key.customer_id, "legs": 3}
        row |= {name: key.seal(pets.c[name], id_, b"Schnurrbert") for name in ("name", "chip_key")}
        async with office.store.write() as connection:
            await connection.execute(insert(pets).values(row))
        await office.made()
        found = holding(await office.document(), "pets")
        page = await office.text(form="HTML")
    (record,) = found["records"]
    assert (record["name"], record["legs"]) == ("Schnurrbert", 3)
    assert found["fields"]["chip_key"]["withheld"] == "SECRET" and "chip_key" not in record
    assert found["fields"]["name"]["category"] == "NAME" and found["fields"]["name"]["purposes"]
    assert "Schnurrbert" in page and page.count("Schnurrbert") == 1


async def test_a_table_of_which_nothing_is_said_stops_everything(office: Office) -> None:
    """Neither an export nor an erasure begins, and the start and the lint name it."""
    async with added(office) as pets:
        said = DECLARED.pop("pets")
        try:
            with pytest.raises(UndeclaredTableError, match="pets"):
                holdings()
            assert [name for name, _ in complaints([pets]) if name == "pets"]
            with pytest.raises(UndeclaredTableError, match="pets"):
                require_declared([pets])
        finally:
            DECLARED["pets"] = said


def test_no_personal_value_rests_where_no_export_finds_it() -> None:
    """What is declared agrees with the columns: nobody's tables have no personal data, and what may be told is."""
    tables = [table for schema in SCHEMAS for table in schema.tables.sorted_tables]
    assert list(complaints(tables)) == []
    for name, wrong in (("staff", rows()), ("sign_ins", DECLARED["staff"]), ("outbox", DECLARED["guesses"])):
        right, DECLARED[name] = DECLARED[name], wrong
        try:
            assert name in {each for each, _ in complaints(tables)}, name
        finally:
            DECLARED[name] = right


async def test_secrets_and_card_numbers_are_never_in_it(office: Office) -> None:
    """R16, R20: of every customer, in every form."""
    kept = [method.card_number for person in office.gate.people for method in person.payment_methods]
    assert any(kept), "there is a number to be looked for"
    for place, person in enumerate(office.gate.people):
        await office.made(place)
        everything = "".join([await office.text(place, form) for form in ("JSON", "HTML", "PORTABLE")])
        for method in person.payment_methods:
            number = getattr(method, "card_number", None)
            assert number is None or number not in everything
        for credential in person.credentials:
            assert credential.password_hash not in everything
            assert all(factor.secret not in everything for factor in credential.second_factors)
        assert "$argon2" not in everything


async def test_others_are_not_in_it(office: Office) -> None:
    """D6: nothing of another customer, whatever the tables have in common."""
    await office.made(0)
    text = await office.text(0) + await office.text(0, "HTML")
    for place in (1, 2):
        assert office.gate.people[place].email not in text
        assert str(office.customer(place)) not in text
        assert (await office.key(place)).pseudonym not in text


async def test_disclosures_under_embargo_are_left_out(office: Office) -> None:
    """R24, A9: until the order to be silent has ended; then they are told."""
    now = office.gate.clock.now
    await office.disclose(
        trigger=Order("LEG-7").trigger, recipient_name="Oberschnüffelamt", embargoed_until=now.replace(year=2027)
    )
    await office.disclose(trigger=Order("LEG-8").trigger, recipient_name="Handelsgericht")
    for case in ("LEG-7", "LEG-8", "LEG-9"):
        await office.read_by("noc", "LEGAL_REQUEST", reference=case)
    await office.read_by("billing", "INVOICING")
    await office.seal()
    await office.made()
    document = await office.document()
    assert "Oberschnüffelamt" not in await office.text() + await office.text(form="HTML")
    assert {each["trigger"] for each in holding(document, "disclosures")["records"]} >= {"order:LEG-8"}
    references = {each["reference"] for each in holding(document, "accesses")["records"]}
    assert "LEG-8" in references and not {"LEG-7", "LEG-9"} & references, "to see the read is to know of the request"
    office.wait(days=500)
    await office.made()
    assert "Oberschnüffelamt" in await office.text()


async def test_who_read_what_is_in_it(office: Office) -> None:
    await office.read_by("billing", "INVOICING")
    await office.read_by("billing", "INVOICING", place=1)
    await office.seal()
    await office.made()
    accesses = holding(await office.document(), "accesses")
    assert accesses["count"] == 1
    (record,) = accesses["records"]
    assert (record["client"], record["purpose"]) == ("billing", "INVOICING")
    assert record["fields"] == ["Customer.fullName", "Invoice.number"]
    assert (record["personRole"], record["personCode"]) == (None, None)


async def test_the_person_who_asked_is_in_it_by_role_and_code(office: Office) -> None:
    """As in `me.accesses`: the same code for each reading, and neither the pseudonym nor the staff's own code."""
    pseudonym = await staff_pseudonym(office.store.keys.system, "CARE-3")
    query, who = '{ customer(by: {id: "%s"}) { fullName } }' % office.gate.id(0), grant(Purpose.INVOICING)
    answer = await office.gate.ask(query, who, acting=ActingPerson(pseudonym, "SUPPORT"))
    assert answer.data["customer"]["fullName"]
    await office.seal()
    await office.made()
    (record,) = holding(await office.document(), "accesses")["records"]
    assert (record["personRole"], record["personCode"]) == ("SUPPORT", shown_code(pseudonym))
    assert pseudonym not in await office.text() and "CARE-3" not in await office.text()


async def test_an_entry_that_was_altered_is_not_told_as_if_it_were_signed(office: Office, store_kind: str) -> None:
    """D14: exports hold accesses against the tree as `me.accesses` does; the rest is there."""
    await office.read_by("billing", "INVOICING")
    await office.read_by("support", "SERVICE_COMMUNICATION")
    await office.seal()
    await office.made()
    whole = holding(await office.document(), "accesses")["records"]
    assert {each["client"] for each in whole} == {"billing", "support"}
    where = " WHERE sequence = (SELECT sequence FROM ledger_leaves WHERE leaf_index = 0)"
    await change(office.log, store_kind, "ledger_entries", BILLING[store_kind].replace("support", "nobody!") + where)
    await office.made()
    document = await office.document()
    younger, altered = holding(document, "accesses")["records"]
    assert younger["client"] == "support"
    damaged = {"damaged": True}
    assert altered == dict.fromkeys(altered, damaged) | {"index": 0}, "nothing of what was put in its place is told"
    assert "nobody!" not in await office.text() + await office.text(form="HTML")


async def test_what_one_may_take_along_is_a_part_of_it(office: Office) -> None:
    """Art. 20: what the customer gave or did, by consent or contract; not what we worked out or made."""
    await office.made()
    whole, part = await office.document(), await office.document(form="PORTABLE")
    assert part["kind"] == "PORTABLE" and whole["kind"] == "EVERYTHING"
    profile = holding(part, "customers")
    assert profile["records"][0]["email"] == office.gate.people[0].email
    assert "customer_number" not in profile["fields"], "a number of our making"
    names = {each["name"] for each in part["holdings"]}
    assert names < {each["name"] for each in whole["holdings"]}
    assert {"customers", "services", "domains", "payment_methods"} <= names
    assert not {"sign_ins", "accesses", "disclosures", "erasures"} & names
    fields = [field for each in part["holdings"] for field in each["fields"].values()]
    assert {field["origin"] for field in fields} <= {"GIVEN", "OBSERVED"}
    assert not any("withheld" in field for field in fields)


async def test_a_damaged_value_is_named_and_the_rest_is_there(office: Office) -> None:
    async with office.store.write() as connection:
        mine = customers.c.id == office.customer()
        await connection.execute(customers.update().where(mine).values(phone=b"\x01" + bytes(40)))
    await office.made()
    (record,) = holding(await office.document(), "customers")["records"]
    assert record["phone"] == {"damaged": True} and record["email"] == office.gate.people[0].email


@ONE_STORE
async def test_a_thousand_rows_take_pages_not_memory(office: Office) -> None:
    """Every row is there once, whatever the size of a page; the reads are bounded."""
    async with office.store.write() as connection:
        mine = consents.c.customer_id == office.customer()
        already = await connection.scalar(select(func.count()).select_from(consents).where(mine)) or 0
    await office.grow(1000)
    await office.made()
    found = holding(await office.document(), "consents")
    assert found["count"] == len(found["records"]) == already + 1000
    versions = [each["wording_version"] for each in found["records"]]
    assert versions[already:] == [str(number) for number in range(1000)]
    assert len(await office.parts(0, "JSON")) > 2
    assert max(each.length for each in await office.parts(0, "JSON")) <= 4 * 64 * 1024


def test_every_holding_is_described() -> None:
    assert {each.name for each in holdings()} >= {"customers", "exports", "sign_ins", "outbox"}
