"""Reads the parts of a sealed name column."""

from __future__ import annotations


def full_name(parts: list[str | None]) -> str:
    """Given name and family name in this order, as the customer wrote them."""
    given, family = parts
    if given and family:
        return f"{given} {family}"
    return given or family or ""


def given_name(parts: list[str | None]) -> str | None:
    """The given name; None if there is none."""
    return parts[0]


def family_name(parts: list[str | None]) -> str | None:
    """The family name; None if there is none."""
    return parts[1]
