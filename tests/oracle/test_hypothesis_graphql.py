"""Operations of somebody else's making: hypothesis-graphql writes them from the printed schema alone."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest
from graphql import (
    REMOVE,
    ArgumentNode,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    Visitor,
    build_schema,
    parse,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries

from policy.grant import Refusal
from policy.purposes import Purpose
from schema.api.build import core_schema, sdl
from schema.model.model import SchemaModel
from tests.oracle.arguments import Pools
from tests.oracle.comparing import Oracle, Tally
from tests.oracle.questions import Question, token, worked_out
from tests.oracle.world import WHOLE

pytestmark = pytest.mark.anyio

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "2400")) // 15
PURPOSES = [*([Purpose.SELF_SERVICE] * 5), *(purpose for purpose in Purpose if purpose.enabled)]


class _Fitting(Visitor):
    """Gives arguments values that lead somewhere: what is drawn from nothing but a type finds nobody."""

    def __init__(self, pools: Pools, random: Random) -> None:
        super().__init__()
        self.pools, self.random = pools, random

    def enter_argument(self, node: ArgumentNode, *_: Any) -> Any:
        match node.name.value:
            case "id":
                ids = self.pools.ids[self.random.choice(sorted(self.pools.ids))]
                return _with(node, StringValueNode(value=self.random.choice(ids)))
            case "ids":
                some = [self.pools.ids[self.random.choice(sorted(self.pools.ids))][0] for _ in range(3)]
                return _with(node, ListValueNode(values=tuple(StringValueNode(value=each) for each in some)))
            case "first":
                return _with(node, IntValueNode(value=str(self.random.randint(0, 5))))
            case "name":
                return _with(node, StringValueNode(value=self.random.choice(self.pools.lookups["domain"])))
            case "by":
                email = StringValueNode(value=self.random.choice(self.pools.lookups["email"]))
                field = ObjectFieldNode(name=NameNode(value="email"), value=email)
                return _with(node, ObjectValueNode(fields=(field,)))
        return REMOVE


def _with(node: ArgumentNode, value: ValueNode) -> ArgumentNode:
    return ArgumentNode(name=node.name, value=value)


def _is_short(text: str) -> bool:
    """A long one is a warning of Hypothesis, and so an error here."""
    return len(text) < 20_000


def _compared() -> GraphQLSchema:
    """The printed schema, without what has one way to be answered only."""
    core, model = build_schema(sdl()), SchemaModel(core_schema())
    for type_name, name in model.fields:
        if worked_out(model, type_name, name):
            del core.type_map[type_name].fields[name]  # type: ignore[union-attr]
    # A representation is of a scalar that takes any object: what fits is written by our own questions.
    del core.query_type.fields["_entities"]  # type: ignore[union-attr]
    return core


@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
@given(
    text=st.deferred(lambda: queries(_compared())).filter(_is_short),
    purpose=st.sampled_from(PURPOSES),
    seed=st.integers(0, 2**32),
)
async def test_foreign_operations_are_answered_alike(oracle: Oracle, text: str, purpose: Purpose, seed: int) -> None:
    """Everything may be asked for every purpose: what it does not allow is withheld."""
    refusal = Refusal.REFUSE if purpose.own_data_only else Refusal.WITHHOLD
    subject = oracle.questions.people[WHOLE] if purpose.own_data_only else None
    document = visit(parse(text), _Fitting(oracle.questions.pools, Random(seed)))
    question = Question(print_ast(document), {}, token(purpose, subject, refusal))
    note(str(question))
    await oracle.ask(question, Tally())
