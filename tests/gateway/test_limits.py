"""What the settings bound is bounded where questions are answered (G4)."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from gateway.settings import Settings, read
from schema.limits import Limits


def test_settings_and_schema_agree_on_what_is_usual(tmp_path: Path) -> None:
    settings, limits = read({"GATEWAY_DATA_DIR": str(tmp_path)}), Limits()
    shared = {each.name for each in fields(Settings)} & {f"max_{each.name}" for each in fields(Limits)}
    assert shared == {"max_tokens", "max_depth", "max_fields", "max_aliases", "max_root_fields", "max_cost"}
    for name in shared:
        assert getattr(settings, name) == getattr(limits, name.removeprefix("max_"))
    assert settings.request_seconds == limits.seconds
