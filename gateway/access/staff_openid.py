"""The company's OpenID provider signs staff in: this gateway is its relying party (OpenID Connect Core 1.0)."""

from __future__ import annotations

import hmac
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from gateway.access.discovery import Fetch, discovered
from gateway.access.fetching import FetchError
from gateway.access.foreign_keys import FRESH_SECONDS, ForeignKeys, ProviderUnavailableError
from gateway.tokens.jwts import InvalidJwtError, UnverifiedJwt, check_header, check_signature, look
from policy.transport import is_encrypted
from values.json_web_keys import KINDS

LONGEST = 8_192
"""Characters of an ID token."""
TYPES = frozenset({None, "jwt"})
POST_ALONE = ["client_secret_post"]

PostForm = Callable[[str, Mapping[str, str], Mapping[str, str]], Awaitable[dict[str, Any]]]
"""Sends a form with headers to an address, and gives the JSON object of the answer; FetchError without one."""


class StaffSignInError(Exception):
    """The provider's answer is not accepted; the text is a fixed sentence for the log."""


@dataclass(frozen=True, slots=True)
class StaffProviderTerms:
    """The settings for the provider, and the address to which it sends browsers back."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    claim: str
    """The claim with the code of the register of staff."""
    acr: str
    """The `acr` that an ID token must state; empty: its `amr` must contain `mfa` (RFC 8176)."""
    redirect_uri: str


class StaffOpenId:
    """Sends members of staff to the provider, and learns from its ID token who came back.

    State, nonce and PKCE verifier are derived from one secret in a cookie of the browser, so nothing is stored here.
    """

    def __init__(
        self,
        terms: StaffProviderTerms,
        keys: ForeignKeys,
        fetch: Fetch,
        post: PostForm,
        skew: int,
        clock: Callable[[], float],
    ) -> None:
        """`skew` is in seconds, `clock` gives Unix seconds."""
        self._terms, self._keys, self._fetch, self._post = terms, keys, fetch, post
        self._skew, self._clock = skew, clock
        self._known: dict[str, Any] = {}
        self._known_at = float("-inf")

    async def address(self, secret: str, language: str) -> str:
        """The address at the provider for a browser with this secret; ProviderUnavailableError."""
        found = _endpoint(await self._metadata(), "authorization_endpoint")
        challenge = _base64url(sha256(_derived(secret, "verifier").encode()).digest())
        asked = {
            "response_type": "code",
            "client_id": self._terms.client_id,
            "redirect_uri": self._terms.redirect_uri,
            "scope": "openid",
            "state": _derived(secret, "state"),
            "nonce": _derived(secret, "nonce"),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "ui_locales": language,
        }
        if self._terms.acr:
            asked["acr_values"] = self._terms.acr
        return f"{found}{'&' if '?' in found else '?'}{urlencode(asked)}"

    async def code_of(self, answer: Mapping[str, str], secret: str) -> str:
        """The code of the person whom the provider's answer names; StaffSignInError, ProviderUnavailableError.

        1. the answer is to a question of this browser (`state`, RFC 9700 §4.7); 2. it is the provider's own (`iss`,
        RFC 9207); 3. its code gives tokens to us alone (PKCE and our secret); 4. the ID token is signed with a key of
        the provider; 5. it is for us alone, now, and for this very sign-in (`nonce`); 6. it states two factors.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), _derived(secret, "state").encode()):  # 1
            raise StaffSignInError("The answer is not to a question of this browser.")
        metadata = await self._metadata()
        named = answer.get("iss")
        required = metadata.get("authorization_response_iss_parameter_supported") is True
        if (named is not None or required) and named != self._terms.issuer:  # 2
            raise StaffSignInError("The answer is of another provider.")
        if "code" not in answer:
            raise StaffSignInError("The provider refused.")
        seen = await self._redeemed(answer["code"], _derived(secret, "verifier"), metadata)  # 3
        await self._check_signature(seen)  # 4
        self._check_claims(seen.claims, _derived(secret, "nonce"))  # 5, 6
        code = seen.claims.get(self._terms.claim)
        if not isinstance(code, str):
            raise StaffSignInError("The ID token lacks the claim with the code of the person.")
        return code

    async def _redeemed(self, code: str, verifier: str, metadata: Mapping[str, Any]) -> UnverifiedJwt:
        terms = self._terms
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": terms.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {}
        if metadata.get("token_endpoint_auth_methods_supported") == POST_ALONE:
            form |= {"client_id": terms.client_id, "client_secret": terms.secret}
        else:  # RFC 6749 §2.3.1: both are form-encoded first.
            pair = f"{quote(terms.client_id, safe='')}:{quote(terms.secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        try:
            answer = await self._post(_endpoint(metadata, "token_endpoint"), form, headers)
        except FetchError as error:
            raise StaffSignInError(f"The provider gave no token: {error}.") from None
        try:
            return look(str(answer.get("id_token")), LONGEST)
        except InvalidJwtError:
            raise StaffSignInError("The provider gave no ID token.") from None

    async def _check_signature(self, seen: UnverifiedJwt) -> None:
        kid = seen.header.get("kid")
        try:
            algorithm = check_header(seen, KINDS, TYPES)
            key = await self._keys.key(kid) if isinstance(kid, str) else None
            if key is None:
                raise StaffSignInError("The ID token is signed with an unknown key.")
            check_signature(seen, key, algorithm)
        except InvalidJwtError as error:
            raise StaffSignInError(f"The ID token is not accepted: {error}") from None

    def _check_claims(self, given: Mapping[str, Any], nonce: str) -> None:
        """Steps 5 and 6, by OpenID Connect Core §3.1.3.7."""
        terms, now = self._terms, self._clock()
        if given.get("iss") != terms.issuer or given.get("aud") not in (terms.client_id, [terms.client_id]):
            raise StaffSignInError("The ID token is of another provider, or not for this gateway alone.")
        ends, issued = given.get("exp"), given.get("iat")
        if not isinstance(ends, int | float) or not isinstance(issued, int | float):
            raise StaffSignInError("The ID token has no times.")
        if ends <= now or issued > now + self._skew:
            raise StaffSignInError("The ID token has expired, or is not valid yet.")
        if not hmac.compare_digest(str(given.get("nonce")).encode(), nonce.encode()):
            raise StaffSignInError("The ID token is of another sign-in.")
        how = given.get("amr")
        strong = given.get("acr") == terms.acr if terms.acr else isinstance(how, list) and "mfa" in how
        if not strong:
            raise StaffSignInError("The ID token does not state the authentication that the settings require.")

    async def _metadata(self) -> dict[str, Any]:
        # Kept: anybody may open the page that leads to the provider, and must not cause a fetch each time.
        if not 0 <= self._clock() - self._known_at < FRESH_SECONDS:
            try:
                self._known = await discovered(self._terms.issuer, self._fetch)
            except FetchError:
                raise ProviderUnavailableError from None
            self._known_at = self._clock()
        return self._known


def _endpoint(metadata: Mapping[str, Any], name: str) -> str:
    address = metadata.get(name)
    if not isinstance(address, str) or not is_encrypted(address):
        raise ProviderUnavailableError
    return address


def _derived(secret: str, use: str) -> str:
    return _base64url(hmac.digest(secret.encode(), use.encode(), sha256))


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
