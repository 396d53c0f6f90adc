"""Checks that two servers give the same answer before anyone takes the time; ids and cursors in their own spelling."""

from __future__ import annotations

import http.client
import socket
from base64 import b64decode
from binascii import Error
from collections.abc import Sequence
from itertools import islice
from typing import Any

import orjson

from benchmarks import outside
from benchmarks.contestants import GATEWAY, Running
from benchmarks.load import Target
from benchmarks.questions import WORKLOADS, read

SPELT = frozenset({"id", "endCursor"})


class UnequalAnswersError(Exception):
    """Two answers differ, or a refusal is none; nothing measured would mean anything."""


def check(servers: Sequence[Running], reference: Running, workloads: Sequence[str], count: int = 3) -> None:
    """The first requests of each workload, answered by all as by the reference; Unequal if one differs."""
    for name in workloads:
        for server in servers:
            if server.target(name) is None:
                continue
            asked = _answers(server, name, count)
            if not WORKLOADS[name].refused:
                _compare(name, server, asked, reference, _answers(reference, name, count))
            elif server.contestant.group == GATEWAY and not all(refused(each) for each in asked):
                raise UnequalAnswersError(f"{server.name} did not refuse {name} as it should: {asked[0]}")


def refused(answer: Any) -> bool:
    """Whether this is the refusal of one field, with no data beside it."""
    errors = answer.get("errors") or []
    return len(errors) == 1 and errors[0]["extensions"]["coordinate"] == "Customer.phone" and not answer.get("data")


def _compare(name: str, server: Running, ours: list[Any], reference: Running, theirs: list[Any]) -> None:
    for one, other in zip(ours, theirs, strict=True):
        if plain(one) != plain(other) or not one.get("data"):
            raise UnequalAnswersError(
                f"{name}: {server.name} and {reference.name} differ:\n"
                f"{orjson.dumps(plain(one)).decode()[:2000]}\n{orjson.dumps(plain(other)).decode()[:2000]}"
            )


def _answers(server: Running, workload: str, count: int) -> list[Any]:
    target = server.target(workload)
    if target is None or target.requests is None:
        return []
    return [orjson.loads(ask(target, request)) for request in islice(read(target.requests), count)]


def ask(target: Target, request: bytes) -> bytes:
    """The body of the answer to one request."""
    with socket.create_connection(("127.0.0.1", target.port), timeout=20) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.read()


def plain(value: Any, name: str = "") -> Any:
    """The answer with every id and cursor as the number that stands in it."""
    if isinstance(value, dict):
        return {key: plain(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return _number(value) if name in SPELT and isinstance(value, str) else value


def _number(text: str) -> str:
    if text.isdigit() and len(text) > 12:
        return text
    found = outside.number(text)
    if found is not None:
        return found
    try:  # As the others spell their cursors.
        return b64decode(text, validate=True).decode().rpartition(":")[2]
    except (Error, UnicodeError):
        return text
