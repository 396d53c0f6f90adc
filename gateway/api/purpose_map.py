"""The purposes of each field as JSON, for the GraphiQL page to show beside the schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from policy.rules import Rule


def purpose_map(rules: Mapping[str, Rule]) -> bytes:
    """JSON of every coordinate with personal data: category, purposes and retention, in schema order."""
    # Fields without a category hold no personal data, and need no purpose.
    return orjson.dumps({"fields": [_line(rule) for rule in rules.values() if rule.category]})


def _line(rule: Rule) -> dict[str, Any]:
    return {
        "coordinate": rule.coordinate,
        "category": rule.category.name if rule.category else None,
        "retention": rule.retention.name if rule.retention else None,
        "purposes": [
            {"name": purpose.name, "when": allowance.when.name if allowance.when else None}
            for allowance in rule.allowances
            for purpose in sorted(allowance.purposes, key=lambda each: each.name)
        ],
    }
