"""Dependencies of sign-in beside the store: password hashing, IP geolocation, the site's names, time limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo
from urllib.parse import urlsplit

from policy.categories import Category
from resolvers.commands.places import Places
from resolvers.passwords.hashing import Hasher
from resolvers.passwords.rules import Rules

FRESH = 300
"""The maximum age in seconds of an authentication for sensitive commands (S7)."""
SKEW = 60
"""The maximum difference of the clocks of replicas, in seconds."""


Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int | None]]
"""Sends an HTTP POST with a time limit, and returns the status; None without a response."""


@dataclass(frozen=True, slots=True)
class Site:
    """The site: its name in messages and authenticator apps, and the origin of its pages."""

    name: str = "Customer data gateway"
    origin: str = "https://gateway.localhost"
    zone: tzinfo = UTC
    """The controller's time zone, in which deadlines end at midnight and e-mails name dates."""
    category: Callable[[str], Category | None] = lambda coordinate: None
    """The category of the data that a field of the schema holds, by which letters name it."""
    path: str = ""
    """The path below which the pages are, such as `/account`; empty at the root of the host."""

    @property
    def address(self) -> str:
        """The address that the paths of pages are put behind."""
        return f"{self.origin}{self.path}"

    @property
    def passkey_origin(self) -> str:
        """The origin of passkeys. WebAuthn needs a domain, so `127.0.0.1` becomes `localhost`."""
        return self.origin.replace("//127.0.0.1", "//localhost", 1)

    @property
    def host(self) -> str:
        """The relying party id of passkeys (WebAuthn): the host without its port."""
        return urlsplit(self.passkey_origin).hostname or ""

    def link(self, path: str, secret: str) -> str:
        """A URL for a message; it contains nothing but the secret (D1)."""
        return f"{self.address}{path}?t={secret}"


@dataclass(frozen=True, slots=True)
class Times:
    """Lifetimes of sessions, links and challenges."""

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
    """The minimum time of a refusal. It is longer than the slowest path to one, so that timing reveals nothing about
    the account (S1)."""

    def session_for(self, shared: bool) -> timedelta:
        """The absolute lifetime of a session."""
        return self.shared_session if shared else self.session

    def idle_for(self, shared: bool) -> timedelta:
        """The idle lifetime of a session."""
        return self.shared_idle if shared else self.idle


@dataclass(frozen=True, slots=True)
class SignInDependencies:
    """The dependencies, one instance a process."""

    site: Site = field(default_factory=Site)
    hasher: Hasher = field(default_factory=Hasher)
    places: Places = field(default_factory=Places)
    times: Times = field(default_factory=Times)
    post: Post | None = None
    """Sends messages to payment affiliates; None if they cannot be reached."""
    passwords: Rules = field(default_factory=Rules)
    staff_names: Mapping[str, str] = field(default_factory=dict)
    """The names of staff by their codes that customers are shown; empty where the controller shows none."""
    test_cards: bool = False
    """Accept published test card numbers, as in the demo."""
