"""Content negotiation of /graphql: media types of responses and requests (RFC 9110 §12.5.1, GraphQL over HTTP §4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class Media(Enum):
    """The media types of responses at /graphql; the specification's own first."""

    RESPONSE = "application/graphql-response+json"
    JSON = "application/json"
    HTML = "text/html"

    @property
    def content_type(self) -> bytes:
        """The value of the Content-Type header."""
        return f"{self.value}; charset=utf-8".encode()


@dataclass(frozen=True, slots=True)
class Range:
    """One media range of an Accept header."""

    type: str
    subtype: str
    quality: float

    def precision(self, media: Media) -> int:
        """The specificity of the match with a media type: 0 none, 1 `*/*`, 2 `type/*`, 3 by name."""
        type_, _, subtype = media.value.partition("/")
        if (self.type, self.subtype) == (type_, subtype):
            return 3
        if (self.type, self.subtype) == (type_, "*"):
            return 2
        return 1 if (self.type, self.subtype) == ("*", "*") else 0


LONGEST = 1_024
"""Bytes of a header that are read; those of browsers have about 200."""


def answer_media(accept: bytes | None, page: bool) -> Media | None:
    """The media type that the client prefers, or None if it accepts none; `page` says that HTML is available.

    Without an Accept header it is `application/json`, the type of clients older than the specification. Of types with
    equal quality the one matched more specifically wins, then the specification's own.
    """
    if accept is not None and len(accept) > LONGEST:
        accept = accept[:LONGEST].rpartition(b",")[0]  # Without the last range, which may be truncated.
    return _answer_media(accept, page)


@lru_cache(maxsize=512)
def _answer_media(accept: bytes | None, page: bool) -> Media | None:
    if accept is None or not accept.strip():
        return Media.JSON
    ranges = [found for text in accept.decode("latin-1").lower().split(",") if (found := _range(text))]
    best, best_rank = None, (0.0, 0)
    for media in Media:
        meant = max(ranges, key=lambda each: each.precision(media), default=None)
        precision = meant.precision(media) if meant else 0
        if meant is None or precision == 0 or meant.quality == 0:
            continue
        if media is Media.HTML and (not page or precision < 3):
            continue  # The page only for clients that name HTML: `*/*` is what tools such as curl send.
        if media is Media.RESPONSE and precision < 3:
            precision = 0  # A wildcard gets application/json, which every client can read.
        if (meant.quality, precision) > best_rank:
            best, best_rank = media, (meant.quality, precision)
    return best


def _range(text: str) -> Range | None:
    """One media range with its quality; None if it is malformed or asks for another charset than UTF-8."""
    name, *parameters = (part.strip() for part in text.split(";"))
    type_, slash, subtype = name.partition("/")
    if not slash:
        return None
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "charset" and not _is_utf8(value):
            return None
        if key.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return None
            if not 0 <= quality <= 1:
                return None
    return Range(type_, subtype, quality)


def is_json_in_utf8(content_type: bytes | None) -> bool:
    """True for `application/json`, with no charset but UTF-8.

    Types that a foreign page can have a browser send without a CORS preflight (text, forms, multipart) are not (G3).
    """
    return content_type is not None and len(content_type) <= LONGEST and _is_json_in_utf8(content_type)


@lru_cache(maxsize=512)
def _is_json_in_utf8(content_type: bytes) -> bool:
    name, *parameters = (part.strip() for part in content_type.decode("latin-1").lower().split(";"))
    charsets = [value for key, _, value in (part.partition("=") for part in parameters) if key.strip() == "charset"]
    return name == "application/json" and all(_is_utf8(value) for value in charsets)


def _is_utf8(charset: str) -> bool:
    return charset.strip().strip('"') in ("utf-8", "utf8")
