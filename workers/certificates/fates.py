"""The fate of each field in an erasure: key destroyed, row removed, or kept with period and reason (R35, D9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column

from policy.erasing import Step
from policy.retention import RetentionRule
from store.records.declared import DETACHED, Fate
from store.records.holdings import held_apart, holdings, is_key, left_behind

KEY = "subject_keys.wrapped"
"""The column of the customer's key."""


def fates(done: Mapping[str, datetime]) -> list[dict[str, Any]]:
    """Return the fields of every table with data of customers, by `table.column`, grouped by fate.

    `done` are the observed steps by name, with their times: a fate is listed only if its step was observed.
    """
    sealed = [_name(column) for each in holdings() for column in each.table.c if "sealing" in column.info]
    mine = [column for each in holdings() if each.removed for column in each.table.c if _is_listed(column)]
    removed = [_name(column) for column in mine if "sealing" not in column.info]
    found: list[dict[str, Any]] = []
    key, rows = done.get(Step.KEY.name), done.get(Step.ROWS.name)
    if key is not None:
        found.append({"fate": "KEY_DESTROYED", "at": _said(key), "fields": sorted([*sealed, KEY])})
        # The key store deletes the look-ups in the transaction that destroys the key, so they have its time.
        found.append({"fate": "ERASED", "at": _said(key), "fields": sorted(_with_the_key())})
    if rows is not None:
        found.append({"fate": "ERASED", "at": _said(rows), "fields": sorted([*removed, *_detached()])})
    return found + _left()


def _left() -> list[dict[str, Any]]:
    """Return the fields that are kept, grouped by the period and the reason of the declaration."""
    kept = dict[tuple[str | None, str], list[str]]()
    for each in left_behind():
        rule: RetentionRule = each.table.info["retention"]
        said = each.declared
        by_rule = said.fate is Fate.KEPT and rule is not RetentionRule.KEYS
        period = rule.period if by_rule and said.within is None else said.within
        reason = f"{rule.text} {said.because}" if by_rule else said.because
        fields = kept.setdefault((period, reason), [])
        fields += [_name(column) for column in each.table.c if _stays(column, said.fate)]
    return [
        {"fate": "KEPT", "keptFor": period, "because": reason, "fields": sorted(fields)}
        for (period, reason), fields in kept.items()
    ]


def _with_the_key() -> list[str]:
    """Return the fields that are deleted in the transaction that destroys the key: the marks of look-ups."""
    gone = [each for each in held_apart() if each.removed]
    return [_name(column) for each in gone for column in each.table.c if column.info["category"] is not None]


def _detached() -> list[str]:
    """Return the fields that are cleared in detached rows."""
    left = [each.table.c for each in left_behind() if each.declared.fate is Fate.DETACHED]
    return [_name(columns[name]) for columns in left for name in DETACHED if name in columns]


def _is_listed(column: Column[Any]) -> bool:
    return column.info["category"] is not None and not is_key(column)


def _stays(column: Column[Any], fate: Fate) -> bool:
    """Return whether a field is kept: all but plain numbers of rows, and fields that are destroyed or cleared."""
    gone = fate is Fate.DETACHED and column.name in DETACHED
    numbers = (column.name == "id" or bool(column.foreign_keys)) and column.info["category"] is None
    return not gone and not numbers and "sealing" not in column.info and _name(column) != KEY


def _name(column: Column[Any]) -> str:
    return f"{column.table.name}.{column.name}"


def _said(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
