"""The receipt of a consent, to keep (ISO/IEC TS 27560 by DPV's profile, GDPR Art. 7(1))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from policy.purposes import Purpose
from policy.vocabularies import DPV
from policy.wordings import VERSION, wording

PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"
RECORDS = UUID("6d8e3c1e-4f0b-4c55-9a53-0f7f3b0c9a11")
"""The name space of record ids: the same consent has the same one in each of its receipts."""
KINDS = {
    "CARD_STORAGE": (Purpose.CARD_ON_FILE, "CreditCardNumber", "withdrawCardConsent"),
    "PRODUCT_NEWS": (Purpose.PRODUCT_NEWS, "EmailAddress", "setProductNews"),
    "COOKIE_MEASUREMENT": (Purpose.COOKIE_MEASUREMENT, "UID", "chooseCookies"),
    "WHOIS_PUBLICATION": (Purpose.DOMAIN_REGISTRATION, "Name", "setWhoisVisibility"),
}
"""By kind: its purpose, the data it is about (a term of DPV-PD), and the mutation that takes it back."""


def receipt(consent: Mapping[str, Any], customer: str, controller: str, now: datetime) -> dict[str, Any]:
    """The receipt; its words are terms of DPV 2.3, and the sentence is there when it is the present one."""
    purpose, data, withdrawal = KINDS[consent["kind"]]
    shown = wording(consent["kind"], consent["language"])
    present = consent["wordingVersion"] == VERSION and consent["language"] == shown.language
    return {
        "@context": {"dpv": DPV, "pd": "https://w3id.org/dpv/pd#", "dct": "http://purl.org/dc/terms/"},
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": {"@id": PROFILE},
        "dct:identifier": str(uuid5(RECORDS, consent["id"])),
        "dct:created": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "dpv:hasDataSubject": customer,
        "dpv:hasDataController": controller,
        "dpv:hasConsentStatus": {"@id": f"dpv:Consent{consent['state'].capitalize()}"},
        "dpv:isIndicatedAtTime": consent["at"],
        "dpv:hasNotice": {
            "dct:language": consent["language"],
            "dct:hasVersion": consent["wordingVersion"],
            "dct:description": shown.text if present else None,
        },
        "dpv:hasPurpose": [{"@id": f"dpv:{term}", "dct:description": purpose.text} for term in purpose.dpv],
        "dpv:hasPersonalData": {"@id": f"pd:{data}"},
        "dpv:hasLegalBasis": {"@id": "dpv:Consent"},
        "dct:source": consent["source"],
        "withdrawal": f"{controller}/ (Edit my choices), or the mutation {withdrawal}",
    }
