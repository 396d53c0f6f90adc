"""Second factors: codes accepted once, recovery codes spent once, each platform's own (S3, S4, R39)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import select

from resolvers.account import factors_enrolling as enrolling
from resolvers.factors.factors import confirmed, use_code
from resolvers.factors.recovery import COUNT, LENGTH, LETTERS, kept, new_codes, spend
from resolvers.factors.totp import accepted_step, new_enrolment
from resolvers.signin.verdicts import Rejected, SecondFactorRequired, SignedIn
from resolvers.signins.signins import Visitor
from store.database.config import StoreConfig
from store.database.store import open_store
from store.tables.credentials import credentials, second_factors
from tests.programs import needs
from tests.signin.conftest import ONE_STORE
from tests.signin.lobby import ELSEWHERE, FIREFOX, Lobby
from tests.signin.people import SECRET, START, Person
from tests.signin.rfc6238 import oathtool, totp

pytestmark = pytest.mark.anyio

F = second_factors.c
# RFC 6238, appendix B: the SHA-1 column, its last six digits; the secret is "12345678901234567890".
VECTORS = ((59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (2000000000, "279037"))
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_vectors_of_the_rfc(seconds: int, code: str) -> None:
    at = START.fromtimestamp(seconds, START.tzinfo)
    assert totp(RFC_SECRET, at=at) == code
    assert accepted_step(RFC_SECRET, code, at, None) == seconds // 30


@needs("oathtool")
@pytest.mark.parametrize("offset", [0, 7, 86_400 * 400])
def test_an_independent_authenticator_shows_what_is_accepted(offset: int) -> None:
    """S3: oathtool."""
    at = START + timedelta(seconds=offset)
    assert accepted_step(SECRET, oathtool(SECRET, at), at, None) == int(at.timestamp()) // 30


@pytest.mark.parametrize(("step", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_wrong_by_one_step(step: int, accepted: bool) -> None:
    """S3."""
    assert (accepted_step(SECRET, totp(at=START, step=step), START, None) is not None) is accepted


def test_a_step_is_accepted_only_after_the_last_one() -> None:
    now = int(START.timestamp()) // 30
    assert accepted_step(SECRET, totp(at=START), START, now - 1) == now
    assert accepted_step(SECRET, totp(at=START), START, now) is None
    assert accepted_step(SECRET, totp(at=START, step=-1), START, now) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "000 00", "\x00" * 6])
def test_what_is_no_code_is_refused(code: str) -> None:
    assert accepted_step(SECRET, code, START, None) is None


def test_spaces_in_a_code_are_how_people_read_it() -> None:
    code = totp(at=START)
    assert accepted_step(SECRET, f" {code[:3]} {code[3:]} ", START, None) is not None


async def credential_of(lobby: Lobby, person: Person, platform: str = "CLIENT_AREA") -> int:
    mine = credentials.c.customer_id == person.id, credentials.c.platform == platform
    async with lobby.store.write() as connection:
        return int(await connection.scalar(select(credentials.c.id).where(*mine)) or 0)


async def test_one_code_opens_once_whatever_replica_it_comes_to(
    lobby: Lobby, guarded: Person, store_config: StoreConfig
) -> None:
    """S3, F4: ten at the same moment, at two replicas."""
    other = Lobby(await open_store(store_config))
    try:
        code = totp(at=lobby.now)
        found = await asyncio.gather(
            *((lobby, other)[n % 2].knock(guarded, guarded.password, code=code) for n in range(4))
        )
        assert sum(isinstance(each, SignedIn) for each in found) == 1
        lobby.wait(30)
        assert isinstance(await lobby.knock(guarded, guarded.password, code=code), Rejected), "a step later"
    finally:
        await other.store.close()


@ONE_STORE
async def test_a_secret_is_sealed_and_never_repeated(lobby: Lobby, somebody: Person) -> None:
    """S3, R16."""
    actor = await lobby.actor(await lobby.enter(somebody))
    begun = await enrolling.begin_totp(actor, None)
    async with lobby.store.write() as connection:
        rows = (await connection.execute(select(second_factors))).all()
    assert begun.secret and begun.secret not in repr(rows) and begun.secret not in repr(begun)


async def test_an_app_is_enrolled_by_a_confirming_code(lobby: Lobby, somebody: Person) -> None:
    """S3: it is asked for only once it is confirmed."""
    actor = await lobby.actor(await lobby.enter(somebody))
    begun = await enrolling.begin_totp(actor, None)
    assert begun.secret and begun.uri and begun.qr_svg
    assert isinstance(await lobby.knock(somebody, somebody.password), SignedIn), "not confirmed yet"
    wrong = await enrolling.confirm_totp(actor, None, totp(begun.secret, at=lobby.now, step=5))
    assert [each.code for each in wrong.problems] == ["WRONG_CODE"]
    done = await enrolling.confirm_totp(actor, None, totp(begun.secret, at=lobby.now))
    assert done.problems == () and done.recovery_codes is not None and len(done.recovery_codes) == COUNT
    assert isinstance(await lobby.knock(somebody, somebody.password), SecondFactorRequired)
    again = await lobby.knock(somebody, somebody.password, code=totp(begun.secret, at=lobby.now))
    assert isinstance(again, Rejected), "the confirming code was its one use"
    lobby.wait(30)
    opened = await lobby.knock(somebody, somebody.password, code=totp(begun.secret, at=lobby.now))
    assert isinstance(opened, SignedIn)


@ONE_STORE
async def test_the_uri_and_the_picture_say_what_apps_need(lobby: Lobby, somebody: Person) -> None:
    begun = await enrolling.begin_totp(await lobby.actor(await lobby.enter(somebody)), None)
    parts = urlsplit(begun.uri or "")
    said = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert said["secret"] == [begun.secret] and said["issuer"] == ["Quarkwerke"]
    assert len(begun.secret or "") == 32, "160 bits"
    svg = begun.qr_svg or ""
    assert svg.startswith("<svg") and svg.endswith("</svg>")
    assert not re.search(r"<script|on\w+=|style=|href|<!", svg), "it may stand in a page of strict policy"


@pytest.mark.parametrize(("site", "account"), [("Quark: Hosting", "a@example.com"), ("A:B", "me:you@example.com")])
def test_a_colon_stands_between_site_and_account_only(site: str, account: str) -> None:
    """Apps refuse a URI whose issuer is not what stands in front of the first colon."""
    read = pyotp.parse_uri(new_enrolment(site, account).uri)
    assert (read.issuer, read.name) == (site.replace(":", " ").replace("  ", " "), account.replace(":", " "))


@ONE_STORE
async def test_each_platform_has_its_own_second_step(lobby: Lobby, somebody: Person) -> None:
    """R39: two enrolments, two states."""
    opened = await lobby.enter(somebody)
    actor = await lobby.actor(opened)
    begun = await enrolling.begin_totp(actor, None)
    await enrolling.confirm_totp(actor, None, totp(begun.secret or "", at=lobby.now))
    management = somebody.passwords["MANAGEMENT_INTERFACE"]
    assert isinstance(await lobby.knock(somebody, management, "MANAGEMENT_INTERFACE"), SignedIn)
    other = await credential_of(lobby, somebody, "MANAGEMENT_INTERFACE")
    second = await enrolling.begin_totp(actor, other)
    assert second.problems == () and second.secret != begun.secret
    mail = await enrolling.begin_totp(actor, await credential_of(lobby, somebody, "WEBMAIL"))
    assert [each.code for each in mail.problems] == ["FACTOR_NOT_OFFERED"]


@ONE_STORE
async def test_nobody_enrols_for_another(lobby: Lobby, somebody: Person, guarded: Person) -> None:
    """D6: a credential of somebody else is like one that there is not."""
    actor = await lobby.actor(await lobby.enter(somebody))
    theirs = await credential_of(lobby, guarded)
    results: list[Any] = [
        await function(actor, id_, *rest)
        for id_ in (theirs, 0)
        for function, rest in (
            (enrolling.begin_totp, ()),
            (enrolling.confirm_totp, ("000000",)),
            (enrolling.begin_passkey, ()),
            (enrolling.finish_passkey, ("{}", "x")),
            (enrolling.regenerate_recovery_codes, ()),
        )
    ]
    assert {tuple(p.code for p in each.problems) for each in results} == {("NOT_FOUND",)}
    async with lobby.store.write() as connection:
        factor = await connection.scalar(select(F.id).where(F.credential_id == theirs))
    for id_ in (factor, 12345):
        assert [p.code for p in (await enrolling.remove(actor, int(id_ or 0))).problems] == ["NOT_FOUND"]


async def test_a_second_app_takes_the_place_of_the_first_when_it_is_confirmed(lobby: Lobby, guarded: Person) -> None:
    actor = await lobby.actor(await lobby.enter(guarded))
    begun = await enrolling.begin_totp(actor, None)
    lobby.wait(30)
    assert isinstance(await lobby.knock(guarded, guarded.password, code=totp(at=lobby.now)), SignedIn), (
        "the old one yet"
    )
    actor = replace(actor, now=lobby.now)
    assert (await enrolling.confirm_totp(actor, None, totp(begun.secret or "", at=lobby.now))).problems == ()
    lobby.wait(30)
    assert isinstance(await lobby.knock(guarded, guarded.password, code=totp(at=lobby.now)), Rejected)
    new = totp(begun.secret or "", at=lobby.now)
    assert isinstance(await lobby.knock(guarded, guarded.password, code=new), SignedIn)


async def enrolled(lobby: Lobby, person: Person) -> tuple[SignedIn, str, list[str]]:
    """Somebody with an app and recovery codes."""
    opened = await lobby.enter(person)
    actor = await lobby.actor(opened)
    begun = await enrolling.begin_totp(actor, None)
    done = await enrolling.confirm_totp(actor, None, totp(begun.secret or "", at=lobby.now))
    assert done.recovery_codes is not None
    return opened, begun.secret or "", done.recovery_codes


def test_recovery_codes_hold_at_least_64_bits() -> None:
    """S4."""
    codes = [code for _ in range(20) for code in new_codes()]
    assert len(set(codes)) == 200
    assert LENGTH * 5 == 80 and len(LETTERS) == 32
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code) for code in codes)


def test_recovery_codes_are_kept_as_hashes_and_read_as_people_write_them() -> None:
    codes = new_codes()
    left = kept(7, codes)
    assert not any(code in left.text.decode() or code.replace("-", "") in left.text.decode() for code in codes)
    for written in (
        codes[0],
        codes[0].lower(),
        codes[0].replace("-", " "),
        codes[0].replace("1", "l").replace("0", "o"),
    ):
        rest = spend(left.text, 7, written)
        assert rest is not None and rest.count == 9
    assert spend(left.text, 8, codes[0]) is None, "of another set"
    assert spend(b"not JSON", 7, codes[0]) is None and spend(b"[1]", 7, codes[0]) is None
    assert spend(left.text, 7, "") is None


async def test_a_recovery_code_opens_once_and_the_customer_is_told(lobby: Lobby, somebody: Person) -> None:
    """S4: single use, also of two at the same moment; the count is visible."""
    _, _, codes = await enrolled(lobby, somebody)
    found = await asyncio.gather(*(lobby.knock(somebody, somebody.password, code=codes[3]) for _ in range(3)))
    assert sum(isinstance(each, SignedIn) for each in found) == 1
    assert isinstance(await lobby.knock(somebody, somebody.password, code=codes[3]), Rejected)
    assert isinstance(await lobby.knock(somebody, somebody.password, code=codes[4].lower()), SignedIn)
    async with lobby.store.write() as connection:
        left = await connection.scalar(select(F.remaining).where(F.kind == "RECOVERY_CODES"))
    assert left == 8
    subjects = [letter["subject"] for letter in await lobby.letters(somebody)]
    assert subjects.count("A recovery code was used") == 2


async def test_new_recovery_codes_void_the_old_ones(lobby: Lobby, somebody: Person) -> None:
    """S4."""
    opened, _, codes = await enrolled(lobby, somebody)
    done = await enrolling.regenerate_recovery_codes(await lobby.actor(opened), None)
    assert done.recovery_codes is not None and not set(done.recovery_codes) & set(codes)
    assert isinstance(await lobby.knock(somebody, somebody.password, code=codes[0]), Rejected)
    assert isinstance(await lobby.knock(somebody, somebody.password, code=done.recovery_codes[0]), SignedIn)


@ONE_STORE
async def test_recovery_codes_alone_are_no_second_factor(lobby: Lobby, somebody: Person) -> None:
    done = await enrolling.regenerate_recovery_codes(await lobby.actor(await lobby.enter(somebody)), None)
    assert [each.code for each in done.problems] == ["NO_SECOND_FACTOR"]


async def test_a_factor_is_removed_only_with_a_fresh_second_factor(lobby: Lobby, somebody: Person) -> None:
    """S3, S6: and everybody else is signed out."""
    opened, secret, _ = await enrolled(lobby, somebody)
    other = await lobby.knock(somebody, somebody.password, code=(await enrolled_codes(lobby, somebody, opened))[0])
    assert isinstance(other, SignedIn)
    async with lobby.store.write() as connection:
        factor = int(await connection.scalar(select(F.id).where(F.kind == "TOTP")) or 0)
    lobby.wait(301)
    actor = await lobby.actor(opened)
    for code, problem in (("", "SECOND_FACTOR_REQUIRED"), ("000000", "WRONG_CODE")):
        assert [each.code for each in (await enrolling.remove(actor, factor, code)).problems] == [problem]
    done = await enrolling.remove(actor, factor, totp(secret, at=lobby.now))
    assert done.problems == ()
    assert isinstance(await lobby.knock(somebody, somebody.password), SignedIn), (
        "recovery codes go with the last factor"
    )
    assert await lobby.session(other) is None and await lobby.session(opened) is not None
    assert (await lobby.letters(somebody))[-1]["subject"] == "Two-step sign-in: something was removed"


async def enrolled_codes(lobby: Lobby, person: Person, opened: SignedIn) -> list[str]:
    done = await enrolling.regenerate_recovery_codes(await lobby.actor(opened), None)
    return done.recovery_codes or []


@ONE_STORE
async def test_the_factor_of_another_platform_is_not_enough(lobby: Lobby, guarded: Person) -> None:
    """R39: a session of the client area shows nothing of the management interface."""
    actor = await lobby.actor(await lobby.enter(guarded))
    management = await credential_of(lobby, guarded, "MANAGEMENT_INTERFACE")
    async with lobby.store.write() as connection:
        (factor,) = await confirmed(connection, management)
    refused = await enrolling.remove(actor, factor.id)
    assert [each.code for each in refused.problems] == ["SECOND_FACTOR_REQUIRED"]
    assert (await enrolling.remove(actor, factor.id, totp(at=lobby.now))).problems == ()


@ONE_STORE
async def test_guessing_codes_within_a_session_is_slowed_and_closes_nothing_outside(
    lobby: Lobby, guarded: Person
) -> None:
    """S10: and a thief of a token does not lock the owner out."""
    opened = await lobby.enter(guarded)
    lobby.wait(301)
    actor = await lobby.actor(opened)
    codes = []
    for number in range(20):
        result = await enrolling.regenerate_recovery_codes(actor, None, f"{number:06}")
        codes += [each.code for each in result.problems]
    assert codes.count("WRONG_CODE") == 5 and codes.count("TOO_MANY_ATTEMPTS") == 15
    stranger = Visitor(ELSEWHERE, FIREFOX)
    found = await lobby.knock(guarded, guarded.password, code=totp(at=lobby.now), visitor=stranger)
    assert isinstance(found, SignedIn)


@ONE_STORE
async def test_a_damaged_or_foreign_set_of_codes_opens_nothing(lobby: Lobby, guarded: Person) -> None:
    (key,) = await lobby.store.keys.subjects([guarded.id])
    assert key is not None
    async with lobby.store.write() as connection:
        id_ = await credential_of_in(connection, guarded)
        assert await use_code(connection, key, id_, "ABCD-EFGH-JKMN-PQRS", lobby.now) is None


async def credential_of_in(connection: Any, person: Person) -> int:
    mine = credentials.c.customer_id == person.id, credentials.c.platform == "CLIENT_AREA"
    return int(await connection.scalar(select(credentials.c.id).where(*mine)) or 0)
