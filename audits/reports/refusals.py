"""Report of refused requests: counts by client, purpose, field and reason, without persons (G17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select

from audits.forms.report import Cell, Figure, Report, Section, Table, cell, code
from store.operations.refusals import refusal_counts
from store.sql.metadata import Instant, instant
from store.sql.reading import Reader
from values.date_time import in_seconds

MOST = 1_000
"""Maximum counts in one report, the largest first."""


@dataclass(frozen=True, slots=True)
class RefusedClient:
    """The refusals of one client for one purpose, field and reason, over all days of the report."""

    client: str
    purpose: str
    coordinate: str
    reason: str
    operations: int
    days: int
    """The number of days with a request."""
    last_at: datetime


async def refusal_facts(
    reader: Reader, since: datetime, until: datetime, client: str | None = None, most: int = MOST
) -> list[RefusedClient]:
    """Read the largest counts of the days that begin in this period, of all clients or of one."""
    columns = (
        refusal_counts.c.client_id,
        refusal_counts.c.purpose,
        refusal_counts.c.coordinate,
        refusal_counts.c.reason,
    )
    total = func.sum(refusal_counts.c.operations).label("total")
    begun = (
        refusal_counts.c.day >= bindparam("since", type_=Instant),
        refusal_counts.c.day < bindparam("until", type_=Instant),
    )
    query = select(*columns, total, func.count(), func.max(refusal_counts.c.last_at)).where(*begun)
    values: dict[str, Any] = {"since": since, "until": until}
    if client is not None:
        query, values = query.where(refusal_counts.c.client_id == bindparam("client")), values | {"client": client}
    # Ordered by the columns as well, so that equal counts have a stable order.
    query = query.group_by(*columns).order_by(total.desc(), *columns).limit(most)
    rows = await reader.fetch(reader.prepare(query), values)
    return [
        RefusedClient(id_, purpose, coordinate, reason, int(operations), int(days), instant(last))
        for id_, purpose, coordinate, reason, operations, days, last in rows
    ]


def refusals_report(found: Sequence[RefusedClient], since: datetime, now: datetime) -> Report:
    """Return the report, the largest counts first."""
    table = Table(
        ("Client", "Purpose asked", "Field", "Reason", "Operations", "Days", "Last"), [_row(each) for each in found]
    )
    figures = [
        Figure("Clients", str(len({each.client for each in found}))),
        Figure("Sums", str(len(found)), "care" if len(found) == MOST else ""),  # There may be more.
        Figure("Operations", str(sum(each.operations for each in found))),
    ]
    lead = (
        "What clients asked for and may not have. A refusal reads nothing and resolves nobody, so none is named here;"
        " who keeps asking should be asked why."
    )
    sources = {"Counted from": in_seconds(since), "Read at": in_seconds(now)}
    data = {"refusals": refusals_data(found)}
    return Report("refusals", "What was refused", lead, [Section("Refusals", table=table)], data, figures, sources)


def refusals_data(found: Sequence[RefusedClient]) -> list[dict[str, Any]]:
    """Return the counts in the JSON form."""
    return [
        {
            "client": each.client,
            "purpose": each.purpose or None,
            "coordinate": each.coordinate or None,
            "reason": each.reason,
            "operations": each.operations,
            "days": each.days,
            "lastAt": in_seconds(each.last_at),
        }
        for each in found
    ]


def _row(each: RefusedClient) -> list[Cell]:
    return [
        code(each.client),
        cell(each.purpose or "none"),
        code(each.coordinate) if each.coordinate else cell("the operation"),
        cell(each.reason),
        cell(each.operations),
        cell(each.days),
        cell(in_seconds(each.last_at)),
    ]
