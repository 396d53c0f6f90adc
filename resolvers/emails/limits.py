"""Rate limits of e-mails that somebody else can cause, shared by all replicas in the store (S13).

Such an e-mail (to a typed address, or by naming somebody) counts for its recipient over all kinds, for its recipient by
kind, and for its customer by kind; each limit can hold it back. Password resets count apart: otherwise flooding a
mailbox with other e-mails would lock its owner out (S1). The limits use the generic cell rate algorithm
(`store.queue.rate_limit`), in the transaction that writes the e-mail: without an e-mail nothing is counted, and each
alias of an operation counts (S10).
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlalchemy.ext.asyncio import AsyncConnection

from messages.message import Message
from resolvers.commands.context import UserProblem
from store.crypto.blind_index import Lookup
from store.database.store import Store
from store.queue.rate_limit import KEY, AttemptRate, hashed, take

OF_RECIPIENT = AttemptRate(burst=8, seconds=3_600)
"""E-mails of all kinds but PASSWORD_RESET to one mailbox."""


class EmailKind(Enum):
    """A limited kind of e-mail, with its rates per recipient and per customer."""

    OWNER_CONFIRMATION = AttemptRate(3, 86_400), AttemptRate(10, 3_600)
    """The question to a typed address whether its reader is the registrant of a domain."""
    OWNER_NEWS = AttemptRate(4, 3_600), AttemptRate(30, 120)
    """Information to a confirmed registrant about their details."""
    OWNER_LINK = AttemptRate(3, 3_600), AttemptRate(30, 120)
    """The link to a registrant, which anybody can request by naming the domain."""
    EMAIL_CONFIRMATION = AttemptRate(3, 3_600), AttemptRate(5, 3_600)
    """The confirmation link to a new address of the customer."""
    PASSWORD_RESET = AttemptRate(3, 3_600), AttemptRate(5, 1_800)
    """The password reset link, which anybody can request."""

    def __init__(self, of_recipient: AttemptRate, of_customer: AttemptRate) -> None:
        self.of_recipient, self.of_customer = of_recipient, of_customer


class EmailLimits:
    """Counts e-mails."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def take(
        self, connection: AsyncConnection, kind: EmailKind, customer_id: int, address: str, now: datetime
    ) -> int:
        """Count an e-mail, in the caller's transaction, and return 0; or seconds to wait, and nothing is counted.

        The address is stored as a hash of its canonical form under a weekly key. A tag after `+` is ignored, since it
        leads to the same mailbox.
        """
        keys = self._store.keys
        key, mailbox = await keys.system.weekly(KEY, now), keys.blind_index(Lookup.EMAIL, _untagged(address)).hex()
        rates = {
            hashed(key, "letters", kind.name, mailbox): kind.of_recipient,
            hashed(key, "letters", kind.name, customer_id): kind.of_customer,
        }
        # Otherwise flooding a mailbox would block password resets (S1).
        if kind is not EmailKind.PASSWORD_RESET:
            rates[hashed(key, "letters", mailbox)] = OF_RECIPIENT
        wait = await take(connection, rates, int(now.timestamp() * 1000))
        # Rounded up to whole seconds.
        return -int(-wait // 1)


def rate_limited(wait: int, *field: str) -> UserProblem:
    """The problem of too many e-mails to this address, or caused by this customer."""
    return UserProblem(
        "RATE_LIMITED",
        Message(
            "Too many messages were sent. Try again in {count} second.",
            plural="Too many messages were sent. Try again in {count} seconds.",
            count=wait,
        ),
        field,
    )


def _untagged(address: str) -> str:
    local, _, domain = address.strip().rpartition("@")
    # An address that begins with `+` is left alone.
    return f"{local.partition('+')[0] or local}@{domain}"
