"""Sender-constrained tokens by proof of possession (DPoP, RFC 9449): a stolen token is useless without its key (O7)."""

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
"""Characters of a proof: an ES256 one with its public key has about 600."""
MAX_JTI = 256
SKEW = 300
"""Seconds that a client's clock may be wrong: freshness is proven by the nonce, not by `iat` (RFC 9449 §11.1)."""

PERIOD = 60
"""Seconds for which one nonce is given out."""
PERIODS = 3
"""Periods for which a nonce is accepted: the one in which it was made, and the two after it."""

KEY = "dpop-nonces"
KIND = "dpop"
PORTS = {"https": 443, "http": 80}


class DPoPNonces:
    """Stateless nonces: the HMAC of the current minute under a system key, so every replica accepts every other's."""

    def __init__(self, system_keys: SystemKeys, clock: Callable[[], float]) -> None:
        self._system_keys = system_keys
        self._clock = clock

    async def fresh(self) -> str:
        """The nonce of the current minute. Raises StoreUnavailableError."""
        return await self._of(self._minute())

    async def accepts(self, nonce: object) -> bool:
        """True if the nonce is one of ours and at most PERIODS minutes old. Raises StoreUnavailableError."""
        # `compare_digest` raises for text that is not ASCII.
        if not isinstance(nonce, str) or not nonce.isascii():
            return False
        minute, found = self._minute(), False
        # All periods are compared, in constant time each: the time taken does not tell how nearly a guess was right.
        for age in range(PERIODS):
            found |= hmac.compare_digest(await self._of(minute - age), nonce)
        return found

    def _minute(self) -> int:
        return int(self._clock() // PERIOD)

    async def _of(self, minute: int) -> str:
        mark = hmac.digest(await self._system_keys.named(KEY), struct.pack(">q", minute), "sha256")
        # 144 bits: more than can be guessed in three minutes, and base64url needs no padding.
        return urlsafe_b64encode(mark[:18]).decode()


@dataclass(frozen=True, slots=True)
class Call:
    """The request that a proof must be bound to."""

    method: str
    path: str
    token: bytes | None = None
    """The access token sent with the proof; None at the token endpoint."""


@dataclass(frozen=True, slots=True)
class VerifiedDPoPProof:
    """A valid proof. The caller spends it, once, after every other check of the request has passed (G14)."""

    thumbprint: str
    """The thumbprint of the key that signed it (RFC 7638)."""
    name: str
    """Thumbprint and `jti`: what makes the proof single-use."""
    until: datetime
    """The moment from which its nonce is expired, so its use need not be remembered any longer."""

    def spend_within(self, connection: Connection) -> None:
        """Spend it in the transaction that redeems its code or refresh token; ProofError if it was used before."""
        if not claim_within(connection, KIND, self.name, self.until):
            raise ProofError


class DPoPVerifier:
    """Checks proofs. `addresses` are the public base addresses of this gateway."""

    def __init__(
        self, nonces: DPoPNonces, single_use: SingleUse, addresses: frozenset[str], clock: Callable[[], float]
    ) -> None:
        self._nonces = nonces
        self._single_use = single_use
        self._origins = frozenset(_origin(address) for address in addresses)
        self._paths = frozenset(urlsplit(address).path for address in addresses)
        self._clock = clock

    async def check(self, proof: str, call: Call) -> VerifiedDPoPProof:
        """Verify a proof; ProofError if it is invalid, NonceError, with a fresh nonce, if its nonce is not accepted.

        RFC 9449 §4.3: 1. one JWT, of type dpop+jwt; 2. signed with an accepted algorithm by the public key it carries;
        3. for this method and address; 4. issued now, within SKEW; 5. with a nonce of ours; 6. for the access token
        sent with it. Nothing is written here: replay, at any replica, is found when the proof is spent.
        """
        try:
            seen = look(proof, MAX_PROOF)
            # The `jwk` header is how a proof carries its key (RFC 9449 §4.2); all other pointers stay refused.
            algorithm = check_header(seen, ALGORITHMS, {"dpop+jwt"}, POINTERS - {"jwk"})  # 1
            key = public_key(seen.header.get("jwk"))
            if key is None:
                raise InvalidJwtError("It carries no public key that is accepted here.")
            check_signature(seen, key, algorithm)  # 2
        except InvalidJwtError as error:
            raise ProofError from error
        if not self._is_for(seen.claims, call) or not self._is_timely(seen.claims):  # 3, 4
            raise ProofError
        # After the signature: only the holder of a key can make us compute nonces.
        if not await self._nonces.accepts(seen.claims.get("nonce")):  # 5
            raise NonceError(await self._nonces.fresh())
        # `ath` binds the proof to this access token: a proof captured with another one is useless.
        if call.token is not None and not _same(seen.claims.get("ath"), digest(call.token)):  # 6
            raise ProofError
        return self._proven(seen, key.thumbprint())

    async def spend(self, proven: VerifiedDPoPProof) -> None:
        """Mark a proof as used, durably; ProofError if it was used before, at any replica."""
        if not await self._single_use.claim(KIND, proven.name, proven.until):
            raise ProofError

    def _is_for(self, claims: dict[str, Any], call: Call) -> bool:
        address = claims.get("htu")
        if claims.get("htm") != call.method or not isinstance(address, str):
            return False
        # A URI is ASCII (RFC 3986 §2); `urlsplit` normalises other text in time quadratic in its combining marks.
        if not address.isascii():
            return False
        try:
            parts = urlsplit(address)
            # Query and fragment are ignored, and the public address counts, not the one behind a proxy (RFC 9449 §4.3).
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
        # One period more than a nonce lives, so that a proof is forgotten only after its nonce has expired everywhere.
        until = datetime.fromtimestamp(self._clock(), UTC) + timedelta(seconds=PERIOD * (PERIODS + 1))
        return VerifiedDPoPProof(thumbprint, f"{thumbprint}:{jti}", until)


def digest(text: bytes) -> str:
    """SHA-256 in base64url without padding: the form of the claim `ath` (RFC 9449 §4.2)."""
    return urlsafe_b64encode(sha256(text).digest()).decode().rstrip("=")


def _same(given: object, wanted: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), wanted.encode())


def _origin(address: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port, normalised so that equivalent spellings are equal (RFC 3986 §6.2.2, §6.2.3)."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
