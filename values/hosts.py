"""The host of an address of the web, as DNS and certificates have it: what Python resolves must be ASCII already.

Python resolves other hosts by IDNA 2003, which turns one name into another one (`faß.de` into `fass.de`).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from values.domain_name import to_ascii

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
