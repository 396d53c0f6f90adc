"""Describes browsers and apps in a few words that people recognise; no details for fingerprinting are stored."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 512
"""Characters of a User-Agent header that are processed."""

# Browsers that also name others come first: Edge names Chrome, and Chrome names Safari.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Chromium", "Chromium"), ("Safari", "Safari"),
    ("curl", "curl"), ("python", "A Python program"), ("okhttp", "An Android app"), ("Dart", "An app"),
    ("CFNetwork", "An Apple app"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"), ("Macintosh", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
UNKNOWN = "An unknown device"
_UNSEEN = re.compile(r"\s+")


def device_of(user_agent: str | None) -> str:
    """A description such as `Firefox on Windows`, without versions, which change with every update."""
    text = (user_agent or "")[:LONGEST]
    browser = next((name for mark, name in BROWSERS if mark in text), None)
    system = next((name for mark, name in SYSTEMS if mark in text), None)
    if browser is None:
        return f"A program on {system}" if system else UNKNOWN
    return f"{browser} on {system}" if system else browser


def described(device: str | None) -> str:
    """Clean another platform's description of a device: one printable line of at most 100 characters."""
    # Control characters and exotic spaces could forge the text of a notification.
    visible = "".join(c for c in (device or "") if unicodedata.category(c)[0] not in "CZ" or c == " ")
    return _UNSEEN.sub(" ", visible).strip()[:100] or UNKNOWN
