"""Where the fields of the schema rest: the column behind each, for those who answer by fields without an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column

from schema.core.sources import ColumnValue, Embedded
from schema.model.model import SchemaModel


def resting_columns(model: SchemaModel) -> Mapping[str, Column[Any]]:
    """The column of every field that shows one, by coordinate; what never leaves in an answer has none."""
    return {
        field.coordinate: field.source.column
        for field in model.fields.values()
        if isinstance(field.source, (ColumnValue, Embedded)) and field.source.column.info.get("output", True)
    }
