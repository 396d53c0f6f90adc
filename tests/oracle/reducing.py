"""Making a question that failed as small as it can be and still fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    REMOVE,
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

from tests.oracle.questions import Question

PARTS = (FieldNode, InlineFragmentNode, FragmentSpreadNode, DirectiveNode, ArgumentNode)


async def reduced(core: GraphQLSchema, question: Question, fails: Callable[[Question], Awaitable[bool]]) -> Question:
    """Leave out one part after another, as long as what is left is valid and fails."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(core, question):
            if await fails(candidate):
                question, smaller = candidate, True
                break
    return question


def _smaller(core: GraphQLSchema, question: Question) -> Iterator[Question]:
    document = parse(question.text)
    for number in range(_count(document)):
        shorter = _without_unused(visit(document, _Without(number)))
        if shorter.definitions and not validate(core, shorter):
            text = " ".join(print_ast(shorter).split())
            yield replace(question, text=text)


class _Without(Visitor):
    """Takes out one part, counted in the order of the visit, and braces that are empty then."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.left = number

    def enter(self, node: Node, *_: Any) -> Any:
        if isinstance(node, PARTS):
            self.left -= 1
            if self.left == -1:
                return REMOVE
        return None

    def leave(self, node: Node, *_: Any) -> Any:
        inside = getattr(node, "selection_set", None)
        emptied = isinstance(inside, SelectionSetNode) and not inside.selections
        return REMOVE if emptied else None


def _count(document: DocumentNode) -> int:
    counter = _Without(-1)
    visit(document, counter)
    return -1 - counter.left


class _Used(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.fragments: set[str] = set()
        self.variables: set[str] = set()

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.fragments.add(node.name.value)

    def enter_variable(self, node: VariableNode, _key: Any, parent: Any, *_: Any) -> None:
        if not isinstance(parent, VariableDefinitionNode):
            self.variables.add(node.name.value)


class _Drop(Visitor):
    def __init__(self, used: _Used) -> None:
        super().__init__()
        self.used = used

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> Any:
        return None if node.name.value in self.used.fragments else REMOVE

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> Any:
        return None if node.variable.name.value in self.used.variables else REMOVE


def _without_unused(document: DocumentNode) -> DocumentNode:
    """Fragments and variables that nothing names any more would make it invalid."""
    for _ in range(len(document.definitions)):
        used = _Used()
        visit(document, used)
        document = visit(document, _Drop(used))
    return document
