"""GraphQL over HTTP as the demo serves it: statuses, media types, methods, credentials (G1, G2, G3, G10, O1)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from gateway.demo.demo_queries import CUSTOMER
from tests.gateway.conftest import Demo

NAMES = "{ customers(first: 2) { nodes { fullName } } }"
JSON = "application/json"
RESPONSE = "application/graphql-response+json"
HUGE = 10_000_000


def asked(
    demo: Demo, http: httpx.Client, body: object, accept: str | None = RESPONSE, **headers: str
) -> httpx.Response:
    """POST a body, as JSON unless it is bytes already."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = demo.headers() | {"content-type": JSON} | headers
    if accept is not None:
        given["accept"] = accept
    return http.post(demo.url, content=content, headers=given)


def code(response: httpx.Response) -> str:
    """The code of the first error; the answer must be a GraphQL response without data."""
    answer = response.json()
    assert "data" not in answer, answer
    return str(answer["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize(
    ("accept", "given"),
    [(None, JSON), ("*/*", JSON), (JSON, JSON), (RESPONSE, RESPONSE), (f"{RESPONSE}, {JSON};q=0.9", RESPONSE)],
)
def test_an_answer_in_the_media_type_that_was_asked_for(
    demo: Demo, http: httpx.Client, accept: str | None, given: str
) -> None:
    response = asked(demo, http, {"query": NAMES}, accept)
    assert (response.status_code, response.headers["content-type"]) == (200, f"{given}; charset=utf-8")
    assert len(response.json()["data"]["customers"]["nodes"]) == 2


def test_a_mutation_that_is_repeated_is_marked_so(demo: Demo, http: httpx.Client) -> None:
    """The body of a response that is repeated as a whole is the first one's."""
    query = 'mutation { endOtherSessions(input: {idempotencyKey: "k-1"}) { ended userErrors { code } } }'
    mine = demo.headers(CUSTOMER)
    first, again = (asked(demo, http, {"query": query}, **mine) for _ in range(2))
    assert first.json()["data"]["endOtherSessions"]["userErrors"] == []
    assert "idempotent-replayed" not in first.headers and again.headers["idempotent-replayed"] == "true"
    assert first.content == again.content


@pytest.mark.parametrize(
    ("question", "status", "expected"),
    [
        ({"query": "{"}, 400, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nope }"}, 422, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query ($a: Int!) { customers(first: $a) { nodes { fullName } } }"}, 422, "BAD_USER_INPUT"),
        ({"query": "query A { grant { client } } query B { grant { client } }"}, 422, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "{ grant { client } }", "operationName": "C"}, 422, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "{ customers(first: 1) { nodes { phone } } }"}, 403, "UNAUTHORIZED_FIELD_OR_TYPE"),
        ({"documentId": "sha256:" + "0" * 64}, 422, "PERSISTED_DOCUMENT_NOT_FOUND"),
    ],
)
def test_the_status_is_the_drafts_whatever_is_accepted(
    demo: Demo, http: httpx.Client, question: object, status: int, expected: str
) -> None:
    """G1, G2: several operations need a name. What is no success says by its media type that GraphQL answered."""
    for accept in (RESPONSE, JSON):
        response = asked(demo, http, question, accept)
        assert (response.status_code, code(response)) == (status, expected)
        assert response.headers["content-type"] == f"{RESPONSE}; charset=utf-8"


def test_a_report_of_a_dry_run_is_no_graphql_response(demo: Demo, http: httpx.Client) -> None:
    def tried(question: object) -> httpx.Response:
        return http.post(f"{demo.url}/dry-run", json=question, headers=demo.headers(accept=RESPONSE))

    phones = {"query": "{ customers(first: 1) { nodes { phone } } }"}
    for question, allowed in (({"query": NAMES}, True), (phones, False)):
        response = tried(question)
        assert (response.status_code, response.headers["content-type"]) == (200, f"{JSON}; charset=utf-8")
        report = response.json()
        assert report["allowed"] is allowed
        assert report.keys().isdisjoint({"data", "errors", "extensions"})
    assert report["refused"][0]["extensions"]["coordinate"] == "Customer.phone"
    wrong = tried({"query": "{ nope }"})
    assert (wrong.status_code, code(wrong)) == (422, "GRAPHQL_VALIDATION_FAILED")
    assert wrong.headers["content-type"] == f"{RESPONSE}; charset=utf-8"
    assert http.post(f"{demo.url}/dry-run", json=phones).status_code == 401


def test_every_response_tells_what_is_left_of_the_budget(demo: Demo, http: httpx.Client) -> None:
    """The customer's with a token that has a subject, the client's with any other."""
    for who, name, quota in (("support", "client", 1_000_000), (CUSTOMER, "customer", 40_000)):
        left = []
        for query in ("{ grant { client budget { limit remaining resetsAt } } }", "{ nope }"):
            response = asked(demo, http, {"query": query}, **demo.headers(who))
            assert response.headers["ratelimit-policy"] == f'"{name}";q={quota};qu="objects";w=60'
            told = re.fullmatch(rf'"{name}";r=(\d+);t=1', response.headers["ratelimit"])
            assert told is not None
            left.append(int(told[1]))
        assert 0 < min(left) <= max(left) <= quota
        budget = asked(demo, http, {"query": "{ grant { budget { limit remaining } } }"}, **demo.headers(who))
        facts = budget.json()["data"]["grant"]["budget"]
        assert facts["limit"] == quota and 0 < facts["remaining"] <= quota


def test_a_missing_scope_is_named(demo: Demo, http: httpx.Client) -> None:
    """RFC 6750 §3.1: insufficient_scope."""
    response = asked(demo, http, {"query": "{ audit { __typename } }"})
    assert response.status_code == 403
    assert response.headers["www-authenticate"] == (
        'Bearer realm="customer data", error="insufficient_scope", scope="audit:read"'
    )
    (error,) = response.json()["errors"]
    assert error["message"] == "Query.audit needs a scope that the token does not have: audit:read."
    assert error["extensions"]["scopes"] == ["audit:read"]


@pytest.mark.parametrize("accept", [JSON, RESPONSE])
def test_of_two_mutations_each_outcome_is_told(demo: Demo, http: httpx.Client, accept: str) -> None:
    """The second's variable is null where null is no value: the first was carried out, and its answer says so."""
    mine = demo.headers(CUSTOMER)
    locale = asked(demo, http, {"query": "{ me { locale } }"}, **mine).json()["data"]["me"]["locale"]
    query = """mutation ($mine: LanguageTag!, $next: UpdateProfileInput = {}) {
        first: updateProfile(input: {locale: $mine}) { customer { locale } }
        second: updateProfile(input: $next) { customer { locale } } }"""
    body = {"query": query, "variables": {"mine": locale, "next": None}}
    response = asked(demo, http, body, accept, **mine)
    # Partial success has a status of its own, beside the draft's own media type.
    assert response.status_code == (294 if accept == RESPONSE else 200)
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert response.json()["data"] == {"first": {"customer": {"locale": locale}}, "second": None}
    (error,) = response.json()["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["second"], "BAD_USER_INPUT")


@pytest.mark.parametrize("accept", [JSON, RESPONSE])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"1", b"null", b"[]", b"{}", b"{", b'"x"', b"\xff\xfe", b'{"query":"\xff"}', b'{"query":1}',
        b'{"query":null}', b'{"query":"\\ud800"}', b'{"query":"{a}","variables":[]}', b'{"query":"{a}","extensions":1}',
        b'{"variables":' + b'{"a":' * 900 + b"1" + b"}" * 901, b"[" * 100_000, b'{"a":' * 40_000,
    ],
)  # fmt: skip
def test_no_body_gives_500(demo: Demo, http: httpx.Client, body: bytes, accept: str) -> None:
    """G1: what is no JSON is 400, what is no question 422, whatever the media type, typed and without an echo."""
    response = asked(demo, http, body, accept)
    told = code(response)
    assert response.status_code == (400 if told == "INVALID_JSON" else 422)
    assert response.headers["content-type"] == f"{RESPONSE}; charset=utf-8"
    assert told in ("INVALID_JSON", "INVALID_PARAMETER", "QUERY_MISSING", "BATCHING_NOT_SUPPORTED")


def test_deep_variables_are_no_500(demo: Demo, http: httpx.Client) -> None:
    for depth in (100, 500, 900):
        deep = '{"a":' * depth + "1" + "}" * depth
        body = (
            b'{"query":"query ($x: ID!) { customer(by: {id: $x}) { fullName } }","variables":{"x":%s}}' % deep.encode()
        )
        assert asked(demo, http, body).status_code == 422


def test_ten_megabytes_are_413_declared_or_streamed(demo: Demo, http: httpx.Client) -> None:
    declared = asked(demo, http, {"query": "{" + "a" * HUGE + "}"})
    assert (declared.status_code, code(declared)) == (413, "BODY_TOO_LARGE")

    def pieces() -> Iterator[bytes]:
        yield b'{"query":"{'
        for _ in range(HUGE // 10_000):
            yield b"a" * 10_000

    headers = demo.headers() | {"content-type": JSON}
    streamed = http.post(demo.url, content=pieces(), headers=headers)
    assert (streamed.status_code, code(streamed)) == (413, "BODY_TOO_LARGE")
    assert asked(demo, http, {"query": NAMES}).status_code == 200, "the connection goes on"


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/graphql",
     "text/plain; application/json", "application/json; charset=utf-16", "application/jsonp"],
)  # fmt: skip
def test_what_a_browser_sends_unasked_is_415(demo: Demo, http: httpx.Client, content_type: str | None) -> None:
    """G3, even with good credentials."""
    headers = demo.headers() | ({} if content_type is None else {"content-type": content_type})
    response = http.post(demo.url, content=json.dumps({"query": NAMES}).encode(), headers=headers)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.headers["accept-post"] == JSON


def test_compressed_bodies_are_415(demo: Demo, http: httpx.Client) -> None:
    """A small body that unpacks to a huge one never is unpacked."""
    assert asked(demo, http, {"query": NAMES}, **{"content-encoding": "gzip"}).status_code == 415


@pytest.mark.parametrize(
    "accept", ["text/plain", "application/json; charset=latin1", "image/*", "application/json;q=0"]
)
def test_an_unknown_media_type_is_406(demo: Demo, http: httpx.Client, accept: str) -> None:
    response = asked(demo, http, {"query": NAMES}, accept)
    assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")


def test_get_answers_queries(demo: Demo, http: httpx.Client) -> None:
    query = "query Page($n: Int) { customers(first: $n) { nodes { fullName } } }"
    parameters = {"query": query, "variables": '{"n":1}', "operationName": "Page"}
    response = http.get(demo.url, params=parameters, headers=demo.headers(accept=RESPONSE))
    assert (response.status_code, len(response.json()["data"]["customers"]["nodes"])) == (200, 1)
    assert response.headers["cache-control"] == "no-store"
    nothing = http.get(demo.url, headers=demo.headers(accept=RESPONSE))
    assert (nothing.status_code, code(nothing)) == (422, "QUERY_MISSING")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PURGE"])
def test_other_methods_are_405(demo: Demo, http: httpx.Client, method: str) -> None:
    response = http.request(method, demo.url, headers=demo.headers())
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


def test_a_batch_is_refused_by_name(demo: Demo, http: httpx.Client) -> None:
    """G2, S10."""
    response = asked(demo, http, [{"query": NAMES}, {"query": NAMES}])
    assert (response.status_code, code(response)) == (422, "BATCHING_NOT_SUPPORTED")


def test_the_purpose_goes_along_as_headers(demo: Demo, http: httpx.Client) -> None:
    phones = {"query": "{ customers(first: 1) { nodes { phone } } }"}
    noc = demo.headers("noc")
    assert code(asked(demo, http, phones, **noc)) == "PURPOSE_REFUSED"
    good = asked(demo, http, phones, **noc, **{"purpose": "EMERGENCY_CONTACT", "purpose-reference": "INC-4711"})
    assert good.status_code == 200
    assert "data" in good.json()
    other = asked(demo, http, phones, **noc, **{"purpose": "INVOICING", "purpose-reference": "INC-4711"})
    assert code(other) == "PURPOSE_REFUSED"
    unknown = asked(demo, http, phones, **noc, purpose="CURIOSITY")
    assert unknown.status_code == 422


@pytest.mark.parametrize("value", ["x" * 200, "INC-4711 Amélie"])
def test_a_reference_that_is_too_long_or_not_ascii_is_400(demo: Demo, http: httpx.Client, value: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"purpose-reference", value.encode())]
    headers += [(b"authorization", demo.headers("noc")["authorization"].encode())]
    response = http.post(demo.url, content=b'{"query":"{ grant { client } }"}', headers=headers)
    assert (response.status_code, code(response)) == (400, "INVALID_HEADER")
    assert value not in response.text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("credentials", [None, "Basic YTpi", "Bearer", "token", ""])
def test_without_a_token_401_and_no_error_code(
    demo: Demo, http: httpx.Client, method: str, credentials: str | None
) -> None:
    """RFC 6750 §3.1; a cookie makes no difference (G3)."""
    token = demo.tokens["billing"]
    headers = {"content-type": JSON, "cookie": f"session={token}; __Host-session={token}; authorization=Bearer {token}"}
    if credentials is not None:
        headers["authorization"] = credentials
    parameters = {"query": NAMES, "access_token": token}
    response = http.request(
        method, demo.url, params=parameters, headers=headers, content=json.dumps(parameters).encode()
    )
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="customer data"'
    assert code(response) == "UNAUTHENTICATED"


def test_a_bad_token_is_401_with_its_reason(demo: Demo, http: httpx.Client) -> None:
    head, body, signature = demo.tokens["billing"].split(".")
    for token in ("xyzzy", f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}", "x" * 10_000):
        response = asked(demo, http, {"query": NAMES}, authorization=f"Bearer {token}")
        assert (response.status_code, code(response)) == (401, "INVALID_TOKEN")
        assert response.headers["www-authenticate"].startswith('Bearer realm="customer data", error="invalid_token"')
        assert token not in response.text


def test_the_scheme_is_read_in_any_case_and_two_tokens_are_400(demo: Demo, http: httpx.Client) -> None:
    token = demo.tokens["billing"]
    assert asked(demo, http, {"query": NAMES}, authorization=f"bEARER  {token}").status_code == 200
    headers = [("content-type", JSON), ("authorization", f"Bearer {token}"), ("authorization", "Bearer x")]
    twice = http.post(demo.url, json={"query": NAMES}, headers=headers)
    assert (twice.status_code, code(twice)) == (400, "INVALID_REQUEST")
    assert 'error="invalid_request"' in twice.headers["www-authenticate"]


def test_every_answer_forbids_keeping_sniffing_framing_and_loading(demo: Demo, http: httpx.Client) -> None:
    """G10, on answers of every kind."""
    answers = [
        asked(demo, http, {"query": NAMES}),
        asked(demo, http, b"1"),
        http.post(demo.url),
        http.get(demo.url, headers={"accept": "text/html"}),
        http.put(demo.url),
        http.get(f"{demo.server.url}/demo/tokens"),
        http.get(f"{demo.server.url}/nowhere"),
        http.get(f"{demo.server.url}/"),
        http.get(f"{demo.server.url}/static/ide.js"),
        http.get(f"{demo.server.url}/.well-known/jwks.json"),
    ]
    for answer in answers:
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "geolocation=()" in headers["permissions-policy"]
        assert "server" not in headers
        if "static" not in str(answer.url) and "well-known" not in str(answer.url):
            assert headers["cache-control"] == "no-store"


def test_what_is_the_same_for_everybody_is_compressed_and_no_answer_is(demo: Demo, http: httpx.Client) -> None:
    """BREACH: a secret and a text that somebody chose may share the body of an answer."""
    gzip = {"accept-encoding": "gzip"}
    script = http.get(f"{demo.server.url}/static/ide.js", headers=gzip)
    assert script.headers["content-encoding"] == "gzip" and "accept-encoding" in script.headers["vary"].lower()
    assert script.text == http.get(f"{demo.server.url}/static/ide.js", headers={"accept-encoding": "identity"}).text
    many = "{ customers(first: 50) { nodes { fullName id } } }"
    answers = [
        asked(demo, http, {"query": many}, **gzip),
        asked(demo, http, {"query": f"{{ grant {{ {' '.join(f'chosen_{n}: client' for n in range(50))} }} }}"}, **gzip),
        http.get(f"{demo.server.url}/developers", headers=gzip),
    ]
    for answer in answers:
        assert len(answer.content) > 1_000 and "content-encoding" not in answer.headers


def test_a_bad_token_does_not_open_the_purposes_page(demo: Demo, http: httpx.Client) -> None:
    """G5: what the schema declares is for who may introspect."""
    address = f"{demo.url}/purposes"
    assert http.get(address).status_code == 401
    assert http.get(address, headers=demo.headers("billing")).status_code == 403
    fields = http.get(address, headers=demo.headers("auditor")).json()["fields"]
    (phone,) = [field for field in fields if field["coordinate"] == "Customer.phone"]
    assert [purpose["name"] for purpose in phone["purposes"]] == ["EMERGENCY_CONTACT", "SELF_SERVICE"]
