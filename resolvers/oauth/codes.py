"""Authorization codes: bound to client, address, verifier and session; good for a minute, and for one use (O2)."""

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


@dataclass(frozen=True, slots=True)
class AuthenticationEvent:
    """The sign-in that tokens rest on."""

    customer_id: int
    session_id: int
    authenticated_at: datetime
    amr: tuple[str, ...]

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """As it rests in a row of codes or families."""
        return cls(row["customer_id"], row["session_id"], row["authenticated_at"], tuple(row["amr"].split()))

    def columns(self) -> dict[str, object]:
        """For such a row."""
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
    """The key that alone may redeem it (RFC 9449 §10), if the client named one."""
    refreshable: bool
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        """The address it was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """The scopes that were granted."""
        return self.scope


def issue(connection: Connection, code: AuthorizationCode, now: datetime) -> str:
    """Keep what a new code stands for; returns the code, of which only a hash is kept."""
    text = PREFIX + secrets.token_urlsafe(32)
    row = {
        "hash": _hash(text),
        "client_id": code.client_id,
        "family_id": code.family_id,
        "redirect_uri": code.redirect_uri,
        "scope": code.scope,
        "challenge": code.code_challenge,
        "jkt": code.jkt,
        "refreshable": code.refreshable,
        "expires_at": now + timedelta(seconds=SECONDS),
    }
    connection.execute(insert(oauth_codes), row | code.sign_in.columns())
    return text


def redeem(connection: Connection, text: str, client_id: str, now: datetime) -> AuthorizationCode | None:
    """The grant of a code, for the first who brings it in time; None for everyone else.

    One statement decides who is first, whichever replica it runs at. Whoever comes second ends what the first was
    given: one of the two has stolen it (RFC 9700 §2.1.1). A code that another client brings is left as it is.
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
    )


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
