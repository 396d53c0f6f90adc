"""Every code of a `UserError` is described and documented, and its `field` is a path into the mutation's input."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    get_nullable_type,
)

from policy.cards import CardFault
from policy.purposes import Purpose
from policy.user_error_codes import UserErrorCode
from resolvers.commands.context import UserProblem
from resolvers.inputs.values import ADDRESS_PROBLEMS
from schema.api.build import core_schema
from store.database.store import Store
from tests.promises.gate import TODAY, Gate, grant, own
from values.mailbox import MailboxFault

ROOT = Path(__file__).resolve().parents[2]
SCOPES = ("invoices:write", "cards:forward", "signins:write", "domains:write", "customers:write", "services:write")
WRONG: dict[str, list[Any]] = {
    "ID": ["x"],
    "Int": [-1, 99],
    "Boolean": [True, False],
    "DateTime": ["1990-01-01T00:00:00Z", "2099-01-01T00:00:00Z"],
}
TEXTS = ["", "x" * 3000, "a\x07b", "?", "not a value"]


def test_every_code_is_described_and_documented_in_the_same_words() -> None:
    printed = core_schema().type_map["UserErrorCode"]
    assert isinstance(printed, GraphQLEnumType)
    described = {name: value.description for name, value in printed.values.items()}
    assert described == {each.name: each.text for each in UserErrorCode} and len(described) > 60
    page = (ROOT / "docs" / "user-errors.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", page, re.MULTILINE)) == described


def test_a_problem_has_a_code_that_can_be_looked_up() -> None:
    with pytest.raises(ValueError, match="UserErrorCode"):
        UserProblem("NO_SUCH_CODE", "A sentence.")


def test_every_code_that_is_described_can_be_returned() -> None:
    """A code that nothing returns any more is no contract but a riddle."""
    words = {
        each.value
        for folder in ("resolvers", "values", "gateway/signin")
        for file in (ROOT / folder).rglob("*.py")
        for each in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }
    made = {f"INVALID_CARD_{each.name}" for each in CardFault}
    assert set(UserErrorCode.__members__) - words == made


def test_the_codes_that_are_looked_up_in_a_table_are_described() -> None:
    looked_up = {each.code for each in MailboxFault} | set(ADDRESS_PROBLEMS)
    assert looked_up | {f"INVALID_CARD_{each.name}" for each in CardFault} <= set(UserErrorCode.__members__)


def least(type_: Any) -> Any:
    """The least that a type takes."""
    named = get_named_type(type_)
    if isinstance(get_nullable_type(type_), GraphQLList):
        return []
    if isinstance(named, GraphQLInputObjectType):
        return {name: least(each.type) for name, each in named.fields.items() if isinstance(each.type, GraphQLNonNull)}
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    return {
        "Boolean": True,
        "Int": 1,
        "DateTime": "2026-01-01T00:00:00Z",
        "LanguageTag": "en",
        "CurrencyCode": "CHF",
    }.get(named.name, "1")


def wrong(type_: GraphQLInputObjectType) -> Iterator[dict[str, Any]]:
    """Inputs with one field changed, in objects below as well."""
    base = least(type_)
    yield base
    for name, each in type_.fields.items():
        named = get_named_type(each.type)
        if isinstance(named, GraphQLInputObjectType):
            yield from (base | {name: inner} for inner in wrong(named))
        elif isinstance(named, GraphQLEnumType):
            yield from (base | {name: value} for value in named.values)
        else:
            yield from (base | {name: value} for value in WRONG.get(named.name, TEXTS))


def is_path(type_: Any, path: list[str]) -> bool:
    """Whether the names lead from the input to one of its fields; an element of a list stands by its index."""
    for name in path:
        if name.isdigit() and isinstance(get_nullable_type(type_), GraphQLList):
            type_ = get_nullable_type(type_).of_type
            continue
        named = get_named_type(type_)
        if not isinstance(named, GraphQLInputObjectType) or name not in named.fields:
            return False
        type_ = named.fields[name].type
    return True


@pytest.mark.anyio
async def test_the_field_of_every_refusal_is_a_path_into_the_input(store: Store) -> None:
    gate = await Gate.of(store, 1)
    root = core_schema().mutation_type
    assert root is not None
    told: dict[str, set[str]] = {}
    for name, field in root.fields.items():
        type_ = field.args["input"].type
        query = f"mutation ($in: {type_}) {{ {name}(input: $in) {{ userErrors {{ code message field }} }} }}"
        callers = [own(gate.ids[0], authenticated_at=int(TODAY.timestamp()))]
        callers += [grant(each, scopes=SCOPES, client="tool") for each in Purpose if not each.own_data_only]
        for given in wrong(get_named_type(type_)):
            for who in callers:
                reference = {} if who.subject is not None else {"reference": "INC-1"}
                answer = await gate.ask(query, who, variables={"in": given}, **reference)
                if not any(code in ("UNAUTHORIZED_FIELD_OR_TYPE", "PURPOSE_REFUSED") for code in answer.codes):
                    callers = [who]
                    break
            assert "INTERNAL" not in answer.codes, (name, given)
            for error in ((answer.body.get("data") or {}).get(name) or {}).get("userErrors", ()):
                told.setdefault(name, set()).add(error["code"])
                assert is_path(type_, error["field"]), (name, error)
    # Those with nothing to choose among cannot be wrong.
    assert root.fields.keys() - told.keys() <= {"endOtherSessions", "requestExport", "requestErasure", "beginPasskey"}
    assert len(set().union(*told.values())) > 25
