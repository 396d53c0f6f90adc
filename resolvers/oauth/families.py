"""Token families: all tokens from one authorization code. Refresh tokens rotate; reuse revokes the family (O4)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from resolvers.oauth import refresh_tokens
from resolvers.oauth.codes import AuthenticationEvent, AuthorizationCode
from resolvers.signins.contexts import SignInContext
from store.queue.revocations import announce, revoke_families
from store.tables.access import sessions
from store.tables.oauth import oauth_families


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Lifetimes of tokens."""

    token: timedelta
    """An access token."""
    idle: timedelta
    """A refresh token that is not used (idle timeout)."""
    most: timedelta
    """A family, from its sign-in on (absolute timeout): after it the customer signs in again."""


@dataclass(frozen=True, slots=True)
class Family:
    """A family and its newest generation; Authlib takes it for a refresh token."""

    id: int
    client_id: str
    sign_in: AuthenticationEvent
    scope: str
    jkt: str | None
    salt: bytes = field(repr=False)
    generation: int
    expires_at: datetime
    ends_at: datetime
    revoked: bool = False
    refreshable: bool = True
    """False if the family has no refresh tokens, as on a shared computer (R41)."""
    contexts: bytes | None = field(default=None, repr=False)
    """Hashes of the networks, countries and devices of its use (`resolvers.signins.contexts`)."""
    created_at: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """True if it was revoked or has expired."""
        return self.revoked or self.expires_at <= now

    def is_void(self, void_until: datetime | None) -> bool:
        """True if its client was disabled at or after its start."""
        return void_until is not None and (self.created_at is None or self.created_at <= void_until)

    def is_expired(self) -> bool:
        """False: callers check `is_over` first, with the request's own clock."""
        return False

    def is_revoked(self) -> bool:
        """False: callers check `is_over` first, with the request's own clock."""
        return False

    def check_client(self, client: Any) -> bool:
        """True if the family was issued to this client."""
        return bool(client.client_id == self.client_id)

    def get_scope(self) -> str:
        """The scopes that the customer granted."""
        return self.scope


def begin(
    connection: Connection,
    code: AuthorizationCode,
    lifetimes: Lifetimes,
    now: datetime,
    jkt: str | None,
    name: str,
    context: SignInContext | None = None,
) -> Family:
    """Start the family of a code that was just redeemed.

    `jkt` is the thumbprint of the key that its tokens are bound to, `name` the client's name for the customer, and
    `context` where a public client redeemed the code: later uses of the family are compared with it (S12).
    """
    # Without refresh tokens the family ends with its only access token: it has nothing else to revoke.
    idle = lifetimes.idle if code.refreshable else lifetimes.token
    ends_at = now + (lifetimes.most if code.refreshable else lifetimes.token)
    family = Family(
        id=code.family_id,
        client_id=code.client_id,
        sign_in=code.sign_in,
        scope=code.scope,
        jkt=jkt,
        salt=refresh_tokens.new_salt(),
        generation=0,
        expires_at=min(now + idle, ends_at),
        ends_at=ends_at,
        refreshable=code.refreshable,
        contexts=None if context is None else context.proven(code.family_id),
        created_at=now,
    )
    row = {
        "id": family.id,
        "client_id": family.client_id,
        "client_name": name,
        "scope": family.scope,
        "jkt": jkt,
        "salt": family.salt,
        "generation": 0,
        "created_at": now,
        "expires_at": family.expires_at,
        "ends_at": ends_at,
        "contexts": family.contexts,
    }
    connection.execute(insert(oauth_families), row | family.sign_in.columns())
    return family


def find(connection: Connection, presented: refresh_tokens.PresentedRefreshToken, key: bytes) -> Family | None:
    """The family of a refresh token that was issued here, in whatever state; None for a token that never was."""
    families, open_ = oauth_families.c, sessions.c
    mine = (open_.id == families.session_id) & (open_.customer_id == families.customer_id) & open_.ended_at.is_(None)
    query = select(oauth_families, open_.id.label("open_session")).join(sessions, mine, isouter=True)
    row = connection.execute(query.where(oauth_families.c.id == presented.family)).mappings().first()
    # The MAC decides between reuse, which ends the family, and noise, which must not end a stranger's.
    if row is None or not presented.is_ours(key, row["salt"]):
        return None
    return _family(row)


def advance(
    connection: Connection, family: Family, generation: int, lifetimes: Lifetimes, now: datetime
) -> Family | None:
    """Advance the family by one generation, for the first request with its newest token; None for any other.

    One UPDATE decides, at whichever replica. A token of an earlier generation, and the second of two requests with the
    same token, is reuse: somebody has a copy, so the whole family is revoked (RFC 9700 §4.14.2).
    """
    if family.is_over(now):
        return None
    # Use extends the idle timeout, never the absolute one.
    expires_at = min(now + lifetimes.idle, family.ends_at)
    newest = (oauth_families.c.generation == generation, oauth_families.c.revoked_at.is_(None))
    step = update(oauth_families).where(oauth_families.c.id == family.id, *newest)
    done = connection.execute(step.values(generation=generation + 1, expires_at=expires_at))
    if done.rowcount == 1:
        return replace(family, generation=generation + 1, expires_at=expires_at)
    announce(connection, revoke_families(connection, oauth_families.c.id == family.id, "REUSED", now))
    return None


def keep(connection: Connection, family: Family, lifetimes: Lifetimes, now: datetime) -> Family | None:
    """Keep the generation of a family, and extend its idle timeout; None if it is over (FAPI 2.0 §5.3.2.1).

    Its refresh tokens do not rotate: they are bound to a key, so that a copy is of no use, and a client that lost an
    answer is not locked out.
    """
    if family.is_over(now):
        return None
    expires_at = min(now + lifetimes.idle, family.ends_at)
    here = (oauth_families.c.id == family.id, oauth_families.c.revoked_at.is_(None))
    done = connection.execute(update(oauth_families).where(*here).values(expires_at=expires_at))
    return replace(family, expires_at=expires_at) if done.rowcount == 1 else None


def end(connection: Connection, family_id: int, now: datetime) -> None:
    """Revoke a family at its client's request (RFC 7009)."""
    announce(connection, revoke_families(connection, oauth_families.c.id == family_id, "ASKED", now))


def _family(row: RowMapping) -> Family:
    return Family(
        id=row["id"],
        client_id=row["client_id"],
        sign_in=AuthenticationEvent.of(row),
        scope=row["scope"],
        jkt=row["jkt"],
        salt=row["salt"],
        generation=row["generation"],
        expires_at=row["expires_at"],
        ends_at=row["ends_at"],
        # An ended or deleted session revokes its families, even where no revocation was recorded for them.
        revoked=row["revoked_at"] is not None or row["open_session"] is None,
        created_at=row["created_at"],
        contexts=None if row["contexts"] is None else bytes(row["contexts"]),
    )
