"""`/registrant`: access, portability and erasure for owners of domains who are no customers (R52, GDPR Art. 15 to 20).

A link by e-mail authenticates the owner: it goes to the address that is registered for the domain. Everything shown is
read through the API, so that the customer sees the access in the ledger.
"""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from gateway.signin.frame.layout import button, entry, links, notice, paragraph
from gateway.signin.frame.markup import Child, Markup, tag
from gateway.signin.frame.request_context import RequestContext
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


async def show(context: RequestContext) -> Response:
    """Show the form for the domain's name."""
    return _form(context)


def _form(context: RequestContext, *said: Child, status: int = 200, errors: tuple[str, ...] = ()) -> Response:
    name = entry(
        "domain", context.say("domain"), errors=errors, maxlength=LONGEST_TYPED, required=True, autocapitalize="none"
    )
    form = context.form_of("/registrant", name, button(context.say("send_link")))
    return context.page(context.say("registrant"), *said, paragraph(context.say("registrant_why")), form, status=status)


async def send(context: RequestContext) -> Response:
    """Send the link, if the domain has an owner here; the page is the same in any case."""
    try:
        name = to_ascii(context.form.get("domain", ""))
    except DomainNameError:
        return _form(context, status=422, errors=(context.say("no_domain_name"),))
    denied = await RegistrantLinks(context.services.store, context.services.means).send(
        name, context.visitor, context.now
    )
    if denied is not None:
        said = notice(context.say("TOO_MANY_ATTEMPTS"), "error")
        return slowed(_form(context, said, status=429), denied)
    outbox = links((context.say("outbox"), "/demo/outbox")) if context.services.demo else None
    return context.page(context.say("sent"), notice(context.say("registrant_sent")), outbox)


async def show_data(context: RequestContext) -> Response:
    """Show all data about the owner of the link's domain, or return it as JSON with `form=json`."""
    secret, holder = await _holder(context)
    if holder is None:
        return _void(context)
    held = await _held(context, holder)
    if held is None:
        return _void(context)
    if context.asked.get("form") == "json":
        return _download(context, held)
    return _page(context, secret, held)


async def send_data(context: RequestContext) -> Response:
    """Request erasure, or cancel the request."""
    secret, holder = await _holder(context)
    if holder is None:
        return _void(context)
    rights = DataRights(command_context_of(context, holder))
    if context.form.get("do") == "stay":
        await rights.keep_owner(holder.domain)
    elif await rights.erase_owner(holder.domain) != "WAITS":
        return context.page(context.say("registrant"), notice(context.say("registrant_erased")))
    held = await _held(context, holder)
    return _void(context) if held is None else _page(context, secret, held)


async def _holder(context: RequestContext) -> tuple[str, LinkHolder | None]:
    secret = (context.value("t") or "")[:LONGEST_SECRET]
    return secret, await RegistrantLinks(context.services.store, context.services.means).find(secret, context.now)


def command_context_of(context: RequestContext, holder: LinkHolder) -> CommandContext:
    """The command context of the owner's requests."""
    services = context.services
    return CommandContext(
        services.store, _grant(context, holder), Purpose.SELF_SERVICE, None, context.now, services.means
    )


def _grant(context: RequestContext, holder: LinkHolder) -> Grant:
    return Grant(
        token_id=CLIENT,
        client_id=CLIENT,
        subject=holder.customer,
        purposes=frozenset({Purpose.SELF_SERVICE}),
        scopes=frozenset(),
        expires_at=int(context.now.timestamp()) + 60,
        refusal=Refusal.REFUSE,
        documents_only=False,
        introspection=False,
        max_page=1,
    )


async def _held(context: RequestContext, holder: LinkHolder) -> dict[str, Any] | None:
    """The domain's own facts; of what the customer's data was disclosed for, only what was about this domain."""
    id_ = context.services.store.keys.system.ids("Domain", holder.customer, holder.domain)
    question = Request(query=QUESTION, variables={"id": id_}, read_only=True)
    outcome = await context.services.api.execute(question, _grant(context, holder))
    if outcome.kind is not RequestOutcome.OK:
        raise StoreUnavailableError(OutageCause.DOWN)
    data = orjson.loads(outcome.body)["data"]
    if not data or not data["node"]:
        return None
    # The query runs as the customer, who may be somebody else: the owner gets only what is about this domain.
    passed = [each for each in data["me"]["disclosures"] if each["trigger"] == id_]
    return {"domain": data["node"], "disclosures": passed}


def _download(context: RequestContext, held: dict[str, Any]) -> Response:
    """The data as JSON, with the information that GDPR Art. 15(1) requires."""
    domain = held["domain"]
    content = {
        "kind": "REGISTRANT",
        "at": f"{context.now:%Y-%m-%dT%H:%M:%SZ}",
        **held,
        "published": {name: _published(domain, name) for name in DETAILS},
        "purpose": {"name": "DOMAIN_REGISTRATION", "why": Purpose.DOMAIN_REGISTRATION.why},
        "source": "the customer who keeps the domain",
        "recipients": [_registry(domain)],
        "retention": RetentionRule.CUSTOMER_LIFE.text,
    }
    headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="owner-of-a-domain.json"'}
    body = orjson.dumps(content, option=orjson.OPT_INDENT_2)
    return context.done(Response(body, 200, headers, "application/json"))


def _published(domain: dict[str, Any], name: str) -> bool:
    return shown(domain["tld"], domain["registrantKind"], name, bool(domain[f"hide{name.capitalize()}"]))


def _registry(domain: dict[str, Any]) -> str:
    found = registry_of(domain["tld"])
    return found.name if found is not None else f".{domain['tld']}"


def _page(context: RequestContext, secret: str, held: dict[str, Any]) -> Response:
    domain = held["domain"]
    return context.page(
        context.say("registrant"),
        tag("section", tag("h2", to_unicode(domain["name"])), _details(context, domain)),
        tag("section", tag("h2", context.say("registrant_whence")), _whence(context, domain)),
        tag("section", tag("h2", context.say("registrant_whither")), _whither(context, held["disclosures"])),
        _erasure(context, secret, domain),
        links((context.say("registrant_json"), context.to("/registrant/data", t=secret, form="json"))),
        wide=True,
    )


def _details(context: RequestContext, domain: dict[str, Any]) -> Markup:
    rows = []
    for name, field in DETAILS.items():
        value = domain[field]
        text = ", ".join(value["formatted"]) if isinstance(value, dict) else value
        state = "registrant_public" if _published(domain, name) else "registrant_hidden"
        said = context.say(state) if text else ""
        rows.append(tag("li", tag("strong", context.say(f"owner_{name}")), " ", tag("span", text or "—"), " ", said))
    return tag("ul", rows, class_="rows")


def _whence(context: RequestContext, domain: dict[str, Any]) -> Markup:
    return Markup(
        paragraph(context.say("registrant_source", registry=_registry(domain)))
        + paragraph(context.say("registrant_kept"))
        + paragraph(context.say("registrant_rights"))
    )


def _whither(context: RequestContext, disclosures: list[dict[str, Any]]) -> Markup:
    if not disclosures:
        return paragraph(context.say("registrant_nobody"))
    rows = [
        tag("li", tag("strong", each["recipientName"]), " ", tag("span", each["at"][:10]), " ", _fields(context, each))
        for each in disclosures
    ]
    return tag("ul", rows, class_="rows")


def _fields(context: RequestContext, disclosure: dict[str, Any]) -> str:
    """The disclosed fields in words; a field that is not about the owner counts as the domain."""
    named = {f"Domain.{field}": context.say(f"owner_{name}") for name, field in DETAILS.items()}
    return ", ".join(named.get(each, context.say("domain")) for each in disclosure["fields"])


def _erasure(context: RequestContext, secret: str, domain: dict[str, Any]) -> Markup:
    hidden = tag("input", type="hidden", name="t", value=secret)
    asked = domain["registrantErasureRequestedAt"]
    word, title = ("stay", "registrant_stay") if asked else ("erase", "registrant_erase")
    why = context.say("registrant_waits", day=context.day(asked)) if asked else context.say("registrant_erase_why")
    form = context.form_of("/registrant/data", hidden, tag("input", type="hidden", name="do", value=word),
                         button(context.say(title), plain=True))  # fmt: skip
    return tag("section", tag("h2", context.say("registrant_erasure")), paragraph(why, role="status"), form)


def _void(context: RequestContext) -> Response:
    again = links((context.say("another_link"), "/registrant"))
    return context.page(context.say("registrant"), notice(context.say("link_void"), "error"), again, status=410)
