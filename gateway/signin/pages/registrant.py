"""`/registrant`: access, portability and erasure for owners of domains who are no customers (R52, GDPR Art. 15 to 20).

A link by e-mail authenticates the owner: it goes to the address that is registered for the domain. Everything shown is
read through the API, so that the customer sees the access in the ledger.
"""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from gateway.signin.frame.request_context import RequestContext
from gateway.signin.frame.shown import PageNotice
from gateway.signin.pages.demo import outbox_way
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
query Registrant($id: ID!, $after: String) {
  node(id: $id) {
    ... on Domain {
      name tld hideName hideAddress hideEmail hidePhone registeredAt expiresAt
      registrant {
        kind name email phone erasureRequestedAt
        address { street street2 postalCode city region country formatted }
      }
    }
  }
  me {
    disclosures(first: 100, after: $after, filter: { causeId: $id }) {
      nodes { recipientKind recipientName recipientCountry purpose legalBasis fields at }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
DETAILS = ("name", "address", "email", "phone")


async def show(context: RequestContext) -> Response:
    """Show the form for the domain's name."""
    return _form(context)


def _form(context: RequestContext, *said: PageNotice, status: int = 200, errors: tuple[str, ...] = ()) -> Response:
    return context.page("registrant", *said, errors=errors, longest_name=LONGEST_TYPED, status=status)


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
        said = PageNotice(context.say("TOO_MANY_ATTEMPTS"), "error")
        return slowed(_form(context, said, status=429), denied)
    return context.message("sent", PageNotice(context.say("registrant_sent")), ways=outbox_way(context))


async def show_data(context: RequestContext) -> Response:
    """Show all data about the owner of the link's domain, or return it as JSON with `form=json`."""
    secret, holder = await _holder(context)
    if holder is None:
        return void(context)
    held = await _held(context, holder)
    if held is None:
        return void(context)
    if context.asked.get("form") == "json":
        return _download(context, held)
    return _page(context, secret, held)


async def send_data(context: RequestContext) -> Response:
    """Request erasure, or cancel the request."""
    secret, holder = await _holder(context)
    if holder is None:
        return void(context)
    rights = DataRights(command_context_of(context, holder))
    if context.form.get("do") == "stay":
        await rights.keep_owner(holder.domain)
    elif await rights.erase_owner(holder.domain) != "WAITS":
        return context.message("registrant", PageNotice(context.say("registrant_erased")))
    held = await _held(context, holder)
    return void(context) if held is None else _page(context, secret, held)


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
        max_page=100,
    )


async def _held(context: RequestContext, holder: LinkHolder) -> dict[str, Any] | None:
    """The domain's own facts; of what the customer's data was disclosed for, only what was about this domain."""
    id_ = context.services.store.keys.system.ids("Domain", holder.customer, holder.domain)
    after, passed = None, []
    while True:
        # The query runs as the customer, who may be somebody else: the owner gets only what is about this domain.
        variables = {"id": id_, "after": after}
        question = Request(query=QUESTION, variables=variables, read_only=True)
        outcome = await context.services.api.execute(question, _grant(context, holder))
        if outcome.kind is not RequestOutcome.OK:
            raise StoreUnavailableError(OutageCause.DOWN)
        data = orjson.loads(outcome.body)["data"]
        if not data or not data["node"]:
            return None
        page = data["me"]["disclosures"]
        passed += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return {"domain": data["node"], "disclosures": passed}
        after = page["pageInfo"]["endCursor"]


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
    return shown(domain["tld"], domain["registrant"]["kind"], name, bool(domain[f"hide{name.capitalize()}"]))


def _registry(domain: dict[str, Any]) -> str:
    found = registry_of(domain["tld"])
    return found.name if found is not None else f".{domain['tld']}"


def _page(context: RequestContext, secret: str, held: dict[str, Any]) -> Response:
    domain = held["domain"]
    return context.page(
        "registrant_data",
        domain=to_unicode(domain["name"]),
        details=[_detail(domain, name) for name in DETAILS],
        registry=_registry(domain),
        disclosures=[
            {"name": each["recipientName"], "day": each["at"][:10], "fields": _fields(context, each)}
            for each in held["disclosures"]
        ],
        asked=domain["registrant"]["erasureRequestedAt"],
        secret=secret,
    )


def _detail(domain: dict[str, Any], name: str) -> dict[str, Any]:
    value = domain["registrant"][name]
    text = ", ".join(value["formatted"]) if isinstance(value, dict) else value
    return {"name": name, "text": text, "published": _published(domain, name)}


def _fields(context: RequestContext, disclosure: dict[str, Any]) -> str:
    """The disclosed fields in words; a field that is not about the owner counts as the domain."""
    named = {f"Registrant.{name}": context.say(f"owner_{name}") for name in DETAILS}
    return ", ".join(named.get(each, context.say("domain")) for each in disclosure["fields"])


def void(context: RequestContext) -> Response:
    """The answer to a link that is not valid, or not any more."""
    again = context.way("another_link", "/registrant")
    return context.message("registrant", PageNotice(context.say("link_void"), "error"), ways=[again], status=410)
