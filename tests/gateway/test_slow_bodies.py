"""Bodies that do not arrive stop nobody: they hold no slot, are bounded per network, and are dropped (G11, G13)."""

from __future__ import annotations

import ast
import errno
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import httpx
import pytest

from gateway.http.concurrency import ConcurrencyLimiter, ConcurrencyLimits
from gateway.http.problems import ProblemError
from gateway.http.server import listen
from tests.gateway.servers import ROOT, Running, running

LIMITS = {
    "GATEWAY_PROXIES": "127.0.0.1",
    "GATEWAY_MAX_REQUESTS": "8",
    "GATEWAY_MAX_CLIENT_REQUESTS": "4",
    "GATEWAY_MAX_BODIES": "24",
    "GATEWAY_MAX_NETWORK_BODIES": "8",
    "GATEWAY_BODY_SECONDS": "3",
}
FORM = "application/x-www-form-urlencoded"
READERS = {
    "/graphql": "application/json",
    "/oauth/token": FORM,
    "/oauth/par": FORM,
    "/oauth/revoke": FORM,
    "/oauth/introspect": FORM,
    "/oauth/consent": FORM,
    "/sign-in": FORM,
    "/sign-in/passkey": "application/json",
    "/password/forgot": FORM,
    "/cookies": FORM,
    "/demo/acquirer": "application/json",
}
"""Addresses that read a body, of every kind of reader."""


@dataclass(frozen=True)
class House:
    """A demo with little room."""

    server: Running
    tokens: dict[str, str]

    def begin(self, path: str, address: str, body: bytes = b"x", token: str = "billing") -> socket.socket:
        """A request whose body stops after its first bytes."""
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=120)
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: localhost",
            f"X-Forwarded-For: {address}",
            f"Authorization: Bearer {self.tokens[token]}",
            f"Content-Type: {READERS[path]}",
            "Content-Length: 1000",
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return connection

    def ask(self, address: str, token: str = "billing") -> httpx.Response:
        """A whole one."""
        headers = {"authorization": f"Bearer {self.tokens[token]}", "x-forwarded-for": address}
        return httpx.post(f"{self.server.url}/graphql", json={"query": "{ __typename }"}, headers=headers, timeout=120)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(["-m", "gateway", "demo"], tmp_path_factory.mktemp("slow"), **LIMITS) as server:
        listed = httpx.get(f"{server.url}/demo/tokens").json()["tokens"]
        yield House(server, {each["name"]: each["token"] for each in listed})


def answer_of(connection: socket.socket) -> tuple[int, dict[str, str]]:
    """Status and headers of what a connection is told before it is closed."""
    text = b""
    with suppress(ConnectionError):
        while piece := connection.recv(65_536):
            text += piece
    head = text.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in head[1:])
    return int(head[0].split()[1]), headers


def test_slow_bodies_of_one_address_stop_nobody_and_the_oldest_give_way(house: House) -> None:
    """Sixty of them, where eight are answered at once: neither others nor they themselves are kept from asking."""
    paths = list(READERS)
    with ExitStack() as stack:
        slow = [stack.enter_context(house.begin(paths[number % len(paths)], "203.0.113.1")) for number in range(60)]
        assert house.ask("198.51.100.8").status_code == 200
        assert house.ask("203.0.113.1").status_code == 200
        assert httpx.get(f"{house.server.url}/", headers={"x-forwarded-for": "203.0.113.1"}).status_code == 200
        answers = [answer_of(each) for each in slow]
    statuses = [status for status, _ in answers]
    assert statuses[:50] == [429] * 50 and set(statuses[-7:]) == {408}
    assert all(headers["retry-after"] == "1" for status, headers in answers if status == 429)
    assert all(headers["connection"] == "close" for _, headers in answers)


def test_slow_bodies_from_everywhere_stop_nobody(house: House) -> None:
    with ExitStack() as stack:
        slow = [
            stack.enter_context(house.begin("/sign-in", f"203.0.113.{number}, 127.0.0.1")) for number in range(1, 41)
        ]
        assert house.ask("198.51.100.8").status_code == 200
        answers = [answer_of(each) for each in slow]
    assert [status for status, _ in answers[:15]] == [503] * 15
    assert {headers.get("retry-after") for status, headers in answers if status == 503} == {"1"}


def test_slow_bodies_of_one_customer_stop_no_other_customer_of_the_app(house: House) -> None:
    """They hold none of the four slots of the client, from however many addresses they come."""
    mine = next(name for name in house.tokens if name not in ("billing",))
    with ExitStack() as stack:
        for number in range(1, 13):
            stack.enter_context(house.begin("/graphql", f"203.0.113.{number}", b'{"query"', mine))
        assert [house.ask("198.51.100.8", mine).status_code for _ in range(6)] == [200] * 6


def test_a_body_that_never_comes_is_408_everywhere(house: House) -> None:
    """Neither its first byte nor its second is waited for any longer than the settings say."""
    began = time.monotonic()
    with ExitStack() as stack:
        slow = [
            (path, stack.enter_context(house.begin(path, f"192.0.2.{number}{digit}", body)))
            for number, path in enumerate(READERS, 1)
            for digit, body in enumerate((b"", b"a"))
        ]
        for path, connection in slow:
            status, headers = answer_of(connection)
            assert (status, headers["connection"]) == (408, "close"), path
    assert time.monotonic() - began < 60


def test_a_body_in_pieces_is_read_whole(house: House) -> None:
    body = json.dumps({"query": "{ __typename }", "extensions": {"x": "y" * 900}}).encode().ljust(1000)
    with house.begin("/graphql", "192.0.2.78", body[:10]) as connection:
        for start in range(10, 1000, 330):
            time.sleep(0.1)
            connection.sendall(body[start : start + 330])
        assert connection.recv(1_000).startswith(b"HTTP/1.1 200")


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux can do it")
def test_who_takes_nothing_of_an_answer_is_cut_off() -> None:
    """G11: else it would hold its slot, and the answer in memory, for as long as it likes."""
    with listen("127.0.0.1", 0, stalled_seconds=1) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(30)
            with pytest.raises(TimeoutError, match="timed out") as cut:
                connection.sendall(b"x" * 100_000_000)
            assert cut.value.errno == errno.ETIMEDOUT, "the system ended it, not this test's patience"


def test_every_body_is_read_by_the_one_reader() -> None:
    """No address reads one in another way, without bounds."""
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                own = isinstance(node.func.value, ast.Name) and node.func.value.id == "request"
                assert not (own and node.func.attr in ("body", "form", "json", "stream")), f"{path}:{node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "receive":
                assert path.name in ("bodies.py", "unfinished.py"), f"{path}:{node.lineno}"


def test_customers_share_the_room_of_their_app_and_none_keeps_out_another() -> None:
    limiter = ConcurrencyLimiter(ConcurrencyLimits(all=20, of_client=4, of_customer=2))
    limiter.acquire_for("app", 1)
    limiter.acquire_for("app", 1)
    with pytest.raises(ProblemError) as refused:
        limiter.acquire_for("app", 1)
    assert (refused.value.status, refused.value.headers) == (429, ((b"retry-after", b"1"),))
    limiter.acquire_for("app", 2)
    limiter.acquire_for("app", 2)  # Four: the app's room is full.
    with pytest.raises(ProblemError):
        limiter.acquire_for("app", None)
    for customer in range(3, 14):  # Everybody else gets one, up to three quarters of the house.
        limiter.acquire_for("app", customer)
        with pytest.raises(ProblemError):
            limiter.acquire_for("app", customer)
    with pytest.raises(ProblemError):
        limiter.acquire_for("app", 99)
    limiter.acquire_for("other", None)
    for customer in (1, 1, 2, 2, *range(3, 14)):
        limiter.release_for("app", customer)
    limiter.release_for("other", None)
    assert not limiter._of_client and not limiter._of_customer
