"""Renders a domain as an RDAP object (RFC 9083) with redactions marked (RFC 9537; R25, R26)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from sqlalchemy import Column

from policy.registries import FIELDS, shown
from resolvers.reads.guard import OpenedRecord
from store.sql.metadata import ADDRESS_PARTS, instant
from store.tables.domains import domains
from values.domain_name import to_unicode

CONFORMANCE: Final = ["rdap_level_0", "redacted"]
NAMES = {"name": "Registrant Name", "address": "Registrant Address", "email": "Registrant Email",
         "phone": "Registrant Phone"}  # fmt: skip
PATHS = {"name": "fn", "address": "adr", "email": "email", "phone": "tel"}

SHOWN_BY: Final[Mapping[Column[Any], str]] = {
    domains.c.name: "Domain.name",
    domains.c.tld: "Domain.tld",
    domains.c.registrant_kind: "Domain.registrantKind",
    domains.c.registrant_name: "Domain.registrantName",
    domains.c.registrant_address: "Domain.registrantAddress",
    domains.c.registrant_email: "Domain.registrantEmail",
    domains.c.registrant_phone: "Domain.registrantPhone",
    domains.c.hide_name: "Domain.hideName",
    domains.c.hide_address: "Domain.hideAddress",
    domains.c.hide_email: "Domain.hideEmail",
    domains.c.hide_phone: "Domain.hidePhone",
    domains.c.registered_at: "Domain.registeredAt",
    domains.c.expires_at: "Domain.expiresAt",
}
"""The columns of the object, each with the coordinate of the field whose rule applies."""

CHOICES: Final = frozenset(domains.c[f"hide_{field}"] for field in FIELDS)
"""The columns of whois settings. They read as NULL for a restricted customer, which means that all is hidden."""


def written_out(record: OpenedRecord) -> dict[str, Any]:
    """The RDAP object; a detail that is not published is empty or absent, and listed in `redacted`.

    Hidden details are not in the record: the SQL statement did not select them.
    """
    hidden = [field for field in FIELDS if not _is_shown(record, field)]
    events = [
        ("registration", record.value(domains.c.registered_at)),
        ("expiration", record.value(domains.c.expires_at)),
    ]
    return {
        "rdapConformance": CONFORMANCE,
        "objectClassName": "domain",
        **_names(record.value(domains.c.name)),
        "status": ["active"],
        "events": [{"eventAction": action, "eventDate": _moment(at)} for action, at in events if at is not None],
        "entities": [{"objectClassName": "entity", "roles": ["registrant"], "vcardArray": ["vcard", _card(record)]}],
        "redacted": [_redaction(record, field) for field in hidden],
        "notices": [
            {
                "title": "Details of the owner",
                "description": ["They are published as the registry requires and the owner chose."],
            }
        ],
    }


def _names(name: str) -> dict[str, str]:
    """The name in A-labels, and in U-labels if it differs (RFC 9083, section 5.3)."""
    shown = to_unicode(name)
    return {"ldhName": name} | ({"unicodeName": shown} if shown != name else {})


def _is_shown(record: OpenedRecord, field: str) -> bool:
    """True if the detail is published. Nothing of a registrant who has not confirmed is, whatever the registry does
    (S13)."""
    if all(record.value(domains.c[f"registrant_{each}"]) is None for each in FIELDS):
        return False
    return shown(record.value(domains.c.tld), record.value(domains.c.registrant_kind), field, _is_hidden(record, field))


def _is_hidden(record: OpenedRecord, field: str) -> bool:
    """True if the registrant chose to hide the detail, or if processing is restricted, so that the choice is not
    read."""
    # NULL, not False, while processing is restricted.
    chosen = record.value(domains.c[f"hide_{field}"])
    return chosen is None or bool(chosen)


def _moment(at: Any) -> str:
    return instant(at).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _card(record: OpenedRecord) -> list[list[Any]]:
    """The jCard (RFC 7095). `fn` and `adr` stay with empty values; e-mail and phone are left out if redacted."""
    card: list[list[Any]] = [
        ["version", {}, "text", "4.0"],
        ["fn", {}, "text", record.value(domains.c.registrant_name) or ""],
    ]
    address = dict(zip(ADDRESS_PARTS, record.value(domains.c.registrant_address) or (), strict=False))
    street = [each for each in (address.get("street"), address.get("street2")) if each]
    parts = ["", "", street or "", *(address.get(each) or "" for each in ("city", "region", "postal_code"))]
    country = {"cc": address["country"]} if address.get("country") else {}
    card.append(["adr", country, "text", [*parts, ""]])
    if phone := record.value(domains.c.registrant_phone):
        card.append(["tel", {"type": "voice"}, "uri", f"tel:{phone}"])
    if email := record.value(domains.c.registrant_email):
        card.append(["email", {}, "text", email])
    return card


def _redaction(record: OpenedRecord, field: str) -> dict[str, Any]:
    """The redaction of one detail (RFC 9537, section 4.2): `postPath` for an emptied value, `prePath` for a removed
    one."""
    emptied = field in ("name", "address")
    where = f"$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='{PATHS[field]}')]"
    reason = "Owner's choice, or server policy" if _is_hidden(record, field) else "Server policy"
    return {
        "name": {"description": NAMES[field]},
        ("postPath" if emptied else "prePath"): f"{where}[3]" if emptied else where,
        "pathLang": "jsonpath",
        "method": "emptyValue" if emptied else "removal",
        "reason": {"description": reason},
    }
