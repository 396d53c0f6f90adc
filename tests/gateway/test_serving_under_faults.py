"""The front door when things go wrong: faults behind it, load, slow and lost clients, the end (G11, F6, D1)."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.gateway.servers import Running, running
from tests.gateway.standin import SECRET

RESPONSE = "application/graphql-response+json"
LIMITS = {
    "GATEWAY_MAX_REQUESTS": "6",
    "GATEWAY_MAX_CLIENT_REQUESTS": "4",
    "GATEWAY_HEAD_SECONDS": "60",
    "GATEWAY_BODY_SECONDS": "60",
    "GATEWAY_IDLE_SECONDS": "60",
    "GATEWAY_REQUEST_SECONDS": "60",
    "GATEWAY_SHUTDOWN_SECONDS": "60",
    "GATEWAY_ACCESS_LOG": "yes",
}
"""Patient: a busy machine ends nothing early."""
HASTY = LIMITS | {
    "GATEWAY_HEAD_SECONDS": "1",
    "GATEWAY_BODY_SECONDS": "1",
    "GATEWAY_IDLE_SECONDS": "1",
    "GATEWAY_REQUEST_SECONDS": "2",
    "GATEWAY_SHUTDOWN_SECONDS": "2",
}
"""For what is ended by a clock."""
PATIENCE = 50
"""Seconds in which whatever ends at once has ended, and no patient limit has passed."""


@dataclass(frozen=True)
class Faulty:
    """A gateway before the stand-in."""

    server: Running
    folder: Path

    def ask(self, query: str, client: str = "tester", accept: str = RESPONSE) -> httpx.Response:
        """POST a document of the stand-in."""
        headers = {"authorization": f"Bearer {self.token(client)}", "accept": accept}
        return httpx.post(f"{self.server.url}/graphql", json={"query": query}, headers=headers, timeout=90)

    def token(self, client: str = "tester") -> str:
        """A token of one of the two clients."""
        return (self.folder / f"{client}.token").read_text()

    def notes(self) -> list[str]:
        """What the stand-in noted."""
        notes = self.folder / "notes.txt"
        return notes.read_text().split() if notes.exists() else []

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE)

    def head(self, length: int) -> bytes:
        """The head of a request with a body of so many bytes."""
        lines = ["POST /graphql HTTP/1.1", "Host: localhost", f"Authorization: Bearer {self.token()}"]
        return "\r\n".join([*lines, "Content-Type: application/json", f"Content-Length: {length}", "", ""]).encode()


@contextmanager
def faulty(folder: Path, limits: dict[str, str] = LIMITS) -> Iterator[Faulty]:
    with running(["-m", "tests.gateway.standin"], folder, **limits) as server:
        yield Faulty(server, folder)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    with faulty(tmp_path_factory.mktemp("standin")) as found:
        yield found


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    with faulty(tmp_path_factory.mktemp("hasty"), HASTY) as found:
        yield found


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_unforeseen_error_is_a_typed_500_and_its_text_is_told_to_nobody(gate: Faulty) -> None:
    """D1, G5: neither answer nor log repeat what the exception says; the log says where it was."""
    response = gate.ask("explode")
    assert response.status_code == 500
    assert response.json()["code"] == "INTERNAL"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert SECRET not in response.text
    assert "Traceback" not in response.text
    log = gate.server.log()
    assert "ValueError at " in log
    assert "standin.py" in log
    assert SECRET not in log
    assert "Traceback" not in log


def test_an_outage_is_503_with_the_time_to_wait(gate: Faulty) -> None:
    for accept in (RESPONSE, "application/json"):
        response = gate.ask("unavailable", accept=accept)
        assert (response.status_code, response.headers["retry-after"]) == (503, "7")


def test_a_refusal_is_403_whatever_the_media_type(gate: Faulty) -> None:
    assert gate.ask("refused").status_code == 403
    assert gate.ask("refused", accept="application/json").status_code == 403


def test_everything_that_was_asked_arrives(gate: Faulty) -> None:
    body = {
        "query": "echo", "documentId": "sha256:ab", "operationName": "Q", "variables": {"a": 1}, "extensions": {"b": 2},
    }  # fmt: skip
    headers = {"authorization": f"Bearer {gate.token()}", "purpose": "INVOICING", "purpose-reference": "INC-1"}
    headers |= {"idempotency-key": '"k-1"'}
    got = httpx.post(f"{gate.server.url}/graphql", json=body, headers=headers).json()["data"]
    names = got.pop("names")
    assert names["client"] == "tester" and len(names["id"]) == 32, "what log lines are told by"
    assert got == {
        "query": "echo", "document_id": "sha256:ab", "operation_name": "Q", "variables": {"a": 1},
        "extensions": {"b": 2}, "purpose": "INVOICING", "reference": "INC-1", "read_only": False, "in_url": False,
        "dry_run": False, "acting": None,
        "client": "tester",
        "idempotency_key": "k-1", "language": None, "on_error": "PROPAGATE",
    }  # fmt: skip
    got = httpx.get(f"{gate.server.url}/graphql?query=echo", headers=headers).json()["data"]
    assert (got["read_only"], got["variables"], got["operation_name"]) == (True, None, None)


def test_one_client_cannot_take_all_the_room(gate: Faulty) -> None:
    """G11: 429 for the one who asks too much at once; 503 when the house is full; both say when to come again."""
    with ThreadPoolExecutor(12) as pool:
        began = gate.notes().count("begun")
        mine = [pool.submit(gate.ask, "hold") for _ in range(4)]
        until(lambda: gate.notes().count("begun") == began + 4)
        refused = gate.ask("ok")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.json()["errors"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
        theirs = [pool.submit(gate.ask, "hold", "other") for _ in range(2)]
        until(lambda: gate.notes().count("begun") == began + 6)
        full = gate.ask("ok", "other")
        assert (full.status_code, full.headers["retry-after"], full.json()["code"]) == (503, "1", "UNAVAILABLE")
        assert httpx.get(f"{gate.server.url}/healthz").status_code == 200, "a full house is not a broken one"
        (gate.folder / "let-go").touch()
        assert [each.result().status_code for each in mine + theirs] == [200] * 6
    assert gate.ask("ok").status_code == 200


def test_work_for_a_client_that_has_left_is_cancelled(gate: Faulty) -> None:
    """At once: the work would go on for longer than this waits."""
    begun, before = gate.notes().count("begun"), gate.notes().count("cancelled")
    body = json.dumps({"query": f"wait {PATIENCE + 5}"}).encode()
    with gate.connect() as connection:
        connection.sendall(gate.head(len(body)) + body)
        until(lambda: gate.notes().count("begun") == begun + 1)
    until(lambda: gate.notes().count("cancelled") == before + 1)


def test_an_answer_that_takes_too_long_is_given_up(hasty: Faulty) -> None:
    before, ended = hasty.notes().count("cancelled"), hasty.notes().count("ended")
    response = hasty.ask("wait 60")
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert (hasty.notes().count("cancelled"), hasty.notes().count("ended")) == (before + 1, ended)


def test_a_body_that_is_declared_too_long_is_not_waited_for(gate: Faulty) -> None:
    with gate.connect() as connection:
        connection.sendall(gate.head(10_000_000))
        assert connection.recv(1_000).startswith(b"HTTP/1.1 413")


def test_a_slow_body_is_408_and_the_line_is_closed(hasty: Faulty) -> None:
    with hasty.connect() as connection:
        connection.sendall(hasty.head(100) + b'{"query"')
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"BODY_TIMEOUT" in answer


def test_a_body_that_breaks_off_is_nobodys_error(gate: Faulty) -> None:
    with gate.connect() as connection:
        connection.sendall(gate.head(100) + b'{"query"')
    assert gate.ask("ok").status_code == 200


def hung_up(connection: socket.socket) -> None:
    """Wait until the server hangs up; what it says until then is not looked at. TimeoutError when it does not."""
    with suppress(ConnectionError):
        while connection.recv(65_536):
            pass


def test_who_says_nothing_is_not_waited_for(hasty: Faulty) -> None:
    """G11: neither before the first request nor after one."""
    began = time.monotonic()
    with hasty.connect() as silent, hasty.connect() as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        hung_up(silent)
        assert time.monotonic() - began > 0.5
        hung_up(idle)


@pytest.mark.parametrize("begin", [b"GET /healthz HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n\r\n"])
def test_a_head_that_comes_in_drops_is_not_waited_for(hasty: Faulty, begin: bytes) -> None:
    """G11: each drop is in time, the whole is not; also after a first request."""
    with hasty.connect() as connection:
        connection.sendall(begin)
        with pytest.raises(ConnectionError):
            for _ in range(10 * PATIENCE):
                connection.sendall(b"\r\n" if begin.endswith(b"\r\n\r\n") else b"X-A: b\r\n")
                time.sleep(0.1)


def test_a_head_without_an_end_is_431(gate: Faulty) -> None:
    with gate.connect() as connection:
        answer = b""
        with suppress(ConnectionError):
            connection.sendall(b"GET /healthz HTTP/1.1\r\n")
            for number in range(500):
                connection.sendall(b"X-%d: %s\r\n" % (number, b"a" * 4_000))
        with suppress(ConnectionError):
            answer = connection.recv(1_000)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431"), "a client that goes on sending may miss the answer"
        hung_up(connection)
    assert gate.ask("ok").status_code == 200


@pytest.mark.parametrize("text", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00" * 20])
def test_what_is_not_http_is_answered_as_such(gate: Faulty, text: bytes) -> None:
    with gate.connect() as connection:
        connection.sendall(text)
        answer = connection.recv(1_000)
        assert answer.startswith(b"HTTP/1.1 400")
        assert json.loads(answer.split(b"\r\n\r\n")[1])["code"] == "INVALID_HTTP"
    assert gate.ask("ok").status_code == 200


def test_the_access_log_names_no_query_and_no_path_of_strangers(gate: Faulty) -> None:
    """D1: anything may be typed behind a host's name."""
    httpx.get(f"{gate.server.url}/{SECRET}?email={SECRET}")
    httpx.get(f"{gate.server.url}/readyz?email={SECRET}")
    until(lambda: "at=(other) status=404" in gate.server.log())
    until(lambda: "at=/readyz status=200" in gate.server.log())
    assert SECRET not in gate.server.log()
    assert "Bearer" not in gate.server.log()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_the_end_loses_no_request(tmp_path: Path, sign: signal.Signals) -> None:
    """F6: what runs is finished, what is new finds the door closed, and the exit code is 0."""
    with faulty(tmp_path) as gate, ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(gate.ask, "wait 2") for _ in range(3)]
        until(lambda: gate.notes().count("begun") == 3)
        stopper = threading.Thread(target=gate.server.process.send_signal, args=(sign,))
        stopper.start()
        stopper.join()
        assert [each.result().json() for each in answers] == [{"data": {"waited": True}}] * 3
        assert gate.server.process.wait(PATIENCE) == 0
        assert gate.notes().count("ended") == 3
        assert (tmp_path / "closed.txt").exists(), "the store was closed, after the last answer"
        assert "Traceback" not in gate.server.log()


def test_a_load_balancer_is_told_before_connections_are_refused(tmp_path: Path) -> None:
    """F6: not ready at once; new connections are taken until GATEWAY_DRAIN_SECONDS are over."""
    with running(["-m", "gateway", "demo"], tmp_path, GATEWAY_DRAIN_SECONDS="4") as server:
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        server.process.send_signal(signal.SIGTERM)

        def not_ready() -> bool:
            answer = httpx.get(f"{server.url}/readyz")  # A new connection each time.
            return answer.status_code == 503 and answer.json()["code"] == "STOPPING"

        until(not_ready)
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        assert httpx.post(f"{server.url}/graphql", json={"query": "{ me { id } }"}).status_code == 401
        assert server.process.wait(PATIENCE) == 0


def test_the_end_cuts_nobody_off_in_mid_sentence(tmp_path: Path) -> None:
    """F6: clients that never pause on open connections get every answer, until new connections are refused."""

    def ask_on(client: httpx.Client, gate: Faulty) -> tuple[set[int], str]:
        headers, statuses = {"authorization": f"Bearer {gate.token()}"}, set()
        try:
            while True:
                statuses.add(
                    client.post(f"{gate.server.url}/graphql", json={"query": "ok"}, headers=headers).status_code
                )
        except httpx.TransportError as error:
            return statuses, type(error).__name__

    clients = [httpx.Client() for _ in range(4)]
    with faulty(tmp_path) as gate, ThreadPoolExecutor(4) as pool:
        ends = [pool.submit(ask_on, client, gate) for client in clients]
        time.sleep(0.5)
        assert gate.server.stop() == 0
        assert [end.result() for end in ends] == [({200}, "ConnectError")] * 4
    for client in clients:
        client.close()


def test_the_end_does_not_wait_for_ever(tmp_path: Path) -> None:
    """F6: a client that neither sends nor leaves does not keep the process alive."""
    soon = LIMITS | {"GATEWAY_SHUTDOWN_SECONDS": "2"}
    with faulty(tmp_path, soon) as gate, gate.connect() as idle, gate.connect() as slow:
        slow.sendall(gate.head(100) + b"{")
        assert idle.fileno() > 0
        time.sleep(0.2)
        assert gate.server.stop(seconds=PATIENCE) == 0
