"""The instructions that `gateway demo` prints: addresses to open, and commands to paste."""

from __future__ import annotations

import json
import shlex

from gateway.config.settings import Settings
from gateway.demo import FEATURED
from gateway.demo.demo_queries import CUSTOMER, QUERIES, DemoQuery
from gateway.demo.tokens import DemoTokens


async def demo_instructions(tokens: DemoTokens, settings: Settings) -> str:
    """The text, with a token in every command; without the featured customer's if they have another address now."""
    address = f"http://{'127.0.0.1' if settings.host == '0.0.0.0' else settings.host}:{settings.port}"  # noqa: S104
    lines = [
        "",
        f"  The demo answers at {address}    (Ctrl-C stops it; the data stays in {settings.data_dir})",
        "",
        f"    {address}/             the client area, for a customer",
        f"    {address}/audit        the data map, for an auditor",
        f"    {address}/graphql      GraphiQL, with all these tokens in a box",
        f"    {address}/developers   what else there is to open",
        "",
        "  Or paste these. The same question is answered or refused, depending on who asks and what for:",
    ]
    featured = await tokens.featured()
    for query in (query for query in QUERIES if query.printed):
        token = featured if query.who == CUSTOMER else await tokens.mint(query.who)
        if token is None:
            continue
        verdict = "" if query.answered else " -- refused, with the purposes that would be allowed"
        lines += ["", f"  # {query.who}: {query.title}{verdict}", command(query, token, address)]
    customer = "" if featured is None else f"    gateway token {FEATURED}"
    lines += ["", f"  A bare token: gateway token billing{customer}", ""]
    return "\n".join(lines)


def command(query: DemoQuery, token: str, address: str) -> str:
    """The curl command of a query, quoted for POSIX shells."""
    headers = ["Content-Type: application/json", f"Authorization: Bearer {token}"]
    if query.reference:
        headers.append(f"Purpose-Reference: {query.reference}")
    parts = ["curl", "-s", f"{address}/graphql"]
    for header in headers:
        parts += ["-H", header]
    parts += ["-d", json.dumps({"query": query.query})]
    return shlex.join(parts)
