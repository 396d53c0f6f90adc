"""The keys that sign access tokens: made at the first run, kept wrapped in the key store, rotated without a gap."""

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
"""How long the keys in memory are trusted before they are read again."""

UNKNOWN_SECONDS = 2.0
"""The least time between two readings that unknown key ids cause, however many of them are sent (O9)."""

ANNOUNCED = timedelta(seconds=2 * KNOWN_SECONDS)
"""How long a new key stands in the key set before it signs, so that every replica knows it by then (O8)."""


SLACK = timedelta(seconds=KNOWN_SECONDS)
"""How much longer a retired key verifies: another replica may sign with it for as long as it has not read that."""


class SigningKeys:
    """The key set of this process, which follows what rests in the key store.

    A key signs once it has been known for `ANNOUNCED`, until the next one does; it verifies until `token_life` after
    it retired. The first key of all signs at once, because nobody can have a set without it.
    """

    def __init__(self, house: SystemKeys, token_life: int, clock: Callable[[], float]) -> None:
        self._house = house
        self._token_life = timedelta(seconds=token_life) + SLACK
        self._clock = clock
        self._read_at = float("-inf")
        self._searched_at = float("-inf")
        self._reading = asyncio.Lock()
        self._known: dict[str, tuple[SigningKey, ECKey]] = {}

    @property
    def ids(self) -> GlobalIds:
        """The ids by which tokens name customers and sessions."""
        return self._house.ids

    async def open(self) -> None:
        """Read the keys, and make the first one if there is none; StoreUnavailableError while the key store is down."""
        await self._refresh(KNOWN_SECONDS)
        if not self._active():
            await self.add()

    async def add(self) -> str:
        """Make a new key, which signs after it was announced; returns its id (the thumbprint of RFC 7638)."""
        pair = ECKey.generate_key("P-256", private=True, auto_kid=True)
        kid = pair.thumbprint()
        await self._house.add_signing_key(
            kid, pair.as_der(private=True), orjson.dumps(pair.as_dict(private=False)).decode()
        )
        await self._read()
        return kid

    async def rotate(self) -> str:
        """Make a new key and retire those that sign no more; run it daily or monthly, as often as one likes."""
        kid = await self.add()
        await self.retire_replaced()
        return kid

    async def retire_replaced(self) -> None:
        """Retire the keys that sign no more because a newer one does."""
        await self.open()
        current = self._signer().created_at
        replaced = [key for key in self._active() if key.created_at < current]
        for key in replaced:
            await self._house.retire_signing_key(key.kid)
        if replaced:
            await self._read()

    async def newest(self) -> SigningKey:
        """The key that was made last, which signs already or will soon."""
        await self.open()
        return self._active()[-1]

    async def listed(self) -> list[tuple[SigningKey, str]]:
        """Every key that verifies, the oldest first, and what it does now."""
        await self.open()
        signer = self._signer()
        return [(key, self._state(key, signer)) for key, _ in self._known.values()]

    def _state(self, key: SigningKey, signer: SigningKey) -> str:
        if key.retired_at is not None:
            return "verifies only"
        return "signs" if key.kid == signer.kid else "announced" if key.created_at > signer.created_at else "replaced"

    async def signing(self) -> tuple[str, ECKey]:
        """The id and the key to sign with now."""
        await self.open()
        signer = self._signer()
        return signer.kid, self._known[signer.kid][1]

    async def verifying(self, kid: str) -> ECKey | None:
        """The key of this id, or None; an unknown id causes a reading at most every `UNKNOWN_SECONDS` (O9)."""
        await self._refresh(KNOWN_SECONDS)
        if kid not in self._known:
            await self._search()
        return self._known[kid][1] if kid in self._known else None

    def knows(self, kid: str) -> bool:
        """Whether a key that verified a token before is still in the set."""
        return kid in self._known

    async def public(self) -> dict[str, Any]:
        """The key set that anyone may see (RFC 7517)."""
        await self._refresh(KNOWN_SECONDS)
        terms = {"use": "sig", "alg": ALGORITHM}
        return {"keys": [pair.as_dict(private=False) | {"kid": kid} | terms for kid, (_, pair) in self._known.items()]}

    def _signer(self) -> SigningKey:
        active = self._active()
        announced = [key for key in active if key.created_at + ANNOUNCED <= self._now()]
        return announced[-1] if announced else active[0]

    def _active(self) -> list[SigningKey]:
        """The keys that may sign, the oldest first."""
        return [key for key, _ in self._known.values() if key.retired_at is None]

    async def _refresh(self, seconds: float) -> None:
        """Read the key store again if the last reading is older, or in the future of a clock that was set back."""
        before = self._read_at
        if 0 <= self._clock() - before < seconds:
            return
        async with self._reading:  # those who waited find what the first one read
            if self._read_at == before:
                await self._read()

    async def _search(self) -> None:
        """Read again because a key is not known, unless that was done just now; wait for it if it is being done."""
        before = self._searched_at
        recently = 0 <= self._clock() - before < UNKNOWN_SECONDS
        if recently and not self._reading.locked():
            return
        async with self._reading:
            if not recently and self._searched_at == before:
                self._searched_at = self._clock()
                await self._read()

    async def _read(self) -> None:
        now, kept = self._now(), await self._house.signing_keys()
        alive = [key for key in kept if key.retired_at is None or now < key.retired_at + self._token_life]
        self._known = {
            key.kid: (key, self._known[key.kid][1] if key.kid in self._known else ECKey.import_key(key.private))
            for key in alive
        }
        self._read_at = self._clock()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
