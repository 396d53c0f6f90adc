"""How many letters go out because somebody asked for them: limits shared by all replicas, in the store (S13).

A letter that anybody can cause (to an address that they typed, or by naming somebody) is counted for its recipient over
all kinds, for its recipient and its customer by kind; whatever of these is used up keeps it back. The link to a new
password has counts of its own alone, or whoever fills a mailbox with other letters would lock its owner out (S1). The
counts are a generic cell rate algorithm (`store.queue.rate_limit`), taken in the transaction that writes the letter:
without a letter there is no count, and each alias of an operation counts.
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
"""Letters of all kinds but PASSWORD_RESET to one mailbox."""


class LetterKind(Enum):
    """What is written because of somebody's word: the pace for one recipient, and for one customer."""

    OWNER_CONFIRMATION = AttemptRate(3, 86_400), AttemptRate(10, 3_600)
    """Whether somebody is the owner of a domain: to an address that its customer typed."""
    OWNER_NEWS = AttemptRate(4, 3_600), AttemptRate(30, 120)
    """What becomes of the details of an owner who has confirmed that they are."""
    OWNER_LINK = AttemptRate(3, 3_600), AttemptRate(30, 120)
    """The link that whoever names a domain has sent to its owner."""
    EMAIL_CONFIRMATION = AttemptRate(3, 3_600), AttemptRate(5, 3_600)
    """Whether a new address is the customer's."""
    PASSWORD_RESET = AttemptRate(3, 3_600), AttemptRate(5, 1_800)
    """The link to a new password, which anybody can ask for."""

    def __init__(self, of_recipient: AttemptRate, of_customer: AttemptRate) -> None:
        self.of_recipient, self.of_customer = of_recipient, of_customer


class LetterLimits:
    """Counts letters."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def take(
        self, connection: AsyncConnection, kind: LetterKind, customer_id: int, address: str, now: datetime
    ) -> int:
        """Count a letter, in the caller's transaction; or the seconds until there may be one, and nothing was counted.

        The address rests as a hash of its canonical form, under a key of the week. A tag after `+` leads to the
        same mailbox.
        """
        keys = self._store.keys
        key, mailbox = await keys.house.weekly(KEY, now), keys.blind_index(Lookup.EMAIL, _untagged(address)).hex()
        paces = {
            hashed(key, "letters", kind.name, mailbox): kind.of_recipient,
            hashed(key, "letters", kind.name, customer_id): kind.of_customer,
        }
        if kind is not LetterKind.PASSWORD_RESET:
            paces[hashed(key, "letters", mailbox)] = OF_RECIPIENT
        wait = await take(connection, paces, int(now.timestamp() * 1000))
        return -int(-wait // 1)


def rate_limited(wait: int, *field: str) -> UserProblem:
    """Too many letters to this address, or because of this customer."""
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
    return f"{local.partition('+')[0] or local}@{domain}"
