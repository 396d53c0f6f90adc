"""The fields of the schema that rest in columns, for reads that name fields without an operation."""

from __future__ import annotations

from collections.abc import Mapping

from resolvers.legal.reading import RestingField
from schema.model.model import SchemaModel


def resting_fields(model: SchemaModel) -> Mapping[str, RestingField]:
    """Every field with a rule that shows columns, by coordinate; what never leaves in an answer is none."""
    return {
        field.coordinate: RestingField(field.rule, field.source.shown, field.source.composes)
        for field in model.fields.values()
        if field.rule is not None and field.source is not None and field.source.shown
        if all(column.info.get("output", True) for column in field.source.shown)
    }
