"""Access tokens of an external identity provider, accepted for the clients and scopes that the settings map them to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from gateway.access.foreign_keys import ForeignKeys, ProviderUnavailableError
from gateway.http import problems
from gateway.tokens.jwts import InvalidJwtError, UnverifiedJwt, check_header, check_signature, look
from gateway.tokens.tokens import Claims, TokenError, TokenFault
from values.json_web_keys import KINDS

MAX_TOKEN = 8_192
"""Characters of a token; more than our own have, since providers add claims such as lists of groups."""
PREFIX = "provider:"
"""Prefix of the provider's key ids, so that none is taken for one of our own keys."""


@dataclass(frozen=True, slots=True)
class ProviderConfiguration:
    """The settings for one provider: its issuer, our audience, token types, and which claims give which scopes."""

    issuer: str
    audience: str
    client_claim: str
    types: frozenset[str]
    scopes: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Scopes by claim and value of the claim. The client's registration still limits them."""


class Provider:
    """Verifies the provider's tokens. They are for tools only: customers' tokens are issued by this gateway."""

    def __init__(self, terms: ProviderConfiguration, keys: ForeignKeys, skew: int, clock: Callable[[], float]) -> None:
        self._terms = terms
        self._keys = keys
        self._skew = skew
        self._clock = clock

    def seen(self, token: bytes) -> UnverifiedJwt | None:
        """The unverified token if its `iss` names the provider; None for any other token."""
        try:
            found = look(token.decode("ascii"), MAX_TOKEN)
        except (InvalidJwtError, UnicodeDecodeError):
            return None
        return found if found.claims.get("iss") == self._terms.issuer else None

    def knows(self, key_id: str) -> bool:
        """True if a key, by its prefixed id, is still in the provider's key set."""
        return self._keys.knows(key_id.removeprefix(PREFIX))

    async def verify(self, seen: UnverifiedJwt) -> Claims:
        """The claims of a valid token; TokenError if it is invalid, Problem 503 while the provider's keys are unknown.

        1. type and algorithm are in the settings' lists, and no header such as `jku` is followed; 2. the key is found
        in the provider's own set by its id; 3. signature; 4. audience; 5. time; 6. client; 7. claims become scopes.
        """
        try:
            algorithm = check_header(seen, KINDS, self._terms.types)  # 1
        except InvalidJwtError as error:
            # `check_header` raises one exception for a wrong type, algorithm or header.
            raise TokenError(TokenFault.TYPE if seen.header.get("alg") in KINDS else TokenFault.ALGORITHM) from error
        kid = seen.header.get("kid")
        if not isinstance(kid, str):
            raise TokenError(TokenFault.KEY)
        try:
            key = await self._keys.key(kid)  # 2
        except ProviderUnavailableError:
            raise problems.unavailable("The identity provider cannot be asked for its keys.", 5) from None
        if key is None:
            raise TokenError(TokenFault.KEY)
        try:
            check_signature(seen, key, algorithm)  # 3
        except InvalidJwtError as error:
            raise TokenError(TokenFault.SIGNATURE) from error
        return self._judge(seen, kid)

    def _judge(self, seen: UnverifiedJwt, kid: str) -> Claims:
        said, terms = seen.claims, self._terms
        audience = said.get("aud")
        if terms.audience not in (audience if isinstance(audience, list) else [audience]):  # 4
            raise TokenError(TokenFault.AUDIENCE)
        times = {name: said[name] for name in ("exp", "iat", "nbf") if name in said}
        if "exp" not in times or not all(type(time) in (int, float) for time in times.values()):
            raise TokenError(TokenFault.CLAIMS)
        now = self._clock()
        # No leeway for `exp`: an expired token is never accepted (F3). For `iat` and `nbf`: their clock may be ahead.
        if times["exp"] <= now:  # 5
            raise TokenError(TokenFault.EXPIRED)
        if max(times.get("iat", 0), times.get("nbf", 0)) > now + self._skew:
            raise TokenError(TokenFault.EARLY)
        client = said.get(terms.client_claim)
        # A token with `cnf` is bound to a key; accepting it without checking the key would void that (RFC 7800).
        if not isinstance(client, str) or not client or "cnf" in said:  # 6
            raise TokenError(TokenFault.CLAIMS)
        # Not `jti`: providers need not send one, and nobody here could vouch that theirs is unique.
        token_id = sha256(seen.text.encode()).hexdigest()
        return Claims(
            token_id,
            client,
            None,
            self._scopes(said),
            int(times["exp"]),
            PREFIX + kid,
            issued_at=int(times.get("iat", 0)),
        )

    def _scopes(self, said: Mapping[str, Any]) -> frozenset[str]:
        """Step 7: the scopes of the mapped claims; a claim is a space-separated text, like `scope`, or a list."""
        found: set[str] = set()
        for claim, by_value in self._terms.scopes.items():
            given = said.get(claim)
            words = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
            for word in words:
                if isinstance(word, str):
                    found.update(by_value.get(word, ()))
        return frozenset(found)
