"""Report of operators' acts from the ledger: commands, codes and pseudonyms, without names (G17)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from audits.forms.report import Cell, Figure, Report, Section, Table, cell, code
from store.accesses.acts import ActEntry
from values.date_time import in_seconds


def acts_report(found: Sequence[ActEntry], now: datetime) -> Report:
    """Return the report, the newest entries first."""
    table = Table(("At", "Act", "State", "To", "With", "Staff", "Operator", "Id"), [_row(each) for each in found])
    failed = sum(each.state == "FAILED" for each in found)
    figures = [
        Figure("Entries", str(len(found))),
        Figure("Operators", str(len({each.operator for each in found}))),
        Figure("Failed", str(failed), "care" if failed else ""),
    ]
    lead = (
        "What operators did at the command line. Each act has an entry before it and one after it; who was signed in"
        " to the operating system stands in them by a pseudonym, which `gateway ledger acts --mine` compares."
    )
    data = {"acts": acts_data(found)}
    return Report(
        "acts", "What operators did", lead, [Section("Acts", table=table)], data, figures, {"Read at": in_seconds(now)}
    )


def acts_data(found: Sequence[ActEntry]) -> list[dict[str, Any]]:
    """Return the entries in the JSON form."""
    return [
        {
            "id": each.id,
            "at": in_seconds(each.at),
            "act": each.act,
            "state": each.state,
            "operator": each.operator,
            "staff": each.staff,
            "target": each.target,
            "details": list(each.details),
        }
        for each in found
    ]


def _row(each: ActEntry) -> list[Cell]:
    return [
        cell(in_seconds(each.at)),
        code(each.act),
        cell(each.state, "care" if each.state == "FAILED" else ""),
        cell(each.target or ""),
        cell(" ".join(each.details)),
        cell(each.staff or ""),
        code(each.operator),
        code(each.id),
    ]
