"""Only the columns that are asked for and allowed are selected, in one statement a level (DESIGN §2 rule 5, §10)."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from policy.purposes import Purpose
from store.tables.domains import domains
from tests.promises.declared import declarations
from tests.promises.gate import Answer, Gate, grant, own

pytestmark = pytest.mark.anyio

BILLING = grant(Purpose.INVOICING)


def selected(sql: str) -> set[str]:
    """The columns of the SELECT list."""
    return set(re.findall(r"\b[a-z_]+\.([a-z_0-9]+)", sql.partition("FROM")[0]))


def tables(answer: Answer) -> list[str]:
    return [re.search(r"FROM ([a-z_]+)", sql)[1] for sql in answer.statements]  # type: ignore[index]


async def test_the_phone_is_never_selected_unless_asked_and_allowed(gate: Gate) -> None:
    """Issue 2, item 5. No purpose but two may read it; and these do not get it unasked."""
    scalar = "fullName givenName familyName email locale customerNumber"
    for purpose in (each for each in Purpose if each.enabled and not each.own_data_only):
        said = {each for each in scalar.split() if declarations()[f"Customer.{each}"].open_to(purpose.name)}
        if not said or not declarations()["Query.customers"].open_to(purpose.name):
            continue
        query = "{ customers(first: 50) { nodes { " + " ".join(sorted(said)) + " } } }"
        answer = await gate.ask(query, grant(purpose), reference="INC-1")
        assert answer.data and "phone" not in " ".join(answer.statements), purpose
        withheld = await gate.ask(query.replace("{ customers", "{ a: customers { nodes { phone } } customers"),
                                  grant(purpose, withhold=True), reference="INC-1")  # fmt: skip
        asked_and_allowed = declarations()["Customer.phone"].open_to(purpose.name)
        assert ("customers.phone" in " ".join(withheld.statements)) is asked_and_allowed


@pytest.mark.parametrize("field", ["fullName", "email", "locale", "postalAddress { city }", "createdAt"])
async def test_a_point_read_selects_one_column(gate: Gate, field: str) -> None:
    query = f"query ($id: ID!) {{ customer(by: {{id: $id}}) {{ {field} }} }}"
    answer = await gate.ask(query, BILLING, variables={"id": gate.id(0)})
    assert answer.data["customer"]
    (sql,) = answer.statements
    (column,) = declarations()[f"Customer.{field.split()[0]}"].sources
    assert selected(sql) == {"id", column.split(".")[1]}


@pytest.mark.parametrize("standard", [False, True])
async def test_an_object_of_columns_of_the_row_costs_no_statement(
    gate: Gate, standard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Domain.registrant` is read with its domain, each field by its own purposes; by either executor alike."""
    if standard:
        monkeypatch.setattr("schema.api.api.compiled_or_none", lambda model, plan, house: None)
    query = "{ me { domains(first: 1) { nodes { registrant { __typename kind contact: email } } } } }"
    answer = await gate.ask(query, own(gate.ids[0]))
    (found,) = answer.data["me"]["domains"]["nodes"]
    first = next(each.domain for each in gate.people[0].services if each.domain is not None)
    assert found["registrant"] == {
        "__typename": "Registrant", "kind": first.registrant_kind, "contact": first.registrant_email,
    }  # fmt: skip
    assert tables(answer) == ["customers", "domains"]
    assert {"registrant_kind", "registrant_email"} <= selected(answer.statements[1])
    assert not {"registrant_name", "registrant_phone", "registrant_address"} & selected(answer.statements[1])
    support = grant(Purpose.SERVICE_PROVISION, withhold=True)
    query = "query ($id: ID!) { node(id: $id) { ... on Domain { registrant { kind email } } } }"
    async with gate.store.write() as connection:
        key = await connection.scalar(select(domains.c.id).where(domains.c.customer_id == gate.ids[0]).limit(1))
    answer = await gate.ask(query, support, variables={"id": gate.outside("Domain", key, gate.ids[0])})
    assert answer.data["node"]["registrant"] == {"kind": first.registrant_kind, "email": None}
    assert "registrant_email" not in " ".join(answer.statements)
    assert [each["coordinate"] for each in answer.body["extensions"]["withheld"]] == ["Registrant.email"]


async def test_asking_for_nothing_of_a_row_selects_its_key_alone(gate: Gate) -> None:
    for query in (
        "{ customers { __typename } }",
        "{ customers { pageInfo { hasNextPage } } }",
        "{ customers { nodes { __typename } } }",
        "{ customers { edges { cursor } } }",
        "{ customers { nodes { id } } }",
    ):
        answer = await gate.ask(query, BILLING)
        assert answer.data
        assert [selected(sql) for sql in answer.statements] == [{"id"}], query


async def test_what_skip_leaves_out_is_not_selected(gate: Gate) -> None:
    query = """query ($more: Boolean!) {
        customers { nodes { fullName email @include(if: $more) ... @skip(if: true) { postalAddress { city } } } } }"""
    without = await gate.ask(query, BILLING, variables={"more": False})
    assert selected(without.statements[0]) == {"id", "name"}
    assert "email" not in without.data["customers"]["nodes"][0]
    with_it = await gate.ask(query, BILLING, variables={"more": True})
    assert selected(with_it.statements[0]) == {"id", "name", "email"}


async def test_each_place_selects_for_itself(gate: Gate) -> None:
    query = "{ a: customers(first: 2) { nodes { fullName } } b: customers(first: 2) { nodes { email } } }"
    answer = await gate.ask(query, BILLING)
    assert sorted(map(sorted, map(selected, answer.statements))) == [["email", "id"], ["id", "name"]]


async def test_variants_of_an_interface_select_what_their_fragments_ask(gate: Gate) -> None:
    query = "{ me { paymentMethods { isDefault ... on Card { last4 } } } }"
    answer = await gate.ask(query, own(gate.ids[0]))
    assert selected(answer.statements[-1]) == {"id", "customer_id", "kind", "is_default", "card_last4"}


async def test_secrets_and_indexes_are_never_selected(gate: Gate) -> None:
    everything = " ".join(
        f"{each.split('.')[1]}" for each, said in declarations().items()
        if each.startswith("Customer.") and said.sources and "(" not in each and "Address" not in each
    )  # fmt: skip
    query = f"{{ me {{ {everything} credentials {{ loginName passwordStrength secondFactors {{ kind }} }} }} }}"
    answer = await gate.ask(query, own(gate.ids[0]))
    assert answer.data["me"]
    chosen = set().union(*map(selected, answer.statements))
    assert not {each for each in chosen if each.endswith(("_index", "_hash", "secret", "number", "fingerprint"))} - {
        "customer_number"
    }
    assert "card_vault" not in " ".join(answer.statements)


LEVELS = """query ($n: Int!) {
  customers(first: $n) { nodes {
    fullName
    services(first: 5) { nodes { name customer { email invoices(first: 5) { nodes { number } } } } }
    invoices(first: 5) { nodes { number amount { amount currency } customer { fullName } } }
  } } }"""


async def test_there_is_one_statement_a_level_whatever_the_page(gate: Gate) -> None:
    counted = {}
    for size in (1, 10, 50):
        answer = await gate.ask(LEVELS, BILLING, variables={"n": size})
        assert answer.data["customers"]["nodes"]
        counted[size] = sorted(tables(answer))
    assert counted[1] == counted[10] == counted[50]
    assert counted[50] == ["customers", "customers", "customers", "invoices", "invoices", "services"]


async def test_pages_under_many_parents_are_one_statement(gate: Gate) -> None:
    query = "query ($n: Int!) { customers(first: $n) { nodes { signIns(first: 2) { nodes { ipAddress } } } } }"
    watch = grant(Purpose.ACCOUNT_SECURITY)
    for size in (1, 10, 50):
        answer = await gate.ask(query, watch, variables={"n": size})
        assert tables(answer) == ["customers", "sign_ins"]
        assert all(len(each["signIns"]["nodes"]) <= 2 for each in answer.data["customers"]["nodes"])


async def test_the_keys_of_a_page_are_one_statement(changing: Gate) -> None:
    """And none while they are remembered."""
    changing.store.keys._kept.clear()
    first = await changing.ask(LEVELS, BILLING, variables={"n": 6})
    assert len(first.key_statements) == 1
    again = await changing.ask(LEVELS, BILLING, variables={"n": 6})
    assert again.key_statements == () and again.raw == first.raw


async def test_the_statements_text_does_not_depend_on_the_page(gate: Gate) -> None:
    """So that each is prepared once (and no value is ever part of it, D7)."""
    texts = set()
    for size in (3, 10, 24):
        answer = await gate.ask(LEVELS, BILLING, variables={"n": size})
        texts.add(tuple(sorted(answer.statements)))
    assert len(texts) == 1
    assert not re.search(r"'[^']+'", " ".join(texts.pop())), "a literal"


async def test_a_look_up_sends_a_fingerprint_and_no_value(gate: Gate) -> None:
    for name, value in (
        ("email", gate.people[3].email),
        ("customerNumber", gate.people[3].customer_number),
        ("externalId", gate.people[3].external_id),
        ("domain", next(s.domain.name for s in gate.people[0].services if s.domain)),
    ):
        answer = await gate.ask(
            "query ($by: CustomerBy!) { customer(by: $by) { id } }",
            grant(Purpose.SERVICE_PROVISION),
            variables={"by": {name: value}},
        )
        assert answer.data["customer"] == {"id": gate.id(0 if name == "domain" else 3)}
        (sql,) = answer.statements
        assert value not in sql and "_ref" in sql
        assert selected(sql) == {"id"}
