"""How the parts of a name are read."""

from __future__ import annotations


def full_name(parts: list[str | None]) -> str:
    """Given name before family name, as the customer wrote them."""
    given, family = parts
    if given and family:
        return f"{given} {family}"
    return given or family or ""


def given_name(parts: list[str | None]) -> str | None:
    """The first part."""
    return parts[0]


def family_name(parts: list[str | None]) -> str | None:
    """The second part."""
    return parts[1]
