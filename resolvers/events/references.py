"""Validates references by the operator's patterns, and refuses telephone numbers by their countries' rules (D1)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from policy.purposes import Purpose
from policy.references import EVERY, USUAL, Pattern, References, looks_personal
from values.telephone import is_assigned

LEAST = 8
"""Minimum digits of a suspected telephone number: shorter case numbers are common."""


def may_be_personal(text: str) -> bool:
    """True if the text may be a telephone number or e-mail address, which must not get into the ledger."""
    if looks_personal(text):
        return True
    # People write numbers with all kinds of separators.
    digits = "".join(each for each in text if each.isdigit()).removeprefix("00")
    if len(digits) < LEAST:
        return False
    return is_assigned(digits)


def read_references(text: str) -> References:
    """Parse JSON with a pattern per purpose, and `*` for the others; ValueError with advice otherwise."""
    try:
        given = json.loads(text)
    except ValueError:
        raise ValueError(f'use JSON such as {{"*": "{USUAL}"}}') from None
    if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
        raise ValueError(f'use JSON such as {{"*": "{USUAL}"}}')
    if unknown := sorted(given.keys() - {EVERY, *Purpose.__members__}):
        raise ValueError(f"{unknown[0]} is no purpose")
    return references_of(given)


def references_of(given: Mapping[str, str]) -> References:
    """References of patterns by purpose; purposes without one have the usual pattern. ValueError for a malformed
    pattern."""
    found = {name: Pattern.parse(pattern) for name, pattern in ({EVERY: USUAL} | dict(given)).items()}
    return References(found, may_be_personal)


REFERENCES = references_of({})
"""The references without settings of the operator."""
