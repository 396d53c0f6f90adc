"""Renders a domain as an RDAP object (RFC 9083) with redactions marked (RFC 9537; R25, R26)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Column

from policy.registries import FIELDS, shown
from resolvers.reads.guard import OpenedRecord
from store.sql.metadata import ADDRESS_PARTS, instant
from store.tables.domains import domains
from values.domain_name import to_unicode

CONFORMANCE: Final = ["rdap_level_0", "redacted"]
OF_OWNER: Final = "$.entities[?(@.roles[0]=='registrant')]"
"""The JSONPath of the registrant's entity."""


@dataclass(frozen=True, slots=True)
class RedactedName:
    """One redaction of a detail: its name, and where the value stands in the jCard (RFC 9537, section 4.2)."""

    name: str
    registered: bool
    """True if it is a `redacted name` of IANA's registry of RDAP JSON values."""
    property: str
    """The property of the jCard."""
    part: int | None = None
    """The place in a structured value; None for the whole value."""


REDACTIONS: Final[Mapping[str, tuple[RedactedName, ...]]] = {
    "name": (RedactedName("Registrant Name", True, "fn"),),
    "address": (
        RedactedName("Registrant Street", True, "adr", 2),
        RedactedName("Registrant City", True, "adr", 3),
        RedactedName("Registrant Region", False, "adr", 4),
        RedactedName("Registrant Postal Code", True, "adr", 5),
        RedactedName("Registrant Country", False, "adr", 6),
    ),
    "email": (RedactedName("Registrant Email", True, "email"),),
    "phone": (RedactedName("Registrant Phone", True, "tel"),),
}
"""The redactions of each detail that a registry may hide."""

SHOWN_BY: Final[Mapping[Column[Any], str]] = {
    domains.c.name: "Domain.name",
    domains.c.tld: "Domain.tld",
    domains.c.registrant_kind: "Registrant.kind",
    domains.c.registrant_name: "Registrant.name",
    domains.c.registrant_address: "Registrant.address",
    domains.c.registrant_country: "Registrant.country",
    domains.c.registrant_email: "Registrant.email",
    domains.c.registrant_phone: "Registrant.phone",
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


def written_out(record: OpenedRecord, now: datetime) -> dict[str, Any]:
    """The RDAP object at `now`; a detail that is not published is empty or absent, and listed in `redacted`.

    Hidden details are not in the record: the SQL statement did not select them.
    """
    hidden = [field for field in FIELDS if not _is_shown(record, field)]
    country = record.value(domains.c.registrant_country)
    events = [
        ("registration", record.value(domains.c.registered_at)),
        ("expiration", record.value(domains.c.expires_at)),
    ]
    return {
        "rdapConformance": CONFORMANCE,
        "objectClassName": "domain",
        **_names(record.value(domains.c.name)),
        "status": _status(record.value(domains.c.expires_at), now),
        "events": [{"eventAction": action, "eventDate": moment(at)} for action, at in events if at is not None],
        "entities": [{"objectClassName": "entity", "roles": ["registrant"], "vcardArray": ["vcard", _card(record)]}],
        "redacted": [_redaction(record, field, each) for field in hidden for each in _redacted(field, country)],
        "notices": [
            {
                "title": "Details of the owner",
                "description": ["They are published as the registry requires and the owner chose."],
            }
        ],
    }


def _status(ends: Any, now: datetime) -> list[str]:
    """The status in the words of RFC 8056. A registration that runs beyond its end is one that may be recovered (R45),
    which EPP calls a redemption period, of a domain that is otherwise to be deleted (RFC 3915)."""
    recoverable = ends is not None and instant(ends) <= now
    return ["pending delete", "redemption period"] if recoverable else ["active"]


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


def moment(at: Any) -> str:
    """Return a time as RDAP has it (RFC 3339), in UTC and whole seconds."""
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
    shown = record.value(domains.c.registrant_country) or address.get("country")
    card.append(["adr", {"cc": shown} if shown else {}, "text", [*parts, ""]])  # RFC 8605, section 3.1.
    if phone := record.value(domains.c.registrant_phone):
        card.append(["tel", {"type": "voice"}, "uri", f"tel:{phone}"])
    if email := record.value(domains.c.registrant_email):
        card.append(["email", {}, "text", email])
    return card


def _redacted(field: str, country: str | None) -> Iterable[RedactedName]:
    """The redactions of a hidden detail; a country that is shown is none."""
    return (each for each in REDACTIONS[field] if country is None or each.name != "Registrant Country")


def _redaction(record: OpenedRecord, field: str, each: RedactedName) -> dict[str, Any]:
    """One redaction (RFC 9537, section 4.2): `postPath` for an emptied value, `prePath` for a removed one."""
    emptied = field in ("name", "address")
    where = f"{OF_OWNER}.vcardArray[1][?(@[0]=='{each.property}')]" + ("[3]" if emptied else "")
    where += "" if each.part is None else f"[{each.part}]"
    reason = "Owner's choice, or server policy" if _is_hidden(record, field) else "Server policy"
    return {
        "name": {"type" if each.registered else "description": each.name},
        "postPath" if emptied else "prePath": where,
        "pathLang": "jsonpath",
        "method": "emptyValue" if emptied else "removal",
        "reason": {"description": reason},
    }
