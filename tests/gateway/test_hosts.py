"""Under which names, over which protocol and to whom the front door answers (G1, G10, H21)."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from gateway.config.settings import SettingsError, read
from gateway.http.hosts import normal
from tests.gateway.conftest import Demo
from tests.gateway.servers import Running, command, running


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A gateway with an https issuer, as it serves behind a proxy."""
    folder = tmp_path_factory.mktemp("hosts")
    settings = {"GATEWAY_ISSUER": "https://data.exämple.com:8443", "GATEWAY_HOSTS": "data.internal, [2001:db8::1]"}
    assert command(["db", "upgrade"], folder, **settings).returncode == 0
    with running(["-m", "gateway", "serve"], folder, **settings) as server:
        yield server


def get(server: Running, host: str, path: str = "/.well-known/jwks.json") -> httpx.Response:
    """Ask under a name."""
    return httpx.get(server.url + path, headers={"host": host}, timeout=120)


@pytest.mark.parametrize(
    "host",
    [
        "data.xn--exmple-cua.com", "DATA.xn--exmple-cua.com.", "data.xn--exmple-cua.com:8443", "data.internal:1",
        "[2001:db8::1]", "[2001:db8::1]:443", "localhost", "127.0.0.1:8000", "[::1]:8000", "gateway.localhost",
    ],
)  # fmt: skip
def test_our_own_names_are_answered_and_browsers_never_come_without_tls(serving: Running, host: str) -> None:
    answer = get(serving, host)
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=63072000"


@pytest.mark.parametrize(
    "host", ["evil.example", "data.xn--exmple-cua.com.evil.example", "192.0.2.7", "localhost.evil.example", "internal"]
)
def test_a_name_of_somebody_else_that_leads_here_is_not_ours(serving: Running, host: str) -> None:
    """DNS rebinding: a page of theirs would be taken for one of ours."""
    for path in ("/", "/graphql", "/oauth/token", "/sign-in", "/nothing"):
        answer = get(serving, host, path)
        assert (answer.status_code, answer.json()["code"]) == (421, "UNKNOWN_HOST")
        assert "GATEWAY_HOSTS" in answer.json()["detail"] and host not in answer.text
        assert "strict-transport-security" in answer.headers
    assert get(serving, host, "/healthz").status_code == 200, "orchestrators ask by whatever name"


@pytest.mark.parametrize("lines", [[], ["Host:"], ["Host: localhost", "Host: evil.example"], ["Host: " + "a" * 300]])
def test_a_request_for_no_host_or_for_two_is_400(serving: Running, lines: list[str]) -> None:
    with socket.create_connection(("127.0.0.1", serving.port), timeout=120) as connection:
        connection.sendall("\r\n".join(["GET /sign-in HTTP/1.0", *lines, "", ""]).encode())
        assert connection.recv(1_000).startswith(b"HTTP/1.1 400")


def test_what_is_not_http_is_told_with_the_same_headers(serving: Running) -> None:
    with socket.create_connection(("127.0.0.1", serving.port), timeout=120) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        assert b"strict-transport-security: max-age=63072000" in connection.recv(2_000)


def test_metrics_are_for_the_address_that_connects_whatever_headers_come(serving: Running) -> None:
    assert get(serving, "127.0.0.1", "/metrics").status_code == 200
    assert get(serving, "10.1.2.3:9000", "/metrics").status_code == 200, "monitors ask by an address"
    assert get(serving, "evil.example", "/metrics").status_code == 421
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto"):
        answer = httpx.get(f"{serving.url}/metrics", headers={name: "for=127.0.0.1"})
        assert answer.status_code == 404, name


def test_a_demo_has_no_tls_and_says_nothing_of_it(demo: Demo) -> None:
    answer = get(demo.server, "192.168.1.5:8000", "/")
    assert answer.status_code == 200 and "strict-transport-security" not in answer.headers
    assert get(demo.server, "evil.example", "/").status_code == 421


@pytest.mark.parametrize("hosts", ["https://data.internal", "data.internal:8000", "*.example.com", "a@b"])
def test_a_host_is_a_name_and_nothing_else(hosts: str) -> None:
    with pytest.raises(SettingsError, match="GATEWAY_HOSTS"):
        read({"GATEWAY_HOSTS": hosts})


def test_names_are_compared_in_one_form() -> None:
    assert normal("Straße.Example.") == "xn--strae-oqa.example"
    assert normal("a..b\u0301") == "a..b\u0301"


def test_upgrades_to_websocket_are_answered_as_what_they_are_and_leave_nothing(demo: Demo) -> None:
    """Each is a request like any other: no line in the log, no connection that stays."""
    before = demo.server.log()
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", demo.server.port), timeout=120) as connection:
            head = "GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            keys = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            connection.sendall((head + keys).encode())
            answer = connection.recv(10_000)
            assert answer.startswith(b"HTTP/1.1 401") and b"upgrade" not in answer.partition(b"\r\n\r\n")[0].lower()
    assert demo.server.log() == before


QUERY = "query Q($by: CustomerBy!) { customer(by: $by) { id } }"


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ('{ customer(by: {email: "zoe@example.com"}) { id } }', None),
        (QUERY, '{"by": {"email": "zoe@example.com"}}'),
        ("query Q($e: String!) { customer(by: {email: $e}) { id } }", '{"e": "zoe@example.com"}'),
        ('query Q($e: String = "zoe@example.com") { customer(by: {email: $e}) { id } }', None),
        ("query Q($id: ID!) { customer(by: {id: $id}) { id } }", '{"id": "Q3VzdG9tZXI6MQ=="}'),
        ('{ ...F } fragment F on Query { node(id: "Q3VzdG9tZXI6MQ==") { id } }', None),
    ],
)
def test_personal_data_does_not_go_into_an_address(demo: Demo, query: str, variables: str | None) -> None:
    parameters = {"query": query} | ({"variables": variables} if variables else {})
    headers = demo.headers("billing", accept="application/graphql-response+json")
    answer = httpx.get(demo.url, params=parameters, headers=headers)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (422, "PERSONAL_DATA_IN_URL")
    assert "POST" in error["message"] and "zoe" not in answer.text
    body: dict[str, object] = {"query": query} | (
        {"variables": httpx.Response(200, text=variables).json()} if variables else {}
    )
    posted = httpx.post(demo.url, json=body, headers=headers)
    assert "PERSONAL_DATA_IN_URL" not in posted.text


def test_what_is_not_personal_may_stand_in_an_address(demo: Demo) -> None:
    query = "query Q($n: Int) { customers(first: $n) { nodes { fullName } } }"
    for variables in ('{"n": 1}', "{}"):
        answer = httpx.get(demo.url, params={"query": query, "variables": variables}, headers=demo.headers("billing"))
        assert answer.status_code == 200 and "errors" not in answer.json()
    answer = httpx.get(demo.url, params={"query": QUERY, "variables": '{"by": null}'}, headers=demo.headers("billing"))
    assert "PERSONAL_DATA_IN_URL" not in answer.text


@pytest.mark.parametrize(
    "query", ["{}", "{customers(first:1){}}", "query Q {}", "{ grant { client } } fragment F on Grant {}"]
)
def test_an_empty_selection_is_a_syntax_error(demo: Demo, query: str) -> None:
    """H27."""
    answer = httpx.post(demo.url, json={"query": query}, headers=demo.headers("billing"))
    assert [each["extensions"]["code"] for each in answer.json()["errors"]] == ["GRAPHQL_PARSE_FAILED"]
