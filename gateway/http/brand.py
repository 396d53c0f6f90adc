"""The company's own look: its name, logo, colour and links, from the settings, on every page."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.config.settings import Settings
from gateway.http.pages import STATIC
from gateway.http.words import has_tag

LIGHT, DARK = (255, 255, 255), (27, 35, 33)
"""The grounds of texts and buttons of the accent (`--surface` of house.css), in the light and the dark scheme."""
READABLE = 4.5
"""The least contrast of a text (WCAG 2.2, 1.4.3)."""
TYPES = {".svg": "image/svg+xml", ".png": "image/png"}

Rgb = tuple[int, int, int]
_Handler = Callable[[Request], Awaitable[Response]]


def list_routes(settings: Settings) -> list[Route]:
    """`/brand/logo` and `/brand/style.css`, open to everybody."""
    path = settings.site_logo or STATIC / "icon.svg"
    return [
        Route("/brand/logo", _file(path.read_bytes(), TYPES[path.suffix.lower()]), methods=["GET"]),
        Route("/brand/style.css", _file(style(settings.site_colour).encode(), "text/css"), methods=["GET"]),
    ]


def _file(content: bytes, kind: str) -> _Handler:
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}

    async def respond(request: Request) -> Response:
        """The file; 304 to whoever has it."""
        if has_tag(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)

    return respond


def style(colour: str) -> str:
    """The style sheet that sets the accent to a colour such as `#1f5f5b`; an empty one for an empty text.

    A colour that is hard to read on white is darkened, and for the dark scheme lightened, until texts in it are read by
    everybody.
    """
    if not colour:
        return ""
    given = _rgb(colour)
    light, dark = _towards(given, (0, 0, 0), LIGHT), _towards(given, (255, 255, 255), DARK)
    return (
        f":root {{ --house: {_hex(light)}; }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ --house: {_hex(dark)}; }} }}\n"
    )


def _towards(colour: Rgb, end: Rgb, ground: Rgb) -> Rgb:
    """The colour itself, or the nearest one on the way to `end` that is readable on the ground."""
    for step in range(101):
        red, green, blue = (round(own + (far - own) * step / 100) for own, far in zip(colour, end, strict=True))
        if contrast((red, green, blue), ground) >= READABLE:
            return red, green, blue
    return end


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of two colours (WCAG 2.2), from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Rgb) -> float:
    shares = [part / 255 for part in colour]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(part, 16) for part in re.findall("[0-9a-fA-F]{2}", colour))
    return red, green, blue


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
