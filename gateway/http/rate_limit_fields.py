"""The header fields `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10, structured fields)."""

from __future__ import annotations

from resolvers.reads.metering import RemainingBudget

Fields = tuple[tuple[bytes, bytes], ...]
WINDOW = 60
"""Seconds in which a spent budget is whole again."""


class RateLimitFields:
    """Writes the fields: of the customer's budget for a token with a subject, of the client's for any other.

    A customer's device learns nothing of how much the client's other customers read.
    """

    def __init__(self, budgets: RemainingBudget) -> None:
        self._budgets = budgets
        # The registry of units has none for what is read; each request takes one object at least.
        self._client = _policy(b"client", budgets.quota())
        self._customer = _policy(b"customer", budgets.quota(0))

    def of(self, client_id: str, customer: int | None) -> Fields:
        """The fields of a response."""
        left, _ = self._budgets.remaining(client_id, customer)
        # More is there a second later, until the budget is whole.
        if customer is None:
            return self._client, (b"ratelimit", b'"client";r=%d;t=1' % left)
        return self._customer, (b"ratelimit", b'"customer";r=%d;t=1' % left)


def _policy(name: bytes, quota: int) -> tuple[bytes, bytes]:
    return b"ratelimit-policy", b'"%b";q=%d;qu="objects";w=%d' % (name, quota, WINDOW)
