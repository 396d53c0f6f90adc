"""What finding out who somebody is needs beside the store: hashing, places, the site's own names, limits of time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo
from urllib.parse import urlsplit

from resolvers.commands.places import Places
from resolvers.passwords.hashing import Hasher
from resolvers.passwords.rules import Rules

FRESH = 300
"""Seconds for which a proof of who one is serves for what is sensitive (S7)."""
SKEW = 60
"""Seconds by which the clocks of replicas may differ."""


Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int | None]]
"""Posts to an address in bounded time, and gives the status; None when nothing was answered."""


@dataclass(frozen=True, slots=True)
class Site:
    """Who we are to a customer: the name in messages and authenticator apps, and the address of the pages."""

    name: str = "Customer data gateway"
    origin: str = "https://gateway.localhost"
    zone: tzinfo = UTC
    """The controller's time zone: deadlines end with its days, and letters name them."""

    @property
    def passkey_origin(self) -> str:
        """Where passkeys work: they are bound to a name, so on this machine to `localhost` and not to its number."""
        return self.origin.replace("//127.0.0.1", "//localhost", 1)

    @property
    def host(self) -> str:
        """The relying party id of passkeys (WebAuthn): the host without its port."""
        return urlsplit(self.passkey_origin).hostname or ""

    def link(self, path: str, secret: str) -> str:
        """An address for a message. It holds nothing but the secret."""
        return f"{self.origin}{path}?t={secret}"


@dataclass(frozen=True, slots=True)
class Times:
    """How long things are good for."""

    session: timedelta = timedelta(hours=12)
    idle: timedelta = timedelta(hours=1)
    shared_session: timedelta = timedelta(hours=1)
    shared_idle: timedelta = timedelta(minutes=10)
    pending: timedelta = timedelta(minutes=10)
    challenge: timedelta = timedelta(minutes=5)
    reset: timedelta = timedelta(minutes=30)
    alarm: timedelta = timedelta(days=7)
    device: timedelta = timedelta(days=180)
    refusal: timedelta = timedelta(milliseconds=200)
    """How soon a refusal leaves at the earliest: later than the slowest way to one takes, so that its time says nothing
    of the account."""

    def session_for(self, shared: bool) -> timedelta:
        """The longest a session lasts, used or not."""
        return self.shared_session if shared else self.session

    def idle_for(self, shared: bool) -> timedelta:
        """The longest it lasts unused."""
        return self.shared_idle if shared else self.idle


@dataclass(frozen=True, slots=True)
class SignInDependencies:
    """One for each process."""

    site: Site = field(default_factory=Site)
    hasher: Hasher = field(default_factory=Hasher)
    places: Places = field(default_factory=Places)
    times: Times = field(default_factory=Times)
    post: Post | None = None
    """Posts to payment affiliates; None: they cannot be reached."""
    passwords: Rules = field(default_factory=Rules)
    test_cards: bool = False
    """Whether published test numbers are taken for cards, as in the demo."""
