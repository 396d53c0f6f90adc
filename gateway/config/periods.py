"""Retention periods that depend on the operator's settings, for the privacy notice and the record of processing."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.config.settings import Settings


def operator_periods(settings: Settings) -> Mapping[str, str | None]:
    """ISO 8601 durations by the name of the setting; None if the operator states no end (0 in the setting)."""
    return {
        "GATEWAY_BACKUP_DAYS": _days(settings.backup_days),
        "GATEWAY_OUTBOX_HOURS": f"PT{settings.outbox_hours}H",
        "GATEWAY_ROOT_KEY_DAYS": _days(settings.root_key_days),
        "GATEWAY_SESSION_SECONDS": f"PT{settings.session_seconds}S",
        "GATEWAY_SIGN_IN_DAYS": _days(settings.sign_in_days),
    }


def _days(number: int) -> str | None:
    return f"P{number}D" if number else None
