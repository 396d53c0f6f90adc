"""A request is found again by its id and its trace, in logs, errors and spans; none of these holds a value (D1)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.collector import Collector, attributes, collecting
from tests.gateway.servers import command, environment, free_port, running

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = "0190163d-8694-739b-aea5-966c26f8ad91"
CANARY = "Quarkenbusch"
NAMES = {
    "http.request.method", "http.route", "http.response.status_code", "gateway.request.id", "gateway.client",
    "gateway.purpose", "graphql.operation.name", "db.namespace", "db.operation.name", "db.collection.name",
}  # fmt: skip
"""Every attribute that a span may have."""


@dataclass
class Observed:
    """A demo that makes traces, what was asked of it, and what was seen of that."""

    url: str
    tokens: dict[str, str]
    collector: Collector
    answers: list[httpx.Response]
    log: list[dict[str, Any]]
    text: str

    def ask(
        self, query: str | None, client: str = "billing", *, headers: dict[str, str] | None = None, **more: Any
    ) -> Any:
        """POST a document."""
        given = {"authorization": f"Bearer {self.tokens[client]}"} | (headers or {})
        self.answers.append(
            httpx.post(
                f"{self.url}/graphql", json=({"query": query} if query else {}) | more, headers=given, timeout=60
            )
        )
        return self.answers[-1]

    def lines(self, answer: httpx.Response) -> list[dict[str, Any]]:
        """The log lines of the request that got this answer."""
        return [each for each in self.log if each.get("request") == answer.headers["x-request-id"]]

    def server_span(self, answer: httpx.Response) -> Any:
        """The span of the request that got this answer."""
        wanted = answer.headers["x-request-id"]
        (found,) = (each for each in self.collector.spans if attributes(each).get("gateway.request.id") == wanted)
        return found


PAGE = "query Page { customers(first: 3) { nodes { id fullName email } } }"
KEPT = "query Invoicing { customers(first: 1) { nodes { id } } }"
HASH = f"sha256:{sha256(KEPT.encode()).hexdigest()}"
MEASURED = {"purpose": "INVOICING"}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """Everything is asked first; the gateway has ended, and sent its last span, when the tests look."""
    folder = tmp_path_factory.mktemp("traced")
    settings = {"GATEWAY_LOG": "json", "GATEWAY_ACCESS_LOG": "yes", "GATEWAY_PROXIES": "127.0.0.1"}
    with collecting() as collector:
        with running(["-m", "gateway", "demo"], folder, GATEWAY_TRACES=collector.url, **settings) as server:
            listed = httpx.get(f"{server.url}/demo/tokens").json()["tokens"]
            found = Observed(server.url, {each["name"]: each["token"] for each in listed}, collector, [], [], "")
            (folder / "documents.json").write_text(json.dumps({HASH: KEPT}))
            done = command(["documents", "publish", "billing", "documents.json", "--release", "1"], folder)
            assert done.returncode == 0, done.stderr
            _ask_all(found)
        found.text = server.log()
        # What the demo prints for people before its first line names one of its customers.
        lines = [line for line in found.text.splitlines() if line.startswith("{")]
        found.text, found.log = "\n".join(lines), [json.loads(line) for line in lines]
        yield found


def _ask_all(seen: Observed) -> None:
    traced = {"traceparent": f"00-{TRACE}-{PARENT}-01", "x-request-id": GIVEN}
    seen.ask(PAGE, headers=MEASURED | traced)  # 0
    seen.ask(f"query {CANARY} {{ customers(first: 1) {{ nodes {{ id }} }} }}", headers=MEASURED)  # 1
    seen.ask(f'{{ customer(by: {{email: "{CANARY}@example.com"}}) {{ id }} {CANARY} }}', headers=MEASURED)  # 2
    seen.ask(None, headers=MEASURED, documentId=HASH)  # 3
    hostile = {
        "traceparent": f"00-{CANARY}-{PARENT}-01", "tracestate": f"v={CANARY}", "baggage": f"who={CANARY}",
        "x-request-id": CANARY, "purpose": "INVOICING",
    }  # fmt: skip
    seen.ask("{ customers(first: 1) { nodes { id } } }", headers=hostile)  # 4
    seen.ask("{ customers(first: 1) { nodes { id } } }", headers=MEASURED | {"traceparent": "0" * 4_000})  # 5
    seen.answers.append(httpx.get(f"{seen.url}/{CANARY}?email={CANARY}", headers={"accept": "text/plain"}))  # 6
    seen.answers.append(httpx.post(f"{seen.url}/graphql", headers={"authorization": f"Bearer {CANARY}"}, json={}))  # 7


def test_the_span_of_a_request_continues_the_caller_s_trace(seen: Observed) -> None:
    span = seen.server_span(seen.answers[0])
    assert (span.trace_id.hex(), span.parent_span_id.hex(), span.name) == (TRACE, PARENT, "POST /graphql")
    assert attributes(span) | {"gateway.request.id": ""} == {
        "http.request.method": "POST", "http.route": "/graphql", "http.response.status_code": 200,
        "gateway.client": "billing", "gateway.purpose": "INVOICING", "graphql.operation.name": "(ad hoc)",
        "gateway.request.id": "",
    }  # fmt: skip


def test_below_it_are_the_statements_and_the_wait_for_the_ledger(seen: Observed) -> None:
    root = seen.server_span(seen.answers[0])
    below = [each for each in seen.collector.spans if each.parent_span_id == root.span_id]
    assert {"SELECT customers", "ledger wait"} <= {each.name for each in below}
    assert all(root.start_time_unix_nano <= each.start_time_unix_nano for each in below)
    (wait,) = (each for each in below if each.name == "ledger wait")
    assert wait.end_time_unix_nano > wait.start_time_unix_nano


def test_a_log_line_names_request_trace_client_purpose_and_operation(seen: Observed) -> None:
    (line,) = (each for each in seen.lines(seen.answers[0]) if each["message"] == "answered")
    named = {name: line[name] for name in ("trace", "client", "purpose", "operation")}
    assert named == {"trace": TRACE, "client": "billing", "purpose": "INVOICING", "operation": "(ad hoc)"}


def test_an_operation_is_named_if_its_document_is_registered(seen: Observed) -> None:
    assert attributes(seen.server_span(seen.answers[3]))["graphql.operation.name"] == "Invoicing"
    assert {each.get("operation") for each in seen.lines(seen.answers[3])} == {"Invoicing"}
    assert attributes(seen.server_span(seen.answers[1]))["graphql.operation.name"] == "(ad hoc)"


def test_a_proxy_s_uuid_is_the_id_of_the_request_and_nothing_else_is(seen: Observed) -> None:
    assert seen.answers[0].headers["x-request-id"] == GIVEN.replace("-", "")
    for answer in seen.answers:
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    assert len({answer.headers["x-request-id"] for answer in seen.answers}) == len(seen.answers)


def test_errors_name_the_request(seen: Observed) -> None:
    for answer in (seen.answers[2], seen.answers[7]):
        named = [error["extensions"]["requestId"] for error in answer.json()["errors"]]
        assert named and set(named) == {answer.headers["x-request-id"]}
    assert seen.answers[6].json()["requestId"] == seen.answers[6].headers["x-request-id"]
    assert "requestId" not in seen.answers[0].text


def test_what_is_no_trace_context_begins_a_trace_of_its_own(seen: Observed) -> None:
    for answer in (seen.answers[4], seen.answers[5]):
        span = seen.server_span(answer)
        assert not span.parent_span_id and not span.trace_state


def test_no_value_is_in_spans_logs_or_headers(seen: Observed) -> None:
    nodes = seen.answers[0].json()["data"]["customers"]["nodes"]
    values = {CANARY, *(each[name] for each in nodes for name in ("id", "fullName", "email"))}
    assert len(values) == 10 and all(values), "the search is for something"
    spans = b"".join(seen.collector.raw)
    headers = "".join(f"{name}: {value}\n" for answer in seen.answers for name, value in answer.headers.items())
    for value in values:
        assert value.encode() not in spans
        assert value not in seen.text
        assert value not in headers
    assert {name for span in seen.collector.spans for name in attributes(span)} <= NAMES
    assert not [span.name for span in seen.collector.spans if span.events], "an exception would be an event"


def test_an_exception_on_its_way_is_recorded_in_no_span(tmp_path: Path) -> None:
    from gateway.run.traces import opened_traces

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError(CANARY)

    with collecting() as collector:
        with opened_traces(collector.url) as traces:
            answer = traces.requests(broken, {"/graphql"})(
                {"path": "/graphql", "method": "GET", "headers": []}, None, None
            )  # type: ignore[arg-type]
            with pytest.raises(ValueError, match=CANARY):
                answer.__await__().send(None)
        assert [span.name for span in collector.spans] == ["GET /graphql"]
        assert CANARY.encode() not in b"".join(collector.raw)


def test_nothing_of_opentelemetry_is_loaded_unless_traces_are_made(tmp_path: Path) -> None:
    script = "import sys, gateway.commands.serving; sys.exit(any(m.startswith('opentelemetry') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], env=environment(tmp_path), check=False).returncode == 0


def test_without_the_packages_the_start_names_them(tmp_path: Path) -> None:
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").write_text("raise ModuleNotFoundError('opentelemetry')")
    given = environment(tmp_path, PORT=str(free_port()), GATEWAY_TRACES="http://127.0.0.1:9/v1/traces")
    given["PYTHONPATH"] = f"{tmp_path}:{given['PYTHONPATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "demo"], env=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 3 and "requirements/traces.txt" in done.stderr
