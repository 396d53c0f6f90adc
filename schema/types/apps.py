"""The apps that a customer let in: what was allowed to those of others, and the tokens that any of them holds."""

from __future__ import annotations

import strawberry

from policy.app_scopes import AppScope
from policy.categories import Category
from schema.core.scalars import DateTime
from schema.declare.commands import UserError, affected, unkept, user_errors
from schema.declare.connections import connection
from schema.declare.directives import AppScopeEnum
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import SELF
from schema.declare.records import plain_type, record
from store.tables.oauth import oauth_consents, oauth_families

OWN = (SELF,)


def scopes_in(text: str) -> list[str]:
    """The scopes of the catalogue among those of a token, in the catalogue's order."""
    words = frozenset(text.split())
    return [each.name for each in AppScope if each.scope in words]


@record(oauth_consents)
class AuthorizedApp(Node):
    """An app of somebody else that was allowed something."""

    id: strawberry.ID = identity(oauth_consents, OWN)
    client: str | None = datum(oauth_consents.c.client_id, "The id that the app is registered under.", OWN)
    name: str | None = datum(oauth_consents.c.client_name, "The name under which it asked.", OWN)
    scopes: list[AppScopeEnum] | None = datum(oauth_consents.c.scope, "What it was allowed.", OWN, read=scopes_in)
    given_at: DateTime | None = datum(oauth_consents.c.given_at, "When it was allowed.", OWN)
    withdrawn_at: DateTime | None = datum(
        oauth_consents.c.withdrawn_at, "When that was taken back; null while it stands.", OWN
    )


@record(oauth_families)
class AppSession(Node):
    """The tokens of one app on one device, from one sign-in; they end together."""

    id: strawberry.ID = identity(oauth_families, OWN)
    client: str | None = datum(oauth_families.c.client_id, "The id that the app is registered under.", OWN)
    name: str | None = datum(oauth_families.c.client_name, "The name that it had when it was let in.", OWN)
    scopes: list[AppScopeEnum] | None = datum(
        oauth_families.c.scope,
        "What it may do, for an app of somebody else; ours act as their customer.",
        OWN,
        read=scopes_in,
    )
    started_at: DateTime | None = datum(oauth_families.c.created_at, "When it was let in.", OWN)
    expires_at: DateTime | None = datum(
        oauth_families.c.expires_at, "When it ends by itself unless it is used before.", OWN
    )
    ends_at: DateTime | None = datum(oauth_families.c.ends_at, "When it ends in any case.", OWN)
    ended_at: DateTime | None = datum(oauth_families.c.revoked_at, "When it was signed out.", OWN)


AppSessionConnection = connection(AppSession, "AppSession")


@strawberry.input(description="Which app to take everything back from.")
class WithdrawAuthorizedAppInput:
    """No reason is asked for; its tokens stop working at once, everywhere."""

    id: strawberry.ID = unkept(Category.PREFERENCE, "The `id` of the `AuthorizedApp`.", OWN)


@plain_type
class WithdrawAuthorizedAppPayload:
    """The app, which may do nothing any more."""

    authorized_app: AuthorizedApp | None = affected(
        "authorizedApp", oauth_consents, Category.PREFERENCE, "The app afterwards.", OWN
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Which app to sign out on one device.")
class EndAppSessionInput:
    """What was allowed it stays: it may ask again without asking the customer."""

    id: strawberry.ID = unkept(Category.ACCESS_HISTORY, "The `id` of the `AppSession`.", OWN)


@plain_type
class EndAppSessionPayload:
    """The app, signed out."""

    app_session: AppSession | None = affected(
        "appSession", oauth_families, Category.ACCESS_HISTORY, "The tokens afterwards.", OWN
    )
    user_errors: list[UserError] = user_errors()
