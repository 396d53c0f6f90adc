"""A sealed value that does not open is null with an error of its own; all beside it is answered (GraphQL §6.4.4).

`tests.oracle.world` damages one customer: e-mail altered, names of services of another version or emptied, parts of
invoices cut or of another version, a card's expiry lengthened, an IP address moved from another row.
"""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from schema.documents.requests import Request
from store.tables.services import services
from tests.oracle.comparing import Asking, Oracle
from tests.oracle.questions import token
from tests.oracle.world import DAMAGED, EMPTIED, WHOLE, rows

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[0, 1], ids=["sqlite", "postgresql"])
def asking(oracle: Oracle, request: pytest.FixtureRequest) -> Asking:
    """Each kind of store."""
    return oracle.askings[request.param]


@pytest.fixture(params=[False, True], ids=["as served", "graphql-core"])
def standard(request: pytest.FixtureRequest) -> bool:
    """As operations are served, by a compiled plan first; and by graphql-core alone."""
    return bool(request.param)


class Damage:
    """Asks about the damaged customer."""

    def __init__(self, asking: Asking, standard: bool) -> None:
        self.asking, self.standard = asking, standard
        self.person = asking.world.people[DAMAGED]

    def id(self, person: int) -> str:
        """A customer's id."""
        return self.asking.world.store.keys.system.ids("Customer", person, person)

    def grant(self, purpose: Purpose) -> Grant:
        """A token for the purpose."""
        return token(purpose, self.person if purpose.own_data_only else None, Refusal.REFUSE)

    async def ask(self, text: str, purpose: Purpose = Purpose.SELF_SERVICE) -> tuple[Any, list[dict[str, Any]]]:
        """Data and errors; the data that was read is in the ledger all the same."""
        answer = await self.asking.ask(Request(query=text), self.grant(purpose), self.standard)
        assert answer.how.startswith("standard:")  # A compiled plan hands over to graphql-core, whatever did not open.
        assert len(answer.entries) == 1
        body = orjson.loads(answer.body)
        return body["data"], body["errors"]


@pytest.fixture
def damage(asking: Asking, standard: bool) -> Damage:
    """In each store, by each executor."""
    return Damage(asking, standard)


def told(errors: list[dict[str, Any]]) -> list[list[str | int]]:
    """The paths of the errors, each of which says what it is and nothing of the value."""
    for error in errors:
        assert error["extensions"] == {"code": "DATA_DAMAGED"}
        assert error["message"] == (
            "The stored value does not open: it was altered, or sealed under another key. Operators: see the log."
        )
    return [error["path"] for error in errors]


def placed(text: str, errors: list[dict[str, Any]]) -> list[str]:
    """What stands in the document where the errors point."""
    assert all(len(error["locations"]) == 1 and error["locations"][0]["line"] == 1 for error in errors)
    starts = [text[error["locations"][0]["column"] - 1 :] for error in errors]
    return [re.match(r"\w+(: \w+)?", start)[0] for start in starts]  # type: ignore[index]


async def test_the_field_is_null_and_its_siblings_are_answered(
    damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    text = "{ me { fullName email phone services { nodes { id kind } } } }"
    data, errors = await damage.ask(text)
    assert data["me"]["email"] is None
    assert data["me"]["fullName"]
    assert data["me"]["phone"]
    assert all(service["id"] and service["kind"] for service in data["me"]["services"]["nodes"])
    assert told(errors) == [["me", "email"]]
    assert placed(text, errors) == ["email"]
    assert caplog.messages.count("A sealed value of the field Customer.email does not open.") == 1, "operators see it"


async def test_each_alias_has_its_own_error(damage: Damage) -> None:
    text = "{ me { a: email fullName b: email } again: me { email } }"
    data, errors = await damage.ask(text)
    assert data["me"]["a"] is data["me"]["b"] is data["again"]["email"] is None
    assert list(data["me"]) == ["a", "fullName", "b"]
    assert told(errors) == [["again", "email"], ["me", "a"], ["me", "b"]]
    assert placed(text, errors) == ["email", "a: email", "b: email"]


async def test_fields_merged_into_one_have_one_error(damage: Damage) -> None:
    text = "{ me { ...F email ... on Customer { email } } } fragment F on Customer { email id }"
    answer = await damage.asking.ask(Request(query=text), damage.grant(Purpose.SELF_SERVICE), damage.standard)
    body = orjson.loads(answer.body)
    assert told(body["errors"]) == [["me", "email"]]
    assert len(body["errors"][0]["locations"]) == 3


async def test_paths_in_a_list_count_its_items(damage: Damage) -> None:
    text = "{ me { services { nodes { name label: name state } } } }"
    data, errors = await damage.ask(text)
    names = [service["name"] for service in data["me"]["services"]["nodes"]]
    assert names[:2] == [None, None]
    assert all(names[2:])
    assert all(service["state"] for service in data["me"]["services"]["nodes"])
    at = ["me", "services", "nodes"]
    assert told(errors) == [[*at, n, key] for n in (0, 1) for key in ("label", "name")]


async def test_an_object_sealed_as_one_is_null_as_one(damage: Damage) -> None:
    text = "{ me { invoices { nodes { number billedName billedAddress { city country } } } postalAddress { city } } }"
    data, errors = await damage.ask(text)
    bills = data["me"]["invoices"]["nodes"]
    name, address = (
        next(n for n, bill in enumerate(bills) if bill[key] is None) for key in ("billedName", "billedAddress")
    )
    assert bills[name]["billedAddress"]["city"]
    assert bills[address]["billedName"]
    assert all(bill["number"] for bill in bills)
    assert data["me"]["postalAddress"]["city"]
    assert told(errors) == sorted(
        [["me", "invoices", "nodes", name, "billedName"], ["me", "invoices", "nodes", address, "billedAddress"]]
    )


async def test_a_plain_value_that_its_type_does_not_have_is_not_the_callers_fault(
    damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    text = "{ me { fullName invoices { nodes { number owed: amount { amount currency } } } } }"
    data, errors = await damage.ask(text)
    bills = data["me"]["invoices"]["nodes"]
    assert all(bill["number"] for bill in bills)
    (at,) = [n for n, bill in enumerate(bills) if bill["owed"] is None]
    assert all(bill["owed"]["currency"] and bill["owed"]["amount"] for bill in bills if bill["owed"])
    (error,) = errors
    assert (error["path"], error["extensions"]) == (["me", "invoices", "nodes", at, "owed"], {"code": "DATA_DAMAGED"})
    assert error["message"] == "The stored value does not fit the field's type: it was altered. Operators: see the log."
    assert placed(text, errors) == ["owed: amount"]
    logged = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert logged == ["A stored value does not fit the type of the field amount."]


async def test_a_moment_that_is_none_is_not_the_callers_fault(oracle: Oracle, standard: bool) -> None:
    """SQLite keeps whatever was written into the file."""
    damage = Damage(oracle.askings[0], standard)
    store, row = (
        damage.asking.world.store,
        (await rows(damage.asking.world.store, services, damage.person, services.c.id))[0],
    )
    (before,) = (await rows(store, services, damage.person, services.c.started_at))[0]
    change = "UPDATE services SET started_at = ? WHERE id = ?"
    async with store.write() as connection:
        await connection.exec_driver_sql(change, ("yesterday", row[0]))
    try:
        data, errors = await damage.ask("{ me { services { nodes { id startedAt } } } }")
    finally:
        async with store.write() as connection:
            await connection.exec_driver_sql(change, (before, row[0]))
    assert [each["startedAt"] is None for each in data["me"]["services"]["nodes"]].count(True) == 1
    assert [error["extensions"] for error in errors] == [{"code": "DATA_DAMAGED"}]
    assert all(each["id"] for each in data["me"]["services"]["nodes"])


async def test_two_fields_of_one_value_have_an_error_each(damage: Damage) -> None:
    text = "{ me { paymentMethods { id kind ... on Card { brand expMonth expYear } ... on PayPal { account } } } }"
    data, errors = await damage.ask(text)
    card = next(n for n, each in enumerate(data["me"]["paymentMethods"]) if each["kind"] == "CARD")
    shown = data["me"]["paymentMethods"][card]
    assert shown["brand"]
    assert shown["expMonth"] is shown["expYear"] is None
    assert told(errors) == [["me", "paymentMethods", card, key] for key in ("expMonth", "expYear")]


async def test_a_value_moved_from_another_row_does_not_open(damage: Damage) -> None:
    asked = "edges { cursor node { ipAddress country } } nodes { ipAddress } pageInfo { endCursor }"
    text = f"{{ me {{ signIns(first: 5) {{ {asked} }} }} }}"
    data, errors = await damage.ask(text)
    page = data["me"]["signIns"]
    assert page["nodes"][0]["ipAddress"] is page["edges"][0]["node"]["ipAddress"] is None
    assert all(each["ipAddress"] for each in page["nodes"][1:])
    assert page["edges"][0]["node"]["country"]
    assert page["edges"][0]["cursor"]
    assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
    at = ["me", "signIns"]
    assert told(errors) == [[*at, "edges", 0, "node", "ipAddress"], [*at, "nodes", 0, "ipAddress"]]


async def test_one_customer_of_a_page_does_not_spoil_the_others(damage: Damage) -> None:
    whole = damage.id(damage.asking.world.people[WHOLE])
    text = "{ customers(first: 5) { nodes { id createdAt email } } "
    text += f'whole: customer(by: {{id: "{whole}"}}) {{ email }} }}'
    data, errors = await damage.ask(text, Purpose.INVOICING)
    page = {each["id"]: each["email"] for each in data["customers"]["nodes"]}
    damaged, emptied = (damage.id(damage.asking.world.people[n]) for n in (DAMAGED, EMPTIED))
    assert {id_ for id_, email in page.items() if email is None} == {damaged, emptied}
    assert all(each["createdAt"] for each in data["customers"]["nodes"])
    assert data["whole"]["email"]
    # Where there is no value, null is no error.
    assert told(errors) == [["customers", "nodes", list(page).index(damaged), "email"]]


async def test_node_by_id_is_no_exception(damage: Damage) -> None:
    id_ = damage.id(damage.person)
    data, errors = await damage.ask(f'{{ node(id: "{id_}") {{ id ... on Customer {{ email fullName }} }} }}')
    assert data["node"] == {"id": id_, "email": None, "fullName": data["node"]["fullName"]}
    assert data["node"]["fullName"]
    assert told(errors) == [["node", "email"]]


async def test_what_is_not_asked_is_not_opened(damage: Damage) -> None:
    text = "{ me { fullName services { nodes { id } } invoices { nodes { number } } } }"
    answer = await damage.asking.ask(Request(query=text), damage.grant(Purpose.SELF_SERVICE), damage.standard)
    assert answer.without_errors
    assert answer.how == ("standard:not covered" if damage.standard else "compiled")
