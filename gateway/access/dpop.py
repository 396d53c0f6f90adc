"""Proof of possession (RFC 9449): a token that only works for who holds the key it was bound to (O7)."""

from __future__ import annotations

import hmac
import struct
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from gateway.access.oauth_errors import NonceError, ProofError
from gateway.tokens.jwts import POINTERS, InvalidJwtError, UnverifiedJwt, check_header, check_signature, look
from store.crypto.system_keys import SystemKeys
from store.queue.single_use import SingleUse, claim_within
from values.json_web_keys import public_key

ALGORITHMS = ("ES256",)
MAX_PROOF = 2_048
MAX_JTI = 256
SKEW = 300
"""Seconds that a phone's clock may be wrong: the nonce, not the clock, says that a proof is young."""

PERIOD = 60
PERIODS = 3
"""A nonce is good in the minute it was made in, and in the two after it."""

KEY = "dpop-nonces"
KIND = "dpop"
PORTS = {"https": 443, "http": 80}


class DPoPNonces:
    """Nonces that all replicas make and accept without telling one another: a minute and its keyed hash."""

    def __init__(self, house: SystemKeys, clock: Callable[[], float]) -> None:
        self._house = house
        self._clock = clock

    async def fresh(self) -> str:
        """One that is good now."""
        return await self._of(self._minute())

    async def accepts(self, nonce: object) -> bool:
        """Whether it is one of ours, and young enough."""
        if not isinstance(nonce, str) or not nonce.isascii():
            return False
        minute, found = self._minute(), False
        for age in range(PERIODS):
            found |= hmac.compare_digest(await self._of(minute - age), nonce)
        return found

    def _minute(self) -> int:
        return int(self._clock() // PERIOD)

    async def _of(self, minute: int) -> str:
        mark = hmac.digest(await self._house.named(KEY), struct.pack(">q", minute), "sha256")
        return urlsafe_b64encode(mark[:18]).decode()


@dataclass(frozen=True, slots=True)
class Call:
    """The request that a proof has to be for."""

    method: str
    path: str
    token: bytes | None = None
    """The access token beside the proof; None where tokens are asked for."""


@dataclass(frozen=True, slots=True)
class VerifiedDPoPProof:
    """A good proof, which counts once: whoever accepts it spends it, when all else was found good (G14)."""

    thumbprint: str
    """Of the key that made it (RFC 7638)."""
    name: str
    until: datetime
    """When it is void anyway."""

    def spend_within(self, connection: Connection) -> None:
        """Use it up in the transaction that redeems what it came with; ProofError when it was used before."""
        if not claim_within(connection, KIND, self.name, self.until):
            raise ProofError


class DPoPVerifier:
    """Checks proofs. `addresses` are those under which this gateway is known to the world, without a path."""

    def __init__(
        self, nonces: DPoPNonces, single_use: SingleUse, addresses: frozenset[str], clock: Callable[[], float]
    ) -> None:
        self._nonces = nonces
        self._single_use = single_use
        self._origins = frozenset(_origin(address) for address in addresses)
        self._paths = frozenset(urlsplit(address).path for address in addresses)
        self._clock = clock

    async def check(self, proof: str, call: Call) -> VerifiedDPoPProof:
        """The proof, if it is good and has an id by which it can be spent; ProofError, or NonceError with a nonce.

        RFC 9449 §4.3: 1. one JWT, of type dpop+jwt; 2. signed with an algorithm of ours by the public key it carries;
        3. for this method and address; 4. made now; 5. with a nonce of ours; 6. for the token beside it. Nothing is
        written: that it was never seen before, by any replica, shows when it is spent.
        """
        try:
            seen = look(proof, MAX_PROOF)
            algorithm = check_header(seen, ALGORITHMS, {"dpop+jwt"}, POINTERS - {"jwk"})  # 1
            key = public_key(seen.header.get("jwk"))
            if key is None:
                raise InvalidJwtError("It carries no public key that is accepted here.")
            check_signature(seen, key, algorithm)  # 2
        except InvalidJwtError as error:
            raise ProofError from error
        if not self._is_for(seen.claims, call) or not self._is_timely(seen.claims):  # 3, 4
            raise ProofError
        if not await self._nonces.accepts(seen.claims.get("nonce")):  # 5
            raise NonceError(await self._nonces.fresh())
        if call.token is not None and not _same(seen.claims.get("ath"), digest(call.token)):  # 6
            raise ProofError
        return self._proven(seen, key.thumbprint())

    async def spend(self, proven: VerifiedDPoPProof) -> None:
        """Use a proof up, durably; ProofError when it was used before, at any replica."""
        if not await self._single_use.claim(KIND, proven.name, proven.until):
            raise ProofError

    def _is_for(self, claims: dict[str, Any], call: Call) -> bool:
        address = claims.get("htu")
        if claims.get("htm") != call.method or not isinstance(address, str):
            return False
        if not address.isascii():  # No URI is (RFC 3986), and to split one takes the square of its combining marks.
            return False
        try:
            parts = urlsplit(address)
            return _origin(address) in self._origins and any(parts.path == path + call.path for path in self._paths)
        except ValueError:
            return False

    def _is_timely(self, claims: dict[str, Any]) -> bool:
        made = claims.get("iat")
        return isinstance(made, (int, float)) and abs(self._clock() - made) <= SKEW

    def _proven(self, seen: UnverifiedJwt, thumbprint: str) -> VerifiedDPoPProof:
        jti = seen.claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
            raise ProofError
        until = datetime.fromtimestamp(self._clock(), UTC) + timedelta(seconds=PERIOD * (PERIODS + 1))
        return VerifiedDPoPProof(thumbprint, f"{thumbprint}:{jti}", until)


def digest(text: bytes) -> str:
    """SHA-256 in base64url without padding, as `ath` has it."""
    return urlsafe_b64encode(sha256(text).digest()).decode().rstrip("=")


def _same(given: object, wanted: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), wanted.encode())


def _origin(address: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port, in the one form that different spellings share (RFC 3986 §6.2.2, §6.2.3)."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
