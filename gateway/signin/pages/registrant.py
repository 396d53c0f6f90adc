"""`/registrant`: the owner of a domain who is no customer sees what is held, takes it along, asks to be erased (R52).

A link by e-mail proves who somebody is: it goes to the address that is registered for the domain. Everything shown is
asked of the API, so that the customer sees in the ledger that it was read, and through what.
"""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from gateway.signin.frame.layout import button, entry, links, notice, paragraph
from gateway.signin.frame.markup import Child, Markup, tag
from gateway.signin.frame.visit import RequestContext
from gateway.signin.pages.entry import slowed
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from policy.registries import registry_of, shown
from policy.retention import RetentionRule
from resolvers.commands.context import CommandContext
from resolvers.registrants.rights import LinkHolder, RegistrantLinks
from resolvers.rights.requests import DataRights
from schema.documents.requests import Request, RequestOutcome
from store.sql.errors import OutageCause, StoreUnavailableError
from values.domain_name import LONGEST_TYPED, DomainNameError, to_ascii, to_unicode

CLIENT = "registrant-link"
LONGEST_SECRET = 100
QUESTION = """
query Registrant($id: ID!) {
  node(id: $id) {
    ... on Domain {
      name tld registrantKind registrantName registrantEmail registrantPhone
      registrantAddress { street street2 postalCode city region country formatted }
      hideName hideAddress hideEmail hidePhone registeredAt expiresAt registrantErasureRequestedAt
    }
  }
  me { disclosures { recipientKind recipientName recipientCountry purpose legalBasis fields trigger at } }
}
"""
DETAILS = {"name": "registrantName", "address": "registrantAddress", "email": "registrantEmail",
           "phone": "registrantPhone"}  # fmt: skip


async def show(visit: RequestContext) -> Response:
    """Which domain it is about."""
    return _form(visit)


def _form(visit: RequestContext, *said: Child, status: int = 200, errors: tuple[str, ...] = ()) -> Response:
    name = entry(
        "domain", visit.say("domain"), errors=errors, maxlength=LONGEST_TYPED, required=True, autocapitalize="none"
    )
    form = visit.form_of("/registrant", name, button(visit.say("send_link")))
    return visit.page(visit.say("registrant"), *said, paragraph(visit.say("registrant_why")), form, status=status)


async def send(visit: RequestContext) -> Response:
    """Write to the owner, if there is one. The page says the same in any case."""
    try:
        name = to_ascii(visit.form.get("domain", ""))
    except DomainNameError:
        return _form(visit, status=422, errors=(visit.say("no_domain_name"),))
    denied = await RegistrantLinks(visit.house.store, visit.house.means).send(name, visit.visitor, visit.now)
    if denied is not None:
        said = notice(visit.say("TOO_MANY_ATTEMPTS"), "error")
        return slowed(_form(visit, said, status=429), denied)
    outbox = links((visit.say("outbox"), "/demo/outbox")) if visit.house.demo else None
    return visit.page(visit.say("sent"), notice(visit.say("registrant_sent")), outbox)


async def show_data(visit: RequestContext) -> Response:
    """Everything that is held about the owner of this domain, and what can be done about it."""
    secret, holder = await _holder(visit)
    if holder is None:
        return _void(visit)
    told = await _held(visit, holder)
    if told is None:
        return _void(visit)
    if visit.asked.get("form") == "json":
        return _download(visit, told)
    return _page(visit, secret, told)


async def send_data(visit: RequestContext) -> Response:
    """Ask to be erased, or call it off."""
    secret, holder = await _holder(visit)
    if holder is None:
        return _void(visit)
    rights = DataRights(desk_of(visit, holder))
    if visit.form.get("do") == "stay":
        await rights.keep_owner(holder.domain)
    elif await rights.erase_owner(holder.domain) != "WAITS":
        return visit.page(visit.say("registrant"), notice(visit.say("registrant_erased")))
    told = await _held(visit, holder)
    return _void(visit) if told is None else _page(visit, secret, told)


async def _holder(visit: RequestContext) -> tuple[str, LinkHolder | None]:
    secret = (visit.value("t") or "")[:LONGEST_SECRET]
    return secret, await RegistrantLinks(visit.house.store, visit.house.means).find(secret, visit.now)


def desk_of(visit: RequestContext, holder: LinkHolder) -> CommandContext:
    """Where what the owner asks for is done."""
    house = visit.house
    return CommandContext(house.store, _grant(visit, holder), Purpose.SELF_SERVICE, None, visit.now, house.means)


def _grant(visit: RequestContext, holder: LinkHolder) -> Grant:
    return Grant(
        token_id=CLIENT,
        client_id=CLIENT,
        subject=holder.customer,
        purposes=frozenset({Purpose.SELF_SERVICE}),
        scopes=frozenset(),
        expires_at=int(visit.now.timestamp()) + 60,
        refusal=Refusal.REFUSE,
        documents_only=False,
        introspection=False,
        max_page=1,
    )


async def _held(visit: RequestContext, holder: LinkHolder) -> dict[str, Any] | None:
    """The domain's own facts; of what the customer's data was disclosed for, only what was about this domain."""
    id_ = visit.house.store.keys.house.ids("Domain", holder.customer, holder.domain)
    question = Request(query=QUESTION, variables={"id": id_}, read_only=True)
    outcome = await visit.house.api.execute(question, _grant(visit, holder))
    if outcome.kind is not RequestOutcome.OK:
        raise StoreUnavailableError(OutageCause.DOWN)
    data = orjson.loads(outcome.body)["data"]
    if not data or not data["node"]:
        return None
    passed = [each for each in data["me"]["disclosures"] if each["trigger"] == id_]
    return {"domain": data["node"], "disclosures": passed}


def _download(visit: RequestContext, told: dict[str, Any]) -> Response:
    """As JSON, with what GDPR Art. 15(1) wants to be said beside it."""
    domain = told["domain"]
    content = {
        "kind": "REGISTRANT",
        "at": f"{visit.now:%Y-%m-%dT%H:%M:%SZ}",
        **told,
        "published": {name: _published(domain, name) for name in DETAILS},
        "purpose": {"name": "DOMAIN_REGISTRATION", "why": Purpose.DOMAIN_REGISTRATION.why},
        "source": "the customer who keeps the domain",
        "recipients": [_registry(domain)],
        "retention": RetentionRule.CUSTOMER_LIFE.text,
    }
    headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="owner-of-a-domain.json"'}
    body = orjson.dumps(content, option=orjson.OPT_INDENT_2)
    return visit.done(Response(body, 200, headers, "application/json"))


def _published(domain: dict[str, Any], name: str) -> bool:
    return shown(domain["tld"], domain["registrantKind"], name, bool(domain[f"hide{name.capitalize()}"]))


def _registry(domain: dict[str, Any]) -> str:
    found = registry_of(domain["tld"])
    return found.name if found is not None else f".{domain['tld']}"


def _page(visit: RequestContext, secret: str, told: dict[str, Any]) -> Response:
    domain = told["domain"]
    return visit.page(
        visit.say("registrant"),
        tag("section", tag("h2", to_unicode(domain["name"])), _details(visit, domain)),
        tag("section", tag("h2", visit.say("registrant_whence")), _whence(visit, domain)),
        tag("section", tag("h2", visit.say("registrant_whither")), _whither(visit, told["disclosures"])),
        _erasure(visit, secret, domain),
        links((visit.say("registrant_json"), visit.to("/registrant/data", t=secret, form="json"))),
        wide=True,
    )


def _details(visit: RequestContext, domain: dict[str, Any]) -> Markup:
    rows = []
    for name, field in DETAILS.items():
        value = domain[field]
        held = ", ".join(value["formatted"]) if isinstance(value, dict) else value
        state = "registrant_public" if _published(domain, name) else "registrant_hidden"
        said = visit.say(state) if held else ""
        rows.append(tag("li", tag("strong", visit.say(f"owner_{name}")), " ", tag("span", held or "—"), " ", said))
    return tag("ul", rows, class_="rows")


def _whence(visit: RequestContext, domain: dict[str, Any]) -> Markup:
    return Markup(
        paragraph(visit.say("registrant_source", registry=_registry(domain)))
        + paragraph(visit.say("registrant_kept"))
        + paragraph(visit.say("registrant_rights"))
    )


def _whither(visit: RequestContext, disclosures: list[dict[str, Any]]) -> Markup:
    if not disclosures:
        return paragraph(visit.say("registrant_nobody"))
    rows = [
        tag("li", tag("strong", each["recipientName"]), " ", tag("span", each["at"][:10]), " ", _fields(visit, each))
        for each in disclosures
    ]
    return tag("ul", rows, class_="rows")


def _fields(visit: RequestContext, disclosure: dict[str, Any]) -> str:
    """The details in words; what is no detail of the owner, such as the name of the domain, is the domain's own."""
    named = {f"Domain.{field}": visit.say(f"owner_{name}") for name, field in DETAILS.items()}
    return ", ".join(named.get(each, visit.say("domain")) for each in disclosure["fields"])


def _erasure(visit: RequestContext, secret: str, domain: dict[str, Any]) -> Markup:
    hidden = tag("input", type="hidden", name="t", value=secret)
    asked = domain["registrantErasureRequestedAt"]
    word, title = ("stay", "registrant_stay") if asked else ("erase", "registrant_erase")
    why = visit.say("registrant_waits", day=visit.day(asked)) if asked else visit.say("registrant_erase_why")
    form = visit.form_of("/registrant/data", hidden, tag("input", type="hidden", name="do", value=word),
                         button(visit.say(title), plain=True))  # fmt: skip
    return tag("section", tag("h2", visit.say("registrant_erasure")), paragraph(why, role="status"), form)


def _void(visit: RequestContext) -> Response:
    again = links((visit.say("another_link"), "/registrant"))
    return visit.page(visit.say("registrant"), notice(visit.say("link_void"), "error"), again, status=410)
