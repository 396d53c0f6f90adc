"""How the parts of a name are read."""

from __future__ import annotations


def full_name(parts: list[str | None]) -> str:
    """Given name before family name, as the customer wrote them."""
    return " ".join(part for part in parts if part)


def given_name(parts: list[str | None]) -> str | None:
    """The first part."""
    return parts[0]


def family_name(parts: list[str | None]) -> str | None:
    """The second part."""
    return parts[1]
