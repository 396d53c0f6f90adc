"""What the operator's settings add to or take from how long data is kept, as notice and record tell it."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.config.settings import Settings


def operator_periods(settings: Settings) -> Mapping[str, str | None]:
    """By the name of the setting, as ISO 8601 periods; None: the operator says no end (0 in the setting)."""
    return {
        "GATEWAY_BACKUP_DAYS": _days(settings.backup_days),
        "GATEWAY_OUTBOX_HOURS": f"PT{settings.outbox_hours}H",
        "GATEWAY_ROOT_KEY_DAYS": _days(settings.root_key_days),
        "GATEWAY_SESSION_SECONDS": f"PT{settings.session_seconds}S",
        "GATEWAY_SIGN_IN_DAYS": _days(settings.sign_in_days),
    }


def _days(number: int) -> str | None:
    return f"P{number}D" if number else None
