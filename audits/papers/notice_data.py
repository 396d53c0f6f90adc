"""The facts of the notice by the policy's names, so that programs can compare them independently of the language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.papers.companies import Company
from audits.papers.notice import DataRow, PrivacyNotice
from audits.papers.registers import Copies, RegistryDisclosure
from audits.papers.texts import NoticeTexts


def notice_data(found: PrivacyNotice, texts: NoticeTexts) -> dict[str, Any]:
    """Return the facts of the notice by the policy's names."""
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
                "companies": [company_data(each) for each in case.companies],
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
        "registries": [registry_data(each) for each in found.registries],
        "copies": [copies_data(each) for each in found.copies],
        "periods": periods_data(found.periods),
        "registersRead": found.registers_read,
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
        "forwarded": [{"category": one.name, "recipient": to.name} for one, to in row.forwarded],
        "companies": [{"name": each.name, "country": each.country} for each in row.companies],
    }


def company_data(each: Company) -> dict[str, Any]:
    """Return one registered company in the JSON form."""
    return {
        "kind": each.recipient.name,
        "name": each.name,
        "country": each.country,
        "purposes": [one.name for one in each.purposes],
        "categories": [one.name for one in each.categories],
        "fields": list(each.fields),
        "since": each.since,
        "document": each.document,
    }


def registry_data(each: RegistryDisclosure) -> dict[str, Any]:
    """Return the published fields of one registry."""
    rules = [
        {"kind": kind, "field": name, "rule": rule}
        for kind, fields in each.published.items()
        for name, rule in fields.items()
    ]
    return {"ending": each.tld, "name": each.name, "country": each.country, "published": rules}


def copies_data(each: Copies) -> dict[str, Any]:
    """Return a program that may keep copies in the JSON form."""
    return {"client": each.client, "name": each.name, "keeps": each.keeps, "days": each.days}


def periods_data(periods: Mapping[str, str | None] | None) -> list[dict[str, Any]] | None:
    """Return the periods set by the operator; None if the settings were not available."""
    return None if periods is None else [{"setting": name, "period": period} for name, period in periods.items()]
