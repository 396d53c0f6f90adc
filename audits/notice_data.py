"""The facts of the notice by the policy's names, so that programs compare them whatever the language."""

from __future__ import annotations

from typing import Any

from audits.notice import DataRow, Notice
from audits.texts import Texts


def notice_data(found: Notice, texts: Texts) -> dict[str, Any]:
    """The facts by the policy's names, so that programs compare them whatever the language."""
    return {
        "language": texts.language,
        "data": [_row_data(row) for row in found.rows],
        "sharing": [
            {
                "recipient": case.recipient.name,
                "purposes": [each.name for each in case.recipient.purposes],
                "categories": [each.name for each in case.categories],
                "namedEachTime": case.by_order,
                "condition": case.recipient.condition,
            }
            for case in found.sharing
        ],
        "cookies": [each.name for each in found.cookies],
        "ownData": [each.name for each in found.own],
        "deletion": {
            "servicesMustHaveEnded": found.deletion.services_must_have_ended,
            "requestDays": found.deletion.request_days,
            "automaticMonths": found.deletion.automatic_months,
            "warningDays": list(found.deletion.warning_days),
        },
        "kept": [{"rule": rule.name, "period": rule.period, "data": list(groups)} for rule, groups in found.kept],
        "purposes": [
            {"name": each.name, "legalBases": [basis.name for basis in each.bases], "notice": each.notice}
            for each in found.purposes
        ],
        "beyond": [each.name for each in found.beyond],
        "limits": list(found.limits),
        "untranslated": sorted(texts.untranslated),
    }


def _row_data(row: DataRow) -> dict[str, Any]:
    return {
        "row": row.group,
        "categories": [each.name for each in row.categories],
        "usedFor": [
            {
                "purpose": use.purpose.name,
                "categories": [each.name for each in use.categories],
                "when": [each.name for each in use.conditions],
                "partly": use.partly,
            }
            for use in row.uses
        ],
        "ownData": row.own,
        "keptAndNeverShown": [each.name for each in row.hidden],
        "kept": [each.name for each in row.kept],
        "disclosedTo": [each.name for each in row.recipients],
        "limits": list(row.limits),
        "fields": list(row.fields),
    }
