"""The signing keys of an identity provider: found by discovery, cached, and fetched again for a new key id (O9)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from joserfc.jwk import Key

from gateway.access.discovery import Fetch, discovered
from gateway.access.fetching import FetchError, fetch_json
from policy.transport import is_encrypted
from values.json_web_keys import imported

log = logging.getLogger("gateway")

FRESH_SECONDS = 3_600.0
"""Age from which the cached keys are refreshed in the background."""

STALE_SECONDS = 86_400.0
"""Age from which cached keys are no longer used, though the provider does not answer."""

PAUSE_SECONDS = 30.0
"""The least time between two fetches, so that tokens with invented key ids cannot cause unbounded ones (O9)."""


class ProviderUnavailableError(Exception):
    """The provider's keys are not known: they could not be fetched, or are older than STALE_SECONDS."""


class ForeignKeys:
    """The key set of one issuer. Its address comes from the issuer's metadata, never from a token's header."""

    def __init__(self, issuer: str, clock: Callable[[], float], fetch: Fetch = fetch_json) -> None:
        """`clock` is monotonic, in seconds."""
        self._issuer = issuer
        self._clock = clock
        self._fetch = fetch
        self._keys: dict[str, Key] = {}
        self._fetched_at = float("-inf")
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> Key | None:
        """The key of this id, or None if the provider has none; ProviderUnavailableError if that is not known."""
        if not self.knows(kid):
            await self._ask()
        elif self._age() >= FRESH_SECONDS and (self._renewing is None or self._renewing.done()):
            self._renewing = asyncio.create_task(self._ask())  # In the background: the cached key is still good.
        if self._age() >= STALE_SECONDS:
            raise ProviderUnavailableError
        return self._keys.get(kid)

    def knows(self, kid: str) -> bool:
        """True if the key is in the cached set, and the set is younger than STALE_SECONDS."""
        return kid in self._keys and self._age() < STALE_SECONDS

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _ask(self) -> None:
        """Fetch the keys, one fetch at a time, unless another request has just done so."""
        before = self._asked_at
        async with self._asking:
            if self._asked_at != before or self._clock() - self._asked_at < PAUSE_SECONDS:
                return
            # Before the fetch: a failed one counts for the pause as well.
            self._asked_at = self._clock()
            try:
                self._keys = imported(await self._fetch(await self._key_address()))
                self._fetched_at = self._clock()
            except (FetchError, ValueError) as error:
                log.warning("The keys of the identity provider cannot be read: %s", error)

    async def _key_address(self) -> str:
        """The `jwks_uri` of the provider's metadata; FetchError."""
        address = (await discovered(self._issuer, self._fetch)).get("jwks_uri")
        if not is_encrypted(address):
            raise FetchError("its metadata names no https address of keys")
        return str(address)
