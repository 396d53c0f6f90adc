"""What a registry publishes of a domain as RDAP (RFC 9083), with what is not published marked (RFC 9537; R25, R26)."""

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
"""The columns that are read, each with the field of the schema whose rule decides about it."""

CHOICES: Final = frozenset(domains.c[f"hide_{field}"] for field in FIELDS)
"""What the owner chose to hide: of a restricted customer it is not read, and means everything."""


def written_out(record: OpenedRecord) -> dict[str, Any]:
    """The object; a detail that is not published is empty or gone, and `redacted` says which and how.

    What is hidden is not in the record: the statement that read it left it out.
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
    """RFC 9083 §5.3: the A-labels, and the U-labels where there are any."""
    shown = to_unicode(name)
    return {"ldhName": name} | ({"unicodeName": shown} if shown != name else {})


def _is_shown(record: OpenedRecord, field: str) -> bool:
    """Of an owner who has not confirmed yet that they are nothing is, whatever the registry publishes (S13)."""
    if all(record.value(domains.c[f"registrant_{each}"]) is None for each in FIELDS):
        return False
    return shown(record.value(domains.c.tld), record.value(domains.c.registrant_kind), field, _is_hidden(record, field))


def _is_hidden(record: OpenedRecord, field: str) -> bool:
    """What the owner chose; of a restricted one nothing is read of it, and everything that may be is hidden."""
    chosen = record.value(domains.c[f"hide_{field}"])
    return chosen is None or bool(chosen)


def _moment(at: Any) -> str:
    return instant(at).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _card(record: OpenedRecord) -> list[list[Any]]:
    """jCard (RFC 7095). `fn` and `adr` stay, empty; e-mail and phone are left out."""
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
    """RFC 9537, section 4.2: what was emptied is at a path that is still there, what was removed at one that was."""
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
