"""Converts the host of a URL to A-labels, as in DNS and certificates, before Python resolves it.

Python resolves other hosts by IDNA 2003, which turns one name into another one (`faß.de` into `fass.de`).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from values.domain_name import to_ascii

LONGEST = 2_048
"""Maximum characters of a URL; `urlsplit` normalises its host, in quadratic time for a run of combining marks."""


def host_to_ascii(host: str) -> str:
    """Return a host in A-labels; one in ASCII stays as it is. DomainNameError if it is no domain name."""
    return host if host.isascii() else to_ascii(host)


def url_to_ascii(url: str) -> str:
    """Return a URL with its host in A-labels; one in ASCII stays as it is. ValueError if its host is no domain name."""
    if url.isascii():
        return url
    if len(url) > LONGEST:
        raise ValueError(f"An address has at most {LONGEST} characters.")
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    host, colon, port = place.partition(":")
    return parts._replace(netloc=f"{user}{at}{host_to_ascii(host)}{colon}{port}").geturl()
