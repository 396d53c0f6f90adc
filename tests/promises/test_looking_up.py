"""One customer is found by any particular that the purpose may search by, and by nothing else (R1, G7)."""

from __future__ import annotations

from typing import Any

import pytest

from policy.purposes import Purpose
from store.crypto.lookups import SEVERAL
from store.links.receipts import erasure_of
from tests.promises.gate import Gate, grant, own

pytestmark = pytest.mark.anyio

BY = "query ($by: CustomerBy!) { customer(by: $by) { id } }"
BILLING = grant(Purpose.INVOICING)
SUPPORT = grant(Purpose.SERVICE_COMMUNICATION)
PROVIDER = grant(Purpose.SERVICE_PROVISION)
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Customer { fullName } } }"


async def found(gate: Gate, who: Any, **by: str) -> Any:
    return (await gate.ask(BY, who, variables={"by": by})).data["customer"]


async def number_of(gate: Gate, place: int) -> str:
    query = "{ me { invoices(first: 1) { nodes { number } } } }"
    return str((await gate.ask(query, own(gate.ids[place]))).data["me"]["invoices"]["nodes"][0]["number"])


async def test_each_particular_finds_its_customer(gate: Gate) -> None:
    person, expected = gate.people[1], {"id": gate.id(1)}
    assert await found(gate, BILLING, id=gate.id(1)) == expected
    assert await found(gate, BILLING, email=person.email.upper()) == expected
    assert await found(gate, BILLING, customerNumber=str(person.customer_number)) == expected
    assert await found(gate, BILLING, externalId=f" {str(person.external_id).upper()}") == expected
    number = await number_of(gate, 1)
    for spelling in (number, f" {number} "):
        assert await found(gate, BILLING, invoiceNumber=spelling) == expected
    (name, *_) = [each.domain.name for each in gate.people[0].services if each.domain]
    assert await found(gate, SUPPORT, domain=name) == {"id": gate.id(0)}, "support looks customers up by domain, too"


async def test_what_nobody_has_costs_the_same_as_what_somebody_has(gate: Gate) -> None:
    number = await number_of(gate, 1)
    for field, known, unknown in (
        ("invoiceNumber", number, "R-0"),
        ("id", gate.id(1), gate.outside("Customer", 2**60)),
        ("email", gate.people[1].email, "nobody@example.org"),
        ("externalId", str(gate.people[1].external_id), "crm:nobody"),
    ):
        ran = [await gate.ask(BY, BILLING, variables={"by": {field: each}}) for each in (known, unknown)]
        assert ran[1].data == {"customer": None} and ran[0].data["customer"]
        assert ran[0].statements == ran[1].statements
        assert [each for each in ran[0].key_statements if "lookups" in each] == [
            each for each in ran[1].key_statements if "lookups" in each
        ]


async def test_a_literal_look_up_prepares_no_other(gate: Gate) -> None:
    literal = await gate.ask("query ($e: String!) { customer(by: {email: $e}) { id } }", BILLING,
                             variables={"e": gate.people[1].email})  # fmt: skip
    assert literal.data["customer"] == {"id": gate.id(1)} and len(literal.statements) == 1


@pytest.mark.parametrize(
    ("field", "purpose"),
    [
        ("invoiceNumber", Purpose.SERVICE_COMMUNICATION), ("invoiceNumber", Purpose.SERVICE_PROVISION),
        ("domain", Purpose.INVOICING), ("email", Purpose.EMERGENCY_CONTACT),
    ],
)  # fmt: skip
async def test_a_particular_is_for_its_purposes(gate: Gate, field: str, purpose: Purpose) -> None:
    answer = await gate.ask(BY, grant(purpose), variables={"by": {field: "x"}}, reference="INC-1")
    assert [each["coordinate"] for each in answer.errors] == [f"CustomerBy.{field}"] and answer.statements == ()


NOC = grant(Purpose.EMERGENCY_CONTACT)
PHONE = "mutation ($p: PhoneNumber) { updateProfile(input: {phone: $p}) { userErrors { code } } }"


async def called(gate: Gate, phone: str) -> Any:
    return await gate.ask(BY, NOC, variables={"by": {"phone": phone}}, reference="INC-1")


async def changes_phone(gate: Gate, place: int, phone: str | None) -> None:
    answer = await gate.ask(PHONE, own(gate.ids[place]), variables={"p": phone})
    assert answer.data == {"updateProfile": {"userErrors": []}}


async def test_who_called_is_found_by_the_number_in_an_emergency_only(changing: Gate) -> None:
    gate, number = changing, "+41 21 320 00 77"
    before = gate.people[1].phone
    assert (await called(gate, number)).data == {"customer": None}
    await changes_phone(gate, 1, number)
    for spelling in (number, "0041 (0)21 320 00 77", "tel:+41-21-320-00-77"):
        assert (await called(gate, spelling)).data == {"customer": {"id": gate.id(1)}}
    if before is not None:
        assert (await called(gate, before)).data == {"customer": None}, "the number of before is nobody's"
    for purpose in (Purpose.SERVICE_PROVISION, Purpose.SERVICE_COMMUNICATION, Purpose.INVOICING):
        refused = await gate.ask(BY, grant(purpose), variables={"by": {"phone": number}}, reference="INC-1")
        assert [each["coordinate"] for each in refused.errors] == ["CustomerBy.phone"] and refused.statements == ()
    malformed = await called(gate, "021 320 00 77")
    assert malformed.codes == ["BAD_USER_INPUT"] and "320" not in malformed.raw.decode()
    await changes_phone(gate, 1, None)
    assert (await called(gate, number)).data == {"customer": None}


async def test_a_number_of_two_is_told_as_such_and_names_neither(changing: Gate) -> None:
    gate, number = changing, "+41213200078"
    for place in (1, 2):
        await changes_phone(gate, place, number)
    recorded = await gate.entries()
    answer = await called(gate, number)
    assert answer.codes == ["AMBIGUOUS"] and gate.id(1) not in answer.raw.decode()
    assert [each["subjects"] for each in (await gate.entries())[len(recorded) :]] in ([], [[]]), "nobody was read"
    await gate.store.keys.destroy(gate.ids[2])
    assert (await called(gate, number)).data == {"customer": {"id": gate.id(1)}}, "who is erased shares nothing"


async def test_a_shared_number_costs_the_same_as_one_of_nobody(gate: Gate) -> None:
    ran = [await called(gate, each) for each in (str(gate.people[0].phone), "+41213209999")]
    assert ran[0].data == {"customer": {"id": gate.id(0)}} and ran[1].data == {"customer": None}
    assert ran[0].statements == ran[1].statements
    assert [each for each in ran[0].key_statements if "lookups" in each] == [
        each for each in ran[1].key_statements if "lookups" in each
    ]


SUBSCRIBE = """mutation ($c: ID!, $n: String!) { subscribeService(input: {customerId: $c, kind: CLOUD_SERVER, name: $n,
  withdrawErasure: true}) { userErrors { code } service { name } } }"""
WRITES = grant(Purpose.SERVICE_PROVISION, scopes=["purpose:service_provision", "services:write"])


async def test_a_service_is_found_by_its_name_if_one_customer_has_it(changing: Gate) -> None:
    gate = changing
    for place, name in ((0, "vm-4711"), (1, "VM-4712"), (1, "vm-4712"), (2, "vm-4711")):
        made = await gate.ask(SUBSCRIBE, WRITES, variables={"c": gate.id(place), "n": name})
        assert made.data["subscribeService"]["userErrors"] == [], made.raw
    assert await found(gate, SUPPORT, serviceName=" Vm-4712") == {"id": gate.id(1)}, "two services of one customer"
    shared = await gate.ask(BY, SUPPORT, variables={"by": {"serviceName": "vm-4711"}})
    assert shared.codes == ["AMBIGUOUS"] and shared.body["data"] == {"customer": None}
    for _ in range(SEVERAL):
        await gate.ask(SUBSCRIBE, WRITES, variables={"c": gate.id(1), "n": "vm-4712"})
    many = await gate.ask(BY, SUPPORT, variables={"by": {"serviceName": "vm-4712"}})
    assert many.codes == ["AMBIGUOUS"], "more than are told apart are never a guess"


async def test_nodes_are_in_the_order_of_their_ids(gate: Gate) -> None:
    ids = [gate.id(2), gate.id(0), gate.outside("Customer", 2**60), gate.id(0)]
    answer = await gate.ask(NODES, BILLING, variables={"ids": ids})
    assert [each and each["id"] for each in answer.data["nodes"]] == [ids[0], ids[1], None, ids[3]]
    assert len(answer.statements) == 1, "ids of one type share a statement"
    assert (await gate.ask(NODES, BILLING, variables={"ids": []})).data == {"nodes": []}


async def test_nodes_are_no_way_to_others_nor_round_a_limit(gate: Gate) -> None:
    mine = await gate.ask(NODES, own(gate.ids[0]), variables={"ids": [gate.id(0), gate.id(1)]})
    assert [each and each["id"] for each in mine.data["nodes"]] == [gate.id(0), None]
    many = await gate.ask(NODES, grant(Purpose.INVOICING, max_page=2), variables={"ids": [gate.id(0)] * 3})
    assert many.codes == ["PAGE_TOO_LARGE"] and many.statements == ()
    wrong = await gate.ask(NODES, BILLING, variables={"ids": [gate.id(0), "x"]})
    assert wrong.codes == ["INVALID_ID"] and wrong.statements == ()


async def test_who_runs_on_a_platform_is_one_read(changing: Gate) -> None:
    """Everybody with a running service of the kind, and nobody else, is read and recorded."""
    query = """{ services(first: 100, filter: {kind: [CLOUD_SERVER], state: [ACTIVE]}) {
      nodes { kind state customer { id } } } }"""
    answer = await changing.ask(query, PROVIDER)
    shown = answer.data["services"]["nodes"]
    expected = {
        changing.id(place)
        for place, person in enumerate(changing.people)
        if any(each.kind == "CLOUD_SERVER" and each.status == "ACTIVE" for each in person.services)
    }
    assert {each["customer"]["id"] for each in shown} == expected and expected
    assert len(answer.statements) == 2
    assert len((await changing.entries())[-1]["subjects"]) == len(expected)


async def test_open_invoices_are_listed_with_whom_to_remind(gate: Gate) -> None:
    query = "{ invoices(first: 100, filter: {paid: false}) { nodes { paidAt number customer { email } } } }"
    shown = (await gate.ask(query, BILLING)).data["invoices"]["nodes"]
    assert shown and all(each["paidAt"] is None and each["customer"]["email"] for each in shown)
    refused = await gate.ask(query, SUPPORT)
    assert "Query.invoices" in {each["coordinate"] for each in refused.errors} and refused.statements == ()


async def test_the_lists_of_tools_end_where_a_customer_s_token_does(gate: Gate) -> None:
    """G8: they are not for customers, whatever is asked."""
    for query in ("{ services { nodes { id } } }", "{ invoices { nodes { id } } }"):
        answer = await gate.ask(query, own(gate.ids[0]))
        assert answer.codes == ["UNAUTHORIZED_FIELD_OR_TYPE"] and answer.statements == ()


async def test_a_domain_leads_to_its_service_and_to_the_rules_of_its_registry(gate: Gate) -> None:
    query = """{ me { domains { nodes { tld registrant { kind } service { id kind }
      registryPolicy { registry rules { field rule free } } } } } }"""
    shown = (await gate.ask(query, own(gate.ids[0]))).data["me"]["domains"]["nodes"]
    assert shown and all(each["service"]["kind"] == "DOMAIN" for each in shown if each["service"])
    for each in shown:
        asked = """query ($t: String!, $k: RegistrantKind!) {
          registryPolicy(tld: $t, kind: $k) { registry rules { field rule free } } }"""
        given = {"t": each["tld"], "k": each["registrant"]["kind"]}
        policy = await gate.ask(asked, own(gate.ids[0]), variables=given)
        assert policy.data["registryPolicy"] == each["registryPolicy"] is not None


async def test_consents_and_erasures_say_where_their_papers_are(gate: Gate) -> None:
    query = "{ me { consents { nodes { id receiptUrl } } erasures { nodes { statusUrl } } } }"
    place = next(n for n, person in enumerate(gate.people) if person.consents and person.erasures)
    shown = (await gate.ask(query, own(gate.ids[place]))).data["me"]
    for each in shown["consents"]["nodes"]:
        assert each["receiptUrl"].endswith(f"/consents/{each['id']}/receipt")
    (address, *_) = [each["statusUrl"] for each in shown["erasures"]["nodes"]]
    assert await erasure_of(gate.store.keys.system, address.rpartition("/")[2]) is not None
