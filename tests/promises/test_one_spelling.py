"""S14: domains and mailboxes have one form, used wherever they are compared, looked up, written to or registered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from gateway.api.rdap import list_routes
from policy.purposes import Purpose
from resolvers.account.passwords_resets import Resets
from resolvers.imports.imports import import_customers
from resolvers.registrants.rights import RegistrantLinks
from resolvers.signins.signins import Visitor
from store.database.store import Store
from store.tables.customers import customers
from tests.profile.test_registering import HOME, NEW, REGISTER, SHOP
from tests.promises.gate import TODAY, Gate, grant, own
from tests.sharing.owners import OWNER, REGISTRAR, change, confirm, letters, order, resting
from tests.sharing.owners import register as register_domain
from tests.signin.lobby import means
from workers.outbox.smtp import MailServerSettings, compose

pytestmark = pytest.mark.anyio

LOOK_UP = "query ($by: CustomerBy!) { customer(by: $by) { id email } }"
RDAP = "query ($d: String!) { rdap(domain: $d) }"
TERMS = MailServerSettings("mail.example", 587, "starttls", "no-reply@example.com", "Quarkwerke")
VISITOR = Visitor("203.0.113.9", "Firefox")


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 1)


async def register(gate: Gate, email: str, **changes: Any) -> Any:
    done = (await gate.ask(REGISTER, SHOP, variables={"in": NEW | {"email": email} | changes})).data
    return done["registerCustomer"]


async def look_up(gate: Gate, purpose: Purpose = Purpose.INVOICING, **by: str) -> Any:
    return (await gate.ask(LOOK_UP, grant(purpose), variables={"by": by})).data["customer"]


async def over_http(gate: Gate, name: str) -> httpx.Response:
    app = Starlette(routes=list_routes(gate.api, gate.clock, "https://rdap.example"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rdap") as client:
        return await client.get(f"/rdap/domain/{name}")


async def test_nobody_is_sent_the_link_of_somebody_elses_mailbox(gate: Gate) -> None:
    """S14: who owns `owner@fass.de` types it at "forgot your password", and `owner@faß.de` is a customer."""
    assert (await register(gate, "Owner@Faß.de"))["userErrors"] == []
    resets = Resets(gate.store, means())
    await resets.request("CLIENT_AREA", "owner@fass.de", VISITOR, TODAY)
    assert await letters(gate) == []
    await resets.request("CLIENT_AREA", "OWNER@xn--fa-hia.de", VISITOR, TODAY)
    (letter,) = await letters(gate)
    sent = compose(TERMS, 1, json.dumps(letter).encode(), TODAY)
    assert sent["To"].addresses[0].domain == "xn--fa-hia.de" and sent["To"].addresses[0].username == "Owner"  # H2


@pytest.mark.parametrize(
    ("one", "other"), [("strasse1@example.com", "straße1@example.com"), ("a@fass.de", "a@faß.de")]
)  # fmt: skip
async def test_two_mailboxes_are_two_customers(gate: Gate, one: str, other: str) -> None:
    """H3 (S14)."""
    for each in (one, other):
        assert (await register(gate, each))["userErrors"] == []
    found = [await look_up(gate, email=each) for each in (one, other)]
    assert [each["email"] for each in found] == [one, other] and found[0]["id"] != found[1]["id"]


@pytest.mark.parametrize(
    "again", ["O@FAß.de", "o@xn--fa-hia.de", "o@faß\u3002de", "o@ｆａß.de", " o@FAß\uff0ede "]
)  # fmt: skip
async def test_one_mailbox_is_one_customer(gate: Gate, again: str) -> None:
    """S14: however it is spelled, it is taken, and found."""
    assert (await register(gate, "o@faß.de"))["userErrors"] == []
    assert [each["code"] for each in (await register(gate, again))["userErrors"]] == ["EMAIL_TAKEN"]
    assert (await look_up(gate, email=again))["email"] == "o@faß.de"


@pytest.mark.parametrize(
    ("email", "kept"),
    [("man\u0303ana@example.com", "mañana@example.com"), ("राम@मोहन.भारत", "राम@मोहन.भारत")],
)
async def test_addresses_of_all_scripts_are_taken(gate: Gate, email: str, kept: str) -> None:
    """H25, H26 (S14)."""
    done = await register(gate, email, givenName="علی\u200cرضا")  # H20
    assert done["userErrors"] == [] and done["customer"]["email"] == kept
    assert done["customer"]["fullName"].startswith("علی\u200cرضا")


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ('"a b"@example.com', "quotation marks"), ("a@[192.0.2.1]", "IP address"), ("a@[IPv6:2001:db8::1]", "IP"),
        ("a@b_c.example", "domain name"), ("a@xn--zzzzz9999.ch", "domain name"),
    ],
)  # fmt: skip
async def test_what_is_not_taken_is_refused_with_a_sentence(gate: Gate, email: str, sentence: str) -> None:
    """S14."""
    (error,) = (await register(gate, email))["userErrors"]
    assert error["code"] == "INVALID_EMAIL" and sentence in error["message"] and error["field"] == ["email"]


async def test_a_domain_is_registered_once_in_all_its_spellings(gate: Gate) -> None:
    """H2, H22 (S14): by its A-labels; RFC 9083 §5.3 has both."""
    done = await register_domain(gate, await order(gate), name="Faß.de")
    assert done["userErrors"] == [] and (done["domain"]["name"], done["domain"]["tld"]) == ("xn--fa-hia.de", "de")
    await confirm(gate, gate.clock.now)
    for name in ("faß.de", "XN--FA-HIA.DE.", "ｆａß。de"):
        again = await register_domain(gate, await order(gate), name=name)
        assert [each["code"] for each in again["userErrors"]] == ["TAKEN"]
        told = (await gate.ask(RDAP, REGISTRAR, variables={"d": name})).data["rdap"]
        assert (told["ldhName"], told["unicodeName"]) == ("xn--fa-hia.de", "faß.de")
        assert (await over_http(gate, name)).json()["unicodeName"] == "faß.de"
        found = await gate.ask(
            LOOK_UP.replace(" email", ""), grant(Purpose.SERVICE_PROVISION), variables={"by": {"domain": name}}
        )
        assert found.data["customer"] == {"id": gate.id(0)}
    assert (await register_domain(gate, await order(gate), name="fass.de"))["userErrors"] == []
    plain = (await gate.ask(RDAP, REGISTRAR, variables={"d": "fass.de"})).data["rdap"]
    assert plain["ldhName"] == "fass.de" and "unicodeName" not in plain
    assert any("faß.de" in each["text"] for each in await letters(gate)), "people read the name as it is spoken"


async def test_an_owner_whose_address_is_sent_back_is_nobody_else(gate: Gate) -> None:
    """H4 (S14): browsers send an international domain by its A-labels."""
    there = OWNER | {"email": "o@faß.de"}
    done = await register_domain(gate, await order(gate), registrant=there)
    await confirm(gate, gate.clock.now)
    told = len(await letters(gate))
    again = await change(
        gate, done["domain"]["id"], registrant={"email": "o@xn--fa-hia.de", "phone": "+41 21 555 01 03"}
    )
    assert again["domain"]["registrant"]["email"] == "o@faß.de" and again["userErrors"] == []
    await change(gate, done["domain"]["id"], registrant={"email": "O@FAß\u3002de"})
    assert len(await letters(gate)) == told, "nobody else came, and nobody is told"
    await change(gate, done["domain"]["id"], registrant={"email": "o@fass.de"})
    assert [each["to"] for each in (await letters(gate))[told:]] == ["o@fass.de", "o@faß.de"]
    assert (await resting(gate, done["domain"]["id"]))["registrant_erasure_at"] is None


async def test_a_new_address_that_is_the_old_one_is_no_change(gate: Gate) -> None:
    """S14: also of a customer's own address, and of a PayPal account."""
    assert (await register(gate, "o@faß.de"))["userErrors"] == []
    async with gate.store.write() as connection:
        (id_,) = (await connection.scalars(select(customers.c.id).where(customers.c.id.not_in(gate.ids)))).all()
    who = own(id_, authenticated_at=int(gate.clock.now.timestamp()))
    ask = "mutation ($e: EmailAddress!) { requestEmailChange(input: {email: $e}) { userErrors { code } } }"
    for email, codes in (("O@xn--fa-hia.de", ["UNCHANGED"]), ("o@fass.de", [])):
        answer = (await gate.ask(ask, who, variables={"e": email})).data["requestEmailChange"]
        assert [each["code"] for each in answer["userErrors"]] == codes
    add = """mutation ($a: EmailAddress!) { addPayPal(input: {account: $a}) {
      paymentMethod { ... on PayPal { account } } userErrors { code } } }"""
    for account, kept, codes in (
        ("man\u0303ana@XN--FA-HIA.de", "mañana@faß.de", []), ('"x"@faß.de', None, ["INVALID_EMAIL"]),
    ):  # fmt: skip
        done = (await gate.ask(add, who, variables={"a": account})).data["addPayPal"]
        assert [each["code"] for each in done["userErrors"]] == codes
        assert (done["paymentMethod"] or {}).get("account") == kept


def person(number: int, **changes: Any) -> dict[str, Any]:
    """A line of an import."""
    there = {key: HOME[name] for key, name in (("street", "street"), ("city", "city"), ("country", "country"))}
    names = {"given_name": "علی\u200cرضا", "family_name": f"Quark{number}", "email": f"zelie{number}@example.com"}
    return names | there | {"postal_code": HOME["postalCode"]} | changes


async def bring(gate: Gate, folder: Path, *people: dict[str, Any]) -> Any:
    path = folder / "people.ndjson"
    path.write_text("\n".join(json.dumps(each) for each in people), encoding="utf-8")
    return await import_customers(gate.store, path, "ndjson", now=datetime(2026, 11, 23, tzinfo=UTC))


async def test_an_imported_domain_is_found_by_both_spellings(gate: Gate, tmp_path: Path) -> None:
    """H5, H20, H25 (S14): it is taken once, and its owner can be written to."""
    names = ("bücherei.example", "उदाहरण.example")
    services = [{"kind": "DOMAIN", "name": name, "started_at": "2020-01-01"} for name in names]
    report = await bring(gate, tmp_path, person(1, services=services, email="zelie@bücherei.example"))
    assert report.imported == 1, report.problems
    for name in ("bücherei.example", "xn--bcherei-n2a.example", "BÜCHEREI\u3002example."):
        found = (await gate.ask(RDAP, REGISTRAR, variables={"d": name})).data["rdap"]
        assert (found["ldhName"], found["unicodeName"]) == ("xn--bcherei-n2a.example", "bücherei.example")
        assert (await over_http(gate, name)).status_code == 200
        again = await register_domain(gate, await order(gate), name=name)
        assert [each["code"] for each in again["userErrors"]] == ["TAKEN"]
    await RegistrantLinks(gate.store, means()).send("xn--bcherei-n2a.example", VISITOR, TODAY)
    (letter,) = await letters(gate)
    assert letter["to"] == "zelie@bücherei.example" and "/registrant/data" in letter["text"]
    assert await look_up(gate, email="zelie@xn--bcherei-n2a.example") is not None


@pytest.mark.parametrize(
    ("one", "other", "field"),
    [
        ({"email": "o@faß.de"}, {"email": "O@xn--fa-hia.de"}, "email"),
        ({"services": [{"kind": "DOMAIN", "name": "faß.de"}]}, {"services": [{"kind": "DOMAIN", "name": "FAß.de."}]},
         "services[0].name"),
    ],
)  # fmt: skip
async def test_an_import_knows_its_doubles_in_all_spellings(
    gate: Gate, tmp_path: Path, one: dict[str, Any], other: dict[str, Any], field: str
) -> None:
    """S14: within the file, and of those that are registered; `ss` is no double of `ß`."""
    report = await bring(gate, tmp_path, person(1, **one), person(2, **other))
    assert [str(each) for each in report.problems] == [f"row 2 (line 2): {field} stands in an earlier row too"]
    assert (await bring(gate, tmp_path, person(1, **one))).imported == 1
    report = await bring(gate, tmp_path, person(2, **other))
    assert [each.fault.name for each in report.problems] == ["ALREADY_REGISTERED"]
    apart = json.loads(json.dumps(one, ensure_ascii=False).replace("ß", "ss"))
    assert (await bring(gate, tmp_path, person(3, **apart))).imported == 1


async def test_imports_and_the_api_have_one_rule(gate: Gate, tmp_path: Path) -> None:
    """S14, H20: what one refuses the other does."""
    wrong = [
        {"email": "p\u0430ypal@example.net"}, {"email": '"a b"@example.com'}, {"email": "a@[192.0.2.1]"},
        {"given_name": "A\u200cB"}, {"family_name": "123"}, {"given_name": "A\u200bB"},
    ]  # fmt: skip
    report = await bring(gate, tmp_path, *(person(place, **each) for place, each in enumerate(wrong)))
    assert [each.fault.name for each in report.problems] == [
        "MIXED_SCRIPTS", "QUOTED_EMAIL", "EMAIL_AT_NUMBER", "CONTROL_CHARACTER", "NOT_A_NAME", "CONTROL_CHARACTER",
    ]  # fmt: skip
    for each in wrong:
        given = {"givenName": each.get("given_name", "Noé"), "familyName": each.get("family_name", "Blanc")}
        assert (await register(gate, each.get("email", "x@example.net"), **given))["userErrors"]


async def test_the_pages_leave_addresses_as_they_are_typed() -> None:
    """H4 (S14): Chromium rewrites what stands in a field of the type `email`, by IDNA 2003."""
    folder = Path(__file__).parents[2] / "gateway"
    pages = [each for kind in ("*.js", "*.py", "*.html") for each in folder.rglob(kind) if "vendor" not in each.parts]
    assert len(pages) > 20
    for page in pages:
        text = page.read_text(encoding="utf-8").replace('"', "'").replace(" ", "")
        assert "type:'email'" not in text and "type='email'" not in text and "type=email" not in text, page.name
