"""The keys of an identity provider: found by discovery, kept, and asked for again when one is new (O9)."""

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
"""How long keys are used without asking again."""

STALE_SECONDS = 86_400.0
"""How long they are used while the provider does not answer."""

PAUSE_SECONDS = 30.0
"""The least time between two questions, whatever tokens are sent and whether they succeed."""

Fetch = Callable[[str], Awaitable[dict[str, Any]]]


class ProviderUnavailableError(Exception):
    """Nobody knows the provider's keys at the moment."""


class ForeignKeys:
    """The key set of one issuer. It is never told where to look by a token."""

    def __init__(self, issuer: str, clock: Callable[[], float], fetch: Fetch = fetch_json) -> None:
        """`clock` counts seconds and is never set back."""
        self._issuer = issuer
        self._clock = clock
        self._fetch = fetch
        self._keys: dict[str, Key] = {}
        self._fetched_at = float("-inf")
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> Key | None:
        """The key of this id, or None if the provider has none; ProviderUnavailableError when nobody can tell."""
        if not self.knows(kid):
            await self._ask()
        elif self._age() >= FRESH_SECONDS and (self._renewing is None or self._renewing.done()):
            self._renewing = asyncio.create_task(self._ask())  # Nobody waits for what is only a precaution.
        if self._age() >= STALE_SECONDS:
            raise ProviderUnavailableError
        return self._keys.get(kid)

    def knows(self, kid: str) -> bool:
        """Whether a key that verified a token before is still one of the provider's."""
        return kid in self._keys and self._age() < STALE_SECONDS

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _ask(self) -> None:
        """Ask, unless somebody has done so just now; one question at a time."""
        before = self._asked_at
        async with self._asking:
            if self._asked_at != before or self._clock() - self._asked_at < PAUSE_SECONDS:
                return
            self._asked_at = self._clock()
            try:
                self._keys = imported(await self._fetch(await self._key_address()))
                self._fetched_at = self._clock()
            except (FetchError, ValueError) as error:
                log.warning("The keys of the identity provider cannot be read: %s", error)

    async def _key_address(self) -> str:
        """Where the keys are, by the provider's own metadata, which must be about this issuer (RFC 8414 §3.3)."""
        parts = urlsplit(self._issuer)
        places = (
            f"{self._issuer}/.well-known/openid-configuration",
            f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}",
        )
        failure = FetchError("there is no metadata")
        for place in places:
            try:
                found = await self._fetch(place)
            except FetchError as error:
                failure = error
                continue
            address = found.get("jwks_uri")
            if found.get("issuer") != self._issuer or not is_encrypted(address):
                raise FetchError("its metadata is of another issuer, or names no https address of keys")
            return str(address)
        raise failure
