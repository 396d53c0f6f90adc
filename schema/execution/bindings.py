"""Binds arguments at compile time, so that only the request's variables are evaluated at run time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLNullableType,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_nullable_type,
    is_non_null_type,
    value_from_ast,
)
from graphql.language import Visitor, visit

from policy.grant import Grant
from resolvers.reads.operation import OperationContext
from resolvers.reads.pages import PageOf
from schema.execution.arguments import (
    Paging,
    chosen,
    domain_index,
    filtered,
    list_place,
    node_key,
    node_keys,
    own_key,
    paging,
    represented_keys,
)
from schema.execution.plans import PlannedField
from schema.model.model import SchemaModel

Values = Mapping[str, Any]
"""The coerced variables by name."""
Bound = Callable[[OperationContext, Grant, Values], Any]
"""Evaluates the arguments of one field for a request; raises FieldError or MisfitError if they are invalid."""


def own(context: OperationContext, grant: Grant, values: Values) -> int:
    """The primary key of the customer that the token is bound to."""
    return own_key(grant)


def id_of(model: SchemaModel, planned: PlannedField) -> Bound:
    """The type and primary key of the argument `id`."""
    facts, read = planned.facts, argument(planned, "id")
    return lambda context, grant, values: node_key(context.ids, model, facts, read(values))


def ids_of(model: SchemaModel, planned: PlannedField) -> Bound:
    """The types and primary keys of the argument `ids`."""
    facts, read = planned.facts, argument(planned, "ids")
    return lambda context, grant, values: node_keys(context.ids, model, facts, read(values), grant)


def represented(model: SchemaModel, planned: PlannedField) -> Bound:
    """The types and primary keys of the argument `representations`."""
    facts, read = planned.facts, argument(planned, "representations")
    return lambda context, grant, values: represented_keys(context.ids, model, facts, read(values), grant)


def lookup_of(model: SchemaModel, planned: PlannedField) -> Bound:
    """The chosen field of `CustomerBy`, and the key that its row is found by."""
    facts, read = planned.facts, argument(planned, "by")
    return lambda context, grant, values: chosen(context.ids, model, facts, context.store.keys, read(values))


def named_in(planned: PlannedField, name: str) -> str | None:
    """The only field of an input object that the document writes out; None if a variable brings the object."""
    node = next((each.value for each in planned.nodes[0].arguments or () if each.name.value == name), None)
    return node.fields[0].name.value if isinstance(node, ObjectValueNode) and len(node.fields) == 1 else None


def domain_of(planned: PlannedField) -> Bound:
    """The blind index of the argument `name`, a domain name."""
    read = argument(planned, "name")
    return lambda context, grant, values: domain_index(context.store.keys, read(values))


def input_of(planned: PlannedField) -> Bound:
    """The argument `input` of a command."""
    read = argument(planned, "input")
    return lambda context, grant, values: read(values)


PAGE = ("first", "after", "last", "before", "order", "filter")
"""The arguments of a connection; not every one has the last two."""


def page_of(planned: PlannedField) -> Bound:
    """The page that a connection's arguments ask for."""
    facts, fetch = planned.facts, planned.fetch(PageOf)
    reads = {name: argument(planned, name) for name in PAGE if name in facts.core.args}

    def page(context: OperationContext, grant: Grant, values: Values) -> Paging:
        given = {name: value for name, read in reads.items() if (value := read(values)) is not Undefined}
        at = paging(list_place(facts, grant, given), context.cursors, given, grant.max_page)
        return filtered(at, fetch, given, context.store.keys)

    return page


def size_of(planned: PlannedField) -> Callable[[Values], Any]:
    """Reads `first` of a connection, or `last` if that was given instead."""
    first, last = argument(planned, "first"), argument(planned, "last")
    return lambda values: size if (size := first(values)) not in (None, Undefined) else last(values)


def argument(planned: PlannedField, name: str) -> Callable[[Values], Any]:
    """Reads one argument from the coerced variables; Undefined when neither it nor a default was given.

    The returned function raises MisfitError if the variables make a non-null argument null or incomplete.
    """
    core = planned.facts.core.args[name]
    missing, needed = core.default_value, is_non_null_type(core.type)
    # Merged fields have equal arguments (OverlappingFieldsCanBeMerged), so the first node suffices.
    node = next((each.value for each in planned.nodes[0].arguments or () if each.name.value == name), None)
    if node is None:
        return lambda values: missing
    if isinstance(node, VariableNode):
        variable = node.name.value
        if not needed:
            # An absent variable leaves the argument's default in place (GraphQL, CoerceArgumentValues).
            return lambda values: values.get(variable, missing)
        return lambda values: _fitting(name, values.get(variable, missing))
    if not _has_variables(node):
        # A literal is coerced once, when the plan is compiled.
        fixed = value_from_ast(node, core.type)
        return lambda values: fixed

    def coerced(values: Values) -> Any:
        return value_from_ast(node, core.type, dict(values))

    read = _of_variables(node, get_nullable_type(core.type), coerced) or coerced
    return lambda values: _fitting(name, read(values))


def _of_variables(
    node: ValueNode, type_: GraphQLNullableType, coerced: Callable[[Values], Any]
) -> Callable[[Values], Any] | None:
    """Read an input object that is made of variables alone, such as `{id: $id}`; None for any other.

    Variables are coerced already, so that nothing is left to do but to put them together. If one is null or missing,
    `coerced` does it by the specification.
    """
    if not isinstance(node, ObjectValueNode) or not isinstance(type_, GraphQLInputObjectType):
        return None
    given = {each.name.value: each.value for each in node.fields}
    variables = {name: value.name.value for name, value in given.items() if isinstance(value, VariableNode)}
    if len(variables) != len(node.fields) or (type_.is_one_of and len(variables) != 1):
        return None
    absent = [field for name, field in type_.fields.items() if name not in variables]
    if not variables.keys() <= type_.fields.keys() or any(
        is_non_null_type(field.type) or field.default_value is not Undefined for field in absent
    ):
        return None
    # In the order of the type's fields, as the specification's algorithm goes through them.
    pairs = [(field.out_name or name, variables[name]) for name, field in type_.fields.items() if name in variables]

    def read(values: Values) -> Any:
        found = {}
        for out, variable in pairs:
            value = values.get(variable)
            if value is None:
                return coerced(values)
            found[out] = value
        return type_.out_type(found)

    return read


class MisfitError(Exception):
    """The variables of a request leave a non-null argument null or incomplete."""


def _fitting(name: str, value: Any) -> Any:
    """Refuse null: validation admits a nullable variable with a default (GraphQL, All Variable Usages Are Allowed)."""
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
