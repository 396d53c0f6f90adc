"""The routes of the sign-in pages, and their dependencies from the settings."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from starlette.routing import Route

from gateway.config.settings import Settings
from gateway.registers.affiliates import make_post
from gateway.signin.frame.cookies import Cookies
from gateway.signin.frame.house import PageApi, SignInServices
from gateway.signin.frame.serving import PageEndpoint
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
from resolvers.commands.dependencies import SignInDependencies, Site, Times
from resolvers.commands.places import Places
from resolvers.passwords.hashing import Hasher
from resolvers.passwords.lists import ReplaceableList, shipped
from resolvers.passwords.rules import Rules
from store.database.store import Store

log = logging.getLogger("gateway")


def make_means(settings: Settings) -> SignInDependencies:
    """The dependencies of sign-in by the settings; PasswordListError if the operator's list cannot be read."""
    times = Times(
        session=timedelta(seconds=settings.session_seconds),
        idle=timedelta(seconds=settings.session_idle_seconds),
    )
    places = Places(settings.geo_database)
    # Sign-in works without the database of places; only unusual countries go unnoticed (S9).
    if why := places.why_not():
        log.warning("%s", why)
    site, post = make_site(settings), make_post(settings)
    return SignInDependencies(
        site, Hasher(), places, times, post=post, passwords=_make_rules(settings), test_cards=settings.demo
    )


def _make_rules(settings: Settings) -> Rules:
    """The rules for new passwords; PasswordListError if the operator's list cannot be read."""
    own = (ReplaceableList(settings.password_list),) if settings.password_list else ()
    return Rules(settings.password_minimum, settings.password_classes, (shipped(), *own))


def make_site(settings: Settings) -> Site:
    """The name, address and time zone of the controller for customers, by the settings."""
    return Site(settings.site_name, _origin(settings.public_url), settings.time_zone)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def make_house(
    store: Store, settings: Settings, means: SignInDependencies, api: PageApi, clock: Callable[[], datetime]
) -> SignInServices:
    """The services of the sign-in pages, by the settings."""
    # By the public address: behind a proxy that ends TLS this process itself sees plain http.
    cookies = Cookies(secure=settings.public_url.startswith("https:"))
    return SignInServices(
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


def list_routes(house: SignInServices) -> list[Route]:
    """The routes of the pages, and the endpoints for their script."""
    script, changes = passkey_doors.ScriptEndpoint, security_changes
    routes = [
        Route("/sign-in", PageEndpoint(house, entry.show, entry.send)),
        Route("/sign-in/code", PageEndpoint(house, entry.show_code, entry.send_code)),
        Route("/sign-in/passkey/options", script(house, passkey_doors.options)),
        Route("/sign-in/passkey", script(house, passkey_doors.answer)),
        Route("/sign-out", PageEndpoint(house, leaving.show, leaving.send)),
        Route("/password/forgot", PageEndpoint(house, forgotten.show, forgotten.send)),
        Route("/password/reset", PageEndpoint(house, forgotten.show_reset, forgotten.send_reset)),
        Route("/password", PageEndpoint(house, changes.show_password, changes.send_password)),
        Route("/.well-known/change-password", PageEndpoint(house, changes.well_known)),
        Route("/not-me", PageEndpoint(house, alarm.show, alarm.send)),
        Route("/email/confirm", PageEndpoint(house, email.show, email.send)),
        Route("/registrant", PageEndpoint(house, registrant.show, registrant.send)),
        Route("/registrant/confirm", PageEndpoint(house, registrant_confirming.show, registrant_confirming.send)),
        Route("/registrant/data", PageEndpoint(house, registrant.show_data, registrant.send_data)),
        Route("/cookies", PageEndpoint(house, choosing.show, choosing.send)),
        Route("/unsubscribe/{token}", Unsubscribe(house)),
        Route("/.well-known/gpc.json", choosing.well_known, methods=["GET"]),
        Route("/security", PageEndpoint(house, security.show)),
        Route("/security/end", PageEndpoint(house, None, security.send_end)),
        Route("/security/end-others", PageEndpoint(house, None, security.send_end_others)),
        Route("/security/apps/withdraw", PageEndpoint(house, None, security.send_withdraw)),
        Route("/security/apps/end", PageEndpoint(house, None, security.send_end_app)),
        Route("/security/app", PageEndpoint(house, None, changes.send_app)),
        Route("/security/app/confirm", PageEndpoint(house, None, changes.send_first_code)),
        Route("/security/codes", PageEndpoint(house, None, changes.send_new_codes)),
        Route("/security/remove", PageEndpoint(house, None, changes.send_remove)),
        Route("/security/passkey/options", script(house, changes.passkey_options)),
        Route("/security/passkey", script(house, changes.passkey_made)),
    ]
    # Not merely refused outside the demo: the route does not exist there.
    if house.demo:
        routes.append(Route("/demo/outbox", PageEndpoint(house, demo.show_outbox)))
    return routes
