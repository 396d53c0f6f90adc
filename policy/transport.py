"""The one rule for addresses that data is sent to or fetched from: what leaves the house leaves it encrypted (R23)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine; no other name leads here, whatever it resolves to."""


def is_encrypted(url: object) -> bool:
    """Whether an address is https, or http on this machine: in ASCII, with a host, and without a password in it."""
    # Before it is split: `urlsplit` normalises what is not ASCII, in the square of a run of combining marks; and a
    # host in other letters would be resolved by IDNA 2003, which may make another one of it.
    if not isinstance(url, str) or not url.isascii() or any(ord(each) <= 32 or ord(each) == 127 for each in url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if parts.username is not None or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
