"""The kinds of service that customers subscribe to, and the states of a service."""

from __future__ import annotations

from typing import Final, Literal, get_args

ServiceKind = Literal["WEB_HOSTING", "MAIL_HOSTING", "DOMAIN", "CLOUD_SERVER", "CERTIFICATE"]
SERVICE_KINDS: Final[tuple[ServiceKind, ...]] = get_args(ServiceKind)

ServiceStatus = Literal["ACTIVE", "REDEMPTION", "TERMINATED"]
SERVICE_STATES: Final[tuple[ServiceStatus, ...]] = get_args(ServiceStatus)
"""A service in REDEMPTION counts as active (R45)."""
