"""Single requests that once stopped a process for seconds are answered in less than 50 ms of its CPU time (G12)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.gateway.conftest import Demo

TIMES = 10
MOST = 0.05
MARKS = "\u0301\u0316"


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, in itself and in the system for it."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def unsubscribe(demo: Demo, number: int) -> httpx.Response:
    """Without any credentials."""
    body = b'name="List-Unsubscribe"' * (65_000 // 23) + b"%d" % number
    headers = {"content-type": "multipart/form-data; boundary=b"}
    return httpx.post(f"{demo.server.url}/unsubscribe/x", content=body, headers=headers)


def spaces(demo: Demo, number: int) -> httpx.Response:
    """With any token."""
    query = f'{{customers(first:"{" " * (32_000 + number)}"){{nodes{{id}}}}}}'
    return httpx.post(demo.url, json={"query": query}, headers=demo.headers("billing"))


def look_up(demo: Demo, number: int) -> httpx.Response:
    """Marks that have to be put in order, in a variable."""
    query = "query Q($e: String!) { customer(by: {email: $e}) { id } }"
    body = {"query": query, "variables": {"e": MARKS * 20_000 + str(number)}}
    return httpx.post(demo.url, json=body, headers=demo.headers("billing"))


def cookie(demo: Demo, number: int) -> httpx.Response:
    """Escapes, in a header of a page that everybody may open."""
    value = '\\"' * 16_000
    return httpx.get(f"{demo.server.url}/sign-in", headers={"cookie": f'device="{value}{number}"'})


def accept(demo: Demo, number: int) -> httpx.Response:
    """Ranges, in a header."""
    return httpx.post(demo.url, json={"query": "{a}"}, headers={"accept": "a/b;q=0.1," * 6_000 + str(number)})


@pytest.mark.parametrize("attack", [unsubscribe, spaces, look_up, cookie, accept])
def test_it_costs_next_to_nothing(demo: Demo, attack: Callable[[Demo, int], httpx.Response]) -> None:
    attack(demo, 0)
    before = cpu_seconds(demo.server.process.pid)
    answers = [attack(demo, number) for number in range(1, TIMES + 1)]
    spent = (cpu_seconds(demo.server.process.pid) - before) / TIMES
    assert all(answer.status_code < 500 for answer in answers)
    assert spent < MOST, f"{spent:.3f} s of CPU for each"
