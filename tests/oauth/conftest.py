"""The sites that these tests share: one on SQLite, one on PostgreSQL, each of two replicas."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.oauth.relying import Relying
from tests.oauth.site import Site, serving
from tests.stores import KINDS, Databases


@pytest.fixture(scope="session")
def sqlite_site(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving("sqlite", databases, tmp_path_factory.mktemp("oauth-sqlite")) as site:
        yield site


@pytest.fixture(scope="session")
def postgresql_site(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving("postgresql", databases, tmp_path_factory.mktemp("oauth-postgresql")) as site:
        yield site


@pytest.fixture(params=KINDS)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """On both stores, for what depends on state; the clock is right again after each test."""
    found: Site = request.getfixturevalue(f"{request.param}_site")
    found.forgive()
    yield found
    if found.ahead:
        found.turn_clock(0)


@pytest.fixture
def rp(site: Site) -> Relying:
    """Someone who uses the server, on both stores."""
    return Relying(site)


@pytest.fixture
def lone(sqlite_site: Site) -> Iterator[Relying]:
    """Someone who uses the server, for what does not depend on the store."""
    sqlite_site.forgive()
    yield Relying(sqlite_site)
    if sqlite_site.ahead:
        sqlite_site.turn_clock(0)
