"""One table of values as people write them, through every door: what one takes the others take, in the same form.

A row is a case that was found wrong, what was typed, and what is kept, or None where it is refused.
"""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from policy.purposes import Purpose
from resolvers.imports.imports import import_customers
from resolvers.imports.source import Format
from store.database.store import Store
from store.tables.customers import customers
from tests.profile.test_registering import NEW, REGISTER, SHOP
from tests.promises.gate import Gate, grant, own
from tests.sharing.owners import OWNER, confirmed

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TR = {"country": "TR", "city": "Beşiktaş", "postalCode": "34357"}
ADDRESSES: tuple[tuple[str, dict[str, str | None], dict[str, str | None] | None], ...] = (
    ("H7", {"country": "HK", "city": "Central", "postalCode": None}, {}),
    ("H7", {"country": "AE", "city": "Dubai", "postalCode": None}, {}),
    ("H7", {"country": "QA", "city": "Doha", "postalCode": None}, {}),
    ("H7", {"country": "IE", "city": "Dublin", "postalCode": None}, {}),
    ("H7", {"country": "CH", "city": "Bern", "postalCode": "ABCDE"}, None),
    ("H14", {"country": "JP", "street": "1-1", "city": "千代田区", "postalCode": "100-0001", "region": "東京都"}, {}),
    ("H14", {"country": "TR", "city": "İstanbul", "postalCode": "34357"}, {}),
    ("H15", {"country": "DE", "city": "München", "postalCode": "80331", "region": "Bayern"}, {}),
    ("H16", {"country": "AE", "city": "Dubai", "postalCode": None, "region": "Dubai"}, {}),
    ("H17", TR | {"region": "Istanbul"}, {}),
    ("H17", TR | {"region": "Bayern"}, None),
    ("H17", {"country": "CN", "city": "Wuhan", "postalCode": "430000", "region": "Hubei"}, {}),
    ("H18", {"country": "CH", "city": "Lausanne", "postalCode": "CH-1003"}, {"postalCode": "1003"}),
    ("H18", {"country": "DE", "city": "Berlin", "postalCode": "D-10115"}, {"postalCode": "10115"}),
    ("H18", {"country": "PL", "city": "Warszawa", "postalCode": "00950"}, {"postalCode": "00-950"}),
    ("H18", {"country": "PL", "city": "Warszawa", "postalCode": "PL 00950"}, {"postalCode": "00-950"}),
    ("H18", {"country": "IE", "city": "Dublin", "postalCode": "d02 td99"}, {"postalCode": "D02 TD99"}),
    ("H18", {"country": "NL", "city": "Amsterdam", "postalCode": "1012ab"}, {"postalCode": "1012 AB"}),
    ("Kosovo", {"country": "xk", "city": "Prishtinë", "postalCode": "10000"}, {"country": "XK"}),
    ("digits", {"country": "IN", "city": "दिल्ली", "postalCode": "११०००१", "region": "Delhi"}, {"postalCode": "110001"}),
)
PHONES = (
    ("H6", "+41 (0)21 320 00 00", "+41213200000"), ("H6", "0041 21 320 00 00", "+41213200000"),
    ("H19", "+41 21 320 00 00 ext. 12", None), ("H19", "+41 21 320 00 00 / 079 555 01 03", None),
    ("digits", "+٤١ ٢١ ٣٢٠ ٠٠ ٠٠", "+41213200000"), ("marks", "\u202a+41 21 320 00 00\u202c", "+41213200000"),
)  # fmt: skip
EMAILS = (
    ("H2", "Owner@Faß.de", "Owner@faß.de"), ("H3", "straße1@example.com", "straße1@example.com"),
    ("H25", "राम@मोहन.भारत", "राम@मोहन.भारत"), ("H26", "man\u0303ana@example.com", "mañana@example.com"),
    ("marks", "\u200ezoe@example.com", "zoe@example.com"), ("scripts", "p\u0430ypal@example.com", None),
)  # fmt: skip
NAMES = (
    ("H20", "علی\u200cرضا", "رضایی", ("علی\u200cرضا", "رضایی")), ("H28", "Sukarno", None, ("Sukarno", None)),
    ("H28", None, "Sukarno", (None, "Sukarno")), ("H28", " ", "", None),
    ("marks", "\u200fعلی\u200f", "Lind", ("علی", "Lind")), ("joiners", "A\u200cB", "Lind", None),
)  # fmt: skip
COLUMNS = {"postalCode": "postal_code", "givenName": "given_name", "familyName": "family_name"}
HOME = {"street": "Weg 1", "street2": None, "postalCode": "1003", "city": "Lausanne", "region": None, "country": "CH"}
MINE = """{ me { givenName familyName email phone
  postalAddress { street street2 postalCode city region country formatted } } }"""


class Doors:
    """The doors through which a person's values come in."""

    def __init__(self, gate: Gate, folder: Path) -> None:
        self.gate, self.folder, self.count = gate, folder, 0

    async def kept(self, given: dict[str, Any]) -> dict[str, Any]:
        """What the customer who was added last sees, or {} if nobody was added, by each door."""
        phone = given.pop("phone", None)
        found = {"register": await self._added(self._register, given)} if phone is None else {}
        for form in ("ndjson", "csv"):
            found[form] = await self._added(self._import, given | {"phone": phone}, form)
        change = {name: given[name] for name in ("givenName", "familyName", "postalAddress") if name in given}
        if change or phone:
            found["profile"] = await self._profile(change | ({"phone": phone} if phone else {}))
        return found

    async def _added(self, add: Any, *given: Any) -> Any:
        self.count += 1
        before = await self._newest()
        await add(*given)
        newest = await self._newest()
        return {} if newest == before else (await self.gate.ask(MINE, own(newest))).data["me"]

    async def _newest(self) -> int:
        async with self.gate.store.write() as connection:
            return int((await connection.scalars(select(customers.c.id).order_by(customers.c.id.desc()))).first() or 0)

    async def _register(self, given: dict[str, Any]) -> None:
        new = NEW | {"email": f"r{self.count}@example.net", "postalAddress": HOME} | given
        answer = (await self.gate.ask(REGISTER, SHOP, variables={"in": new})).data["registerCustomer"]
        assert (answer["customer"] is None) is bool(answer["userErrors"])

    async def _import(self, given: dict[str, Any], form: Format) -> None:
        person = NEW | {"email": f"i{self.count}@example.net", "postalAddress": HOME} | given
        row = {COLUMNS.get(name, name): value for name, value in (person | person["postalAddress"]).items()}
        row = {name: value for name, value in row.items() if name != "postalAddress"}
        # Every door is tried with the same mailbox: by import it is somebody else's.
        path = self.folder / f"{self.count}.{form}"
        if form == "ndjson":
            path.write_text(json.dumps(row), encoding="utf-8")
        else:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, row.keys())
                writer.writeheader()
                writer.writerow(row)
        report = await import_customers(self.gate.store, path, form, now=NOW)
        assert bool(report.imported) is report.clean

    async def _profile(self, given: dict[str, Any]) -> Any:
        ask = "mutation ($in: UpdateProfileInput!) { updateProfile(input: $in) { userErrors { code } } }"
        done = (await self.gate.ask(ask, own(self.gate.ids[0]), variables={"in": given})).data["updateProfile"]
        return {} if done["userErrors"] else (await self.gate.ask(MINE, own(self.gate.ids[0]))).data["me"]


@pytest.fixture
async def doors(store: Store, tmp_path: Path) -> Doors:
    return Doors(await Gate.of(store, 1), tmp_path)


async def test_addresses(doors: Doors) -> None:
    for case, typed, changed in ADDRESSES:
        given = HOME | typed
        for door, kept in (await doors.kept({"postalAddress": given})).items():
            if changed is None:
                assert kept == {}, (case, door)
                continue
            there = dict(kept["postalAddress"])
            printed = "\n".join(there.pop("formatted"))
            assert there == given | changed, (case, door)
            assert all(part in printed for name, part in there.items() if part and name != "country"), (case, door)
            assert "/\n" not in printed and ", ," not in printed


async def test_telephone_numbers(doors: Doors) -> None:
    for case, typed, number in PHONES:
        for door, kept in (await doors.kept({"phone": typed})).items():
            assert kept.get("phone") == number, (case, door)


async def test_names(doors: Doors) -> None:
    for case, given, family, names in NAMES:
        for door, kept in (await doors.kept({"givenName": given, "familyName": family})).items():
            assert (kept and (kept["givenName"], kept["familyName"])) == (names or {}), (case, door)


@pytest.mark.parametrize("door", ["register", "ndjson", "csv"])
async def test_mailboxes(doors: Doors, door: str) -> None:
    for case, typed, address in EMAILS:
        given = {"email": typed}
        if door == "register":
            kept = await doors._added(doors._register, given)
        else:
            kept = await doors._added(doors._import, given, door)
        assert kept.get("email") == address, (case, door)


async def test_a_registrant_is_read_like_a_customer(doors: Doors) -> None:
    """H4, H6, H18-H20: what was not changed stays, letter by letter."""
    domain = await confirmed(doors.gate)
    ask = """mutation ($in: UpdateRegistrantInput!) { updateRegistrant(input: $in) { domain {
      registrant { name email phone address { postalCode region } } }
      userErrors { code } } }"""
    who = own(doors.gate.ids[0], authenticated_at=int(doors.gate.clock.now.timestamp()))

    async def change(**registrant: Any) -> Any:
        given = {"domainId": domain, "registrant": registrant}
        return (await doors.gate.ask(ask, who, variables={"in": given})).data["updateRegistrant"]

    assert (await change(email="o@faß.de"))["domain"]["registrant"]["email"] == "o@faß.de"
    done = await change(phone="+41 (0)21 320 00 00")
    assert (done["domain"]["registrant"]["phone"], done["domain"]["registrant"]["email"]) == (
        "+41213200000",
        "o@faß.de",
    )
    assert (await change(name="علی\u200cرضا"))["domain"]["registrant"]["name"] == "علی\u200cرضا"
    done = await change(
        address=HOME | {"country": "DE", "city": "München", "postalCode": "D-80331", "region": "Bayern"}
    )
    assert done["domain"]["registrant"]["address"] == {"postalCode": "80331", "region": "Bayern"}
    for refused in ({"phone": "+41 21 320 00 00 ext. 12"}, {"address": HOME | {"postalCode": "ABCDE"}}):
        assert (await change(**refused))["userErrors"]


async def test_the_history_of_a_domain_has_what_differs(doors: Doors) -> None:
    """H4: of a form that is sent whole."""
    domain, gate = await confirmed(doors.gate), doors.gate
    history = "{ me { changes(first: 9) { nodes { fields } } } }"
    who = own(gate.ids[0], authenticated_at=int(gate.clock.now.timestamp()))
    ask = "mutation ($in: UpdateRegistrantInput!) { updateRegistrant(input: $in) { userErrors { code } } }"
    before = (await gate.ask(history, who)).data["me"]["changes"]["nodes"]
    for phone in ("+41 21 555 01 09", "+41 (0)21 555 01 09"):
        given = {"domainId": domain, "registrantKind": "NATURAL_PERSON", "registrant": OWNER | {"phone": phone}}
        assert (await gate.ask(ask, who, variables={"in": given})).data["updateRegistrant"]["userErrors"] == []
    after = (await gate.ask(history, who)).data["me"]["changes"]["nodes"]
    assert [each for each in after if each not in before or after.count(each) > before.count(each)] == [
        {"fields": ["Registrant.phone"]}
    ]


@pytest.mark.parametrize("by", ["{}", '{email: "a@example.com", customerNumber: "C-1"}'])
async def test_a_look_up_says_what_it_needs(doors: Doors, by: str) -> None:
    """H11: a validation error of the document, and no accident."""
    answer = await doors.gate.ask("{ customer(by: %s) { id } }" % by, grant(Purpose.INVOICING))
    (error,) = answer.body["errors"]
    assert error["extensions"]["code"] not in ("INTERNAL", "INTERNAL_ERROR") and "exactly one" in error["message"]


async def test_moments_with_fractions_are_imported(doors: Doors) -> None:
    """H24."""
    service = {"kind": "WEB_HOSTING", "name": "Pro", "started_at": "2024-01-01T10:00:00.123Z"}
    given = {"services": [service], "customer_since": "2023-12-31T10:00:00.5+01:00"}
    added = await doors._added(doors._import, given, "ndjson")
    assert added["familyName"] == NEW["familyName"]
