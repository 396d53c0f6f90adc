"""The fields of the schema that rest in one column, for reads that name fields without an operation."""

from __future__ import annotations

from collections.abc import Mapping

from resolvers.legal.reading import RestingField
from schema.model.model import SchemaModel


def resting_fields(model: SchemaModel) -> Mapping[str, RestingField]:
    """Every field with a rule that shows a column, by coordinate; what never leaves in an answer is none."""
    return {
        field.coordinate: RestingField(field.rule, column)
        for field in model.fields.values()
        if field.rule is not None and field.source is not None
        if (column := field.source.shown) is not None and column.info.get("output", True)
    }
