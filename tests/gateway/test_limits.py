"""What the settings bound is bounded where questions are answered (G4)."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import httpx

from gateway.config.settings import Settings, read
from schema.documents.limits import Limits
from tests.gateway.servers import command, running


def test_settings_and_schema_agree_on_what_is_usual(tmp_path: Path) -> None:
    settings, limits = read({"GATEWAY_DATA_DIR": str(tmp_path)}), Limits()
    shared = {each.name for each in fields(Settings)} & {f"max_{each.name}" for each in fields(Limits)}
    assert shared == {"max_tokens", "max_depth", "max_fields", "max_aliases", "max_root_fields", "max_cost"}
    for name in shared:
        assert getattr(settings, name) == getattr(limits, name.removeprefix("max_"))
    assert settings.request_seconds == limits.seconds


def test_a_client_that_spent_its_budget_is_told_when_to_come_back(tmp_path: Path) -> None:
    with running(["-m", "gateway", "demo"], tmp_path, GATEWAY_CLIENT_BUDGET="200") as server:
        tokens = {name: command(["token", name], tmp_path).stdout.strip() for name in ("billing", "support")}

        def ask(name: str, accept: str = "application/graphql-response+json") -> httpx.Response:
            headers = {"Authorization": f"Bearer {tokens[name]}", "Accept": accept}
            question = {"query": "{ customers(first: 100) { nodes { fullName } } }", "extensions": {"cost": True}}
            return httpx.post(f"{server.url}/graphql", json=question, headers=headers)

        assert ask("billing").json()["extensions"] == {"cost": {"estimated": 100, "charged": 100}}
        for accept in ("application/graphql-response+json", "application/json"):
            refused = ask("billing", accept)
            assert refused.status_code == 429
            (error,) = refused.json()["errors"]
            assert error["extensions"]["code"] == "THROTTLED"
            assert 0 < int(refused.headers["Retry-After"]) == error["extensions"]["retryAfter"] <= 60
        assert ask("support").status_code == 200
