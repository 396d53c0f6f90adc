"""A new kind of field is one class: lint, plan, both executors and exports know it by what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import strawberry
from sqlalchemy import Column

from policy.categories import Category
from policy.decision import Allowance
from policy.purposes import Purpose
from policy.retention import RetentionRule
from resolvers.commands.context import CommandContext
from resolvers.commands.dependencies import SignInDependencies
from resolvers.reads.guard import OpenedRecord
from resolvers.reads.operation import OperationContext
from schema.core.declared import Declared
from schema.decision.decision import decide_operation
from schema.declare.fields import declare, identity
from schema.declare.records import record
from schema.documents.documents import Documents
from schema.documents.limits import Limits
from schema.execution.compiling import compile_plan
from schema.execution.planning import make_plan
from schema.execution.plans import PlannedField
from schema.execution.shapes import InRows, RowNames, Shapes
from schema.execution.standard import Resolver, ResolverContext, attach, execute_plan, opening
from schema.model.lint import findings, require_clean
from schema.model.meanings import meanings
from schema.model.model import SchemaModel
from schema.sources.columns import OfRow
from schema.sources.entries import OwnRow
from store.database.store import Store
from store.tables.customers import customers
from store.tables.services import services
from tests.promises.gate import Gate, own

WHO = (Purpose.SELF_SERVICE,)


@dataclass(frozen=True, slots=True)
class Length(OfRow, InRows):
    """The number of characters of a column's text."""

    column: Column[Any]

    @property
    def shown(self) -> tuple[Column[Any], ...]:
        """The column."""
        return (self.column,)

    def resolver(self) -> Resolver:
        """Count them."""
        return opening(self._counted)

    def _counted(self, opened: OpenedRecord) -> int | None:
        text = opened.value(self.column)
        return None if text is None else len(text)

    def expression(self, shapes: Shapes, planned: PlannedField, row: RowNames) -> str:
        """A call of `len`."""
        text = row.columns[self.column]
        return f"(None if {text} is None else len({text}))"


def served(column: Column[Any], category: Category = Category.EMAIL) -> SchemaModel:
    """A schema in which a customer has the length of a column."""
    allowances, kept = (Allowance(frozenset(WHO)),), RetentionRule.CUSTOMER_LIFE
    length = declare(Declared(Length(column), category, allowances, kept), "The length of the address.")
    me = declare(Declared(OwnRow(customers), Category.CUSTOMER_ID, allowances, kept), "The caller.")
    names = {"id": identity(customers, WHO), "length": length, "__doc__": "A customer."}
    names["__annotations__"] = {"id": strawberry.ID, "length": int | None}
    customer = record(customers)(type("Customer", (), names))
    query = strawberry.type(type("Query", (), {"me": me, "__annotations__": {"me": customer | None}}))
    return SchemaModel(strawberry.Schema(query=query)._schema)


@pytest.mark.anyio
@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_it_is_planned_and_answered_by_both_executors(store: Store) -> None:
    gate = await Gate.of(store, 1)
    model, grant = served(customers.c.email), own(gate.ids[0])
    require_clean(model)
    attach(model)
    (operation,) = Documents(model.core, Limits()).read("{ me { long: length } }").operations.values()
    decision = decide_operation(model, operation, grant, Purpose.SELF_SERVICE)
    plan = make_plan(model, store.reader, operation, decision, {})
    assert plan.columns == ("customers.email",) and "Customer.length" in plan.coordinates
    wanted = {"me": {"long": len(gate.people[0].email)}}
    compiled = compile_plan(model, plan, store.keys.system)
    assert await compiled(OperationContext(store, grant.subject, gate.clock()), grant, {}) == wanted
    command = CommandContext(store, grant, Purpose.SELF_SERVICE, None, gate.clock(), SignInDependencies())
    context = OperationContext(store, grant.subject, gate.clock(), command)
    assert (await execute_plan(ResolverContext(plan, context, command, model), {})).data == wanted


def test_the_lint_and_exports_know_it() -> None:
    assert {each.problem for each in findings(served(services.c.name, Category.SUBSCRIPTION))} >= {
        "is read from services, whose rows its type does not stand for"
    }
    (wrong,) = findings(served(customers.c.email, Category.NAME))
    assert str(wrong) == "Customer.length: calls customers.email NAME, which holds EMAIL"
    assert meanings(served(customers.c.email))["customers.email"].coordinates == ("Customer.length",)
