"""What became of each field of somebody erased: key destroyed, row removed, or kept until when and why (R35, D9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column

from policy.erasing import Step
from policy.retention import RetentionRule
from store.erasures import erasures
from store.holdings import holdings, is_key
from store.legal import legal_requests

LEFT = frozenset({erasures, legal_requests})
"""Tables whose rows stay, as records without the customer."""


def fates(done: Mapping[str, datetime]) -> list[dict[str, Any]]:
    """The fields of every table with rows of customers, by `table.column`, in groups of one fate each.

    `done` are the steps that were seen to be done, by name: a fate that no step has brought about is not told of.
    """
    sealed, removed, kept = list[str](), list[str](), dict[RetentionRule, list[str]]()
    for holding in holdings():
        for column in holding.table.c:
            if column.info["category"] is None or is_key(column):
                continue
            if holding.table in LEFT:
                kept.setdefault(holding.table.info["retention"], []).append(_name(column))
            elif "sealing" in column.info:
                sealed.append(_name(column))
            else:
                removed.append(_name(column))
    found: list[dict[str, Any]] = []
    key, rows = done.get(Step.KEY.name), done.get(Step.ROWS.name)
    if key is not None:
        found.append({"fate": "KEY_DESTROYED", "at": _said(key), "fields": sorted(sealed)})
    if rows is not None:
        found.append({"fate": "ERASED", "at": _said(rows), "fields": sorted(removed)})
    kept[RetentionRule.LEDGER] = ["ledger_entries.entry", "ledger_subjects.pseudonym"]
    for rule, fields in kept.items():
        found.append({"fate": "KEPT", "keptFor": rule.period, "because": rule.text, "fields": sorted(fields)})
    return found


def _name(column: Column[Any]) -> str:
    return f"{column.table.name}.{column.name}"


def _said(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
