"""The parts of an RDAP answer for a generic top-level domain beside the domain: the registrar, the notices that ICANN's
response profile of February 2024 asks for, and a way to reach an owner whose e-mail address is hidden (RFC 8605).

The gateway holds no delegation and no identifiers of the registry, so it does not claim the whole profile in
`rdapConformance`; docs/sharing.md lists what is kept, by the codes of ICANN's conformance tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from gateway.config.registrar import PLACE, Registrar
from resolvers.domains.rdap import OF_OWNER, moment

MEDIA: Final = "application/rdap+json"
EPP_STATUS, INACCURACY = "https://icann.org/epp", "https://icann.org/wicf"
CARD: Final = f"{OF_OWNER}.vcardArray[1]"


def help_notices(registrar: Registrar | None, itself: str) -> list[dict[str, Any]]:
    """The notices of `/rdap/help` (RFC 9082, section 3.1.6); `itself` is the address that was asked."""
    about = "Domains that are registered here, by name: /rdap/domain/{name}. Other queries are answered 501."
    return [{"title": "Help", "description": [about]}, *([_terms(registrar, itself)] if registrar else [])]


def with_registrar(
    document: Mapping[str, Any], registrar: Registrar, itself: str, base: str, now: datetime
) -> dict[str, Any]:
    """Return the RDAP object with the registrar's part. `itself` is the address that was asked, `base` the base address
    of the RDAP service as IANA lists it."""
    expiry = [each["eventDate"] for each in document["events"] if each["eventAction"] == "expiration"]
    events = [{"eventAction": "registrar expiration", "eventDate": at} for at in expiry]
    events.append({"eventAction": "last update of RDAP database", "eventDate": moment(now)})
    said = _reachable(document, registrar) | {
        "events": [*document["events"], *events],
        "notices": [*document["notices"], *_notices(registrar, itself)],
    }
    said["entities"] = [*said["entities"], _entity(registrar, base)]
    # The registry's identifiers are not held here, which the profile has told like this (sections 2.2, 2.7.3).
    unheld = (("Registry Domain ID", "$.handle"), ("Registry Registrant ID", f"{OF_OWNER}.handle"))
    said["redacted"] = [*said["redacted"], *(_removed(name, path) for name, path in unheld)]
    return said


def _reachable(document: Mapping[str, Any], registrar: Registrar) -> dict[str, Any]:
    """The object with a contact address in the place of a hidden e-mail address (RFC 8605; RFC 9537, section 3.4)."""
    changed = dict(document)
    at = [place for place, each in enumerate(changed["redacted"]) if each["name"].get("type") == "Registrant Email"]
    if not at:
        return changed
    redacted = list(changed["redacted"])
    redacted[at[0]] = redacted[at[0]] | {
        "method": "replacementValue",
        "replacementPath": f"{CARD}[?(@[0]=='contact-uri')]",
    }
    owner, *others = changed["entities"]
    kind, card = owner["vcardArray"]
    address = registrar.contact.replace(PLACE, quote(changed["ldhName"], safe=""))
    card = [*card, ["contact-uri", {}, "uri", address]]
    return changed | {"redacted": redacted, "entities": [owner | {"vcardArray": [kind, card]}, *others]}


def _removed(name: str, path: str) -> dict[str, Any]:
    return {
        "name": {"type": name},
        "prePath": path,
        "pathLang": "jsonpath",
        "method": "removal",
        "reason": {"description": "Server policy"},
    }


def _entity(registrar: Registrar, base: str) -> dict[str, Any]:
    """The registrar with its abuse contact (ICANN's response profile, section 2.4)."""
    abuse = [
        ["version", {}, "text", "4.0"],
        ["fn", {}, "text", "Abuse contact"],
        ["tel", {"type": "voice"}, "uri", f"tel:{registrar.abuse_phone}"],
        ["email", {}, "text", registrar.abuse_email],
    ]
    return {
        "objectClassName": "entity",
        "handle": registrar.iana_id,
        "roles": ["registrar"],
        "publicIds": [{"type": "IANA Registrar ID", "identifier": registrar.iana_id}],
        "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", registrar.name]]],
        "entities": [{"objectClassName": "entity", "roles": ["abuse"], "vcardArray": ["vcard", abuse]}],
        "links": [{"value": base, "rel": "about", "href": base, "type": MEDIA}],
    }


def _notices(registrar: Registrar, itself: str) -> list[dict[str, Any]]:
    """The notices in ICANN's own words, which its conformance tool compares."""
    status = f"For more information on domain status codes, please visit {EPP_STATUS}"
    wrong = f"URL of the ICANN RDDS Inaccuracy Complaint Form: {INACCURACY}"
    return [
        _terms(registrar, itself),
        _notice("Status Codes", status, _link(itself, "glossary", EPP_STATUS)),
        _notice("RDDS Inaccuracy Complaint Form", wrong, _link(itself, "help", INACCURACY)),
    ]


def _terms(registrar: Registrar, itself: str) -> dict[str, Any]:
    said = "The answers of this service are given under its terms."
    return _notice("Terms of Service", said, _link(itself, "terms-of-service", registrar.terms))


def _notice(title: str, text: str, link: Mapping[str, str]) -> dict[str, Any]:
    return {"title": title, "description": [text], "links": [link]}


def _link(itself: str, relation: str, target: str) -> dict[str, str]:
    return {"value": itself, "rel": relation, "href": target, "type": "text/html"}
