"""Access tokens (RFC 9068): JWTs of type at+jwt, signed and verified with our own keys only."""

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
from joserfc.jwk import ECKey

from gateway.tokens.signing_keys import ALGORITHM, SigningKeys
from store.crypto.global_ids import GlobalId, GlobalIds

MAX_TOKEN_BYTES = 4_096
"""Our own tokens have about a quarter of it."""
TYPES = frozenset({"at+jwt", "application/at+jwt"})
HEADERS = frozenset({"alg", "typ", "kid"})
"""The only headers of our tokens; any other, such as one that points to a key (jku, x5u, jwk, x5c), is refused."""
IDENTITY = "JWT"
"""The type of ID tokens."""
LOGOUT = "logout+jwt"
"""The type of logout tokens (OpenID Connect Back-Channel Logout §2.4)."""
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_SECONDS = 120
FAMILY = "TokenFamily"
"""The type name under which the ids of token families are encrypted; no type of the schema."""
ONE_FACTOR, TWO_FACTORS = "1fa", "2fa"
"""The values of `acr`: authentication with one factor, or with two."""


class TokenFault(Enum):
    """Reasons to refuse a token; the value is a fixed sentence for the `WWW-Authenticate` header."""

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
    AGENT = "The client of the access token is not registered with the action `agent`."
    REVOKED = "The access token was revoked, or what it rests on has ended."
    BOUND = "The access token is bound to a key: send it as `DPoP TOKEN`, with a proof of that key."
    UNBOUND = "The access token is not bound to a key: send it as `Bearer TOKEN`."
    PROOF = "The DPoP proof is missing, wrong, for another request, or was seen before."
    NONCE = "The DPoP proof must carry the nonce that comes with this response."


class TokenError(Exception):
    """A token is not accepted; with the fault NONCE, `nonce` is for the next DPoP proof."""

    def __init__(self, fault: TokenFault, nonce: str | None = None) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.nonce = nonce


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a verified token."""

    token_id: str = field(repr=False)
    client_id: str
    subject: int | None = field(repr=False)
    """The customer's row number, or None if the client acts for itself."""
    scopes: frozenset[str]
    expires_at: int
    key_id: str = field(repr=False)
    basis: Basis | None = field(default=None, repr=False)
    """The sign-in that the token is based on; None for a tool's token."""
    jkt: str | None = field(default=None, repr=False)
    """The thumbprint of the key that the token is bound to (RFC 9449 §6.1)."""
    issued_at: int = 0
    """In Unix seconds; 0 if an identity provider's token has no `iat`."""

    @property
    def marks(self) -> frozenset[tuple[str, str]]:
        """Everything the token rests on, by the kinds of the list of revocations: it ends with any of them."""
        marks = {("TOKEN", self.token_id)}
        if self.subject is not None:
            marks.add(("CUSTOMER", str(self.subject)))
        if self.basis is not None:
            marks |= {("FAMILY", str(self.basis.family)), ("SESSION", str(self.basis.session_id))}
        return frozenset(marks)


@dataclass(frozen=True, slots=True)
class Basis:
    """The sign-in that a customer's token is based on; the token ends with it."""

    subject: int
    session_id: int
    family: int
    """The id of the token family: all tokens from one authorization code."""
    authenticated_at: int
    """The time of the authentication (`auth_time`), in Unix seconds."""
    amr: tuple[str, ...]
    """The authentication methods (RFC 8176)."""

    def claims(self, ids: GlobalIds) -> dict[str, object]:
        """The claims of a token: `sid` is the session's encrypted id in the API, so no claim reveals a row's number."""
        how = {"auth_time": self.authenticated_at, "amr": list(self.amr), "acr": acr_of(self.amr)}
        sid, family = ids("Session", self.subject, self.session_id), ids(FAMILY, self.subject, self.family)
        return how | {"sid": sid, "family": family}


def acr_of(amr: Iterable[str]) -> str:
    """The `acr` of authentication methods: whether there were two factors."""
    return TWO_FACTORS if "mfa" in amr else ONE_FACTOR


@dataclass(frozen=True, slots=True)
class Names:
    """Issuer and audience of the tokens."""

    issuer: str
    audience: str


@dataclass(frozen=True, slots=True)
class TokenSigner:
    """The key that signs at this moment, with all that a token needs beside its subject."""

    kid: str
    key: ECKey = field(repr=False)
    names: Names
    now: int
    ids: GlobalIds = field(repr=False)

    def sign(
        self,
        client_id: str,
        scopes: Iterable[str],
        seconds: int,
        subject: int | None = None,
        *,
        basis: Basis | None = None,
        jkt: str | None = None,
        audience: str | None = None,
    ) -> str:
        """A token for a client or for its customer, valid for `seconds`; without a customer `sub` is the client.

        `audience` is the resource that it is meant for (RFC 8707); None: the API.
        """
        owner = subject if basis is None else basis.subject
        claims: dict[str, object] = {
            "iss": self.names.issuer,
            "aud": audience or self.names.audience,  # RFC 9068 §3: another resource server must be able to refuse it.
            "sub": client_id if owner is None else self.ids("Customer", owner, owner),
            "client_id": client_id,
            "scope": " ".join(sorted(scopes)),
            "iat": self.now,
            "exp": self.now + seconds,
            "jti": str(uuid.uuid4()),
        }
        if basis is not None:
            claims |= basis.claims(self.ids)
        if jkt is not None:
            claims["cnf"] = {"jkt": jkt}
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": self.kid}
        return jwt.encode(header, claims, self.key, algorithms=[ALGORITHM])

    def sign_id_token(self, claims: Mapping[str, object], seconds: int) -> str:
        """An ID token with these claims, valid for `seconds` (OpenID Connect Core §2).

        Its type is another one than that of access tokens, so that nobody can be let in with it (RFC 8725 §3.11).
        """
        common = {"iss": self.names.issuer, "iat": self.now, "exp": self.now + seconds}
        header = {"alg": ALGORITHM, "typ": IDENTITY, "kid": self.kid}
        return jwt.encode(header, {**common, **claims}, self.key, algorithms=[ALGORITHM])

    def sign_logout_token(self, client_id: str, said: Mapping[str, object], jti: str) -> str:
        """A logout token for a client (OpenID Connect Back-Channel Logout §2.4): `said` has `sub`, `sid` or both."""
        common = {"iss": self.names.issuer, "iat": self.now, "exp": self.now + LOGOUT_SECONDS, "aud": client_id}
        header = {"alg": ALGORITHM, "typ": LOGOUT, "kid": self.kid}
        claims = {**said, **common, "jti": jti, "events": {LOGOUT_EVENT: {}}}
        return jwt.encode(header, claims, self.key, algorithms=[ALGORITHM])


class Tokens:
    """Issues and verifies access tokens."""

    def __init__(self, keys: SigningKeys, names: Names, skew: int, clock: Callable[[], float]) -> None:
        self._keys = keys
        self._names = names
        self._skew = skew
        self._clock = clock

    async def signer(self) -> TokenSigner:
        """The signer of this moment. Raises StoreUnavailableError."""
        kid, key = await self._keys.signing()
        return TokenSigner(kid, key, self._names, int(self._clock()), self._keys.ids)

    async def mint(self, client_id: str, scopes: Iterable[str], seconds: int, subject: int | None = None) -> str:
        """A token that is based on no sign-in; see `TokenSigner.sign`."""
        return (await self.signer()).sign(client_id, scopes, seconds, subject)

    async def logout_token(self, client_id: str, said: Mapping[str, object], jti: str) -> str:
        """A logout token; see `TokenSigner.sign_logout_token`. Raises StoreUnavailableError."""
        return (await self.signer()).sign_logout_token(client_id, said, jti)

    async def verify(self, token: bytes) -> Claims:
        """The verified claims of a token; see `prove` for the errors."""
        return self.claims_of(*await self.prove(token))

    async def prove(self, token: bytes) -> tuple[Mapping[str, Any], str]:
        """All claims of a token and its key's id, after verification; TokenError with the first fault found.

        The steps are those of RFC 9068 §4, the cheap ones first: 1. size and form; 2. type; 3. algorithm; 4. key, from
        our own set by its id; 5. signature; 6. types of the claims; 7. issuer; 8. audience; 9. time.
        """
        header = _header(token)  # 1
        if header.get("typ") not in TYPES:  # 2
            raise TokenError(TokenFault.TYPE)
        if header.get("alg") != ALGORITHM or not header.keys() <= HEADERS:  # 3
            raise TokenError(TokenFault.ALGORITHM)
        kid = header.get("kid")
        key = await self._keys.verifying(kid) if isinstance(kid, str) else None  # 4
        # Never tried with the other keys: an unknown id is refused, not searched for (O9).
        if not isinstance(kid, str) or key is None:
            raise TokenError(TokenFault.KEY)
        try:
            # The algorithm is ours, not the header's: `none` or HMAC with a public key cannot be chosen (O1).
            said = jwt.decode(token, key, algorithms=[ALGORITHM]).claims  # 5
        except (JoseError, ValueError) as error:
            raise TokenError(TokenFault.SIGNATURE) from error
        self._check(said)
        return said, kid

    def claims_of(self, said: Mapping[str, Any], kid: str) -> Claims:
        """The claims of a verified token as a value; TokenError if they contradict one another."""
        ids = self._keys.ids
        subject = _subject(said, ids)
        basis = _basis(said, subject, ids)
        scopes = frozenset(said["scope"].split())
        jkt, issued = _thumbprint(said), said["iat"]
        return Claims(said["jti"], said["client_id"], subject, scopes, said["exp"], kid, basis, jkt, issued)

    async def subject_of_id_token(self, text: str, client_id: str) -> str | None:
        """The `sub` of an ID token that was issued here to this client, expired or not; None if it is none.

        An ID token proves nothing here: it says whom its client expects (`id_token_hint`).
        """
        try:
            header = _header(text.encode())
        except TokenError:
            return None
        kid = header.get("kid")
        if header.get("typ") != IDENTITY or header.get("alg") != ALGORITHM or not isinstance(kid, str):
            return None
        key = await self._keys.verifying(kid)
        if key is None:
            return None
        try:
            said = jwt.decode(text, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            return None
        ours = said.get("iss") == self._names.issuer and said.get("aud") == client_id
        return said["sub"] if ours and isinstance(said.get("sub"), str) else None

    def _check(self, said: Mapping[str, Any]) -> None:
        """Steps 6 to 9."""
        texts = [said.get(name) for name in ("iss", "sub", "client_id", "scope", "jti")]
        times = [said.get(name) for name in ("exp", "iat", "nbf") if name != "nbf" or "nbf" in said]
        if not all(isinstance(text, str) for text in texts) or not all(type(time) is int for time in times):  # 6
            raise TokenError(TokenFault.CLAIMS)
        if said["iss"] != self._names.issuer:  # 7
            raise TokenError(TokenFault.ISSUER)
        audience = said.get("aud")
        if self._names.audience not in (audience if isinstance(audience, list) else [audience]):  # 8
            raise TokenError(TokenFault.AUDIENCE)
        now = self._clock()
        if said["exp"] <= now:  # 9; no leeway: an expired token is never accepted (F3)
            raise TokenError(TokenFault.EXPIRED)
        # Leeway here: another replica, whose clock is ahead, may just have issued it.
        if max(said["iat"], said.get("nbf", 0)) > now + self._skew:
            raise TokenError(TokenFault.EARLY)


def _header(token: bytes) -> dict[str, Any]:
    """The unverified header of a compact JWS, parsed within bounds; TokenError if it is malformed."""
    first, dot, _ = token.partition(b".")
    if len(token) > MAX_TOKEN_BYTES or not dot or token.count(b".") != 2 or len(first) > 512:
        raise TokenError(TokenFault.MALFORMED)
    try:
        header = orjson.loads(urlsafe_b64decode(first + b"=" * (-len(first) % 4)))
    except (binascii.Error, ValueError) as error:
        raise TokenError(TokenFault.MALFORMED) from error
    if not isinstance(header, dict):
        raise TokenError(TokenFault.MALFORMED)
    return header


def _subject(said: Mapping[str, Any], ids: GlobalIds) -> int | None:
    """The row number of the token's customer, from the id in `sub`; None if `sub` is the client itself."""
    return None if said["sub"] == said["client_id"] else _row(said["sub"], "Customer", ids).key


def _basis(said: Mapping[str, Any], subject: int | None, ids: GlobalIds) -> Basis | None:
    """The sign-in that a token is based on; None without one, TokenError if the claims are incomplete."""
    if "sid" not in said and "family" not in said:
        return None
    at, amr = said.get("auth_time"), said.get("amr")
    if subject is None or type(at) is not int or not isinstance(amr, list) or not all(type(how) is str for how in amr):
        raise TokenError(TokenFault.CLAIMS)
    session, family = _row(said.get("sid"), "Session", ids), _row(said.get("family"), FAMILY, ids)
    # Ids carry their customer: claims of two customers in one signed token would be our own bug, and must not pass.
    if not session.customer == family.customer == subject:
        raise TokenError(TokenFault.CLAIMS)
    return Basis(subject, session.key, family.key, at, tuple(amr))


def _thumbprint(said: Mapping[str, Any]) -> str | None:
    """The thumbprint in `cnf`, or None; TokenError for another kind of binding, since ignoring it would void it."""
    if "cnf" not in said:
        return None
    bound = said["cnf"]
    if not isinstance(bound, dict) or bound.keys() != {"jkt"} or not isinstance(bound["jkt"], str):
        raise TokenError(TokenFault.CLAIMS)
    return bound["jkt"]


def _row(text: object, type_name: str, ids: GlobalIds) -> GlobalId:
    """The row of this type that an encrypted id names; TokenError for any other text."""
    found = ids.decode(text) if isinstance(text, str) else None
    if found is None or found.type_name != type_name:
        raise TokenError(TokenFault.CLAIMS)
    return found
