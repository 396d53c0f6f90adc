"""Customers who came by import sign in with the password that they had, or choose their first one by a link."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import bcrypt
import pyotp
import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from resolvers.account.passwords_resets import Done, ResetRequested
from resolvers.account.signins_tidying import tidy
from resolvers.imports.imports import import_customers
from resolvers.imports.runs import ImportRuns
from resolvers.inputs.changes import FieldChange
from resolvers.inputs.report import FieldFault
from resolvers.passwords.hashing import Cost, Hasher
from resolvers.signin.verdicts import Rejected, SecondFactorRequired, SignedIn
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.outbox import outbox
from tests.signin.conftest import ONE_STORE
from tests.signin.lobby import Lobby, link_in, means
from tests.signin.people import SECRET, Person
from tests.signin.rfc6238 import totp

pytestmark = pytest.mark.anyio

OLD = "Quittenbrot im alten Haus"
NEW = "Brombeerhecke-77!x"
EMAIL = "odile@example.org"


def row(**changes: Any) -> dict[str, Any]:
    return {"given_name": "Odile", "family_name": "Marron", "email": EMAIL, "street": "rue du Lac 3",
            "postal_code": "1003", "city": "Lausanne", "country": "CH"} | changes  # fmt: skip


def bcrypted(password: str) -> str:
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()


async def import_one(lobby: Lobby, tmp_path: Path, **changes: Any) -> Any:
    path = tmp_path / "moved.ndjson"
    path.write_text(json.dumps(row(**changes)))
    return await import_customers(lobby.store, path, "ndjson", now=lobby.now)


async def somebody(lobby: Lobby) -> Person:
    async with lobby.store.write() as connection:
        id_ = await connection.scalar(select(customers.c.id))
    assert id_ is not None
    return Person(id_, EMAIL, {"CLIENT_AREA": OLD}, "Marron")


async def hashes(lobby: Lobby, person: Person) -> dict[str, str | None]:
    (key,) = await lobby.store.keys.subjects([person.id])
    assert key is not None
    found = await lobby.authentication.credentials.of_customer(key)
    return {each.platform: each.password_hash for each in found}


async def test_the_old_password_opens_and_is_then_hashed_by_ours(lobby: Lobby, tmp_path: Path) -> None:
    report = await import_one(lobby, tmp_path, client_area_password_hash=bcrypted(OLD))
    assert (report.imported, report.problems) == (1, ())
    person = await somebody(lobby)
    before = (await hashes(lobby, person))["CLIENT_AREA"]
    assert before is not None and before.startswith("$2b$")
    assert isinstance(await lobby.knock(EMAIL, OLD + "x"), Rejected)
    assert (await hashes(lobby, person))["CLIENT_AREA"] == before
    assert isinstance(await lobby.knock(EMAIL, OLD), SignedIn)
    after = (await hashes(lobby, person))["CLIENT_AREA"]
    assert after is not None and after.startswith("$argon2id$")
    assert isinstance(await lobby.knock(EMAIL, OLD), SignedIn)
    assert isinstance(await lobby.knock(EMAIL, OLD + "x"), Rejected)


@ONE_STORE
async def test_it_rests_sealed_and_what_was_typed_counts(lobby: Lobby, tmp_path: Path) -> None:
    """A former system hashed decomposed letters as they were typed, and more than bcrypt reads."""
    typed = "Gru\u0308\u00dfe aus dem Haus " + "x" * 80
    stored = bcrypted(typed)
    await import_one(lobby, tmp_path, client_area_password_hash=stored)
    async with lobby.store.write() as connection:
        resting = await connection.scalar(select(credentials.c.password_hash))
    assert resting is not None and stored.encode() not in bytes(resting)
    assert isinstance(await lobby.knock(EMAIL, typed[:30]), Rejected)
    assert isinstance(await lobby.knock(EMAIL, typed), SignedIn)
    # From then on all of it counts, in whichever form it is typed.
    assert isinstance(await lobby.knock(EMAIL, typed[:-1]), Rejected)
    assert isinstance(await lobby.knock(EMAIL, typed.replace("u\u0308", "\u00fc")), SignedIn)


@ONE_STORE
async def test_each_platform_has_its_own(lobby: Lobby, tmp_path: Path) -> None:
    """R38, R39: with a login name of its own, and an authenticator app that goes on."""
    uri = pyotp.TOTP(SECRET).provisioning_uri(name="odile", issuer_name="Old Panel")
    argon2 = PasswordHasher(1, 64, 1).hash("panel " + OLD)
    report = await import_one(
        lobby, tmp_path, client_area_password_hash=bcrypted(OLD), client_area_otpauth=uri,
        management_interface_login="omarron", management_interface_password_hash=argon2,
        webmail_login="o.marron@mail.example", webmail_password_hash=bcrypted("mail " + OLD),
    )  # fmt: skip
    assert (report.imported, report.problems) == (1, ())
    found = await lobby.knock(EMAIL, OLD)
    assert isinstance(found, SecondFactorRequired) and found.kinds == {"TOTP"}
    assert isinstance(await lobby.knock(EMAIL, OLD, code=totp(at=lobby.now)), SignedIn)
    assert isinstance(await lobby.knock("omarron", "panel " + OLD, "MANAGEMENT_INTERFACE"), SignedIn)
    assert isinstance(await lobby.knock("o.marron@mail.example", "mail " + OLD, "WEBMAIL"), SignedIn)
    assert isinstance(await lobby.knock("omarron", OLD, "MANAGEMENT_INTERFACE"), Rejected)
    assert isinstance(await lobby.knock("omarron", "panel " + OLD, "WEBMAIL"), Rejected)


async def test_without_a_credential_the_link_sets_the_first_password(lobby: Lobby, tmp_path: Path) -> None:
    """By the address that they remember, also where the login name is another one."""
    await import_one(lobby, tmp_path, client_area_login="omarron")
    person = await somebody(lobby)
    assert isinstance(await lobby.knock("omarron", OLD), Rejected)
    assert await lobby.resets.request("CLIENT_AREA", EMAIL.upper(), lobby.visitor, lobby.now) == ResetRequested()
    (letter,) = await lobby.letters(person)
    assert letter["to"] == EMAIL
    assert isinstance(await lobby.resets.follow(link_in(letter), NEW, lobby.visitor, lobby.now), Done)
    assert isinstance(await lobby.knock("omarron", NEW), SignedIn)


@ONE_STORE
async def test_nobody_else_gets_a_link_by_an_address(lobby: Lobby, tmp_path: Path) -> None:
    await import_one(lobby, tmp_path)
    for login in ("odile@example.com", "", "omarron"):
        assert await lobby.resets.request("CLIENT_AREA", login, lobby.visitor, lobby.now) == ResetRequested()
    # They have no account at this platform.
    assert await lobby.resets.request("WEBMAIL", EMAIL, lobby.visitor, lobby.now) == ResetRequested()
    assert await lobby.count(outbox) == 0


@ONE_STORE
async def test_a_weak_hash_is_not_kept_and_its_owner_chooses_anew(lobby: Lobby, tmp_path: Path) -> None:
    report = await import_one(
        lobby, tmp_path, client_area_password_hash="5f4dcc3b5aa765d61d8327deb882cf99", webmail_password_hash="password",
        webmail_login="odile",
    )  # fmt: skip
    told = {(each.field, each.change) for each in report.changes}
    assert ("client_area_password_hash", FieldChange.WEAK_HASH) in told
    assert ("webmail_password_hash", FieldChange.UNVERIFIABLE_HASH) in told
    person = await somebody(lobby)
    assert await hashes(lobby, person) == {"CLIENT_AREA": None, "WEBMAIL": None}
    assert isinstance(await lobby.knock(EMAIL, "password"), Rejected)
    await lobby.resets.request("CLIENT_AREA", EMAIL, lobby.visitor, lobby.now)
    assert len(await lobby.letters(person)) == 1


@ONE_STORE
@pytest.mark.parametrize(
    "uri",
    [
        "otpauth://hotp/x?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&counter=1",
        "otpauth://totp/x?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&digits=8",
        "otpauth://totp/x?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA256",
        "otpauth://totp/x?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&period=60",
        "otpauth://totp/x?secret=JBSW",
        "otpauth://totp/x",
        "https://example.org/",
        SECRET,
    ],
)
async def test_an_app_whose_codes_would_not_open_is_refused(lobby: Lobby, tmp_path: Path, uri: str) -> None:
    """Leaving it out would open the account with the password alone."""
    report = await import_one(lobby, tmp_path, client_area_otpauth=uri)
    assert [(each.field, each.fault) for each in report.problems] == [("client_area_otpauth", FieldFault.NOT_A_TOTP)]
    assert report.imported == 0


@ONE_STORE
async def test_a_login_name_is_unique_on_its_platform(lobby: Lobby, tmp_path: Path) -> None:
    path = tmp_path / "two.ndjson"
    people = [
        row(client_area_login="o"),
        row(email="o2@example.org", client_area_login="O"),
        row(email="o3@example.org", webmail_login="o"),
    ]
    path.write_text("\n".join(json.dumps(each) for each in people))
    report = await import_customers(lobby.store, path, "ndjson", now=lobby.now, skip_bad=True)
    assert [(each.row, each.field, each.fault) for each in report.problems] == [
        (2, "client_area_login", FieldFault.DUPLICATE_IN_FILE)
    ]
    again = await import_one(lobby, tmp_path, email="o4@example.org", client_area_login="o")
    assert [each.fault for each in again.problems] == [FieldFault.ALREADY_REGISTERED]


@ONE_STORE
async def test_refusals_wait_as_long_as_a_slow_hash_takes(lobby: Lobby, tmp_path: Path) -> None:
    """S1: otherwise the time of a wrong password tells whose account came by import."""
    slow = bcrypt.hashpw(OLD.encode(), bcrypt.gensalt(9)).decode()
    await import_one(lobby, tmp_path, client_area_password_hash=slow)
    hasher = Hasher(Cost(kibibytes=16, passes=1))
    fresh = Lobby(lobby.store, means(hasher=hasher), lobby.now)
    await fresh.knock(EMAIL, "wrong")
    took = hasher.slowest_foreign
    began = time.monotonic()
    await fresh.knock("nobody@example.org", "wrong")
    assert time.monotonic() - began >= took > 0.01


async def invited(lobby: Lobby, tmp_path: Path, hold: bool, *people: dict[str, Any]) -> Any:
    path = tmp_path / "moved.ndjson"
    path.write_text("".join(json.dumps(each) + "\n" for each in people))
    return await import_customers(
        lobby.store, path, "ndjson", now=lobby.now, hold_mail=hold, invite_to=lobby.means.site
    )


async def test_an_invitation_sets_the_first_password_once(lobby: Lobby, tmp_path: Path) -> None:
    old = row(email="x@example.org", client_area_password_hash=bcrypted(OLD))
    report = await invited(lobby, tmp_path, False, row(locale="fr"), old)
    assert (report.imported, report.invited) == (2, 1), "who has a password is not written to"
    async with lobby.store.write() as connection:
        query = select(outbox.c.customer_id, outbox.c.next_attempt_at)
        ((owner, due),) = (await connection.execute(query)).all()
    assert due == lobby.now
    person = Person(owner, EMAIL, {}, "Marron")
    (letter,) = await lobby.letters(person)
    assert letter["to"] == EMAIL and letter["language"] == "fr" and "14 jours" in letter["text"]
    assert EMAIL not in letter["text"] and "Odile" not in letter["text"]
    lobby.wait(13 * 86_400)
    assert isinstance(await lobby.resets.follow(link_in(letter), NEW, lobby.visitor, lobby.now), Done)
    assert isinstance(await lobby.knock(EMAIL, NEW), SignedIn)
    assert not isinstance(await lobby.resets.follow(link_in(letter), NEW + "y", lobby.visitor, lobby.now), Done)


async def test_an_invitation_ends_after_a_fortnight_and_a_new_link_can_be_had(lobby: Lobby, tmp_path: Path) -> None:
    await invited(lobby, tmp_path, False, row())
    person = await somebody(lobby)
    (letter,) = await lobby.letters(person)
    lobby.wait(14 * 86_400 + 1)
    assert not isinstance(await lobby.resets.follow(link_in(letter), NEW, lobby.visitor, lobby.now), Done)
    assert isinstance(await lobby.resets.request("CLIENT_AREA", EMAIL, lobby.visitor, lobby.now), ResetRequested)
    newest = (await lobby.letters(person))[-1]
    assert isinstance(await lobby.resets.follow(link_in(newest), NEW, lobby.visitor, lobby.now), Done)


async def test_a_held_invitation_is_valid_from_its_release_on(lobby: Lobby, tmp_path: Path) -> None:
    report = await invited(lobby, tmp_path, True, row())
    person = await somebody(lobby)
    async with lobby.store.write() as connection:
        query = select(outbox.c.held_by, outbox.c.next_attempt_at)
        assert (await connection.execute(query)).all() == [(report.run, None)]
    lobby.wait(60 * 86_400)
    async with lobby.store.write() as connection:
        await tidy(connection, lobby.now)
    assert (await ImportRuns(lobby.store).release(report.run, lobby.now)).letters == 1
    lobby.wait(13 * 86_400)
    (letter,) = await lobby.letters(person)
    assert isinstance(await lobby.resets.follow(link_in(letter), NEW, lobby.visitor, lobby.now), Done)
