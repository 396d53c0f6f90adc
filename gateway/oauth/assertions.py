"""Client authentication by a signed assertion: `private_key_jwt` (RFC 7523 §3, O6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from gateway.tokens.client_keys import ALGORITHMS, check_client_key
from gateway.tokens.jwts import InvalidJwtError, check_header, look
from resolvers.clients.oauth_clients import RegisteredClient
from store.queue.single_use import SingleUse

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TYPES = frozenset({None, "jwt", "client-authentication+jwt"})
MAX_ASSERTION = 4_096
MAX_JTI = 256
LONGEST = 300
"""The most seconds until an assertion's expiry: a stolen one is soon useless, and its `jti` soon forgotten."""


FAPI2_ALGORITHMS = ("ES256",)
"""FAPI 2.0 §5.4.1 knows no RS256."""


class Assertions:
    """Checks client assertions. Their audience is the issuer: a string, or a list of exactly it (RFC 7523bis).

    The token endpoint's address is not accepted: a malicious server could have given ours to the client as its own.
    """

    def __init__(self, single_use: SingleUse, issuer: str, skew: int, clock: Callable[[], float]) -> None:
        self._single_use = single_use
        self._issuer = issuer
        self._skew = skew
        self._clock = clock

    def client_of(self, assertion: str) -> str | None:
        """The unverified `sub` of the assertion; None if it is no JWT or has no subject."""
        try:
            named = look(assertion, MAX_ASSERTION).claims.get("sub")
        except InvalidJwtError:
            return None
        return named if isinstance(named, str) else None

    async def check(self, assertion: str, client: RegisteredClient) -> None:
        """Verify the assertion and use it up; InvalidJwtError if it is not acceptable.

        1. form, type, algorithm; 2. signed by a registered key of the client; 3. issuer and subject are the client;
        4. the audience is this server alone; 5. it expires soon; 6. it was not used before, at any replica.
        """
        seen = look(assertion, MAX_ASSERTION)
        algorithm = check_header(seen, FAPI2_ALGORITHMS if client.fapi2 else ALGORITHMS, TYPES)  # 1
        check_client_key(seen, algorithm, client.keys)  # 2
        said = seen.claims
        if said.get("iss") != client.client_id or said.get("sub") != client.client_id:  # 3
            raise InvalidJwtError("Issuer and subject of a client assertion are the client's id.")
        if said.get("aud") not in (self._issuer, [self._issuer]):  # 4
            raise InvalidJwtError("The audience of a client assertion is the issuer of this server, alone.")
        expires = self._check_times(said)  # 5
        jti = said.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
            raise InvalidJwtError("A client assertion needs an id (jti).")
        # Last: an assertion that fails another check leaves no row behind (G14). Kept until no replica accepts it.
        until = datetime.fromtimestamp(expires + self._skew + 1, UTC)
        if not await self._single_use.claim("assertion", f"{client.client_id}:{jti}", until):  # 6
            raise InvalidJwtError("This client assertion was used before.")

    def _check_times(self, said: dict[str, Any]) -> float:
        now = self._clock()
        times = {name: said[name] for name in ("exp", "iat", "nbf") if name in said}
        if "exp" not in times or not all(type(time) in (int, float) for time in times.values()):
            raise InvalidJwtError("A client assertion needs a time of expiry (exp).")
        if not now < times["exp"] <= now + LONGEST + self._skew:
            raise InvalidJwtError(f"A client assertion expires within {LONGEST} seconds, and is not used after that.")
        if max(times.get("iat", 0), times.get("nbf", 0)) > now + self._skew:
            raise InvalidJwtError("The client assertion is from the future.")
        return float(times["exp"])
