"""Our schema files by an independent validator of JSON Schema (2020-12), formats and patterns included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator


def faults(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What does not fit, with the place of each; SchemaError for a file that is no schema."""
    Draft202012Validator.check_schema(schema)
    found = Draft202012Validator(schema).iter_errors(value)
    return [f"{each.json_path}: {each.message}" for each in found]
