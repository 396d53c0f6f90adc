"""The declarations of the schema by column of the store, for exports (GDPR Art. 15(1))."""

from __future__ import annotations

from policy.meanings import Meaning
from policy.purposes import Purpose
from policy.recipients import Recipient
from schema.model.model import FieldModel, SchemaModel


def meanings(model: SchemaModel) -> dict[str, Meaning]:
    """Meanings by `table.column`; a column with several fields has the purposes of all of them."""
    shown: dict[str, list[FieldModel]] = {}
    for field in model.fields.values():
        for column in field.source.shown if field.source is not None and field.rule is not None else ():
            # By name, since an export reads the store and not the schema.
            shown.setdefault(f"{column.table.name}.{column.name}", []).append(field)
    return {source: _meaning(fields) for source, fields in shown.items()}


def _meaning(fields: list[FieldModel]) -> Meaning:
    rules = [field.rule for field in fields if field.rule is not None]
    allowed = {purpose for rule in rules for allowance in rule.allowances for purpose in allowance.purposes}
    receiving = {recipient for rule in rules for recipient in rule.disclosed_to}
    return Meaning(
        tuple(field.coordinate for field in fields),
        fields[0].core.description or "",
        tuple(purpose for purpose in Purpose if purpose in allowed),
        tuple(recipient for recipient in Recipient if recipient in receiving),
        rules[0].category,
    )
