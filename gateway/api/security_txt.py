"""`/.well-known/security.txt`: where to report a vulnerability of this installation (RFC 9116)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from messages.catalogue import languages

PATH: Final = "/.well-known/security.txt"
VALID: Final = timedelta(days=180)
"""How long what is answered now may be relied on; RFC 9116 advises less than a year."""
CACHED: Final = 86_400
"""Seconds."""


def security_txt(contact: str, origin: str, now: datetime) -> str:
    """Return the document for this public address; lines end with CRLF, which RFC 9116 allows."""
    until = (now.astimezone(UTC) + VALID).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    lines = {
        "Contact": contact,
        "Expires": until,
        "Preferred-Languages": ", ".join(languages()),
        "Canonical": f"{origin}{PATH}",
    }
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items())


def list_routes(contact: str, origin: str, clock: Callable[[], datetime]) -> list[Route]:
    """The route; none without a contact, since the document needs one."""

    async def answer(request: Request) -> Response:
        headers = {"cache-control": f"max-age={CACHED}"}
        return PlainTextResponse(security_txt(contact, origin, clock()), headers=headers)

    return [Route(PATH, answer, methods=["GET"])] if contact else []
