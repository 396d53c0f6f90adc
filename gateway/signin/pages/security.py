"""`/security`: credentials, second factors, sessions and recent sign-ins of the customer (R37 to R41)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from gateway.signin.frame.layout import button, entry, links, notice, paragraph
from gateway.signin.frame.markup import Child, Markup, tag
from gateway.signin.frame.request_context import RequestContext
from gateway.signin.pages.own_data import about
from gateway.signin.pages.security_apps import apps
from policy.platforms import WITH_SECOND_FACTOR
from resolvers.account.apps import end_one_app, withdraw_one
from resolvers.account.sessions_commands import end_one, end_others
from resolvers.commands.dependencies import FRESH
from resolvers.signin.sessions import Session

Own = Callable[[RequestContext, Session], Awaitable[Response]]


def own(handler: Own) -> Callable[[RequestContext], Awaitable[Response]]:
    """A page for signed-in customers; others are redirected to the sign-in page."""

    async def guarded(context: RequestContext) -> Response:
        session = await context.session()
        if session is None:
            return context.go(context.to("/sign-in", **{"continue": back(context)}))
        return await handler(context, session)

    return guarded


def fresh(handler: Own) -> Callable[[RequestContext], Awaitable[Response]]:
    """A page with step-up authentication: a sign-in older than five minutes must be repeated (S7)."""

    async def guarded(context: RequestContext, session: Session) -> Response:
        if not session.fresh(context.now, FRESH):
            wanted = {"continue": back(context), "max_age": str(FRESH), "platform": session.platform}
            return context.go(context.to("/sign-in", **wanted))
        return await handler(context, session)

    return own(guarded)


def back(context: RequestContext) -> str:
    """The address to return to after sign-in; for a POST the page of its form."""
    return context.request.url.path if context.request.method in ("GET", "HEAD") else "/security"


@own
async def show(context: RequestContext, session: Session) -> Response:
    """Show the overview."""
    return await overview(context, session)


async def overview(context: RequestContext, session: Session, *said: Child, status: int = 200) -> Response:
    """The overview, with notices. Raises StoreUnavailableError."""
    data = await about(context, session)
    me = data["me"] or {"credentials": [], "sessions": {"nodes": []}, "signIns": {"nodes": []}}
    # Not for platforms without second factors: nobody can follow that advice there.
    unprotected = [each for each in me["credentials"] if each["platform"] in WITH_SECOND_FACTOR and not _protects(each)]
    nag = context.say("nag", platform=", ".join(context.say(each["platform"]) for each in unprotected))
    return context.page(
        context.say("security"),
        *said,
        _who(context, session),
        notice(nag, "warn") if unprotected else None,
        [_credential(context, session, each) for each in me["credentials"]],
        _sessions(context, data["grant"]["sessionId"], me["sessions"]["nodes"]),
        apps(context, me),
        _accesses(context, me["signIns"]["nodes"]),
        paragraph(context.say("advice"), class_="hint"),
        status=status,
        wide=True,
    )


def _who(context: RequestContext, session: Session) -> Markup:
    out = tag("a", context.say("sign_out"), href=context.to("/sign-out"), class_="out")
    return tag("p", context.say("signed_in_as", platform=context.say(session.platform)), " ", out, class_="who")


def _protects(credential: dict[str, Any]) -> bool:
    return any(each["confirmedAt"] and each["kind"] != "RECOVERY_CODES" for each in credential["secondFactors"])


def _credential(context: RequestContext, session: Session, credential: dict[str, Any]) -> Markup:
    found = context.services.store.keys.system.ids.decode(credential["id"])
    here = found is not None and found.key == session.credential_id
    confirmed = [each for each in credential["secondFactors"] if each["confirmedAt"]]
    steps: Child = None
    if credential["platform"] in WITH_SECOND_FACTOR:
        state = context.say("on" if _protects(credential) else "off")
        badge = tag("span", state, class_="badge on" if _protects(credential) else "badge")
        steps = tag("p", context.say("two_steps"), " ", badge)
    listed = tag("ul", [_factor(context, each, here) for each in confirmed], class_="rows") if confirmed else None
    return tag(
        "section",
        tag("h2", context.say(credential["platform"])),
        tag("p", credential["loginName"], class_="hint"),
        steps,
        listed,
        _actions(context, credential, confirmed) if here else _elsewhere(context, credential),
    )


def _elsewhere(context: RequestContext, credential: dict[str, Any]) -> Markup:
    there = context.to("/sign-in", platform=credential["platform"], **{"continue": "/security"})
    return links((context.say("at_other"), there))


def _factor(context: RequestContext, factor: dict[str, Any], here: bool) -> Markup:
    used = factor["lastUsedAt"]
    facts = [context.say("last_used", at=context.moment(used)) if used else context.say("never_used")]
    if factor["remaining"] is not None:
        facts.append(context.say("left", count=factor["remaining"]))
    name = tag("strong", context.say(factor["kind"]), f" · {factor['label']}" if factor["label"] else None)
    hidden = tag("input", type="hidden", name="id", value=factor["id"])
    remove = context.form_of("/security/remove", hidden, button(context.say("remove"), plain=True)) if here else None
    return tag("li", tag("div", name, tag("span", " · ".join(facts), class_="hint")), remove)


def _actions(context: RequestContext, credential: dict[str, Any], confirmed: list[dict[str, Any]]) -> Markup:
    ways: list[Markup] = [links((context.say("change_password"), "/password"))]
    if credential["platform"] in WITH_SECOND_FACTOR:
        has_app = any(each["kind"] == "TOTP" for each in confirmed)
        add = button(context.say("replace_app" if has_app else "add_app"))
        ways.append(context.form_of("/security/app", add))
        ways.append(_passkey(context))
        if _protects(credential):
            ways.append(context.form_of("/security/codes", button(context.say("new_codes"), plain=True)))
    return tag("div", ways, class_="actions")


def _passkey(context: RequestContext) -> Markup:
    label = entry("label", context.say("passkey_label"), value=context.say("passkey_example"), maxlength=60)
    make = tag(
        "button", context.say("add_passkey"), type="button", data_passkey="create", data_form=context.form_token,
        data_failed=context.say("passkey_failed"), class_="second",
    )  # fmt: skip
    ask = tag("div", label, make, tag("p", class_="errors", role="alert"), class_="passkey", hidden=True)
    return Markup(ask + _place_for_codes(context))


def _place_for_codes(context: RequestContext) -> Markup:
    """The element in which the script shows recovery codes, if the passkey is the first second factor."""
    title = tag("h2", context.say("codes_title"))
    place, onward = tag("div", class_="place"), links((context.say("done"), "/security"))
    return tag("div", title, notice(context.say("codes_why"), "warn"), place, onward, id="new-codes", hidden=True)


def _sessions(context: RequestContext, current: str | None, nodes: list[dict[str, Any]]) -> Markup:
    at = context.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    # Expired sessions stay in the table for a while, and are no longer of use to anybody.
    open_ = [each for each in nodes if not each["endedAt"] and each["expiresAt"] > at]
    rows = [_session(context, each, each["id"] == current) for each in open_]
    others = context.form_of("/security/end-others", button(context.say("end_others"))) if len(open_) > 1 else None
    return tag("section", tag("h2", context.say("sessions")), tag("ul", rows, class_="rows"), others)


def _session(context: RequestContext, node: dict[str, Any], current: bool) -> Markup:
    what = tag("strong", node["device"] or "?", f" · {context.say('this_browser')}" if current else None)
    facts = [
        context.say(node["platform"]),
        node["country"],
        node["ipAddress"],
        context.say("seen", at=context.moment(node["lastSeenAt"])),
    ]
    about_it = tag("span", " · ".join(fact for fact in facts if fact), class_="hint")
    hidden = tag("input", type="hidden", name="id", value=node["id"])
    end = None if current else context.form_of("/security/end", hidden, button(context.say("end"), plain=True))
    return tag("li", tag("div", what, about_it), end)


def _accesses(context: RequestContext, nodes: list[dict[str, Any]]) -> Markup:
    rows = []
    for node in nodes:
        words = [context.say(node["platform"]), node["device"], node["country"], context.say(node["outcome"])]
        odd = tag("span", context.say("unusual"), class_="badge warn") if node["unusual"] else None
        facts = tag("span", " · ".join(word for word in words if word), " ", odd, class_="hint")
        rows.append(tag("li", tag("div", tag("strong", context.moment(node["at"])), facts)))
    return tag("section", tag("h2", context.say("recent")), tag("ul", rows, class_="rows"))


@own
async def send_end(context: RequestContext, session: Session) -> Response:
    """Sign out one browser or app."""
    result = await end_one(context.services.actor(session, context.now), _key(context, "Session"))
    if result.problems:
        return await overview(context, session, notice(context.say("NOT_FOUND"), "error"), status=422)
    return context.go("/security")


@own
async def send_withdraw(context: RequestContext, session: Session) -> Response:
    """Withdraw the consent to an app, and revoke all its tokens (GDPR Art. 7(3))."""
    result = await withdraw_one(context.services.actor(session, context.now), _key(context, "AuthorizedApp"))
    if result.problems:
        return await overview(context, session, notice(context.say("NOT_FOUND"), "error"), status=422)
    return context.go("/security")


@own
async def send_end_app(context: RequestContext, session: Session) -> Response:
    """Sign out one app on one device."""
    result = await end_one_app(context.services.actor(session, context.now), _key(context, "AppSession"))
    if result.problems:
        return await overview(context, session, notice(context.say("NOT_FOUND"), "error"), status=422)
    return context.go("/security")


def _key(context: RequestContext, type_name: str) -> int:
    """The row that the form names; for what is no id of this type a key that nobody has."""
    found = context.services.store.keys.system.ids.decode(context.form.get("id", "")[:200])
    return found.key if found is not None and found.type_name == type_name else 0


@own
async def send_end_others(context: RequestContext, session: Session) -> Response:
    """Sign out everywhere else."""
    ended = (await end_others(context.services.actor(session, context.now))).ended
    return await overview(context, session, notice(context.say("ended_others", count=ended)))
