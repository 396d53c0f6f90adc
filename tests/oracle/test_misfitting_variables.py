"""Variables that pass the types of the document and still do not fit: null where a default only covers absence.

A nullable variable with a default may stand where null may not (GraphQL §5.8.5); a request that brings null then fails
when the field is executed (§6.4.1), or when the selection is collected, for `@skip` and `@include`.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from policy.grant import Refusal
from policy.purposes import Purpose
from store.tables.customers import customers
from tests.oracle.comparing import Oracle, Tally, compare
from tests.oracle.questions import Question, token
from tests.oracle.world import WHOLE, rows

pytestmark = pytest.mark.anyio

CHANGED = "{ customer { version } userErrors { code } }"
DEFAULT = '{locale: "fr-CA"}'

NULLS = [
    ("query ($v: Boolean = true) { me @include(if: $v) { fullName } grant { client } }", None, []),
    ("query ($v: Boolean = false) { me { fullName @skip(if: $v) } grant { client } }", {"me"}, ["me"]),
    ("query ($v: Boolean = true) { me { ... @include(if: $v) { id } } grant { client } }", {"me"}, ["me"]),
    ('query ($v: ID = "x") { node(id: $v) { id } grant { client } }', {"node"}, ["node"]),
    (
        f"mutation ($v: UpdateProfileInput = {DEFAULT}) {{ updateProfile(input: $v) {CHANGED} }}",
        {"updateProfile"},
        ["updateProfile"],
    ),
]


@pytest.mark.parametrize(("text", "nulls", "path"), NULLS)
async def test_null_where_only_absence_has_a_default(
    oracle: Oracle, text: str, nulls: set[str] | None, path: list[str]
) -> None:
    """An error in its place, and no answer as if nothing had been said; nothing is changed either."""
    version = await _version(oracle)
    body = await _ask(oracle, text, {"v": None})
    (error,) = body["errors"]
    assert error.get("path", []) == path
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert (
        body["data"] is None if nulls is None else {key for key in body["data"] if body["data"][key] is None} == nulls
    )
    assert await _version(oracle) == version


FIRST = "Customer_18934973c832ff379a579021a9feb45b7"
"""The first customer, under the key of the worlds."""

ABSENT = [
    (
        "query ($v: Boolean = true) { me @include(if: $v) { id } }",
        {"me": {"id": FIRST}},
    ),
    ("query ($v: Boolean = true) { grant @skip(if: $v) { client } }", {}),
    (
        'query ($v: ID = "Customer_18934973c832ff379a579021a9feb45b7") { node(id: $v) { __typename } }',
        {"node": {"__typename": "Customer"}},
    ),
    ("query ($v: Int = 0) { customers(first: $v) { nodes { id } } }", {"customers": {"nodes": []}}),
    (
        "query ($v: Int) { customers(first: $v) { pageInfo { hasNextPage } } }",
        {"customers": {"pageInfo": {"hasNextPage": False}}},
    ),
]


@pytest.mark.parametrize(("text", "data"), ABSENT)
async def test_absence_takes_the_default(oracle: Oracle, text: str, data: dict[str, Any]) -> None:
    assert await _ask(oracle, text, {}) == {"data": data}


async def _ask(oracle: Oracle, text: str, variables: dict[str, Any]) -> Any:
    """What both executors say, on every store."""
    question = Question(text, variables, token(Purpose.SELF_SERVICE, oracle.questions.people[WHOLE], Refusal.REFUSE))
    return orjson.loads((await compare(oracle.askings, question.request, question.grant, Tally())).body)


async def _version(oracle: Oracle) -> list[Any]:
    c = customers.c
    return [
        await rows(each.world.store, customers, each.world.people[WHOLE], c.version, c.locale)
        for each in oracle.askings
    ]
