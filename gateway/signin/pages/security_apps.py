"""The section of `/security` about apps: given consents, and app sessions with tokens (GDPR Art. 7(3), O10)."""

from __future__ import annotations

from typing import Any

from gateway.signin.frame.layout import button
from gateway.signin.frame.markup import Child, Markup, tag
from gateway.signin.frame.request_context import RequestContext
from messages.catalogue import translate
from policy.app_scopes import AppScope


def apps(context: RequestContext, me: dict[str, Any]) -> Markup | None:
    """Both lists, each line with a button to withdraw or end it; None if both are empty."""
    consented = [each for each in me.get("authorizedApps") or () if not each["withdrawnAt"]]
    holding = me.get("appSessions") or []
    if not consented and not holding:
        return None
    return tag(
        "section",
        tag("h2", context.say("apps")),
        tag("ul", [_allowed(context, each) for each in consented], class_="rows") if consented else None,
        tag("h3", context.say("app_sessions")) if holding else None,
        tag("ul", [_holding(context, each) for each in holding], class_="rows") if holding else None,
    )


def _allowed(context: RequestContext, app: dict[str, Any]) -> Markup:
    sentences = [translate(AppScope[each].text, context.language) for each in app["scopes"] or ()]
    facts = tag("span", context.say("app_since", at=context.day(app["givenAt"])), class_="hint")
    allowed = tag("ul", [tag("li", each) for each in sentences], class_="plain")
    return _line(context, app, "/security/apps/withdraw", "take_back", facts, allowed)


def _holding(context: RequestContext, app: dict[str, Any]) -> Markup:
    facts = tag("span", context.say("app_since", at=context.day(app["startedAt"])), class_="hint")
    return _line(context, app, "/security/apps/end", "end", facts)


def _line(context: RequestContext, app: dict[str, Any], where: str, word: str, *facts: Child) -> Markup:
    hidden = tag("input", type="hidden", name="id", value=app["id"])
    name = tag("strong", app["name"] or app["client"])
    return tag("li", tag("div", name, *facts), context.form_of(where, hidden, button(context.say(word), plain=True)))
