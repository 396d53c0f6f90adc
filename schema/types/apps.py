"""Authorized third-party apps of a customer, and the token families of all apps."""

from __future__ import annotations

import strawberry

from policy.app_scopes import AppScope
from policy.categories import Category
from schema.core.scalars import DateTime
from schema.declare.commands import UserError, affected, command_input, transient_input, user_errors
from schema.declare.connections import connection
from schema.declare.directives import AppScopeEnum
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import SELF
from schema.declare.records import plain_type, record
from store.tables.oauth import oauth_consents, oauth_families

OWN = (SELF,)


def scopes_in(text: str) -> list[str]:
    """The app scopes among a token's scopes, in the order of the catalogue."""
    words = frozenset(text.split())
    return [each.name for each in AppScope if each.scope in words]


@record(oauth_consents)
class AuthorizedApp(Node):
    """A third-party app with an authorization of the customer."""

    id: strawberry.ID = identity(oauth_consents, OWN)
    client: str | None = datum(oauth_consents.c.client_id, "The client id of the app.", OWN)
    name: str | None = datum(oauth_consents.c.client_name, "The app's name at the time of consent.", OWN)
    scopes: list[AppScopeEnum] | None = datum(
        oauth_consents.c.scope, "The scopes that were allowed.", OWN, read=scopes_in
    )
    given_at: DateTime | None = datum(oauth_consents.c.given_at, "The time of consent.", OWN)
    withdrawn_at: DateTime | None = datum(
        oauth_consents.c.withdrawn_at, "The time of withdrawal; null while it is valid.", OWN
    )


@record(oauth_families)
class AppSession(Node):
    """The tokens of one app on one device, from one sign-in (a token family). They are revoked together."""

    id: strawberry.ID = identity(oauth_families, OWN)
    client: str | None = datum(oauth_families.c.client_id, "The client id of the app.", OWN)
    name: str | None = datum(oauth_families.c.client_name, "The app's name at sign-in.", OWN)
    scopes: list[AppScopeEnum] | None = datum(
        oauth_families.c.scope,
        "The scopes of a third-party app; first-party apps act as their customer.",
        OWN,
        read=scopes_in,
    )
    started_at: DateTime | None = datum(oauth_families.c.created_at, "The time of sign-in.", OWN)
    expires_at: DateTime | None = datum(
        oauth_families.c.expires_at, "The time at which it expires unless it is used before.", OWN
    )
    ends_at: DateTime | None = datum(oauth_families.c.ends_at, "The time at which it expires in any case.", OWN)
    ended_at: DateTime | None = datum(oauth_families.c.revoked_at, "The time at which it was revoked.", OWN)


AppSessionConnection = connection(AppSession, "AppSession")


@command_input("The app whose authorization to withdraw.", OWN)
class WithdrawAuthorizedAppInput:
    """The app; no reason is required, and its tokens stop working at once (GDPR Art. 7(3))."""

    authorized_app_id: strawberry.ID = transient_input(Category.PREFERENCE, "The `id` of the `AuthorizedApp`.", OWN)


@plain_type
class WithdrawAuthorizedAppPayload:
    """The app without authorization."""

    authorized_app: AuthorizedApp | None = affected(
        "authorizedApp", oauth_consents, Category.PREFERENCE, "The app afterwards.", OWN
    )
    user_errors: list[UserError] = user_errors()


@command_input("The app session to end.", OWN)
class EndAppSessionInput:
    """The app session to end; the authorization stays, so the app may start another one without asking the customer."""

    app_session_id: strawberry.ID = transient_input(Category.ACCESS_HISTORY, "The `id` of the `AppSession`.", OWN)


@plain_type
class EndAppSessionPayload:
    """The app session that was ended."""

    app_session: AppSession | None = affected(
        "appSession", oauth_families, Category.ACCESS_HISTORY, "The tokens afterwards.", OWN
    )
    user_errors: list[UserError] = user_errors()
