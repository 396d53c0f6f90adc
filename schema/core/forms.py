"""Scalars that are typed into forms; apart from their definitions, which take Strawberry to import."""

from __future__ import annotations

FORMS = frozenset({"CountryCode", "EmailAddress", "LanguageTag", "PhoneNumber"})
"""Scalars that people type: a wrong form is told beside the field of their form, and not by refusing the request."""
