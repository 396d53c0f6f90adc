"""`/security`: the customer's sign-ins, their second step, and where they are signed in (R37 to R41)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from gateway.signin.frame.layout import button, entry, links, notice, paragraph
from gateway.signin.frame.markup import Child, Markup, tag
from gateway.signin.frame.visit import RequestContext
from gateway.signin.pages.mine import about
from gateway.signin.pages.security_apps import apps
from resolvers.account.apps import end_one_app, withdraw_one
from resolvers.account.sessions_commands import end_one, end_others
from resolvers.commands.dependencies import FRESH
from resolvers.factors.factors import OFFERED
from resolvers.signin.sessions import Session

Own = Callable[[RequestContext, Session], Awaitable[Response]]


def own(handler: Own) -> Callable[[RequestContext], Awaitable[Response]]:
    """A page for whoever is signed in; others sign in first."""

    async def guarded(visit: RequestContext) -> Response:
        session = await visit.session()
        if session is None:
            return visit.go(visit.to("/sign-in", **{"continue": back(visit)}))
        return await handler(visit, session)

    return guarded


def fresh(handler: Own) -> Callable[[RequestContext], Awaitable[Response]]:
    """The same for what is sensitive: whoever signed in more than five minutes ago confirms who they are (S7)."""

    async def guarded(visit: RequestContext, session: Session) -> Response:
        if not session.fresh(visit.now, FRESH):
            wanted = {"continue": back(visit), "max_age": str(FRESH), "platform": session.platform}
            return visit.go(visit.to("/sign-in", **wanted))
        return await handler(visit, session)

    return own(guarded)


def back(visit: RequestContext) -> str:
    """Where to come back to; after a form that is the page it was on."""
    return visit.request.url.path if visit.request.method in ("GET", "HEAD") else "/security"


@own
async def show(visit: RequestContext, session: Session) -> Response:
    """Everything at a glance."""
    return await overview(visit, session)


async def overview(visit: RequestContext, session: Session, *said: Child, status: int = 200) -> Response:
    """The page, with what there is to say."""
    data = await about(visit, session)
    me = data["me"] or {"credentials": [], "sessions": {"nodes": []}, "signIns": {"nodes": []}}
    unprotected = [each for each in me["credentials"] if each["platform"] in OFFERED and not _protects(each)]
    nag = visit.say("nag", platform=", ".join(visit.say(each["platform"]) for each in unprotected))
    return visit.page(
        visit.say("security"),
        *said,
        _who(visit, session),
        notice(nag, "warn") if unprotected else None,
        [_credential(visit, session, each) for each in me["credentials"]],
        _sessions(visit, data["grant"]["sessionId"], me["sessions"]["nodes"]),
        apps(visit, me),
        _accesses(visit, me["signIns"]["nodes"]),
        paragraph(visit.say("advice"), class_="hint"),
        status=status,
        wide=True,
    )


def _who(visit: RequestContext, session: Session) -> Markup:
    out = tag("a", visit.say("sign_out"), href=visit.to("/sign-out"), class_="out")
    return tag("p", visit.say("signed_in_as", platform=visit.say(session.platform)), " ", out, class_="who")


def _protects(credential: dict[str, Any]) -> bool:
    return any(each["confirmedAt"] and each["kind"] != "RECOVERY_CODES" for each in credential["secondFactors"])


def _credential(visit: RequestContext, session: Session, credential: dict[str, Any]) -> Markup:
    found = visit.house.store.keys.house.ids.decode(credential["id"])
    here = found is not None and found.key == session.credential_id
    confirmed = [each for each in credential["secondFactors"] if each["confirmedAt"]]
    steps: Child = None
    if credential["platform"] in OFFERED:
        state = visit.say("on" if _protects(credential) else "off")
        badge = tag("span", state, class_="badge on" if _protects(credential) else "badge")
        steps = tag("p", visit.say("two_steps"), " ", badge)
    listed = tag("ul", [_factor(visit, each, here) for each in confirmed], class_="rows") if confirmed else None
    return tag(
        "section",
        tag("h2", visit.say(credential["platform"])),
        tag("p", credential["loginName"], class_="hint"),
        steps,
        listed,
        _actions(visit, credential, confirmed) if here else _elsewhere(visit, credential),
    )


def _elsewhere(visit: RequestContext, credential: dict[str, Any]) -> Markup:
    there = visit.to("/sign-in", platform=credential["platform"], **{"continue": "/security"})
    return links((visit.say("at_other"), there))


def _factor(visit: RequestContext, factor: dict[str, Any], here: bool) -> Markup:
    used = factor["lastUsedAt"]
    facts = [visit.say("last_used", at=visit.moment(used)) if used else visit.say("never_used")]
    if factor["remaining"] is not None:
        facts.append(visit.say("left", count=factor["remaining"]))
    name = tag("strong", visit.say(factor["kind"]), f" · {factor['label']}" if factor["label"] else None)
    hidden = tag("input", type="hidden", name="id", value=factor["id"])
    remove = visit.form_of("/security/remove", hidden, button(visit.say("remove"), plain=True)) if here else None
    return tag("li", tag("div", name, tag("span", " · ".join(facts), class_="hint")), remove)


def _actions(visit: RequestContext, credential: dict[str, Any], confirmed: list[dict[str, Any]]) -> Markup:
    ways: list[Markup] = [links((visit.say("change_password"), "/password"))]
    if credential["platform"] in OFFERED:
        has_app = any(each["kind"] == "TOTP" for each in confirmed)
        add = button(visit.say("replace_app" if has_app else "add_app"))
        ways.append(visit.form_of("/security/app", add))
        ways.append(_passkey(visit))
        if _protects(credential):
            ways.append(visit.form_of("/security/codes", button(visit.say("new_codes"), plain=True)))
    return tag("div", ways, class_="actions")


def _passkey(visit: RequestContext) -> Markup:
    label = entry("label", visit.say("passkey_label"), value=visit.say("passkey_example"), maxlength=60)
    make = tag(
        "button", visit.say("add_passkey"), type="button", data_passkey="create", data_form=visit.form_token,
        data_failed=visit.say("passkey_failed"), class_="second",
    )  # fmt: skip
    ask = tag("div", label, make, tag("p", class_="errors", role="alert"), class_="passkey", hidden=True)
    return Markup(ask + _place_for_codes(visit))


def _place_for_codes(visit: RequestContext) -> Markup:
    """Where the script shows recovery codes, if the passkey was the first second factor."""
    title = tag("h2", visit.say("codes_title"))
    place, onward = tag("div", class_="place"), links((visit.say("done"), "/security"))
    return tag("div", title, notice(visit.say("codes_why"), "warn"), place, onward, id="new-codes", hidden=True)


def _sessions(visit: RequestContext, current: str | None, nodes: list[dict[str, Any]]) -> Markup:
    at = visit.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    open_ = [each for each in nodes if not each["endedAt"] and each["expiresAt"] > at]
    rows = [_session(visit, each, each["id"] == current) for each in open_]
    others = visit.form_of("/security/end-others", button(visit.say("end_others"))) if len(open_) > 1 else None
    return tag("section", tag("h2", visit.say("sessions")), tag("ul", rows, class_="rows"), others)


def _session(visit: RequestContext, node: dict[str, Any], current: bool) -> Markup:
    what = tag("strong", node["device"] or "?", f" · {visit.say('this_browser')}" if current else None)
    facts = [
        visit.say(node["platform"]),
        node["country"],
        node["ipAddress"],
        visit.say("seen", at=visit.moment(node["lastSeenAt"])),
    ]
    about_it = tag("span", " · ".join(fact for fact in facts if fact), class_="hint")
    hidden = tag("input", type="hidden", name="id", value=node["id"])
    end = None if current else visit.form_of("/security/end", hidden, button(visit.say("end"), plain=True))
    return tag("li", tag("div", what, about_it), end)


def _accesses(visit: RequestContext, nodes: list[dict[str, Any]]) -> Markup:
    rows = []
    for node in nodes:
        words = [visit.say(node["platform"]), node["device"], node["country"], visit.say(node["outcome"])]
        odd = tag("span", visit.say("unusual"), class_="badge warn") if node["unusual"] else None
        facts = tag("span", " · ".join(word for word in words if word), " ", odd, class_="hint")
        rows.append(tag("li", tag("div", tag("strong", visit.moment(node["at"])), facts)))
    return tag("section", tag("h2", visit.say("recent")), tag("ul", rows, class_="rows"))


@own
async def send_end(visit: RequestContext, session: Session) -> Response:
    """Sign out one browser or app."""
    result = await end_one(visit.house.actor(session, visit.now), _key(visit, "Session"))
    if result.problems:
        return await overview(visit, session, notice(visit.say("NOT_FOUND"), "error"), status=422)
    return visit.go("/security")


@own
async def send_withdraw(visit: RequestContext, session: Session) -> Response:
    """Take back what was allowed to an app; everything that it holds ends."""
    result = await withdraw_one(visit.house.actor(session, visit.now), _key(visit, "AuthorizedApp"))
    if result.problems:
        return await overview(visit, session, notice(visit.say("NOT_FOUND"), "error"), status=422)
    return visit.go("/security")


@own
async def send_end_app(visit: RequestContext, session: Session) -> Response:
    """Sign out one app on one device."""
    result = await end_one_app(visit.house.actor(session, visit.now), _key(visit, "AppSession"))
    if result.problems:
        return await overview(visit, session, notice(visit.say("NOT_FOUND"), "error"), status=422)
    return visit.go("/security")


def _key(visit: RequestContext, type_name: str) -> int:
    """The row that the form names; for what is no id of this type a key that nobody has."""
    found = visit.house.store.keys.house.ids.decode(visit.form.get("id", "")[:200])
    return found.key if found is not None and found.type_name == type_name else 0


@own
async def send_end_others(visit: RequestContext, session: Session) -> Response:
    """Sign out everywhere else."""
    ended = (await end_others(visit.house.actor(session, visit.now))).ended
    return await overview(visit, session, notice(visit.say("ended_others", count=ended)))
