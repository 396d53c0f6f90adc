"""`/.well-known/security.txt` says where to report (RFC 9116), once the operator has said so."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette

from gateway.api.security_txt import PATH, VALID, list_routes
from gateway.config.settings import SettingsError, read

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("security@shop.example", "mailto:security@shop.example"),
        ("mailto:security@shop.example", "mailto:security@shop.example"),
        ("security@faß.de", "mailto:security@xn--fa-hia.de"),
        ("https://shop.example/report", "https://shop.example/report"),
        ("tel:+41445550100", "tel:+41445550100"),
    ],
)
async def test_the_document_has_what_the_rfc_requires(given: str, said: str) -> None:
    contact = read({"GATEWAY_SECURITY_CONTACT": given}).security_contact
    app = Starlette(routes=list_routes(contact, "https://data.example", lambda: NOW))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        answer = await client.get(PATH)
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert lines["Contact"] == said and lines["Canonical"] == f"https://data.example{PATH}"
    assert datetime.fromisoformat(lines["Expires"]) == NOW + VALID
    assert lines["Preferred-Languages"].split(", ")[0] == "en"


@pytest.mark.parametrize("given", ["http://shop.example/report", "shop.example", "security@", "https://"])
def test_what_nobody_could_reach_is_refused_at_start(given: str) -> None:
    with pytest.raises(SettingsError, match="GATEWAY_SECURITY_CONTACT"):
        read({"GATEWAY_SECURITY_CONTACT": given})


def test_nothing_is_published_without_a_contact() -> None:
    assert list_routes(read({}).security_contact, "https://data.example", lambda: NOW) == []
