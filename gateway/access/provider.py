"""Access tokens of an identity provider that the settings name: believed for what the settings say, and no more."""

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
MARK = "provider:"
"""Put before the ids of its keys, so that they are never taken for ours."""


@dataclass(frozen=True, slots=True)
class ProviderConfiguration:
    """What was agreed with the provider."""

    issuer: str
    audience: str
    client_claim: str
    types: frozenset[str]
    scopes: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """By claim and value, the scopes that it gives; they give nothing that the client is not registered for."""


class Provider:
    """Verifies the provider's tokens. They are for tools: a customer's token is one of ours."""

    def __init__(self, terms: ProviderConfiguration, keys: ForeignKeys, skew: int, clock: Callable[[], float]) -> None:
        self._terms = terms
        self._keys = keys
        self._skew = skew
        self._clock = clock

    def seen(self, token: bytes) -> UnverifiedJwt | None:
        """The token, if it says that it is the provider's; None for any other."""
        try:
            found = look(token.decode("ascii"), MAX_TOKEN)
        except (InvalidJwtError, UnicodeDecodeError):
            return None
        return found if found.claims.get("iss") == self._terms.issuer else None

    def knows(self, key_id: str) -> bool:
        """Whether a key is still the provider's."""
        return self._keys.knows(key_id.removeprefix(MARK))

    async def verify(self, seen: UnverifiedJwt) -> Claims:
        """What the token is good for here; TokenError, or Problem 503 while the provider's keys are not known.

        1. type and algorithm are ones we name, and no header is followed; 2. a key of the provider's own set, by its
        id; 3. signature; 4. audience; 5. time; 6. client; 7. claims become scopes.
        """
        try:
            algorithm = check_header(seen, KINDS, self._terms.types)  # 1
        except InvalidJwtError as error:
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
        if times["exp"] <= now:  # 5
            raise TokenError(TokenFault.EXPIRED)
        if max(times.get("iat", 0), times.get("nbf", 0)) > now + self._skew:
            raise TokenError(TokenFault.EARLY)
        client = said.get(terms.client_claim)
        if not isinstance(client, str) or not client or "cnf" in said:  # 6; a way of binding is never passed over
            raise TokenError(TokenFault.CLAIMS)
        token_id = sha256(seen.text.encode()).hexdigest()
        return Claims(
            token_id,
            client,
            None,
            self._scopes(said),
            int(times["exp"]),
            MARK + kid,
            issued_at=int(times.get("iat", 0)),
        )

    def _scopes(self, said: Mapping[str, Any]) -> frozenset[str]:
        """Step 7: a claim is a text of words, as `scope` is, or a list of them."""
        found: set[str] = set()
        for claim, by_value in self._terms.scopes.items():
            given = said.get(claim)
            words = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
            for word in words:
                if isinstance(word, str):
                    found.update(by_value.get(word, ()))
        return frozenset(found)
