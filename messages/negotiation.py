"""Which language somebody reads: of those there are catalogues for, by what they asked for (RFC 9110 §12.5.4)."""

from __future__ import annotations

from collections.abc import Iterator

from messages.catalogue import SOURCE, languages

LONGEST = 500
"""Characters of an `Accept-Language` header that are looked at; those of browsers have 50."""


def spoken(tag: str | None) -> str | None:
    """The language of a BCP 47 tag, such as a customer's `fr-CH`: itself or what it is a variant of (RFC 4647 §3.4)."""
    wanted = (tag or "")[:LONGEST].lower().replace("_", "-")
    known = {each.lower(): each for each in languages()}
    while wanted:
        if wanted in known:
            return known[wanted]
        wanted = wanted.rpartition("-")[0]
    return None


def written(tag: str | None) -> str:
    """The language in which somebody with this tag is written to: English where there is no catalogue."""
    return spoken(tag) or SOURCE


def preferred(accept: str | None) -> str:
    """The language that an `Accept-Language` header likes best, of those there are; English where it names none."""
    return named(accept) or SOURCE


def named(accept: str | None) -> str | None:
    """The language that such a header likes best, of those there are; None where it names none of them."""
    best, weight = None, 0.0
    for tag, quality in _ranges(accept or ""):
        found = spoken(tag)
        if found is not None and quality > weight:
            best, weight = found, quality
    return best


def chosen(asked: str | None, accept: str | None) -> str:
    """The language of a page: one that was asked for by name, as in its address, before the browser's."""
    found = spoken(asked)
    return found if found is not None else preferred(accept)


def first_of(tags: str | None) -> str | None:
    """The first that there is of several tags in order of preference (`ui_locales`, OpenID Connect Core §3.1.2.1)."""
    return next((found for tag in (tags or "")[:LONGEST].split() if (found := spoken(tag))), None)


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for item in accept[:LONGEST].split(","):
        tag, _, quality = item.strip().partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if tag != "*" and 0 <= weight <= 1:
            yield tag.strip(), weight
