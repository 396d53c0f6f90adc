"""References as the operator set them, with telephone numbers told by the rules of their countries (D1)."""

from __future__ import annotations

import json
from collections.abc import Mapping

import phonenumbers

from policy.purposes import Purpose
from policy.references import EVERY, USUAL, Pattern, References, looks_personal

LEAST = 8
"""Digits of the shortest telephone number that is looked for; case numbers of fewer digits are everywhere."""


def may_be_personal(text: str) -> bool:
    """Whether it may be a telephone number or an e-mail address; nothing like that goes into the ledger."""
    if looks_personal(text):
        return True
    digits = "".join(each for each in text if each.isdigit()).removeprefix("00")
    if len(digits) < LEAST:
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False


def read_references(text: str) -> References:
    """Of JSON with a pattern for each purpose, and `*` for the others; ValueError for anything else."""
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
    """Of the patterns by purpose; those without one have the usual pattern. ValueError for what is no pattern."""
    found = {name: Pattern.parse(pattern) for name, pattern in ({EVERY: USUAL} | dict(given)).items()}
    return References(found, may_be_personal)


REFERENCES = references_of({})
"""Where the operator set nothing."""
