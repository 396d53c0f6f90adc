"""Questions as they come: whatever the bytes are, the answer is a question or a typed refusal (G1)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.bodies import Question, question_of_address, question_of_body
from gateway.http.problems import ProblemError


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "INVALID_JSON"),
        (b"{", "INVALID_JSON"),
        (b"\xff\xfe", "INVALID_JSON"),
        (b'{"query":"\xff"}', "INVALID_JSON"),
        (b'{"query":"\\ud800"}', "INVALID_JSON"),
        (b'{"query":"\\udc00"}', "INVALID_JSON"),
        (b'{"query":"{a}"} x', "INVALID_JSON"),
        (b'{"query":NaN}', "INVALID_JSON"),
        (b"1", "INVALID_PARAMETER"),
        (b"null", "INVALID_PARAMETER"),
        (b'"{a}"', "INVALID_PARAMETER"),
        (b"true", "INVALID_PARAMETER"),
        (b"[]", "BATCHING_NOT_SUPPORTED"),
        (b' [{"query":"{a}"}]', "BATCHING_NOT_SUPPORTED"),
        (b"{}", "QUERY_MISSING"),
        (b'{"query":null}', "QUERY_MISSING"),
        (b'{"extensions":{"persistedQuery":1}}', "QUERY_MISSING"),
        (b'{"query":1}', "INVALID_PARAMETER"),
        (b'{"query":["{a}"]}', "INVALID_PARAMETER"),
        (b'{"query":"{a}","operationName":5}', "INVALID_PARAMETER"),
        (b'{"query":"{a}","variables":[]}', "INVALID_PARAMETER"),
        (b'{"query":"{a}","variables":"{}"}', "INVALID_PARAMETER"),
        (b'{"query":"{a}","variables":{"x":1e999}}', "INVALID_PARAMETER"),
        (b'{"query":"{a}","extensions":1}', "INVALID_PARAMETER"),
        (b'{"documentId":1}', "INVALID_PARAMETER"),
    ],
)
def test_bad_bodies_are_400_and_other_json_is_422(body: bytes, code: str) -> None:
    with pytest.raises(ProblemError) as caught:
        question_of_body(body)
    assert (caught.value.status, caught.value.code) == (400 if code == "INVALID_JSON" else 422, code)


@given(
    st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr).map(str.encode)
)
def test_no_body_raises_anything_else(body: bytes) -> None:
    try:
        assert isinstance(question_of_body(body), Question)
    except ProblemError as problem:
        assert problem.status == (400 if problem.code == "INVALID_JSON" else 422)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["query", "documentId", "operationName", "variables", "extensions", "x"]), JSON))
def test_parameters_of_any_kind(parameters: dict[str, Any]) -> None:
    try:
        question = question_of_body(json.dumps(parameters).encode())
    except ProblemError as problem:
        assert problem.status == 422
    else:
        assert question.query == parameters.get("query")
        assert question.variables is None or isinstance(question.variables, dict)


@pytest.mark.parametrize("depth", [64, 500, 1_000, 5_000, 50_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_values_nested_too_deep_are_refused_on_every_python(depth: int, opening: bytes, closing: bytes) -> None:
    body = b'{"query":"{a}","variables":{"x":%s1%s}}' % (opening * depth, closing * depth)
    with pytest.raises(ProblemError) as caught:
        question_of_body(body)
    assert caught.value.status in (400, 422)  # What is deeper than the parser goes is no JSON to it.
    less = b'{"query":"{a}","variables":{"x":%s1%s}}' % (opening * 60, closing * 60)
    assert question_of_body(less).query == "{a}"


def test_good_bodies() -> None:
    body = b'{"query":"{a}","operationName":null,"variables":{"b":[1,{"c":null}]},"extensions":{},"unknown":1}'
    assert question_of_body(body) == Question(query="{a}", variables={"b": [1, {"c": None}]}, extensions={})
    assert question_of_body(b'{"query":"a","query":"b"}').query == "b"
    assert question_of_body('{"query":"Run🏃"}'.encode()).query == "Run🏃"


def test_documents_by_id_in_both_forms() -> None:
    assert question_of_body(b'{"documentId":"sha256:ab"}').document == "sha256:ab"
    older = b'{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}}}'
    assert question_of_body(older).document == "sha256:ab"
    assert question_of_body(b'{"query":"{a}"}').document is None


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (b"", "QUERY_MISSING"),
        (b"query=", "QUERY_MISSING"),
        (b"query={a}&query={b}", "INVALID_PARAMETER"),
        (b"query=%ff", "INVALID_PARAMETER"),
        (b"query=\xff", "INVALID_PARAMETER"),
        (b"query={a}&variables=[1", "INVALID_PARAMETER"),
        (b"query={a}&variables=[1]", "INVALID_PARAMETER"),
        (b"query={a}&variables=" + b"[" * 5_000, "INVALID_PARAMETER"),
        (b"query={a}&" + b"x=1&" * 100, "INVALID_PARAMETER"),
    ],
)
def test_bad_addresses_are_refused(address: bytes, code: str) -> None:
    """400 for what is no form of an address, 422 for a question that is none."""
    with pytest.raises(ProblemError) as caught:
        question_of_address(address)
    status = 400 if b"ff" in address or b"\xff" in address or b"x=1" in address else 422
    assert (caught.value.status, caught.value.code) == (status, code)


def test_good_addresses() -> None:
    address = b"query=query+Q{a}&operationName=Q&variables=%7B%22b%22%3A1%7D&extensions=&access_token=x"
    assert question_of_address(address) == Question(query="query Q{a}", operation_name="Q", variables={"b": 1})
    assert question_of_address(b"documentId=sha256:ab&variables=null").document == "sha256:ab"
    with pytest.raises(ProblemError) as caught:
        question_of_address(b"query=" + b"a" * 20_000)
    assert caught.value.status == 414
