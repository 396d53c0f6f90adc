"""The routes of the sign-in pages, and their dependencies from the settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.routing import Route

from gateway.config.settings import Settings
from gateway.signin.frame.cookies import Cookies
from gateway.signin.frame.services import PageApi, SignInServices
from gateway.signin.frame.serving import PageEndpoint
from gateway.signin.pages import (
    alarm,
    cookie_choices,
    demo,
    email,
    entry,
    passkey_endpoints,
    password_reset,
    registrant,
    registrant_confirming,
    security,
    security_changes,
    sign_out,
)
from gateway.signin.pages.unsubscribe import Unsubscribe
from resolvers.commands.dependencies import SignInDependencies
from store.database.store import Store


def make_sign_in_services(
    store: Store, settings: Settings, means: SignInDependencies, api: PageApi, clock: Callable[[], datetime]
) -> SignInServices:
    """The services of the sign-in pages, by the settings."""
    # By the public address: behind a proxy that ends TLS this process itself sees plain http.
    cookies = Cookies(settings.public_url.startswith("https:"), settings.site_domain)
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


def list_routes(services: SignInServices) -> list[Route]:
    """The routes of the pages, and the endpoints for their script."""
    script, changes = passkey_endpoints.ScriptEndpoint, security_changes
    routes = [
        Route("/sign-in", PageEndpoint(services, entry.show, entry.send)),
        Route("/sign-in/code", PageEndpoint(services, entry.show_code, entry.send_code)),
        Route("/sign-in/passkey/options", script(services, passkey_endpoints.options)),
        Route("/sign-in/passkey", script(services, passkey_endpoints.answer)),
        Route("/sign-out", PageEndpoint(services, sign_out.show, sign_out.send)),
        Route("/password/forgot", PageEndpoint(services, password_reset.show, password_reset.send)),
        Route("/password/reset", PageEndpoint(services, password_reset.show_reset, password_reset.send_reset)),
        Route("/password", PageEndpoint(services, changes.show_password, changes.send_password)),
        Route("/.well-known/change-password", PageEndpoint(services, changes.well_known)),
        Route("/not-me", PageEndpoint(services, alarm.show, alarm.send)),
        Route("/email/confirm", PageEndpoint(services, email.show, email.send)),
        Route("/registrant", PageEndpoint(services, registrant.show, registrant.send)),
        Route("/registrant/confirm", PageEndpoint(services, registrant_confirming.show, registrant_confirming.send)),
        Route("/registrant/data", PageEndpoint(services, registrant.show_data, registrant.send_data)),
        Route("/cookies", PageEndpoint(services, cookie_choices.show, cookie_choices.send)),
        Route("/unsubscribe/{token}", Unsubscribe(services)),
        Route("/.well-known/gpc.json", cookie_choices.well_known, methods=["GET"]),
        Route("/security", PageEndpoint(services, security.show)),
        Route("/security/end", PageEndpoint(services, None, security.send_end)),
        Route("/security/end-others", PageEndpoint(services, None, security.send_end_others)),
        Route("/security/apps/withdraw", PageEndpoint(services, None, security.send_withdraw)),
        Route("/security/apps/end", PageEndpoint(services, None, security.send_end_app)),
        Route("/security/app", PageEndpoint(services, None, changes.send_app)),
        Route("/security/app/confirm", PageEndpoint(services, None, changes.send_first_code)),
        Route("/security/codes", PageEndpoint(services, None, changes.send_new_codes)),
        Route("/security/services/{platform}", PageEndpoint(services, changes.show_service, changes.send_service)),
        Route("/security/remove", PageEndpoint(services, None, changes.send_remove)),
        Route("/security/passkey/options", script(services, changes.passkey_options)),
        Route("/security/passkey", script(services, changes.passkey_made)),
    ]
    # Not merely refused outside the demo: the route does not exist there.
    if services.demo:
        routes.append(Route("/demo/outbox", PageEndpoint(services, demo.show_outbox)))
    return routes
