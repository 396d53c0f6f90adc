"""Access tokens: what is accepted, and every way in which one is not (O1, O9, F3)."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from gateway.tokens.tokens import MAX_TOKEN_BYTES, TokenError, TokenFault
from tests.gateway.desk import LIFE, NAMES, START, Desk
from tests.stores import Databases, opened

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def keyed(databases: Databases) -> AsyncIterator[Desk]:
    async with databases.fresh("sqlite") as config, opened(config) as store:
        desk = Desk(store)
        await desk.keys.open()
        yield desk


@pytest.fixture
def desk(keyed: Desk) -> Desk:
    """One desk for all tests: verifying a token changes nothing but the time."""
    keyed.clock.time = START
    return keyed


async def fault_of(desk: Desk, token: str | bytes) -> TokenFault:
    with pytest.raises(TokenError) as caught:
        await desk.tokens.verify(token.encode() if isinstance(token, str) else token)
    return caught.value.fault


def segment(content: object) -> str:
    return encoded(json.dumps(content).encode())


async def signed(desk: Desk, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token of ours with other headers or claims; what is None is left out."""
    kid, key = await desk.keys.signing()
    said = {
        "iss": NAMES.issuer, "aud": NAMES.audience, "sub": "billing", "client_id": "billing", "scope": "a b",
        "iat": START, "exp": START + LIFE, "jti": "1",
    }  # fmt: skip
    said = {name: value for name, value in (said | claims).items() if value is not None}
    top = {"alg": "ES256", "typ": "at+jwt", "kid": kid} | (header or {})
    return by_hand({name: value for name, value in top.items() if value is not None}, said, key)


def by_hand(header: dict[str, Any], claims: object, key: ECKey) -> str:
    """A compact JWS signed rightly, whatever its header says (libraries refuse to write some of these)."""
    text = f"{segment(header)}.{segment(claims)}"
    r, s = utils.decode_dss_signature(key.private_key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


async def test_a_token_says_what_was_put_into_it(desk: Desk) -> None:
    """RFC 9068 §2.2: all claims that are required are there, and the header names the type."""
    token = await desk.tokens.mint("billing", ["purpose:invoicing", "audit:read"], LIFE)
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert claims.keys() == {"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"}
    read = await desk.tokens.verify(token.encode())
    assert (read.client_id, read.subject, read.expires_at) == ("billing", None, START + LIFE)
    assert read.scopes == {"purpose:invoicing", "audit:read"}
    about = await desk.tokens.verify((await desk.tokens.mint("web", [], LIFE, subject=7)).encode())
    assert about.subject == 7
    assert "7" not in repr(about)


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b", "a.b.c.d", "e30", "!!!.e30.AA", "e30=.e30.AA", "W10.e30.AA", "x" * 5_000, "é.e30.AA"],
)
async def test_malformed(desk: Desk, token: str) -> None:
    assert await fault_of(desk, token) in (TokenFault.MALFORMED, TokenFault.TYPE)


async def test_longer_than_any_token(desk: Desk) -> None:
    token = await signed(desk, scope="x" * MAX_TOKEN_BYTES)
    assert await fault_of(desk, token) is TokenFault.MALFORMED


@pytest.mark.parametrize("typ", [None, "JWT", "at+JWT ", "logout+jwt", 1])
async def test_other_types(desk: Desk, typ: object) -> None:
    assert await fault_of(desk, await signed(desk, {"typ": typ})) is TokenFault.TYPE


async def test_no_algorithm_but_ours(desk: Desk) -> None:
    """`none`, HMAC with the public key as its secret, and other honest algorithms (O1)."""
    kid, key = await desk.keys.signing()
    body = (await signed(desk)).split(".")[1]
    for alg in ("none", "None", "", "ES384", "HS256", None, ["ES256"]):
        assert (
            await fault_of(desk, f"{segment({'alg': alg, 'typ': 'at+jwt', 'kid': kid})}.{body}.")
            is TokenFault.ALGORITHM
        )
    text = f"{segment({'alg': 'HS256', 'typ': 'at+jwt', 'kid': kid})}.{body}"
    for secret in (
        key.as_pem(private=False),
        key.as_der(private=False),
        json.dumps(key.as_dict(private=False)).encode(),
    ):
        signature = hmac.digest(secret, text.encode(), "sha256")
        assert await fault_of(desk, f"{text}.{encoded(signature)}") is TokenFault.ALGORITHM
    top = {"alg": "RS256", "typ": "at+jwt", "kid": kid}
    assert await fault_of(desk, jws.serialize_compact(top, b"{}", RSAKey.generate_key(2048))) is TokenFault.ALGORITHM


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c", "crit", "b64", "zip"])
async def test_headers_that_point_elsewhere_are_not_followed(desk: Desk, name: str) -> None:
    """A token that brings its own key, rightly signed with it, is refused before the key is looked at (O1)."""
    stranger = ECKey.generate_key("P-256")
    value = stranger.as_dict(private=False) if name == "jwk" else "https://elsewhere.example/keys"
    said = json.loads(base64.urlsafe_b64decode((await signed(desk)).split(".")[1] + "=="))
    for kid in ((await desk.keys.signing())[0], "theirs"):
        header = {"alg": "ES256", "typ": "at+jwt", "kid": kid, name: value}
        assert await fault_of(desk, by_hand(header, said, stranger)) is TokenFault.ALGORITHM


async def test_signature(desk: Desk) -> None:
    kid, _ = await desk.keys.signing()
    head, body, signature = (await signed(desk)).split(".")
    other = segment({"alg": "ES256", "typ": "at+jwt", "kid": kid, "x": 1})
    forged = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": kid}, {"sub": "x"}, ECKey.generate_key("P-256"))
    assert await fault_of(desk, f"{head}.{segment({'iss': NAMES.issuer})}.{signature}") is TokenFault.SIGNATURE
    assert await fault_of(desk, f"{head}.{body}.") is TokenFault.SIGNATURE
    assert await fault_of(desk, f"{head}.{body}.{'A' * 86}") is TokenFault.SIGNATURE
    assert await fault_of(desk, forged) is TokenFault.SIGNATURE
    assert await fault_of(desk, f"{other}.{body}.{signature}") is TokenFault.ALGORITHM


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"iss": "https://elsewhere.example"}, TokenFault.ISSUER),
        ({"iss": NAMES.issuer + "/"}, TokenFault.ISSUER),
        ({"aud": "https://elsewhere.example"}, TokenFault.AUDIENCE),
        ({"aud": ["https://elsewhere.example"]}, TokenFault.AUDIENCE),
        ({"aud": None}, TokenFault.AUDIENCE),
        ({"aud": {NAMES.audience: 1}}, TokenFault.AUDIENCE),
        ({"exp": START}, TokenFault.EXPIRED),
        ({"exp": START - 1}, TokenFault.EXPIRED),
        ({"iat": START + 6}, TokenFault.EARLY),
        ({"nbf": START + 6}, TokenFault.EARLY),
        ({"exp": None}, TokenFault.CLAIMS),
        ({"exp": str(START + 60)}, TokenFault.CLAIMS),
        ({"exp": True}, TokenFault.CLAIMS),
        ({"exp": START + 60.5}, TokenFault.CLAIMS),
        ({"iat": None}, TokenFault.CLAIMS),
        ({"nbf": "soon"}, TokenFault.CLAIMS),
        ({"jti": None}, TokenFault.CLAIMS),
        ({"client_id": None}, TokenFault.CLAIMS),
        ({"client_id": 5}, TokenFault.CLAIMS),
        ({"scope": ["a"]}, TokenFault.CLAIMS),
        ({"sub": None}, TokenFault.CLAIMS),
        ({"sub": "somebody"}, TokenFault.CLAIMS),
        ({"sub": "-1"}, TokenFault.CLAIMS),
        ({"sub": "٣"}, TokenFault.CLAIMS),
        ({"sub": str(2**63)}, TokenFault.CLAIMS),
        ({"sub": "9" * 400}, TokenFault.CLAIMS),
    ],
)
async def test_claims(desk: Desk, claims: dict[str, Any], fault: TokenFault) -> None:
    assert await fault_of(desk, await signed(desk, **claims)) is fault


async def test_audience_may_be_one_of_several_and_clocks_may_differ_a_little(desk: Desk) -> None:
    token = await signed(desk, aud=["https://elsewhere.example", NAMES.audience], iat=START + 5, nbf=START + 5)
    assert (await desk.tokens.verify(token.encode())).client_id == "billing"


async def test_an_unknown_key_costs_no_reading_however_often_it_is_sent(desk: Desk) -> None:
    """O9: a flood of invented key ids causes one reading in two seconds at most, and nothing outside the house."""
    readings = count_readings(desk)
    stranger = ECKey.generate_key("P-256")
    desk.clock.time += 10
    for number in range(200):
        header = {"alg": "ES256", "typ": "at+jwt", "kid": f"unknown-{number}"}
        assert await fault_of(desk, jwt.encode(header, {"sub": "x"}, stranger)) is TokenFault.KEY
        desk.clock.time += 0.02
    assert len(readings) <= 3
    for kid in (None, 1, [], {"a": 1}):
        body = segment({})
        assert (
            await fault_of(desk, f"{segment({'alg': 'ES256', 'typ': 'at+jwt', 'kid': kid})}.{body}.AA")
            is TokenFault.KEY
        )


def count_readings(desk: Desk) -> list[str]:
    statements: list[str] = []
    desk.house._reader.listeners.append(statements.append)
    return statements
