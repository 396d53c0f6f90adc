"""An assistant does an errand through npm's `@modelcontextprotocol/sdk`, as it is published."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gateway.demo import FEATURED
from tests.agents.assistants import HERE, Site
from tests.programs import install_npm, needs, program

pytestmark = needs("node", "npm")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client, installed."""
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json", "errand.mjs"):
        shutil.copy(HERE / name, folder)
    install_npm(folder)
    return folder


def errand(client: Path, site: Site, **more: str) -> dict[str, Any]:
    said = {"MCP_URL": site.mcp, "ISSUER": site.server.url, "CLIENT_ID": "assistant", "EMAIL": FEATURED}
    said |= {"CLIENT_SECRET": site.secrets["assistant"], "PATH": os.environ["PATH"]} | more
    command = [program("node"), "errand.mjs"]
    done = subprocess.run(command, cwd=client, env=said, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_an_invoice_errand(client: Path, site: Site) -> None:
    """It reads two invoices, and is refused the telephone number: which field, which purpose, whom to ask."""
    before = len(site.entries())
    said = errand(client, site, SCOPE="purpose:invoicing")
    assert sorted(each["name"] for each in said["tools"]) == ["invoices_of_customer", "telephone_of_customer"]
    assert len(said["found"]["structuredContent"]["data"]["customer"]["invoices"]["nodes"]) == 2
    assert said["refused"]["isError"] is True
    (content,) = said["refused"]["content"]
    for part in ("Customer.phone", "INVOICING", "EMERGENCY_CONTACT", "ask the person you work for"):
        assert part in content["text"], content
    assert "Read no more than the errand needs" in said["instructions"]
    (entry,) = site.entries()[before:]
    assert (entry["client"], entry["purpose"], entry["agent"]) == ("assistant", "INVOICING", True)


def test_without_a_scope_it_gets_what_it_is_registered_for(client: Path, site: Site) -> None:
    """Then a call of the document that was published for no purpose states one, which does not help it."""
    said = errand(client, site)
    (telephone,) = (each for each in said["tools"] if each["name"] == "telephone_of_customer")
    assert telephone["inputSchema"]["required"] == ["id", "purpose"]
    assert said["refused"]["isError"] is True
    assert "Customer.phone" in said["refused"]["content"][0]["text"]
