"""What the tests of signing in share."""

from __future__ import annotations

import pytest

from store.database.store import Store
from tests.signin.lobby import Lobby
from tests.signin.people import Person, add_person

ONE_STORE = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
"""For what does not depend on the store: everything else is tried on both."""


@pytest.fixture
def lobby(store: Store) -> Lobby:
    """One replica, on both stores."""
    return Lobby(store)


@pytest.fixture
async def somebody(store: Store) -> Person:
    """A customer without a second factor."""
    return await add_person(store)


@pytest.fixture
async def guarded(store: Store) -> Person:
    """A customer with an authenticator app."""
    return await add_person(store, totp=True)
