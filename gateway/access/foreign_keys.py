"""The signing keys of an identity provider: found by discovery, cached, and fetched again for a new key id (O9)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from joserfc.jwk import Key

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

Fetch = Callable[[str], Awaitable[dict[str, Any]]]


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
        """The `jwks_uri` of the provider's metadata, whose `issuer` must be this one (RFC 8414 §3.3). FetchError."""
        parts = urlsplit(self._issuer)
        places = (
            f"{self._issuer}/.well-known/openid-configuration",
            f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}",
        )
        # OpenID Connect Discovery appends its path to the issuer, RFC 8414 §3.1 inserts it after the host: try both.
        failure = FetchError("there is no metadata")
        for place in places:
            try:
                found = await self._fetch(place)
            except FetchError as error:
                failure = error
                continue
            address = found.get("jwks_uri")
            # Another issuer here would let one tenant of a shared host speak for the other (mix-up).
            if found.get("issuer") != self._issuer or not is_encrypted(address):
                raise FetchError("its metadata is of another issuer, or names no https address of keys")
            return str(address)
        raise failure
