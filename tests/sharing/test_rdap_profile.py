"""RDAP for a generic ending says what ICANN's response profile of February 2024 asks for; each check has the code of
ICANN's conformance tool, written anew, since that tool needs a public server and IANA's live registries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
import pytest
from jsonpath_rfc9535 import JSONPathError, find
from sqlalchemy import update
from starlette.applications import Starlette

from gateway.api.rdap import list_routes
from gateway.config.registrar import Registrar, read_registrar
from gateway.config.settings import SettingsError, read
from resolvers.imports.imports import import_customers
from store.database.store import Store
from store.tables.domains import domains
from store.tables.services import services
from tests.promises.gate import Gate

pytestmark = pytest.mark.anyio

REGISTRAR: Final = """name = "Example Registrar AG"
iana_id = "9998"
abuse_email = "abuse@registrar.example"
abuse_phone = "+41 44 668 18 00"
terms = "https://registrar.example/rdap-terms"
contact = "https://registrar.example/reach?domain={domain}"
"""
HIDDEN = {f"hide_{field}": True for field in ("name", "address", "email", "phone")}
SHOWN = dict.fromkeys(HIDDEN, False)
SHOP = "krug-shop.com"
ORIGIN = "https://rdap.example"


@pytest.fixture
async def gate(store: Store, tmp_path: Path) -> Gate:
    """Two customers of the demo, and one who was imported with a domain below .com."""
    gate = await Gate.of(store, 2)
    domain = {"registrant_phone": "+4930123456", "registrant_email": "owner@shop.example", "expires_at": "2030-01-01"}
    service = {"kind": "DOMAIN", "name": SHOP, "started_at": "2020-01-01", "domain": domain}
    row = {"email": "shop@shop.example", "given_name": "Jo", "family_name": "Krug", "street": "Weg 1"}
    row |= {"postal_code": "10115", "city": "Berlin", "country": "DE", "locale": "de"}
    path = tmp_path / "customers.ndjson"
    path.write_bytes(orjson.dumps(row | {"services": [service]}))
    assert (await import_customers(gate.store, path, "ndjson", now=gate.clock.now)).imported == 1
    return gate


@pytest.fixture
def registrar(tmp_path: Path) -> Registrar:
    path = tmp_path / "registrar.toml"
    path.write_text(REGISTRAR)
    found = read_registrar(str(path))
    assert found is not None
    return found


async def asked(gate: Gate, path: str, registrar: Registrar | None, method: str = "GET") -> httpx.Response:
    app = Starlette(routes=list_routes(gate.api, gate.clock, ORIGIN, registrar=registrar))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rdap") as client:
        return await client.request(method, path)


async def answered(gate: Gate, registrar: Registrar | None, **changes: Any) -> Any:
    """The object of a domain below .com, after these changes to every domain."""
    async with gate.store.write() as connection:
        await connection.execute(update(domains).values(**changes))
    found = await asked(gate, f"/rdap/domain/{SHOP}", registrar)
    assert found.status_code == 200
    return found.json()


def _of(said: Any, role: str) -> Any:
    found = [each for each in said["entities"] if role in each["roles"]]
    assert len(found) == 1, role
    return found[0]


def _card(entity: Any) -> dict[str, Any]:
    return {each[0]: each for each in entity["vcardArray"][1]}


def _redaction(said: Any, name: str) -> Any:
    found = [each for each in said["redacted"] if each["name"].get("type") == name]
    assert len(found) <= 1
    return found[0] if found else None


def _nodes(path: str, said: Any) -> int:
    return len(find(path, said))


def emptied(said: Any, name: str, value: Any) -> None:
    """Either there is a value, or a redaction that emptied it, at a path that is there."""
    redaction = _redaction(said, name)
    assert bool(value) is (redaction is None), name
    if redaction is not None:
        assert redaction["method"] == "emptyValue" and _nodes(redaction["postPath"], said) == 1, name


def removed(said: Any, name: str, value: Any) -> None:
    """Either there is a value, or a redaction that removed it, at a path that is not there."""
    redaction = _redaction(said, name)
    assert bool(value) is (redaction is None), name
    if redaction is not None:
        assert redaction["method"] == "removal" and _nodes(redaction["prePath"], said) == 0, name


def notice(said: Any, title: str, text: str | None, relation: str, target: str) -> None:
    """One notice of this title, in these words, with one link of this relation from the address that was asked."""
    (found,) = [each for each in said["notices"] if each["title"] == title]
    assert text is None or found["description"] == [text]
    (link,) = found["links"]
    assert (link["rel"], link["href"]) == (relation, target)
    assert link["value"] == f"{ORIGIN}/rdap/domain/{said['ldhName']}"


def status(said: Any) -> None:
    words = said["status"]
    assert words and len(set(words)) == len(words)
    assert "redemption period" not in words or "pending delete" in words
    assert set(words) <= {"active", "pending delete", "redemption period"}


def links(said: Any) -> None:
    for node in find("$..links[*]", said):
        assert isinstance(node.value, dict) and {"value", "rel", "href"} <= set(node.value)


def reachable(said: Any) -> None:
    card, redaction = _card(_of(said, "registrant")), _redaction(said, "Registrant Email")
    assert ("email" in card) is (redaction is None) and ("contact-uri" in card) is (redaction is not None)
    if redaction is not None:
        assert redaction["method"] == "replacementValue" and _nodes(redaction["prePath"], said) == 0
        assert _nodes(redaction["replacementPath"], said) == 1
        assert card["contact-uri"][2:] == ["uri", f"https://registrar.example/reach?domain={said['ldhName']}"]


def country(said: Any) -> None:
    """Every address has its country, though it may be hidden for the rest (RFC 8605)."""
    (given,) = [each[1] for each in _of(said, "registrant")["vcardArray"][1] if each[0] == "adr"]
    assert given == {"cc": "DE"}


def adr(said: Any) -> list[str]:
    found: list[str] = _card(_of(said, "registrant"))["adr"][3]
    assert len(found) == 7
    return found


def _registrar(said: Any) -> None:
    entity = _of(said, "registrar")
    assert entity["handle"] == "9998"
    assert entity["publicIds"] == [{"type": "IANA Registrar ID", "identifier": "9998"}]
    assert _card(entity)["fn"][3] == "Example Registrar AG"
    (abuse,) = entity["entities"]
    assert abuse["roles"] == ["abuse"] and {"tel", "email"} <= set(_card(abuse))
    (about,) = [each for each in entity["links"] if each["rel"] == "about"]
    assert about["value"] == about["href"] == f"{ORIGIN}/rdap/"


def redactions(said: Any) -> None:
    """RFC 9537, section 4.2; a registered name is a `type`."""
    assert "redacted" in said["rdapConformance"]
    for each in said["redacted"]:
        ((kind, name),) = each["name"].items()
        assert kind == ("description" if name in ("Registrant Region", "Registrant Country") else "type")
        assert all(isinstance(each[key], str) for key in each.keys() - {"name", "reason"})
        assert each["reason"].keys() <= {"lang", "type", "description"}


def plain(said: Any) -> None:
    """Nothing that a browser would run, and nothing of an address that is not structured (RFC 7095)."""
    assert "<" not in str(said)
    assert all(len(each[3]) == 7 for each in _of(said, "registrant")["vcardArray"][1] if each[0] == "adr")


def names(said: Any) -> None:
    assert said["ldhName"] == SHOP and "unicodeName" not in said


def telephones(said: Any) -> None:
    for entity in [*said["entities"], *_of(said, "registrar")["entities"]]:
        for each in entity["vcardArray"][1]:
            assert each[0] != "tel" or each[1]["type"] in ("voice", "fax")


def events(said: Any) -> None:
    actions = [each["eventAction"] for each in said["events"]]
    assert len(set(actions)) == len(actions)
    assert {"registration", "last update of RDAP database"} <= set(actions)
    assert ("expiration" in actions) is ("registrar expiration" in actions)


STATUS = "For more information on domain status codes, please visit https://icann.org/epp"
WRONG = "URL of the ICANN RDDS Inaccuracy Complaint Form: https://icann.org/wicf"
CHECKS: Final[Mapping[str, Callable[[Any], None]]] = {
    "-10504 -10505": lambda said: [_nodes("$..rdapConformance", said)] == [1] or pytest.fail("once, at the top"),
    "-10612 -10613": links,
    "-11003 -46900 -47000 -47001 -47002 -47100": status,
    "-20700 -61200 -61201 -61202": lambda said: notice(
        said, "Terms of Service", None, "terms-of-service", "https://registrar.example/rdap-terms"
    ),
    "-20800 -40100": plain,
    "-20900": telephones,
    "-23300 -23301 -26100 -26101 -47300 -47301 -47302 -47400 -47500 -47700 -47702 -47703": _registrar,
    "-40400 -62100": lambda said: [adr(said)[6]] == [""] or pytest.fail("a country's name"),
    "-46100 -46101": names,
    "-46200 -46201 -46202 -46203 -46204 -46206": lambda said: removed(said, "Registry Domain ID", said.get("handle")),
    "-46500 -46600 -46601 -46602 -46603 -46604 -46605 -46606": lambda said: notice(
        said, "Status Codes", STATUS, "glossary", "https://icann.org/epp"
    ),
    "-46700 -46701 -46702 -46703 -46704 -46705 -46706": lambda said: notice(
        said, "RDDS Inaccuracy Complaint Form", WRONG, "help", "https://icann.org/wicf"
    ),
    "-52104 -63000": lambda said: _of(said, "registrant"),
    "-52105 -62101": country,
    "-62001 -62002 -62003 -62004 -62005 -65800 to -65816": redactions,
    "-61001 -62006": lambda said: (
        [each for each in said["rdapConformance"] if each.endswith("_0")] == ["rdap_level_0"]
        or pytest.fail("an obsolete profile")
    ),
    "-63100 -63101 -63102 -63103 -63104 -63105 -63106": lambda said: removed(
        said, "Registry Registrant ID", _of(said, "registrant").get("handle")
    ),
    "-63200 -63201 -63202 -63203 -63204 -63205": lambda said: emptied(
        said, "Registrant Name", _card(_of(said, "registrant"))["fn"][3]
    ),
    "-63400 -63401 -63402 -63403 -63404 -63405": lambda said: emptied(said, "Registrant Street", adr(said)[2]),
    "-63500 -63501 -63502 -63503 -63504 -63505": lambda said: emptied(said, "Registrant City", adr(said)[3]),
    "-63600 -63601 -63602 -63603 -63604 -63605": lambda said: emptied(said, "Registrant Postal Code", adr(said)[5]),
    "-63700 -63701 -63702 -63703 -63704": lambda said: removed(
        said, "Registrant Phone", _card(_of(said, "registrant")).get("tel")
    ),
    "-64100 -64101 -64102 -64103 -64104 -64105 -64106 -64107 -64108": reachable,
    "-43100 -46300 -46400 -65600": events,
}
"""The checks of an answer, by the codes of the conformance tool that they mirror."""

OF_QUERIES: Final = "-13005 -13006 -20300 -20701 -65300"
"""The codes of what is asked besides an answer's content: `test_every_query_of_rfc_9082_is_answered_in_rdap`."""
GENERAL: Final = "-10504 -10505 -10612 -10613 -11003 -13005 -13006"
PROFILE: Final = """
-20100 -20101 -20200 -20300 -20400 -20401 -20500 -20600 -20700 -20701 -20800 -20900 -23100 to -23102 -23200 to -23202
-23300 -23301 -26100 to -26103 -40100 -40200 -40400 -43100 -46100 -46101 -46200 to -46206 -46300 -46400 -46500
-46600 to -46606 -46700 to -46706 -46800 to -46802 -46900 -47000 to -47002 -47100 -47200 to -47205 -47300 to -47302
-47400 -47500 -47600 -47601 -47700 to -47703 -49100 to -49104 -49200 -49205 -49300 -52100 to -52102 -52104 to -52106
-55000 -58000 -58001 -60100 -60101 -60200 -61000 -61001 -61100 -61101 -61200 to -61202 -62000 to -62006 -62100 -62101
-63000 -63100 to -63106 -63200 to -63205 -63301 to -63304 -63400 to -63405 -63500 to -63505 -63600 to -63605
-63700 to -63704 -63800 to -63802 -63900 to -63902 -64000 to -64002 -64100 to -64108 -65000 to -65005 -65100 to -65104
-65200 to -65207 -65300 -65400 to -65404 -65500 to -65503 -65600 -65700 to -65706 -65800 to -65816
"""
"""Every code of the tool's checks of the two profiles; GENERAL are those of its general checks that belong to them."""
NOT_HELD: Final = {
    "-23100 -23101 -23102 -26102 -26103 -47701": "IANA's registries list the server of a real registrar, not a test's",
    "-23200 -23201 -23202": "of registries, whose answers lead to the registrar",
    "-20600 -40200": "the profile of 2019 is not claimed",
    "-61000 -62000": "the profile is not claimed as a whole, for want of delegations",
    "-20100 -20101 -20200 -20400 -20401 -20500 -61100 -61101": "TLS, addresses and headers are the proxy's",
    "-46205 -47205 -49104 -52106": "no handle is given, so none is one of ICANN's for testing",
    "-46800 to -46802 -47200 to -47204": "the gateway holds no delegation: no name servers, no DNSSEC",
    "-47600 -47601": "the handle of the registrar is IANA's number, and other entities have none",
    "-49100 to -49103 -49200 -49205 -49300 -60100 -60101 -60200": "entities and name servers are not answered (501)",
    "-52100 -52101 -52102": "an owner's details are redacted as RFC 9537 says, by no remark",
    "-63301 to -63304 -63800 to -63802 -63900 to -63902 -64000 to -64002": "no such detail",
    "-55000 -58000 -58001": "no administrative, technical or billing contact is held",
    "-65000 to -65005 -65100 to -65104 -65200 to -65207 -65500 to -65503 -65700 to -65706": "no technical contact",
    "-65400 to -65404": "of registries; a registrar is held to -64100 to -64108",
}
"""The codes that are not checked here, each with the reason (docs/sharing.md has the same list)."""


@pytest.mark.parametrize("choices", [HIDDEN, SHOWN], ids=["hidden", "shown"])
async def test_each_check_of_the_profile_holds(gate: Gate, registrar: Registrar, choices: Any) -> None:
    said = await answered(gate, registrar, **choices)
    assert (_redaction(said, "Registrant Name") is not None) is (choices is HIDDEN)
    for code, check in CHECKS.items():
        try:
            check(said)
        except (AssertionError, JSONPathError) as error:
            raise AssertionError(f"{code}: {error}") from error


async def test_a_country_is_told_where_icann_requires_it_and_nowhere_else(gate: Gate, registrar: Registrar) -> None:
    async with gate.store.write() as connection:
        await connection.execute(update(domains).values(**HIDDEN))
    statements = gate._statements
    statements.clear()
    country(await answered(gate, registrar))
    assert any("THEN domains.registrant_country" in each for each in statements)
    elsewhere = await answered(gate, None, tld="fr", registrant_kind="NATURAL_PERSON")
    assert _card(_of(elsewhere, "registrant"))["adr"][1] == {}
    assert "Registrant Country" in [each["name"].get("description") for each in elsewhere["redacted"]]
    country(await answered(gate, None, tld="com"))
    unconfirmed = await answered(gate, None, registrant_confirmed_at=None)
    assert _card(_of(unconfirmed, "registrant"))["adr"][1] == {}


async def test_an_owner_who_hides_the_address_is_still_to_be_reached(gate: Gate, registrar: Registrar) -> None:
    said = await answered(gate, registrar, **HIDDEN)
    assert "contact-uri" in _card(_of(said, "registrant"))
    alone = await answered(gate, None, **HIDDEN)
    assert "contact-uri" not in _card(_of(alone, "registrant")) and len(alone["entities"]) == 1
    assert {each["method"] for each in alone["redacted"]} == {"emptyValue", "removal"}


async def test_a_country_code_ending_is_not_answered_by_icanns_profile(gate: Gate, registrar: Registrar) -> None:
    name = next(each.domain.name for each in gate.people[0].services if each.domain is not None)
    said = (await asked(gate, f"/rdap/domain/{name}", registrar)).json()
    assert [each["roles"] for each in said["entities"]] == [["registrant"]]


async def test_the_status_is_in_the_words_of_rfc_8056(gate: Gate) -> None:
    assert (await answered(gate, None))["status"] == ["active"]
    over = gate.clock.now.replace(year=gate.clock.now.year - 1)

    async with gate.store.write() as connection:
        await connection.execute(update(services).values(status="REDEMPTION"))
    assert (await answered(gate, None, expires_at=over))["status"] == ["pending delete", "redemption period"]


def test_every_code_of_the_tool_is_held_or_has_a_reason() -> None:
    listed = [code for codes in (*CHECKS, *NOT_HELD, OF_QUERIES) for code in _codes(codes)]
    assert len(set(listed)) == len(listed)
    known = set(_codes(PROFILE))
    assert set(listed) - set(_codes(GENERAL)) >= known, sorted(known - set(listed))
    text = Path("docs/sharing.md").read_text("utf-8")
    assert all(f"`{codes}`" in text and reason in text for codes, reason in NOT_HELD.items())


def _codes(text: str) -> Iterator[str]:
    for first, last in re.findall(r"(-\d{5})(?: to (-\d{5}))?", text):
        yield from (f"-{each}" for each in range(-int(first), -int(last or first) + 1))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/rdap/help", 200),
        ("/rdap/ip/192.0.2.0/24", 501),
        ("/rdap/ip/2001:db8::1", 501),
        ("/rdap/autnum/64496", 501),
        ("/rdap/nameserver/ns1.example.com", 501),
        ("/rdap/entity/XYZ-1", 501),
        ("/rdap/domains?name=exam*.com", 501),
        ("/rdap/nameservers?ip=192.0.2.1", 501),
        ("/rdap/entities?fn=Jo*", 501),
        ("/rdap/domain/not-a-domain.invalid", 404),
        ("/rdap/domain/test.invalid", 404),
        ("/rdap/domain/2.0.192.in-addr.arpa", 404),
        ("/rdap/nothing", 400),
        ("/rdap/", 400),
    ],
)
async def test_every_query_of_rfc_9082_is_answered_in_rdap(
    gate: Gate, registrar: Registrar, path: str, expected: int
) -> None:
    """-20300, -20701, -13005, -13006, -65300: HEAD is answered as GET, help is there, and what is not here is 404."""
    found, head = await asked(gate, path, registrar), await asked(gate, path, registrar, "HEAD")
    assert found.status_code == head.status_code == expected and head.content == b""
    said = found.json()
    assert found.headers["content-type"] == "application/rdap+json" and "rdap_level_0" in said["rdapConformance"]
    assert expected == 200 or said["errorCode"] == expected


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        (("9998", "IANA-9998"), "iana_id"),
        (("https://registrar.example/rdap-terms", "http://registrar.example/"), "terms"),
        (("abuse@registrar.example", "abuse"), "abuse_email"),
        (("name = ", "nom = "), "lacks name"),
        (('terms = "https', 'color = "x"\nterms = "https'), "color"),
        (("name = ", "name "), "TOML"),
    ],
)
def test_a_mistake_in_the_file_is_told_at_start(tmp_path: Path, changed: tuple[str, str], wanted: str) -> None:
    path = tmp_path / "registrar.toml"
    path.write_text(REGISTRAR.replace(*changed))
    with pytest.raises(SettingsError, match=wanted):
        read({"GATEWAY_REGISTRAR": str(path)})
