"""`/rdap/domain/{name}`: what the registry publishes of a domain, as RDAP (RFC 9083) with redactions marked (RFC 9537).

It is asked of the API for DOMAIN_REGISTRATION, like the registrar's own tool: what is hidden is not read, and what is
read stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, select
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from gateway.graphql_http import Answers
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from policy.registries import FIELDS, shown
from schema.global_ids import to_global_id
from schema.requests import Kind, Request
from store.blindindex import LENGTH, Lookup
from store.database import Store
from store.domains import domains
from store.faults import Cause, StoreUnavailable

D = domains.c
CLIENT = "rdap"
MEDIA = "application/rdap+json"
LONGEST = 255
HEADERS = {"access-control-allow-origin": "*", "cache-control": "no-store"}
"""RFC 7480, section 5.6: pages of others may read it. Nobody keeps it: what is published may be hidden tomorrow."""

QUESTION = """
query Rdap($id: ID!) {
  node(id: $id) {
    ... on Domain {
      name tld registrantKind hideName hideAddress hideEmail hidePhone registeredAt expiresAt
      registrantName registrantEmail registrantPhone
      registrantAddress { street street2 city postalCode region country }
    }
  }
}
"""
CONFORMANCE = ["rdap_level_0", "redacted"]
NAMES = {"name": "Registrant Name", "address": "Registrant Address", "email": "Registrant Email",
         "phone": "Registrant Phone"}  # fmt: skip
PATHS = {"name": "fn", "address": "adr", "email": "email", "phone": "tel"}


class Rdap:
    """Answers queries for domains that are registered here."""

    def __init__(self, store: Store, api: Answers, clock: Callable[[], datetime]) -> None:
        self._store, self._api, self._clock = store, api, clock
        found = select(D.id).where(D.name_index == bindparam("mark"))
        self._find = store.reader.prepare(found)

    async def domain(self, request: HttpRequest) -> Response:
        """The domain, or an RDAP error (RFC 9083, section 6)."""
        name = normal(request.path_params["name"])
        if name is None:
            return failed(400, "Not a domain name", "Write the name in letters, digits and hyphens, or in your script.")
        try:
            facts = await self._facts(name)
        except StoreUnavailable as outage:
            return failed(503, "Not available", outage.reason, {"retry-after": str(outage.retry_after)})
        if facts is None:
            return failed(404, "No such domain", "No domain of this name is registered here.")
        return said(200, rdap(facts, request.url.path))

    async def _facts(self, name: str) -> Mapping[str, Any] | None:
        mark = self._store.keys.blind_index(Lookup.DOMAIN, name)
        assert len(mark) == LENGTH
        rows = await self._store.reader.fetch(self._find, {"mark": mark})
        if not rows:
            return None
        question = Request(query=QUESTION, variables={"id": to_global_id("Domain", rows[0][0])}, read_only=True)
        outcome = await self._api.execute(question, self._grant())
        if outcome.kind is not Kind.OK:
            raise StoreUnavailable(Cause.DOWN)
        found: Mapping[str, Any] | None = orjson.loads(outcome.body)["data"]["node"]
        return found

    def _grant(self) -> Grant:
        return Grant(
            token_id=CLIENT,
            client_id=CLIENT,
            subject=None,
            purposes=frozenset({Purpose.DOMAIN_REGISTRATION}),
            scopes=frozenset(),
            expires_at=int(self._clock().timestamp()) + 60,
            refusal=Refusal.REFUSE,
            documents_only=False,
            introspection=False,
            max_page=1,
        )


def normal(text: str) -> str | None:
    """The name as it is stored: small letters, without the last dot; Unicode names by their A-labels (RFC 5891)."""
    name = text.strip().rstrip(".").lower()
    if not name or len(name) > LONGEST or "." not in name:
        return None
    try:
        ascii_name = name.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    labels = ascii_name.split(".")
    fine = all(each and each.replace("-", "").isalnum() and not each.startswith("-") for each in labels)
    return ascii_name if fine else None


def rdap(facts: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The object; a detail that is not published is empty or gone, and `redacted` says which and how."""
    hidden = [field for field in FIELDS if not _shown(facts, field)]
    events = [("registration", facts["registeredAt"]), ("expiration", facts["expiresAt"])]
    return {
        "rdapConformance": CONFORMANCE,
        "objectClassName": "domain",
        "ldhName": facts["name"],
        "status": ["active"],
        "events": [{"eventAction": action, "eventDate": at} for action, at in events if at is not None],
        "entities": [{"objectClassName": "entity", "roles": ["registrant"], "vcardArray": ["vcard", _card(facts)]}],
        "redacted": [_redaction(facts, field) for field in hidden],
        "links": [{"rel": "self", "href": path, "type": MEDIA}],
        "notices": [
            {
                "title": "Details of the owner",
                "description": ["They are published as the registry requires and the owner chose."],
            }
        ],
    }


def _shown(facts: Mapping[str, Any], field: str) -> bool:
    hide = bool(facts[f"hide{field.capitalize()}"])
    return shown(facts["tld"], facts["registrantKind"], field, hide)


def _card(facts: Mapping[str, Any]) -> list[list[Any]]:
    """jCard (RFC 7095). `fn` and `adr` stay, empty; e-mail and phone are left out."""
    card: list[list[Any]] = [["version", {}, "text", "4.0"], ["fn", {}, "text", facts["registrantName"] or ""]]
    address = facts["registrantAddress"] or {}
    street = [each for each in (address.get("street"), address.get("street2")) if each]
    parts = ["", "", street or "", *(address.get(each) or "" for each in ("city", "region", "postalCode"))]
    country = {"cc": address["country"]} if address.get("country") else {}
    card.append(["adr", country, "text", [*parts, ""]])
    if facts["registrantPhone"]:
        card.append(["tel", {"type": "voice"}, "uri", f"tel:{facts['registrantPhone']}"])
    if facts["registrantEmail"]:
        card.append(["email", {}, "text", facts["registrantEmail"]])
    return card


def _redaction(facts: Mapping[str, Any], field: str) -> dict[str, Any]:
    """RFC 9537, section 4.2: what was emptied is at a path that is still there, what was removed at one that was."""
    emptied = field in ("name", "address")
    where = f"$.entities[?(@.roles[0]=='registrant')].vcardArray[1][?(@[0]=='{PATHS[field]}')]"
    reason = "Server policy" if not facts[f"hide{field.capitalize()}"] else "Owner's choice, or server policy"
    return {
        "name": {"description": NAMES[field]},
        ("postPath" if emptied else "prePath"): f"{where}[3]" if emptied else where,
        "pathLang": "jsonpath",
        "method": "emptyValue" if emptied else "removal",
        "reason": {"description": reason},
    }


def failed(status: int, title: str, why: str, more: Mapping[str, str] | None = None) -> Response:
    """An error as RDAP has it."""
    content = {"rdapConformance": CONFORMANCE[:1], "errorCode": status, "title": title, "description": [why]}
    return said(status, content, more)


def said(status: int, content: Mapping[str, Any], more: Mapping[str, str] | None = None) -> Response:
    """A response of RDAP's media type."""
    return Response(orjson.dumps(content), status, {**HEADERS, **(more or {})}, MEDIA)


def list_routes(store: Store, api: Answers, clock: Callable[[], datetime]) -> list[Route]:
    """The address."""
    return [Route("/rdap/domain/{name}", Rdap(store, api, clock).domain, methods=["GET"])]
