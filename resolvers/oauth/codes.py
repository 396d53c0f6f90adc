"""Authorization codes: bound to client, redirect URI, PKCE challenge and session; single use, for a minute (O2)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Self

from sqlalchemy import Connection, RowMapping, insert, select, update

from store.queue.revocations import announce, revoke_families
from store.tables.oauth import oauth_codes, oauth_families

PREFIX = "gwc_"
SECONDS = 60
"""Lifetime of a code: it is redeemed at once by a redirect (RFC 6749 §4.1.2 allows ten minutes at most)."""


@dataclass(frozen=True, slots=True)
class AuthenticationEvent:
    """The sign-in that tokens rest on."""

    customer_id: int
    session_id: int
    authenticated_at: datetime
    amr: tuple[str, ...]

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """Read it from a row of codes or families."""
        return cls(row["customer_id"], row["session_id"], row["authenticated_at"], tuple(row["amr"].split()))

    def columns(self) -> dict[str, object]:
        """Its columns in a row of codes or families."""
        return {
            "customer_id": self.customer_id,
            "session_id": self.session_id,
            "authenticated_at": self.authenticated_at,
            "amr": " ".join(self.amr),
        }


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """The grant that a code stands for."""

    client_id: str
    sign_in: AuthenticationEvent
    family_id: int
    redirect_uri: str
    scope: str
    code_challenge: str
    jkt: str | None
    """Thumbprint of the only key that may redeem it (RFC 9449 §10), if the client named one."""
    refreshable: bool
    nonce: str | None = None
    """A value of the client's, which its ID token repeats (OpenID Connect Core §3.1.2.1)."""
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        """The redirect URI it was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """The granted scopes."""
        return self.scope


def issue(connection: Connection, code: AuthorizationCode, now: datetime) -> str:
    """Store a new authorization; returns its code, of which only the hash is stored."""
    text = PREFIX + secrets.token_urlsafe(32)
    row = {
        "hash": _hash(text),
        "client_id": code.client_id,
        "family_id": code.family_id,
        "redirect_uri": code.redirect_uri,
        "scope": code.scope,
        "challenge": code.code_challenge,
        "jkt": code.jkt,
        "nonce": code.nonce,
        "refreshable": code.refreshable,
        "expires_at": now + timedelta(seconds=SECONDS),
    }
    connection.execute(insert(oauth_codes), row | code.sign_in.columns())
    return text


def redeem(connection: Connection, text: str, client_id: str, now: datetime) -> AuthorizationCode | None:
    """Redeem a code: its authorization for the first request in time, None for any other.

    One UPDATE decides which is first, at whichever replica. A second request revokes the tokens of the first, since one
    of the two has a stolen code (RFC 6749 §4.1.2, RFC 9700 §2.1.1). A code presented by another client stays usable.
    """
    mine = (oauth_codes.c.hash == _hash(text), oauth_codes.c.client_id == client_id)
    good = (oauth_codes.c.used_at.is_(None), oauth_codes.c.expires_at > now)
    first = connection.execute(update(oauth_codes).where(*mine, *good).values(used_at=now))
    row = connection.execute(select(oauth_codes).where(*mine)).mappings().first()
    if row is None:
        return None
    if first.rowcount == 1:
        return _code(row)
    if row["used_at"] is not None:
        announce(connection, revoke_families(connection, oauth_families.c.id == row["family_id"], "CODE_REPLAYED", now))
    return None


def _code(row: RowMapping) -> AuthorizationCode:
    return AuthorizationCode(
        client_id=row["client_id"],
        sign_in=AuthenticationEvent.of(row),
        family_id=row["family_id"],
        redirect_uri=row["redirect_uri"],
        scope=row["scope"],
        code_challenge=row["challenge"],
        jkt=row["jkt"],
        refreshable=row["refreshable"],
        nonce=row["nonce"],
    )


def _hash(text: str) -> bytes:
    # A fast hash suffices: nobody can search 256 random bits.
    return sha256(text.encode()).digest()
