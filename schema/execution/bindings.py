"""Arguments bound when an operation is planned: what a request's variables must still say, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import Undefined, ValueNode, VariableNode, is_non_null_type, value_from_ast
from graphql.language import Visitor, visit

from policy.grant import Grant
from resolvers.reads.operation import OperationContext
from schema.core.sources import RenderedDocument
from schema.execution.arguments import domain_index, list_place, node_key, own_key, paging, searched_for
from schema.execution.planning import LOOKUPS
from schema.execution.plans import PlannedField
from schema.model.model import SchemaModel

Values = Mapping[str, Any]
"""The coerced variables by name."""
Bound = Callable[[OperationContext, Grant, Values], Any]
"""What a compiled plan calls for the arguments of one field; it raises when they do not fit."""


def own(unit: OperationContext, grant: Grant, values: Values) -> int:
    """The primary key of the customer whom the token is bound to."""
    return own_key(grant)


def id_of(model: SchemaModel, planned: PlannedField) -> Bound:
    """The type and primary key that the argument `id` names."""
    facts, read = planned.facts, argument(planned, "id")
    return lambda unit, grant, values: node_key(unit.ids, model, facts, read(values))


def lookup_of(planned: PlannedField) -> Bound:
    """The field of the lookup, and the blind index of its value."""
    read = argument(planned, "by")

    def key(unit: OperationContext, grant: Grant, values: Values) -> tuple[str, bytes]:
        ((name, value),) = read(values).items()
        return name, unit.store.keys.blind_index(LOOKUPS[name], value)

    return key


def domain_of(planned: PlannedField) -> Bound:
    """The blind index of the domain that the argument `name` names."""
    read = argument(planned, "name")
    return lambda unit, grant, values: domain_index(unit.store.keys, read(values))


def index_of(planned: PlannedField, source: RenderedDocument) -> Bound:
    """The blind index of what a document is looked up by."""
    facts, read = planned.facts, argument(planned, source.kind)
    return lambda unit, grant, values: unit.store.keys.blind_index(source.lookup, searched_for(facts, read(values)))


def input_of(planned: PlannedField) -> Bound:
    """What a command is given; nothing at all where its input may be left out."""
    if "input" not in planned.facts.core.args:
        return lambda unit, grant, values: {}
    read = argument(planned, "input")
    return lambda unit, grant, values: read(values) or {}


def page_of(planned: PlannedField) -> Bound:
    """How many, and after which key."""
    facts = planned.facts
    reads = {name: argument(planned, name) for name in ("first", "after")}

    def page(unit: OperationContext, grant: Grant, values: Values) -> tuple[int, int | None]:
        given = {name: value for name, read in reads.items() if (value := read(values)) is not Undefined}
        at = paging(list_place(facts, grant), unit.cursors, given, grant.max_page)
        return at.first, at.after

    return page


def argument(planned: PlannedField, name: str) -> Callable[[Values], Any]:
    """Reads one argument from the coerced variables; Undefined when neither it nor a default was given.

    Misfit where the request's variables make it null or incomplete and it must not be.
    """
    core = planned.facts.core.args[name]
    missing, needed = core.default_value, is_non_null_type(core.type)
    node = next((each.value for each in planned.nodes[0].arguments or () if each.name.value == name), None)
    if node is None:
        return lambda values: missing
    if isinstance(node, VariableNode):
        variable = node.name.value
        if not needed:
            return lambda values: values.get(variable, missing)
        return lambda values: _fitting(name, values.get(variable, missing))
    if not _has_variables(node):
        fixed = value_from_ast(node, core.type)
        return lambda values: fixed
    return lambda values: _fitting(name, value_from_ast(node, core.type, dict(values)))


class MisfitError(Exception):
    """The variables of a request leave out what an argument needs."""


def _fitting(name: str, value: Any) -> Any:
    """Null passes the types of a document where a variable has a default, and must be refused when it comes."""
    if value is None or value is Undefined:
        raise MisfitError(f"the argument {name} is incomplete")
    return value


def _has_variables(node: ValueNode) -> bool:
    found = _Variables()
    visit(node, found)
    return found.any


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.any = False

    def enter_variable(self, *_: Any) -> None:
        self.any = True
