"""Authorized third-party apps of a customer, and the token families of all apps."""

from __future__ import annotations

import strawberry

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.openid import OpenIdScope
from schema.core.scalars import DateTime
from schema.declare.commands import UserError, affected, command_input, transient_input, user_errors
from schema.declare.connections import connection
from schema.declare.directives import AppScopeEnum, OpenIdScopeEnum
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


def openid_scopes_in(text: str) -> list[str]:
    """The scopes of OpenID Connect among a token's scopes, in the order of the catalogue."""
    words = frozenset(text.split())
    return [each.name for each in OpenIdScope if each.scope in words]


@record(oauth_consents)
class AuthorizedApp(Node):
    """A third-party app with an authorization of the customer."""

    id: strawberry.ID = identity(oauth_consents, OWN)
    client: str | None = datum(
        oauth_consents.c.client_id, "The client id of the app, by which it is registered with the gateway.", OWN
    )
    name: str | None = datum(
        oauth_consents.c.client_name,
        "The name under which the app was registered when the customer allowed it; null if it was "
        "registered without one.",
        OWN,
    )
    scopes: list[AppScopeEnum] | None = datum(
        oauth_consents.c.scope, "What the customer allowed the app to do; it may ask for no more.", OWN, read=scopes_in
    )
    sign_in_scopes: list[OpenIdScopeEnum] | None = datum(
        oauth_consents.c.scope,
        "What the app learns when the customer signs in with it (OpenID Connect); empty if it only uses the API.",
        OWN,
        read=openid_scopes_in,
    )
    given_at: DateTime | None = datum(oauth_consents.c.given_at, "The time at which the customer allowed it.", OWN)
    withdrawn_at: DateTime | None = datum(
        oauth_consents.c.withdrawn_at,
        "The time at which the customer took the permission back; null while it is valid.",
        OWN,
    )


@record(oauth_families)
class AppSession(Node):
    """The tokens of one app on one device, from one sign-in (a token family). They are revoked together."""

    id: strawberry.ID = identity(oauth_families, OWN)
    client: str | None = datum(
        oauth_families.c.client_id, "The client id of the app, by which it is registered with the gateway.", OWN
    )
    name: str | None = datum(
        oauth_families.c.client_name,
        "The name under which the app was registered when the customer signed in; null if it was "
        "registered without one.",
        OWN,
    )
    scopes: list[AppScopeEnum] | None = datum(
        oauth_families.c.scope,
        "The scopes of a third-party app; first-party apps act as their customer.",
        OWN,
        read=scopes_in,
    )
    started_at: DateTime | None = datum(
        oauth_families.c.created_at, "The time at which the customer signed in with the app.", OWN
    )
    expires_at: DateTime | None = datum(
        oauth_families.c.expires_at, "The time at which the tokens expire, unless they are used before.", OWN
    )
    ends_at: DateTime | None = datum(
        oauth_families.c.ends_at, "The time at which the tokens expire in any case, however often they are used.", OWN
    )
    ended_at: DateTime | None = datum(
        oauth_families.c.revoked_at, "The time at which the tokens were revoked; null while they are not.", OWN
    )


AppSessionConnection = connection(AppSession, "AppSession")


@command_input("The app whose authorization to withdraw.", OWN)
class WithdrawAuthorizedAppInput:
    """The app; no reason is required, and its tokens stop working at once (GDPR Art. 7(3))."""

    authorized_app_id: strawberry.ID = transient_input(
        Category.PREFERENCE, "The `id` of the `AuthorizedApp` whose permission is taken back.", OWN
    )


@plain_type
class WithdrawAuthorizedAppPayload:
    """The app without authorization."""

    authorized_app: AuthorizedApp | None = affected(
        "authorizedApp",
        oauth_consents,
        Category.PREFERENCE,
        "The app without its permission; null if nothing was changed (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@command_input("The app whose tokens are revoked, on one device.", OWN)
class EndAppSessionInput:
    """The app session to end; the authorization stays, so the app may start another one without asking the customer."""

    app_session_id: strawberry.ID = transient_input(
        Category.ACCESS_HISTORY, "The `id` of the `AppSession` whose tokens are revoked.", OWN
    )


@plain_type
class EndAppSessionPayload:
    """The app session that was ended."""

    app_session: AppSession | None = affected(
        "appSession",
        oauth_families,
        Category.ACCESS_HISTORY,
        "The app session, which has ended; null if there is no such one (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()
