"""The sign-in of staff, made from the settings, and its routes."""

from __future__ import annotations

import time
from functools import partial

from starlette.routing import Route

from gateway.access.fetching import fetch_json, post_form
from gateway.access.foreign_keys import ForeignKeys
from gateway.access.staff_openid import StaffOpenId, StaffProviderTerms
from gateway.config.settings import Settings
from gateway.run.serving import Services
from gateway.signin.frame.services import SignInServices
from gateway.signin.staff import pages, requests
from gateway.signin.staff.sessions import StaffSessions
from workers.http.client import HttpClient


def list_routes(services: Services, sign_in: SignInServices, settings: Settings) -> list[Route]:
    """The routes of `/audit`, and of the register of requests."""
    sessions = StaffSessions(services.store, services.revocations)
    provider = make_provider(settings)
    found = pages.list_routes(sign_in, pages.StaffPages(sessions, provider))
    # Without the company's sign-in there is nobody to show the register to; `gateway requests` has it all the same.
    return found if provider is None else [*found, *requests.list_routes(sign_in, requests.RequestPages(sessions))]


def make_provider(settings: Settings) -> StaffOpenId | None:
    """The company's OpenID provider; None where the settings name none."""
    if not settings.staff_issuer:
        return None
    client = HttpClient(settings.webhook_networks)
    fetch, post = partial(fetch_json, client=client), partial(post_form, client=client)
    terms = StaffProviderTerms(
        settings.staff_issuer,
        settings.staff_client_id,
        settings.staff_client_secret,
        settings.staff_claim,
        settings.staff_acr,
        f"{settings.public_url}{pages.BACK}",
    )
    keys = ForeignKeys(settings.staff_issuer, time.monotonic, fetch)
    return StaffOpenId(terms, keys, fetch, post, settings.clock_skew_seconds, time.time)
