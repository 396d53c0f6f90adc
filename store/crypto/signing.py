"""Signatures of webhooks by Standard Webhooks 1.0: HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"


def secret_text(secret: bytes) -> str:
    """Return a webhook secret in the form for receivers."""
    return PREFIX + b64encode(secret).decode()


def signed(secrets: Sequence[bytes], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a message: one signature for each secret, so that secrets can be rotated with an
    overlap."""
    stamp = str(int(now.timestamp()))
    content = f"{message_id}.{stamp}.".encode() + body
    signatures = [f"v1,{b64encode(hmac.digest(secret, content, 'sha256')).decode()}" for secret in secrets]
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": " ".join(signatures)}
