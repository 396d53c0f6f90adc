"""docs/retention.md says what the policy and the sweeper do."""

from __future__ import annotations

from pathlib import Path

from policy.retention import RetentionRule
from store.database.schemas import SCHEMAS
from workers.retention.rules import OTHERWISE, SWEEPS

PAGE = Path(__file__).parents[2] / "docs" / "retention.md"


def lines() -> list[str]:
    """The rows of the page's table, one for each rule that a table has."""
    tables = [table for schema in SCHEMAS for table in schema.tables.tables.values()]
    swept = {sweep.table.name for sweep in SWEEPS} | {"export_parts"}
    found = []
    for rule in RetentionRule:
        named: dict[str, list[str]] = {}
        for name in sorted(table.name for table in tables if table.info["retention"] is rule):
            named.setdefault("the sweeper" if name in swept else OTHERWISE[name].value, []).append(f"`{name}`")
        period = rule.period or "no end"
        found += [
            f"| `{rule.name}` | {period} | {rule.starts} | {', '.join(names)} | {way} |" for way, names in named.items()
        ]
    return found


def test_the_page_has_every_table_with_its_rule_and_what_removes_its_rows() -> None:
    shown = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert shown == lines()
