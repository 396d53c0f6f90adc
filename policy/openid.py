"""Scopes and claims of OpenID Connect: what each scope tells a client about a customer (OpenID Connect Core §5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import unique
from typing import Final, Self

from policy.app_scopes import AppScope
from policy.rows import Row


@unique
class OpenIdScope(Row):
    """One scope of OpenID Connect, in words, and the permission of an app under which its claims are read."""

    OPENID = "Recognise you when you sign in, and learn when and how you signed in.", None
    PROFILE = "Learn your name and your language.", AppScope.PROFILE_READ
    EMAIL = "Learn your e-mail address.", AppScope.EMAIL_READ
    ADDRESS = "Learn your postal address.", AppScope.PROFILE_READ
    PHONE = "Learn your telephone number.", AppScope.PROFILE_READ

    def __init__(self, _text: str, reads: AppScope | None) -> None:
        self.reads = reads
        """The permission that the fields of its claims ask for; None if it has no claim that is read."""

    @property
    def scope(self) -> str:
        """The scope as it is written in a request, such as `email`."""
        return self.name.lower()

    @classmethod
    def of_scope(cls, scope: str) -> Self | None:
        """Return the member for this exact scope, or None for an unknown one."""
        member = cls.__members__.get(scope.upper())
        return member if member is not None and member.scope == scope else None


OPENID: Final = OpenIdScope.OPENID.scope
"""The scope that makes a request one of OpenID Connect."""

OPENID_SCOPES: Final = frozenset(each.scope for each in OpenIdScope)

CLAIMS: Final[Mapping[str, tuple[OpenIdScope, tuple[str, ...]]]] = {
    "name": (OpenIdScope.PROFILE, ("Customer.fullName",)),
    "given_name": (OpenIdScope.PROFILE, ("Customer.givenName",)),
    "family_name": (OpenIdScope.PROFILE, ("Customer.familyName",)),
    "locale": (OpenIdScope.PROFILE, ("Customer.locale",)),
    "email": (OpenIdScope.EMAIL, ("Customer.email",)),
    "phone_number": (OpenIdScope.PHONE, ("Customer.phone",)),
    "address.formatted": (OpenIdScope.ADDRESS, ("PostalAddress.formatted",)),
    "address.street_address": (OpenIdScope.ADDRESS, ("PostalAddress.street", "PostalAddress.street2")),
    "address.postal_code": (OpenIdScope.ADDRESS, ("PostalAddress.postalCode",)),
    "address.locality": (OpenIdScope.ADDRESS, ("PostalAddress.city",)),
    "address.region": (OpenIdScope.ADDRESS, ("PostalAddress.region",)),
    "address.country": (OpenIdScope.ADDRESS, ("PostalAddress.country",)),
}
"""Each claim about a person: the scope that asks for it, and the fields of the schema that it is made of, one a line. A
claim of `address` is a member of the object of that name (OpenID Connect Core §5.1.1)."""


def claims_of(scopes: Iterable[str]) -> list[str]:
    """The claims that these scopes ask for, in the order of the catalogue."""
    asked = set(scopes)
    return [claim for claim, (scope, _) in CLAIMS.items() if scope.scope in asked]


def permissions_of(scopes: Iterable[str]) -> frozenset[str]:
    """The permissions of apps that the claims of these scopes are read under."""
    found = (OpenIdScope.of_scope(scope) for scope in scopes)
    return frozenset(each.reads.scope for each in found if each is not None and each.reads is not None)
