"""The record of processing in the Data Privacy Vocabulary 2.3 (W3C community group), as JSON-LD.

The context is inside: nothing is fetched. No official profile for a record exists (the guide is a draft), so this uses
the vocabulary's own terms: one
`dpv:PersonalDataProcess` for each purpose, in one `dpv:DataProcessingRecord`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from audits.papers.controller import Controller, Party
from audits.papers.record import Activity, ProcessingRecord
from audits.schema.facts import Facts
from policy.bases import LegalBasis
from policy.categories import Category
from policy.recipients import Recipient
from policy.retention import RetentionRule
from policy.vocabularies import DPV, DPV_VERSION, EU_GDPR, PD

OWN: Final = "urn:customer-data-gateway:"
"""The prefix of our own names: the DPV has no terms for ePrivacy bases and for our rules."""

CONTEXT: Final[dict[str, Any]] = {
    "dpv": DPV,
    "pd": PD,
    "eu-gdpr": EU_GDPR,
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    **{
        f"dpv:{name}": {"@type": "@id"}
        for name in ("hasPurpose", "hasPersonalData", "hasProcessing", "hasLegalBasis", "hasRecipient")
    },
    **{f"dpv:{name}": {"@type": "@id"} for name in ("hasDataController", "hasDataSubject")},
    "dpv:hasTechnicalOrganisationalMeasure": {"@type": "@id"},
    "skos:broader": {"@type": "@id"},
}


def dpv(facts: Facts, found: ProcessingRecord) -> dict[str, Any]:
    """Return the whole document; its graph has every party, basis and category to which the processes refer."""
    return {
        "@context": CONTEXT,
        "@graph": [
            {
                "@id": f"{OWN}record",
                "@type": "dpv:DataProcessingRecord",
                "dct:title": "Record of processing activities (GDPR Art. 30(1))",
                "dct:conformsTo": f"DPV {DPV_VERSION}",
                "dct:source": f"{facts.sdl.name} (SHA-256 {facts.sdl.sha256})",
                "dpv:hasDataController": f"{OWN}controller",
                # A purpose that is switched off processes nothing.
                "dpv:hasProcess": [_process(each) for each in found.activities if each.enabled],
            },
            *_parties(found.controller),
            *_recipients(found),
            *_own_bases(found),
            *_derived(found),
        ],
    }


def _process(activity: Activity) -> dict[str, Any]:
    purpose = activity.purpose
    node: dict[str, Any] = {
        "@id": f"{OWN}process:{purpose.name}",
        "@type": "dpv:PersonalDataProcess",
        "dct:identifier": purpose.name,
        "dct:description": purpose.text,
        "dpv:hasPurpose": [f"dpv:{term}" for term in purpose.dpv],
        "dpv:hasPersonalData": sorted({f"pd:{each.pd}" for each in activity.categories}),
        "dpv:hasProcessing": _processing(activity),
        "dpv:hasLegalBasis": [_basis(each) for each in purpose.bases],
        "dpv:hasDataController": f"{OWN}controller",
        "dpv:hasDataSubject": sorted({f"dpv:{each.dpv}" for each in activity.subjects}),
        "dpv:hasStorageCondition": [_storage(each) for each in activity.limits],
        "dpv:hasTechnicalOrganisationalMeasure": ["dpv:EncryptionAtRest", "dpv:Pseudonymisation"],
    }
    if activity.recipients:
        node["dpv:hasRecipient"] = [f"{OWN}recipient:{each.name}" for each in activity.recipients]
    if activity.transfers:
        node["dpv:hasThirdCountry"] = [
            {"@type": "dpv:ThirdCountry", "dct:identifier": each.country, "dct:description": each.safeguards["en"]}
            for each in activity.transfers
        ]
    return {key: value for key, value in node.items() if value != []}


def _processing(activity: Activity) -> list[str]:
    """Return the processing terms: stored and used; transmitted, or published by a registry; erased if that is the
    purpose."""
    terms = ["dpv:Store", "dpv:Use"]
    if activity.recipients:
        # A registry publishes what it receives; the other recipients only get it.
        terms.append("dpv:MakeAvailable" if Recipient.REGISTRY in activity.recipients else "dpv:Transmit")
    if activity.purpose.name == "ERASURE":
        terms.append("dpv:Erase")
    return terms


def _storage(rule: RetentionRule) -> dict[str, Any]:
    """Return the storage duration: a period if the policy has one, else until an event."""
    kind = "dpv:TemporalDuration" if rule.period else "dpv:UntilEventDuration"
    value: Any = {"@value": rule.period, "@type": "xsd:duration"} if rule.period else rule.starts
    return {
        "@type": "dpv:StorageDuration",
        "dct:identifier": rule.name,
        "dct:description": f"{rule.text} Counted from: {rule.starts}.",
        "dpv:hasDuration": {"@type": kind, "rdf:value": value},
    }


def _basis(basis: LegalBasis) -> str:
    return f"eu-gdpr:{basis.dpv}" if basis.dpv else f"{OWN}basis:{basis.name}"


def _own_bases(found: ProcessingRecord) -> Iterator[dict[str, Any]]:
    used = {basis for each in found.activities if each.enabled for basis in each.purpose.bases}
    for basis in (each for each in LegalBasis if each in used and each.dpv is None):
        yield {
            "@id": f"{OWN}basis:{basis.name}",
            "skos:broader": "dpv:LegalBasis",
            "skos:prefLabel": basis.article,
            "skos:definition": basis.text,
        }


def _parties(own: Controller) -> Iterator[dict[str, Any]]:
    node: dict[str, Any] = {
        "@id": f"{OWN}controller",
        "@type": "dpv:DataController",
        "dct:title": own.name,
        "dct:description": f"{own.address} ({own.country}), {own.email}",
    }
    for term, kind, party in (
        ("hasDataProtectionOfficer", "DataProtectionOfficer", own.dpo),
        ("hasRepresentative", "Representative", own.representative),
    ):
        if not party.none:
            node[f"dpv:{term}"] = _party(kind, party)
    yield node


def _party(kind: str, party: Party) -> dict[str, str]:
    described = ", ".join(filter(None, (party.address, party.email)))
    return {"@type": f"dpv:{kind}", "dct:title": party.name, "dct:description": described}


def _recipients(found: ProcessingRecord) -> Iterator[dict[str, Any]]:
    used = {recipient for each in found.activities if each.enabled for recipient in each.recipients}
    for each in (one for one in Recipient if one in used):
        yield {
            "@id": f"{OWN}recipient:{each.name}",
            "@type": ["dpv:Recipient"] if each.dpv == "Recipient" else ["dpv:Recipient", f"dpv:{each.dpv}"],
            "dct:title": each.text,
            "dct:description": each.condition,
        }


def _derived(found: ProcessingRecord) -> Iterator[dict[str, Any]]:
    """Yield the categories that are computed from others, which are derived personal data (R60)."""
    used = {category for each in found.activities if each.enabled for category in each.categories}
    for category in (each for each in Category if each in used and each.derived_from):
        yield {
            "@id": f"{OWN}category:{category.name}",
            "@type": [f"pd:{category.pd}", "dpv:DerivedPersonalData"],
            "dct:source": category.derived_from,
        }
