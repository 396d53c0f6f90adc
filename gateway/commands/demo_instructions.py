"""The instructions that `gateway demo` prints: four lines, and where everything else is shown."""

from __future__ import annotations

from gateway.config.settings import Settings
from gateway.demo import FEATURED
from gateway.demo.tokens import DemoTokens


async def demo_instructions(tokens: DemoTokens, settings: Settings) -> str:
    """The text; without the featured customer's token if they have another address now."""
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104
    address = f"http://{host}:{settings.port}{settings.path}"
    customer = "" if await tokens.featured() is None else f", gateway token {FEATURED}"
    lines = (
        "",
        f"  The demo answers at {address}/tour: one question, asked by five clients. Ctrl-C stops it.",
        f"  {address}/ is the client area, {address}/audit the data map, {address}/graphql GraphiQL.",
        f"  Tokens to paste: gateway token billing{customer}. What else there is: {address}/developers.",
        f"  Its data stays in {settings.data_dir}.",
        "",
    )
    return "\n".join(lines)
