"""The gateway that these tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.agents.assistants import BOTH, ERRANDS, Site
from tests.gateway.servers import free_port, running


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The invented customers under an address of their own, and an assistant with two published documents."""
    folder, port = tmp_path_factory.mktemp("agents"), free_port()
    settings = {"PORT": str(port), "GATEWAY_ISSUER": f"http://127.0.0.1:{port}", "GATEWAY_AGENT_BUDGET": "200"}
    with running(["-m", "gateway", "demo"], folder, **settings) as server:
        site = Site(server, folder, settings, {})
        site.register("assistant", *BOTH, "--action", "agent", "--documents-only")
        site.publish("assistant", str(ERRANDS / "invoices.graphql"), "--release", "1", "--purpose", "INVOICING")
        site.publish("assistant", str(ERRANDS / "telephone.graphql"), "--release", "1")
        site.register("billing-tool", "--purpose", "INVOICING")
        yield site
