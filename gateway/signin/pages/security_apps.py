"""The part of `/security` about apps: what was allowed to them, and where they hold tokens (GDPR Art. 7(3), O10)."""

from __future__ import annotations

from typing import Any

from gateway.signin.frame.layout import button
from gateway.signin.frame.markup import Child, Markup, tag
from gateway.signin.frame.visit import RequestContext
from messages.catalogue import translate
from policy.app_scopes import AppScope


def apps(visit: RequestContext, me: dict[str, Any]) -> Markup | None:
    """Both lists, each line with its one step; None where there is nothing to tell."""
    standing = [each for each in me.get("authorizedApps") or () if not each["withdrawnAt"]]
    holding = me.get("appSessions") or []
    if not standing and not holding:
        return None
    return tag(
        "section",
        tag("h2", visit.say("apps")),
        tag("ul", [_allowed(visit, each) for each in standing], class_="rows") if standing else None,
        tag("h3", visit.say("app_sessions")) if holding else None,
        tag("ul", [_holding(visit, each) for each in holding], class_="rows") if holding else None,
    )


def _allowed(visit: RequestContext, app: dict[str, Any]) -> Markup:
    sentences = [translate(AppScope[each].text, visit.language) for each in app["scopes"] or ()]
    facts = tag("span", visit.say("app_since", at=visit.day(app["givenAt"])), class_="hint")
    allowed = tag("ul", [tag("li", each) for each in sentences], class_="plain")
    return _line(visit, app, "/security/apps/withdraw", "take_back", facts, allowed)


def _holding(visit: RequestContext, app: dict[str, Any]) -> Markup:
    facts = tag("span", visit.say("app_since", at=visit.day(app["startedAt"])), class_="hint")
    return _line(visit, app, "/security/apps/end", "end", facts)


def _line(visit: RequestContext, app: dict[str, Any], where: str, word: str, *facts: Child) -> Markup:
    hidden = tag("input", type="hidden", name="id", value=app["id"])
    name = tag("strong", app["name"] or app["client"])
    return tag("li", tag("div", name, *facts), visit.form_of(where, hidden, button(visit.say(word), plain=True)))
