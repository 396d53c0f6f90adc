"""Every address of the sign-in pages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.routing import Route

from gateway.config.settings import Settings
from gateway.registers.affiliates import make_post
from gateway.signin.frame.cookies import Cookies
from gateway.signin.frame.house import Answers, House
from gateway.signin.frame.serving import Page
from gateway.signin.pages import (
    alarm,
    choosing,
    demo,
    email,
    entry,
    forgotten,
    leaving,
    passkey_doors,
    registrant,
    registrant_confirming,
    security,
    security_changes,
)
from gateway.signin.pages.unsubscribing import Unsubscribe
from resolvers.commands.dependencies import Means, Site, Times
from resolvers.commands.places import Places
from resolvers.passwords.hashing import Hasher
from resolvers.passwords.lists import ReplaceableList, shipped
from resolvers.passwords.rules import Rules
from store.database.store import Store

log = logging.getLogger("gateway")


def make_means(settings: Settings) -> Means:
    """What the settings say about signing in."""
    times = Times(
        session=timedelta(seconds=settings.session_seconds),
        idle=timedelta(seconds=settings.session_idle_seconds),
    )
    places = Places(settings.geo_database)
    if why := places.why_not():
        log.warning("%s", why)
    site, post = make_site(settings), make_post(settings)
    return Means(site, Hasher(), places, times, post=post, passwords=_make_rules(settings), test_cards=settings.demo)


def _make_rules(settings: Settings) -> Rules:
    """What new passwords have to be; PasswordListError when the operator's list cannot be read."""
    own = (ReplaceableList(settings.password_list),) if settings.password_list else ()
    return Rules(settings.password_minimum, settings.password_classes, (shipped(), *own))


def make_site(settings: Settings) -> Site:
    """Who we are to customers, from the settings."""
    return Site(settings.site_name, _origin(settings.public_url), settings.time_zone)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def make_house(store: Store, settings: Settings, means: Means, api: Answers, clock: Callable[[], datetime]) -> House:
    """What the pages work with, from the settings."""
    cookies = Cookies(secure=settings.public_url.startswith("https:"))
    return House(
        store,
        means,
        api,
        cookies,
        settings.proxies,
        clock,
        settings.demo,
        settings.proxy_header,
        settings.body_seconds,
    )


def list_routes(house: House) -> list[Route]:
    """The pages, and the doors for their one script."""
    door, changes = passkey_doors.Door, security_changes
    routes = [
        Route("/sign-in", Page(house, entry.show, entry.send)),
        Route("/sign-in/code", Page(house, entry.show_code, entry.send_code)),
        Route("/sign-in/passkey/options", door(house, passkey_doors.options)),
        Route("/sign-in/passkey", door(house, passkey_doors.answer)),
        Route("/sign-out", Page(house, leaving.show, leaving.send)),
        Route("/password/forgot", Page(house, forgotten.show, forgotten.send)),
        Route("/password/reset", Page(house, forgotten.show_reset, forgotten.send_reset)),
        Route("/password", Page(house, changes.show_password, changes.send_password)),
        Route("/.well-known/change-password", Page(house, changes.well_known)),
        Route("/not-me", Page(house, alarm.show, alarm.send)),
        Route("/email/confirm", Page(house, email.show, email.send)),
        Route("/registrant", Page(house, registrant.show, registrant.send)),
        Route("/registrant/confirm", Page(house, registrant_confirming.show, registrant_confirming.send)),
        Route("/registrant/data", Page(house, registrant.show_data, registrant.send_data)),
        Route("/cookies", Page(house, choosing.show, choosing.send)),
        Route("/unsubscribe/{token}", Unsubscribe(house)),
        Route("/.well-known/gpc.json", choosing.well_known, methods=["GET"]),
        Route("/security", Page(house, security.show)),
        Route("/security/end", Page(house, None, security.send_end)),
        Route("/security/end-others", Page(house, None, security.send_end_others)),
        Route("/security/apps/withdraw", Page(house, None, security.send_withdraw)),
        Route("/security/apps/end", Page(house, None, security.send_end_app)),
        Route("/security/app", Page(house, None, changes.send_app)),
        Route("/security/app/confirm", Page(house, None, changes.send_first_code)),
        Route("/security/codes", Page(house, None, changes.send_new_codes)),
        Route("/security/remove", Page(house, None, changes.send_remove)),
        Route("/security/passkey/options", door(house, changes.passkey_options)),
        Route("/security/passkey", door(house, changes.passkey_made)),
    ]
    if house.demo:
        routes.append(Route("/demo/outbox", Page(house, demo.show_outbox)))
    return routes
