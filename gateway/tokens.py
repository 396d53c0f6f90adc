"""Access tokens as RFC 9068 has them: signed JWTs of type at+jwt, made and verified with our own keys only."""

from __future__ import annotations

import binascii
import uuid
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError

from gateway.signing_keys import ALGORITHM, SigningKeys

MAX_TOKEN_BYTES = 4_096
TYPES = frozenset({"at+jwt", "application/at+jwt"})
HEADERS = frozenset({"alg", "typ", "kid"})
"""The only headers a token of ours has; one that points to a key elsewhere (jku, x5u, jwk, x5c) is refused."""


class Fault(Enum):
    """Why a token is not accepted; the value is a sentence for the `WWW-Authenticate` header, free of its contents."""

    MALFORMED = "The access token is not a signed JWT."
    TYPE = "The token is not an access token."
    ALGORITHM = "The access token is not signed with an algorithm that is accepted here."
    KEY = "The access token is signed with a key that is not known here."
    SIGNATURE = "The signature of the access token is wrong."
    CLAIMS = "The access token lacks a claim, or has one of the wrong kind."
    ISSUER = "The access token was issued elsewhere."
    AUDIENCE = "The access token is meant for another service."
    EXPIRED = "The access token has expired."
    EARLY = "The access token is not valid yet."
    CLIENT = "The client of the access token is not registered, or was disabled."


class TokenError(Exception):
    """A token is not accepted."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    token_id: str = field(repr=False)
    client_id: str
    subject: int | None = field(repr=False)
    """The customer, or None when the client acts for itself."""
    scopes: frozenset[str]
    expires_at: int
    key_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Names:
    """Who issues the tokens, and for whom."""

    issuer: str
    audience: str


class Tokens:
    """Makes and verifies access tokens."""

    def __init__(self, keys: SigningKeys, names: Names, skew: int, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._names = names
        self._skew = skew
        self._clock = clock

    async def mint(self, client_id: str, scopes: Iterable[str], seconds: int, subject: int | None = None) -> str:
        """A token for a client, or for a customer through a client; `sub` is the client itself when it acts alone."""
        now = int(self._clock())
        kid, key = await self._keys.signing()
        claims = {
            "iss": self._names.issuer,
            "aud": self._names.audience,
            "sub": client_id if subject is None else str(subject),
            "client_id": client_id,
            "scope": " ".join(sorted(scopes)),
            "iat": now,
            "exp": now + seconds,
            "jti": str(uuid.uuid4()),
        }
        return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt", "kid": kid}, claims, key, algorithms=[ALGORITHM])

    async def verify(self, token: bytes) -> Claims:
        """What the token says, once it is proven; TokenError with the first thing that is wrong.

        The steps are those of RFC 9068 section 4, in an order that does the cheap ones first: 1. size and form;
        2. type; 3. algorithm; 4. key, from our own set by its id; 5. signature; 6. kinds of claims; 7. issuer;
        8. audience; 9. time.
        """
        header = _header(token)  # 1
        if header.get("typ") not in TYPES:  # 2
            raise TokenError(Fault.TYPE)
        if header.get("alg") != ALGORITHM or not header.keys() <= HEADERS:  # 3
            raise TokenError(Fault.ALGORITHM)
        kid = header.get("kid")
        key = await self._keys.verifying(kid) if isinstance(kid, str) else None  # 4
        if not isinstance(kid, str) or key is None:
            raise TokenError(Fault.KEY)
        try:
            said = jwt.decode(token, key, algorithms=[ALGORITHM]).claims  # 5
        except (JoseError, ValueError) as error:
            raise TokenError(Fault.SIGNATURE) from error
        return self._judge(said, kid)

    def _judge(self, said: Mapping[str, Any], kid: str) -> Claims:
        """Steps 6 to 9."""
        texts = [said.get(name) for name in ("iss", "sub", "client_id", "scope", "jti")]
        times = [said.get(name) for name in ("exp", "iat", "nbf") if name != "nbf" or "nbf" in said]
        if not all(isinstance(text, str) for text in texts) or not all(type(time) is int for time in times):  # 6
            raise TokenError(Fault.CLAIMS)
        if said["iss"] != self._names.issuer:  # 7
            raise TokenError(Fault.ISSUER)
        audience = said.get("aud")
        if self._names.audience not in (audience if isinstance(audience, list) else [audience]):  # 8
            raise TokenError(Fault.AUDIENCE)
        now = self._clock()
        if said["exp"] <= now:  # 9; no leeway: an expired token is never accepted (F3)
            raise TokenError(Fault.EXPIRED)
        if max(said["iat"], said.get("nbf", 0)) > now + self._skew:
            raise TokenError(Fault.EARLY)
        return Claims(
            said["jti"], said["client_id"], _subject(said), frozenset(said["scope"].split()), said["exp"], kid
        )


def _header(token: bytes) -> dict[str, Any]:
    """The header of a compact JWS, read with bounds before anything is believed."""
    first, dot, _ = token.partition(b".")
    if len(token) > MAX_TOKEN_BYTES or not dot or token.count(b".") != 2 or len(first) > 512:
        raise TokenError(Fault.MALFORMED)
    try:
        header = orjson.loads(urlsafe_b64decode(first + b"=" * (-len(first) % 4)))
    except (binascii.Error, ValueError) as error:
        raise TokenError(Fault.MALFORMED) from error
    if not isinstance(header, dict):
        raise TokenError(Fault.MALFORMED)
    return header


def _subject(said: Mapping[str, Any]) -> int | None:
    """The customer a token is about: a number that fits 63 bits; none when the subject is the client itself."""
    if said["sub"] == said["client_id"]:
        return None
    if not (said["sub"].isascii() and said["sub"].isdigit() and len(said["sub"]) <= 19 and int(said["sub"]) < 2**63):
        raise TokenError(Fault.CLAIMS)
    return int(said["sub"])
