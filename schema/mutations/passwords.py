"""The mutations that set up the sign-in of a platform and change its password."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from schema.core.enums import Platform
from schema.declare.commands import UserError, affected, command_input, stored_input, transient_input, user_errors
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.mutations.factors import WHICH
from schema.types.credentials import Credential
from store.tables.credentials import credentials

OWN = (SELF,)


@command_input("A new password for one platform; it must differ from those of the others.", OWN)
class ChangePasswordInput:
    """A new password; `resolvers.account.passwords` has the rules (R37)."""

    credential_id: strawberry.ID | None = transient_input(Category.AUTH_FACTOR, WHICH, OWN)
    current_password: str = transient_input(
        Category.PASSWORD, "The present password of this platform, to show that it is the customer who changes it.", OWN
    )
    new_password: str = stored_input(
        credentials.c.password_hash, "The new password; only its Argon2id hash is stored.", OWN
    )


@command_input("The sign-in of a platform that one has none for yet; each has a password of its own.", OWN)
class AddCredentialInput:
    """A login name and a password; `resolvers.account.credentials_adding` has the rules (R38)."""

    platform: Platform = transient_input(Category.AUTH_FACTOR, "The platform to sign in to.", OWN)
    login_name: str = stored_input(
        credentials.c.login_name,
        "The customer's e-mail address, or an address at a domain registered with us; webmail opens this mailbox.",
        OWN,
    )
    new_password: str = stored_input(
        credentials.c.password_hash, "Its password, which no other platform has; only its Argon2id hash is stored.", OWN
    )


@plain_type
class AddCredentialPayload:
    """The sign-in that was set up, or the problems of the name and the password."""

    credential: Credential | None = affected(
        "credential", credentials, Category.AUTH_FACTOR, "The new sign-in; null if there was none made.", OWN
    )
    user_errors: list[UserError] = user_errors()


@plain_type
class ChangePasswordPayload:
    """The sign-in after the change, or the problems of the password."""

    credential: Credential | None = affected(
        "credential", credentials, Category.AUTH_FACTOR, "The sign-in afterwards; its other sessions have ended.", OWN
    )
    user_errors: list[UserError] = user_errors()
