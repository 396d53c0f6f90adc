"""The keys of customers for the grants of OAuth, which are synchronous."""

from __future__ import annotations

from sqlalchemy.util import await_only

from store.crypto.subject_key import SubjectKey
from store.database.store import Store


def awaited_key(store: Store, customer_id: int) -> SubjectKey | None:
    """The key of a customer, or None once it is destroyed; called within `run_sync`."""
    # Greenlet switches back to await this.
    (key,) = await_only(store.keys.subjects([customer_id]))
    return key
