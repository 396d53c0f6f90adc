"""Signing keys of access tokens: created on the first run, stored wrapped in the key store, rotated without a gap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from joserfc.jwk import ECKey

from store.crypto.global_ids import GlobalIds
from store.crypto.system_keys import SigningKey, SystemKeys

ALGORITHM = "ES256"

KNOWN_SECONDS = 60.0
"""Seconds for which the keys in memory are used before they are read again."""

UNKNOWN_SECONDS = 2.0
"""The least time between two reads caused by unknown key ids, however many of them are sent (O9)."""

ANNOUNCED = timedelta(seconds=2 * KNOWN_SECONDS)
"""Time for which a new key is published before it signs, so that every replica has read it by then (O8)."""


SLACK = timedelta(seconds=KNOWN_SECONDS)
"""Extra time for which a retired key verifies: another replica may sign with it until it reads of the retirement."""


class SigningKeys:
    """The key set of this process, refreshed from the key store.

    A key signs from `ANNOUNCED` after its creation until the next key does, and verifies until `token_life` seconds
    after its retirement. The very first key signs at once, because nobody can have a key set without it.
    """

    def __init__(self, system_keys: SystemKeys, token_life: int, clock: Callable[[], float]) -> None:
        self._system_keys = system_keys
        self._token_life = timedelta(seconds=token_life) + SLACK
        self._clock = clock
        self._read_at = float("-inf")
        self._searched_at = float("-inf")
        self._reading = asyncio.Lock()
        self._known: dict[str, tuple[SigningKey, ECKey]] = {}

    @property
    def ids(self) -> GlobalIds:
        """The encryption of the ids by which tokens name customers and sessions."""
        return self._system_keys.ids

    async def open(self) -> None:
        """Read the keys, and create the first one if there is none. Raises StoreUnavailableError."""
        await self._refresh(KNOWN_SECONDS)
        if not self._active():
            await self.add()

    async def add(self) -> str:
        """Create a key, which signs after ANNOUNCED; returns its id, the thumbprint of RFC 7638."""
        pair = ECKey.generate_key("P-256", private=True, auto_kid=True)
        kid = pair.thumbprint()
        await self._system_keys.add_signing_key(
            kid, pair.as_der(private=True), orjson.dumps(pair.as_dict(private=False)).decode()
        )
        await self._read()
        return kid

    async def rotate(self) -> str:
        """Create a key, retire those that no longer sign, and return the new id; safe to run at any interval."""
        kid = await self.add()
        await self.retire_replaced()
        return kid

    async def retire_replaced(self) -> None:
        """Retire the keys that no longer sign because a newer one does."""
        await self.open()
        current = self._signer().created_at
        replaced = [key for key in self._active() if key.created_at < current]
        for key in replaced:
            await self._system_keys.retire_signing_key(key.kid)
        if replaced:
            await self._read()

    async def newest(self) -> SigningKey:
        """The newest key, which signs already or will soon."""
        await self.open()
        return self._active()[-1]

    async def listed(self) -> list[tuple[SigningKey, str]]:
        """Every key that verifies, the oldest first, with its state in words."""
        await self.open()
        signer = self._signer()
        return [(key, self._state(key, signer)) for key, _ in self._known.values()]

    def _state(self, key: SigningKey, signer: SigningKey) -> str:
        if key.retired_at is not None:
            return "verifies only"
        return "signs" if key.kid == signer.kid else "announced" if key.created_at > signer.created_at else "replaced"

    async def signing(self) -> tuple[str, ECKey]:
        """The id and the key that signs now."""
        await self.open()
        signer = self._signer()
        return signer.kid, self._known[signer.kid][1]

    async def verifying(self, kid: str) -> ECKey | None:
        """The key of this id, or None; unknown ids cause at most one read every `UNKNOWN_SECONDS` (O9)."""
        await self._refresh(KNOWN_SECONDS)
        if kid not in self._known:
            await self._search()
        return self._known[kid][1] if kid in self._known else None

    def knows(self, kid: str) -> bool:
        """True if the key is still in the set in memory."""
        return kid in self._known

    async def public(self) -> dict[str, Any]:
        """The public key set (JWKS, RFC 7517)."""
        await self._refresh(KNOWN_SECONDS)
        terms = {"use": "sig", "alg": ALGORITHM}
        return {"keys": [pair.as_dict(private=False) | {"kid": kid} | terms for kid, (_, pair) in self._known.items()]}

    def _signer(self) -> SigningKey:
        active = self._active()
        # The newest announced key signs. Before any is announced, at the first run, the oldest one does.
        announced = [key for key in active if key.created_at + ANNOUNCED <= self._now()]
        return announced[-1] if announced else active[0]

    def _active(self) -> list[SigningKey]:
        """The keys that are not retired, the oldest first."""
        return [key for key, _ in self._known.values() if key.retired_at is None]

    async def _refresh(self, seconds: float) -> None:
        """Read the keys again if the last read is older than `seconds`, or lies in the future (clock set back)."""
        before = self._read_at
        if 0 <= self._clock() - before < seconds:
            return
        async with self._reading:  # Requests that waited here find what the first of them has read.
            if self._read_at == before:
                await self._read()

    async def _search(self) -> None:
        """Read the keys again for an unknown id, at most every UNKNOWN_SECONDS; wait for a read in progress."""
        before = self._searched_at
        recently = 0 <= self._clock() - before < UNKNOWN_SECONDS
        if recently and not self._reading.locked():
            return
        async with self._reading:
            if not recently and self._searched_at == before:
                self._searched_at = self._clock()
                await self._read()

    async def _read(self) -> None:
        now, kept = self._now(), await self._system_keys.signing_keys()
        alive = [key for key in kept if key.retired_at is None or now < key.retired_at + self._token_life]
        # Parsed keys are reused: importing one from DER costs more than verifying a token.
        self._known = {
            key.kid: (key, self._known[key.kid][1] if key.kid in self._known else ECKey.import_key(key.private))
            for key in alive
        }
        self._read_at = self._clock()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
