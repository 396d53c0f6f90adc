"""The same over GraphQL: fresh sign-ins for what is sensitive, aliases that gain nothing, reported accesses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from policy.grant import Grant
from policy.purposes import Purpose
from resolvers.commands.places import Places
from resolvers.signin.verdicts import SecondFactorRequired, SignedIn
from store.tables.access import sign_ins
from store.tables.credentials import second_factors
from tests.promises.gate import grant, own
from tests.signin import mmdb
from tests.signin.authenticator import Authenticator
from tests.signin.conftest import ONE_STORE
from tests.signin.lobby import Lobby, means
from tests.signin.people import Person
from tests.signin.rfc6238 import totp

pytestmark = pytest.mark.anyio

NEW = "Brombeerhecke-77!x"
ERRORS = "userErrors { code field }"
ENROL = f"mutation {{ enrolTotp(input: {{}}) {{ factor {{ kind confirmedAt }} secret otpauthUri qrSvg {ERRORS} }} }}"
CONFIRM = (
    "mutation ($code: String!) { confirmTotp(input: {code: $code}) "
    f"{{ factor {{ confirmedAt }} recoveryCodes {ERRORS} }} }}"
)
CHANGE = (
    "mutation ($old: String!, $new: String!) { changePassword(input: {currentPassword: $old, newPassword: $new}) "
    f"{{ credential {{ passwordStrength }} {ERRORS} }} }}"
)
SENSITIVE = {
    "changePassword": CHANGE,
    "enrolTotp": ENROL,
    "beginPasskey": f"mutation {{ beginPasskey(input: {{}}) {{ options {ERRORS} }} }}",
    "regenerateRecoveryCodes": f"mutation {{ regenerateRecoveryCodes(input: {{}}) {{ recoveryCodes {ERRORS} }} }}",
    "removeSecondFactor": f'mutation {{ removeSecondFactor(input: {{secondFactorId: "x"}}) {{ {ERRORS} }} }}',
}


@pytest.mark.parametrize("name", SENSITIVE)
@ONE_STORE
async def test_what_is_sensitive_refuses_an_old_sign_in(lobby: Lobby, somebody: Person, name: str) -> None:
    """S7: a typed error, before anything of the operation is carried out."""
    token = await lobby.grant(await lobby.enter(somebody))
    variables = {"old": somebody.password, "new": NEW} if name == "changePassword" else {}
    lobby.wait(301)
    asked: list[str] = []
    lobby.store.reader.listeners.append(asked.append)
    for each in (token, replace(token, authenticated_at=None), own(somebody.id)):
        answer = await lobby.ask(each, SENSITIVE[name], **variables)
        (error,) = answer["errors"]
        assert (answer["kind"], error["extensions"]["code"]) == ("STEP_UP_REQUIRED", "STEP_UP_REQUIRED")
        assert error["extensions"]["maxAgeSeconds"] == 300
        assert error["extensions"]["coordinates"] == [f"Mutation.{name}"] and "data" not in answer
    assert asked == []


@ONE_STORE
async def test_one_sensitive_command_holds_back_the_whole_operation(lobby: Lobby, somebody: Person) -> None:
    """S7: what stands before it is not carried out either."""
    here, other = await lobby.enter(somebody), await lobby.enter(somebody)
    token = await lobby.grant(here)
    lobby.wait(301)
    query = f"mutation {{ endOtherSessions(input: {{}}) {{ ended }} enrolTotp(input: {{}}) {{ {ERRORS} }} }}"
    assert (await lobby.ask(token, query))["kind"] == "STEP_UP_REQUIRED"
    assert await lobby.session(other) is not None


@ONE_STORE
async def test_a_proof_of_the_future_is_not_fresh(lobby: Lobby, somebody: Person) -> None:
    """F3."""
    token = await lobby.grant(await lobby.enter(somebody))
    ahead = replace(token, authenticated_at=(token.authenticated_at or 0) + 3600)
    assert (await lobby.ask(ahead, ENROL))["kind"] == "STEP_UP_REQUIRED"


async def test_an_app_from_enrolment_to_removal(lobby: Lobby, somebody: Person) -> None:
    """S3, S4."""
    opened = await lobby.enter(somebody)
    token = await lobby.grant(opened)
    begun = (await lobby.ask(token, ENROL))["data"]["enrolTotp"]
    assert begun["userErrors"] == [] and begun["factor"] == {"kind": "TOTP", "confirmedAt": None}
    assert begun["otpauthUri"].startswith("otpauth://totp/") and begun["qrSvg"].startswith("<svg")
    done = (await lobby.ask(token, CONFIRM, code=totp(begun["secret"], at=lobby.now)))["data"]["confirmTotp"]
    assert done["factor"]["confirmedAt"] and len(done["recoveryCodes"]) == 10
    assert isinstance(await lobby.knock(somebody, somebody.password), SecondFactorRequired)

    query = "{ me { credentials { platform secondFactors { id kind remaining } } } }"
    (area, *_) = (await lobby.ask(token, query))["data"]["me"]["credentials"]
    kinds = {each["kind"]: each for each in area["secondFactors"]}
    assert kinds["RECOVERY_CODES"]["remaining"] == 10
    remove = f"""mutation ($id: ID!) {{ removeSecondFactor(input: {{secondFactorId: $id}}) {{
        credential {{ platform }} {ERRORS} }} }}"""
    answer = (await lobby.ask(token, remove, id=kinds["TOTP"]["id"]))["data"]["removeSecondFactor"]
    assert answer == {"credential": {"platform": "CLIENT_AREA"}, "userErrors": []}
    assert isinstance(await lobby.knock(somebody, somebody.password), SignedIn)


@ONE_STORE
async def test_a_passkey_over_graphql(lobby: Lobby, somebody: Person) -> None:
    """S5."""
    token = await lobby.grant(await lobby.enter(somebody))
    begun = (await lobby.ask(token, SENSITIVE["beginPasskey"]))["data"]["beginPasskey"]
    register = (
        'mutation ($response: String!) { registerPasskey(input: {response: $response, label: "Key ring"}) '
        f"{{ factor {{ kind label }} recoveryCodes {ERRORS} }} }}"
    )
    answer = Authenticator().create(begun["options"])
    done = (await lobby.ask(token, register, response=answer))["data"]["registerPasskey"]
    assert done["factor"] == {"kind": "PASSKEY", "label": "Key ring"} and len(done["recoveryCodes"]) == 10


async def test_a_password_over_graphql(lobby: Lobby, somebody: Person) -> None:
    """R37, R38."""
    token = await lobby.grant(await lobby.enter(somebody))
    for new, code in ((somebody.passwords["WEBMAIL"], "PASSWORD_REUSED"), ("short1!A", "PASSWORD_TOO_SHORT")):
        answer = (await lobby.ask(token, CHANGE, old=somebody.password, new=new))["data"]["changePassword"]
        assert answer["credential"] is None and answer["userErrors"][0] == {"code": code, "field": ["newPassword"]}
    done = (await lobby.ask(token, CHANGE, old=somebody.password, new=NEW))["data"]["changePassword"]
    assert done == {"credential": {"passwordStrength": "STRONG"}, "userErrors": []}
    assert isinstance(await lobby.knock(somebody, NEW), SignedIn)


@pytest.mark.parametrize(
    "query",
    [
        'mutation { changePassword(input: {currentPassword: "PLAIN", newPassword: "PLAIN"}) { __typename } }',
        'mutation ($o: String! = "PLAIN") '
        "{ changePassword(input: {currentPassword: $o, newPassword: $o}) { __typename } }",
        'mutation ($i: ChangePasswordInput! = {currentPassword: "PLAIN", newPassword: "PLAIN"}) '
        "{ changePassword(input: $i) { __typename } }",
        "mutation { ...m } fragment m on Mutation "
        '{ changePassword(input: {currentPassword: "PLAIN", newPassword: "PLAIN"}) { __typename } }',
    ],
)
@ONE_STORE
async def test_a_password_is_never_part_of_a_document(lobby: Lobby, somebody: Person, query: str) -> None:
    """D1: the hash of a document goes into the ledger, from where a password in it could be guessed."""
    token = await lobby.grant(await lobby.enter(somebody))
    answer = await lobby.ask(token, query.replace("PLAIN", somebody.password))
    codes = {each["extensions"]["code"] for each in answer["errors"]}
    assert (answer["kind"], codes) == ("REQUEST_ERROR", {"SECRET_IN_DOCUMENT"})
    assert somebody.password not in str(answer)


async def test_aliases_gain_nothing(lobby: Lobby, guarded: Person) -> None:
    """S10: codes by the dozen in one request are looked at no more often than in as many requests."""
    token = await lobby.grant(await lobby.enter(guarded))
    await lobby.ask(token, ENROL)
    fields = " ".join(f'a{n}: confirmTotp(input: {{code: "{n:06}"}}) {{ {ERRORS} }}' for n in range(18))
    data = (await lobby.ask(token, f"mutation {{ {fields} }}"))["data"]
    codes = [each["userErrors"][0]["code"] for each in data.values()]
    assert codes.count("WRONG_CODE") <= 5 and codes.count("TOO_MANY_ATTEMPTS") >= 13
    hundred = " ".join(f'a{n}: confirmTotp(input: {{code: "{n:06}"}}) {{ {ERRORS} }}' for n in range(100))
    assert (await lobby.ask(token, f"mutation {{ {hundred} }}"))["kind"] == "REQUEST_ERROR"


async def test_sessions_are_listed_and_ended(lobby: Lobby, somebody: Person) -> None:
    """R41, S6: with device, address, and which one is this."""
    here, other = await lobby.enter(somebody), await lobby.enter(somebody)
    token = await lobby.grant(here)
    query = "{ grant { sessionId } me { sessions { nodes { id device ipAddress endedAt } } } }"
    data = (await lobby.ask(token, query))["data"]
    nodes = {each["id"]: each for each in data["me"]["sessions"]["nodes"]}
    theirs = lobby.outside("Session", somebody, other.session_id)
    assert data["grant"]["sessionId"] == lobby.outside("Session", somebody, here.session_id) and set(nodes) >= {theirs}
    assert (nodes[theirs]["device"], nodes[theirs]["ipAddress"]) == (lobby.visitor.device, lobby.visitor.address)
    end = f"mutation ($id: ID!) {{ endSession(input: {{sessionId: $id}}) {{ session {{ endedAt }} {ERRORS} }} }}"
    assert (await lobby.ask(token, end, id=theirs))["data"]["endSession"]["session"]["endedAt"]
    assert await lobby.session(other) is None
    await lobby.enter(somebody, "WEBMAIL")
    rest = await lobby.ask(token, "mutation { endOtherSessions(input: {}) { ended } }")
    assert rest["data"]["endOtherSessions"] == {"ended": 1}


@ONE_STORE
async def test_ids_of_others_and_no_ids_are_alike(lobby: Lobby, somebody: Person, guarded: Person) -> None:
    """D6."""
    theirs = await lobby.enter(guarded)
    token = await lobby.grant(await lobby.enter(somebody))
    end = f"mutation ($id: ID!) {{ endSession(input: {{sessionId: $id}}) {{ session {{ id }} {ERRORS} }} }}"
    ids = [
        lobby.outside("Session", guarded, theirs.session_id),
        lobby.outside("Session", somebody, 5),
        lobby.outside("Customer", somebody, 5),
        "x",
        "",
    ]
    answers = [(await lobby.ask(token, end, id=each))["data"] for each in ids]
    assert all(each == answers[0] for each in answers)
    assert answers[0]["endSession"]["userErrors"][0]["code"] == "NOT_FOUND"
    enrol = f"mutation ($id: ID!) {{ enrolTotp(input: {{credentialId: $id}}) {{ secret {ERRORS} }} }}"
    for id_ in (lobby.outside("Credential", somebody, 5), "x"):
        answer = (await lobby.ask(token, enrol, id=id_))["data"]["enrolTotp"]
        assert answer["secret"] is None and answer["userErrors"][0]["code"] == "NOT_FOUND"


REPORT = (
    "mutation ($customer: ID, $number: String, $ip: String!, $at: DateTime, $device: String) { recordSignIn(input: {"
    "customerId: $customer, customerNumber: $number, platform: WEBMAIL, outcome: SUCCEEDED, ipAddress: $ip, at: $at, "
    f"device: $device}}) {{ signIn {{ platform outcome country device unusual }} {ERRORS} }} }}"
)


def mail_tool(*scopes: str) -> Grant:
    """A tool of the webmail."""
    return grant(Purpose.ACCOUNT_SECURITY, scopes=scopes or ("signins:write",))


async def test_other_platforms_report_their_accesses(lobby: Lobby, somebody: Person, tmp_path: Path) -> None:
    """R17, S9: recorded, located, judged and told like our own."""
    world = {"198.51.100.0/24": {"country": {"iso_code": "JP"}}, "192.0.2.0/24": {"country": {"iso_code": "CH"}}}
    placed = Lobby(lobby.store, means(places=Places(mmdb.write(tmp_path / "w.mmdb", world))))
    await placed.enter(somebody)
    who = lobby.outside("Customer", somebody, somebody.id)
    report: dict[str, Any] = {"customer": who, "ip": "198.51.100.4", "device": "Thunderbird\n on Linux"}
    answer = (await placed.ask(mail_tool(), REPORT, **report))["data"]["recordSignIn"]
    said = {"platform": "WEBMAIL", "outcome": "SUCCEEDED", "country": "JP"}
    assert answer["signIn"] == said | {"device": "Thunderbird on Linux", "unusual": True}
    assert (await placed.letters(somebody))[-1]["subject"] == "An unusual sign-in"


@ONE_STORE
async def test_a_report_needs_its_scope_and_purpose(lobby: Lobby, somebody: Person) -> None:
    report = {"customer": lobby.outside("Customer", somebody, somebody.id), "ip": "198.51.100.4"}
    refused = (
        mail_tool("services:write"),
        grant(Purpose.INVOICING, scopes=("signins:write",)),
        own(somebody.id, scopes=("signins:write",)),
    )
    for each in refused:
        assert (await lobby.ask(each, REPORT, **report))["kind"] == "REFUSED"
    assert await lobby.count(sign_ins) == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ip": "nonsense"}, "INVALID_IP_ADDRESS"),
        ({"ip": ""}, "INVALID_IP_ADDRESS"),
        ({"customer": None}, "CUSTOMER_REQUIRED"),
        ({"number": "K-1"}, "CUSTOMER_REQUIRED"),
        ({"at": "2026-11-20T00:00:00Z"}, "INVALID_TIME"),
        ({"at": "2027-01-01T00:00:00Z"}, "INVALID_TIME"),
        ({"customer": "Customer_1" + 32 * "5"}, "NOT_FOUND"),
        ({"customer": None, "number": "nobody's"}, "NOT_FOUND"),
    ],
)
@ONE_STORE
async def test_a_report_that_cannot_be_is_named(
    lobby: Lobby, somebody: Person, change: dict[str, Any], code: str
) -> None:
    report = {"customer": lobby.outside("Customer", somebody, somebody.id), "ip": "198.51.100.4"} | change
    answer = (await lobby.ask(mail_tool(), REPORT, **report))["data"]["recordSignIn"]
    assert answer["signIn"] is None and [each["code"] for each in answer["userErrors"]] == [code]
    assert await lobby.count(sign_ins) == 0


@ONE_STORE
async def test_no_secret_can_be_read_back(lobby: Lobby, guarded: Person) -> None:
    """R16: not by the owner, in any field of any object."""
    token = await lobby.grant(await lobby.enter(guarded))
    query = (
        "{ me { credentials { id platform loginName passwordStrength secondFactors { id kind label remaining } } } }"
    )
    answer = await lobby.ask(token, query)
    async with lobby.store.write() as connection:
        assert (await connection.scalar(select(second_factors.c.secret))) is not None
    assert "JBSWY3DP" not in str(answer) and "$argon2" not in str(answer)
