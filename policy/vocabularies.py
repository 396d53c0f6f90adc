"""The public vocabularies that the catalogues use, and the versions that their terms were checked against.

DPV addresses carry no version, so an export writes the version beside them.
"""

from typing import Final

DPV_VERSION: Final = "2.3"
"""Data Privacy Vocabulary (W3C community group), core and personal-data extension alike."""

FIDESLANG_VERSION: Final = "3.1.4"
"""The fideslang taxonomy, as published on PyPI (the repository's CSV lags behind it)."""

DPV: Final = "https://w3id.org/dpv#"
"""Prefix of `Purpose.dpv` and `Recipient.dpv`."""

PD: Final = "https://w3id.org/dpv/pd#"
"""Prefix of `Category.pd`."""

EU_GDPR: Final = "https://w3id.org/dpv/legal/eu/gdpr#"
"""Prefix of `LegalBasis.dpv`, where the GDPR has the basis."""
