"""What `gateway demo` prints: what to open, and commands that are ready to paste."""

from __future__ import annotations

import json
import shlex

from gateway.config.settings import Settings
from gateway.demo import FEATURED
from gateway.demo.tokens import DemoTokens
from gateway.demo.tour import CUSTOMER, STEPS, TourStep


async def welcome(tokens: DemoTokens, settings: Settings) -> str:
    """The page, with a token in every command; without those of the featured customer who has another address now."""
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
    for step in (step for step in STEPS if step.printed):
        token = featured if step.who == CUSTOMER else await tokens.mint(step.who)
        if token is None:
            continue
        verdict = "" if step.answered else " -- refused, with the purposes that would be allowed"
        lines += ["", f"  # {step.who}: {step.title}{verdict}", command(step, token, address)]
    customer = "" if featured is None else f"    gateway token {FEATURED}"
    lines += ["", f"  A bare token: gateway token billing{customer}", ""]
    return "\n".join(lines)


def command(step: TourStep, token: str, address: str) -> str:
    """One curl command, for any shell of POSIX."""
    headers = ["Content-Type: application/json", f"Authorization: Bearer {token}"]
    if step.reference:
        headers.append(f"Purpose-Reference: {step.reference}")
    parts = ["curl", "-s", f"{address}/graphql"]
    for header in headers:
        parts += ["-H", header]
    parts += ["-d", json.dumps({"query": step.query})]
    return shlex.join(parts)
