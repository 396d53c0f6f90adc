"""The policy's sentences that are shown to people in their language; the policy itself is written in English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policy.app_scopes import AppScope
from policy.bases import LegalBasis
from policy.cards import CardFault
from policy.categories import Category
from policy.conditions import Condition
from policy.hard_rules import NEEDS, NEVER, ONLY
from policy.meanings import Origin
from policy.openid import OpenIdScope
from policy.platforms import NAMES, TITLES
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.requests import RequestKind, RequestState, RequestWay
from policy.restricting import INSTEAD, Ground
from policy.retention import RetentionRule
from policy.rows import Row

COLUMNS: Final[Mapping[type[Row], tuple[str, ...]]] = {
    AppScope: ("text",),
    CardFault: ("text",),
    Category: ("text",),
    Condition: ("text",),
    Ground: ("text",),
    LegalBasis: ("text", "article"),
    OpenIdScope: ("text",),
    Origin: ("text",),
    Purpose: ("text", "consent", "objection", "exempt"),
    Recipient: ("text", "condition"),
    RequestKind: ("text",),
    RequestState: ("text",),
    RequestWay: ("text",),
    RetentionRule: ("text",),
}
"""By catalogue of the policy: its columns that are shown."""


def policy_texts() -> Iterator[str]:
    """Every such sentence; one that a row leaves out is none."""
    for catalogue, columns in COLUMNS.items():
        for row in catalogue:
            yield from filter(None, (getattr(row, column) for column in columns))
    yield from (rule_words(each.source) for each in (*NEEDS, *NEVER, *ONLY))
    yield from INSTEAD.values()
    yield from (*NAMES.values(), *TITLES.values())


def rule_words(source: str) -> str:
    """A hard rule without its numbers: `R14: a telephone number is …`."""
    return source.partition(": ")[2]
