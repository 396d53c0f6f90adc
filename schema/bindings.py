"""Arguments bound at planning time: what a request's variables must still say, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLArgument, Undefined, ValueNode, VariableNode, value_from_ast
from graphql.language import Visitor, visit

from policy.grant import Grant
from resolvers.unit import Unit
from schema.arguments import node_key, paging
from schema.model import SchemaModel
from schema.planning import LOOKUPS, Planned

Bound = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Binding:
    """Makes the function that a compiled plan calls with the grant (or unit) and the variables."""

    bound: Callable[[], Bound]


def entry_key(model: SchemaModel, planned: Planned) -> Binding:
    """The primary key that the argument `id` names."""
    field = planned.model
    assert field is not None
    read = argument(planned, "id")

    def bound() -> Bound:
        return lambda grant, variables: node_key(model, field, read(variables))[1]

    return Binding(bound)


def lookup_key(model: SchemaModel, planned: Planned) -> Binding:
    """The lookup's field and the blind index of its value."""
    read = argument(planned, "by")

    def key(unit: Unit, variables: Mapping[str, Any]) -> tuple[str, bytes]:
        name, value = next(iter(read(variables).items()))
        return name, unit.store.keys.blind_index(LOOKUPS[name][0], value)

    return Binding(lambda: key)


def page_of(planned: Planned) -> Binding:
    """How many, and after which key."""
    assert planned.model is not None
    coordinate = planned.model.coordinate
    reads = {name: argument(planned, name) for name in ("first", "after")}

    def page(grant: Grant, variables: Mapping[str, Any]) -> tuple[int, int | None]:
        given = {name: value for name, read in reads.items() if (value := read(variables)) is not Undefined}
        at = paging(coordinate, given, grant.max_page)
        return at.first, at.after

    return Binding(lambda: page)


def argument(planned: Planned, name: str) -> Callable[[Mapping[str, Any]], Any]:
    """Reads one argument from the coerced variables; Undefined when it was not given."""
    assert planned.model is not None
    core: GraphQLArgument = planned.model.core.args[name]
    node = next((each.value for each in planned.nodes[0].arguments or () if each.name.value == name), None)
    if node is None:
        return lambda variables: Undefined
    if isinstance(node, VariableNode):
        variable = node.name.value
        return lambda variables: variables.get(variable, Undefined)
    if not _has_variables(node):
        fixed = value_from_ast(node, core.type)
        return lambda variables: fixed
    return lambda variables: value_from_ast(node, core.type, dict(variables))


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
