"""The audits over GraphQL: for `audit:read` alone, whole, and without a word about anybody (D1)."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type
from sqlalchemy import insert

from policy.purposes import Purpose
from schema.api.build import core_schema
from store.registers.clients import clients
from tests.promises.gate import TODAY, Gate, grant, own

pytestmark = pytest.mark.anyio

AUDITOR = grant(scopes=("audit:read",), client="auditor")
ARGUMENTS = {"explain": '(client: "billing", document: "{ me { email } }")', "checkpoints": "(most: 3)"}


def everything(type_: GraphQLObjectType) -> str:
    """A selection of every field there is below a type."""
    parts = []
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        below = everything(named) if isinstance(named, GraphQLObjectType) else ""
        parts.append(f"{name}{ARGUMENTS.get(name, '') if type_.name == 'Audit' else ''} {below}")
    return "{ %s }" % " ".join(parts)


def whole() -> str:
    """Everything that the audits tell."""
    audit = core_schema().type_map["Audit"]
    assert isinstance(audit, GraphQLObjectType)
    return "{ audit %s }" % everything(audit)


def shape(value: Any) -> Any:
    """What kind of thing an answer is."""
    return {name: shape(each) for name, each in value.items()} if isinstance(value, dict) else type(value).__name__


async def test_everything_is_told_and_nobody_is_named(gate: Gate) -> None:
    """D1: no seeded value, no id of a row, and so no entry of a reading."""
    before = len(await gate.entries())
    answer = await gate.ask(whole(), AUDITOR)
    told = answer.data["audit"]
    assert all(told[name] is not None for name in told if name != "explain"), shape(told)
    assert told["matrix"]["fields"] and told["record"]["activities"] and told["notice"]["data"] and told["words"]
    assert sum(each["cases"] for each in told["erasures"]["states"]) == sum(len(one.erasures) for one in gate.people)
    assert not answer.personal
    text = answer.raw.decode()
    assert [value for value in gate.values() if value in text] == []
    assert [id_ for id_ in gate.ids if str(id_) in text or gate.id(gate.ids.index(id_)) in text] == []
    assert len(await gate.entries()) == before
    assert gate.store.keys is not None and answer.key_statements == (), "no key is needed"


@pytest.mark.parametrize(
    "who",
    [
        grant(),
        grant(Purpose.INVOICING, introspection=True),
        grant(Purpose.LEGAL_REQUEST, scopes=("audit:write", "audit")),
        own(1),
        own(1, scopes=("signins:write",)),
    ],
)
async def test_without_the_scope_nothing_is_told_and_nothing_is_read(gate: Gate, who: Any) -> None:
    answer = await gate.ask(whole(), who)
    assert answer.statements == answer.key_statements == ()
    assert {(each["code"], each["reason"]) for each in answer.errors} == {
        ("UNAUTHORIZED_FIELD_OR_TYPE", "SCOPE_MISSING")
    }
    assert "data" not in answer.body or answer.body["data"] is None


async def test_a_tool_with_a_purpose_may_have_the_audits_beside_it(gate: Gate) -> None:
    """The scope opens the audits, the purpose the customers; neither opens the other."""
    query = "{ audit { lint { clean } } customers(first: 1) { nodes { fullName } } }"
    both = await gate.ask(query, grant(Purpose.INVOICING, scopes=("audit:read",)))
    assert both.data["audit"]["lint"]["clean"] is True
    assert both.data["customers"]["nodes"][0]["fullName"]
    assert [each["reason"] for each in (await gate.ask(query, AUDITOR)).errors] == ["PURPOSE_NOT_GRANTED"]


async def test_filters_keep_what_they_name(gate: Gate) -> None:
    query = "{ audit { matrix(purposes: [EMERGENCY_CONTACT], categories: [PHONE]) { fields { coordinate } } } }"
    fields = (await gate.ask(query, AUDITOR)).data["audit"]["matrix"]["fields"]
    assert {"coordinate": "Customer.phone"} in fields
    assert all("hone" in each["coordinate"] for each in fields)
    variables = {"purposes": ["EMERGENCY_CONTACT"], "categories": ["PHONE"]}
    sent = "query ($purposes: [Purpose!], $categories: [DataCategory!]) {" + query[1:]
    sent = sent.replace("[EMERGENCY_CONTACT]", "$purposes").replace("[PHONE]", "$categories")
    assert (await gate.ask(sent, AUDITOR, variables=variables)).data["audit"]["matrix"]["fields"] == fields


EXPLAIN = """
query ($client: String!, $document: String!, $purpose: Purpose) {
  audit { explain(client: $client, document: $document, purpose: $purpose) {
    problems { message line column }
    operations { purpose verdict columns fields { coordinate allowed reason allowedPurposes line lineColumn } }
  } }
}
"""


async def explained(gate: Gate, document: str, client: str = "billing", who: Any = AUDITOR, **more: Any) -> Any:
    variables = {"client": client, "document": document, **more}
    return (await gate.ask(EXPLAIN, who, variables=variables)).data["audit"]["explain"]


async def test_a_document_is_explained_as_it_would_be_judged(changing: Gate) -> None:
    registered = {
        "id": "billing", "name": "Billing", "purposes": '["INVOICING"]', "scopes": "[]", "refusal": "REFUSE",
        "documents_only": False, "introspection": False, "max_page": 10, "created_at": TODAY, "disabled_at": None,
        "kind": "tool",
    }  # fmt: skip
    known = {name: value for name, value in registered.items() if name in clients.c}
    async with changing.store.write() as connection:
        await connection.execute(insert(clients).values(**known))
    document = "{ customers(first: 1) { nodes { fullName phone } } }"
    (operation,) = (await explained(changing, document))["operations"]
    (refused,) = [each for each in operation["fields"] if not each["allowed"]]
    (real,) = (await changing.ask(document, grant(Purpose.INVOICING))).errors
    assert (operation["verdict"], operation["purpose"]) == ("refused", "INVOICING")
    assert (refused["coordinate"], refused["reason"], refused["allowedPurposes"]) == (
        real["coordinate"], real["reason"], real["allowedPurposes"],
    )  # fmt: skip
    assert "customers.phone" not in operation["columns"]
    (other,) = (await explained(changing, document, purpose="EMERGENCY_CONTACT"))["operations"]
    assert (other["purpose"], other["verdict"]) == ("EMERGENCY_CONTACT", "refused")
    assert await explained(changing, document, client="nobody") is None

    broken = "{ customers { nodes { fullNam } } }"
    (blind,) = (await explained(changing, broken))["problems"]
    (helped,) = (await explained(changing, broken, who=grant(scopes=("audit:read",), introspection=True)))["problems"]
    assert (blind["line"], blind["column"]) == (1, 23)
    assert "fullName" in helped["message"] and "fullName" not in blind["message"], "G5"
