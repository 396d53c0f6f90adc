"""The host of an address of the web, as DNS and certificates have it: what Python resolves must be ASCII already.

Python resolves other hosts by IDNA 2003, which turns one name into another one (`faß.de` into `fass.de`).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from values.domain_name import to_ascii

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine; no other name leads here, whatever it resolves to."""
LONGEST = 2_048
"""Characters of an address; `urlsplit` normalises its host, which takes the square of a run of combining marks."""


def host_to_ascii(host: str) -> str:
    """A host by its A-labels; one that is ASCII stays as it is. DomainNameError for what is no name."""
    return host if host.isascii() else to_ascii(host)


def url_to_ascii(url: str) -> str:
    """An address with its host by A-labels; ValueError for one whose host is no name. One in ASCII stays as it is."""
    if url.isascii():
        return url
    if len(url) > LONGEST:
        raise ValueError(f"An address has at most {LONGEST} characters.")
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    host, colon, port = place.partition(":")
    return parts._replace(netloc=f"{user}{at}{host_to_ascii(host)}{colon}{port}").geturl()


def is_safe(url: str) -> bool:
    """Whether an address may be posted to: https, or http on this machine; without a password in it."""
    # Before it is split: `urlsplit` normalises what is not ASCII, in the square of a run of combining marks.
    if not url.isascii() or any(ord(each) <= 32 or ord(each) == 127 for each in url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if parts.username is not None:
        return False
    host = parts.hostname or ""
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))
