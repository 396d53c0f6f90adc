"""The platforms that customers sign in to, each with a password of its own (R38)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

Platform = Literal["CLIENT_AREA", "MANAGEMENT_INTERFACE", "WEBMAIL"]
PLATFORMS: Final[tuple[Platform, ...]] = get_args(Platform)
DEFAULT: Final[Platform] = "CLIENT_AREA"
"""The platform of a sign-in that names none."""


@dataclass(frozen=True, slots=True)
class PlatformFacts:
    """One platform: its name as a title and within a sentence, and whether it offers a second factor (R39)."""

    title: str
    name: str
    second_factor: bool


FACTS: Final[Mapping[Platform, PlatformFacts]] = {
    "CLIENT_AREA": PlatformFacts("Client area", "client area", second_factor=True),
    "MANAGEMENT_INTERFACE": PlatformFacts("Management interface", "management interface", second_factor=True),
    # Mail programs cannot ask for a second factor.
    "WEBMAIL": PlatformFacts("Webmail", "webmail", second_factor=False),
}

TITLES: Final[Mapping[str, str]] = {platform: facts.title for platform, facts in FACTS.items()}
NAMES: Final[Mapping[str, str]] = {platform: facts.name for platform, facts in FACTS.items()}
WITH_SECOND_FACTOR: Final = tuple(platform for platform, facts in FACTS.items() if facts.second_factor)
"""The platforms that offer a second factor (R39)."""
