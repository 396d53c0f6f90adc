"""Hashes a document without the literals and names its author chose, for the ledger (D10).

A document can contain an address or number as a literal, or as an alias or other free name. Such a text could be
guessed and confirmed by its hash, so values and free names are left out: only names of the schema remain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    ListValueNode,
    NameNode,
    Node,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
)

VALUE = "?"
"""Placeholder of a string, number or enum value, and of any list of them, however long."""

VARIABLE = "$"


def shape_hash(document: DocumentNode) -> str:
    """SHA-256 in hexadecimal; equal for documents that differ in literals and free names only."""
    # NUL separates the words, since no name contains it: different documents cannot join to one text.
    return sha256("\0".join(_document(document)).encode("utf-8", "surrogatepass")).hexdigest()


def _document(document: DocumentNode) -> Iterator[str]:
    fragments = [each.name.value for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    # Fragments by number: their names are free text, but their spreads must stay distinguishable.
    numbers = {name: str(number) for number, name in enumerate(fragments)}
    for each in document.definitions:
        yield from _node(each, numbers)


def _node(node: Node, fragments: Mapping[str, str]) -> Iterator[str]:
    """The words of a node and its children, with brackets."""
    match node:
        case NameNode():
            yield node.value
            return
        case VariableNode():
            yield VARIABLE
            return
        case ListValueNode():
            yield from _list(node, fragments)
            return
        case ValueNode() if not node.keys or "value" in node.keys:
            yield _value(node)
            return
    yield node.kind
    yield "("
    if isinstance(node, OperationDefinitionNode):
        yield node.operation.value
    elif isinstance(node, (FragmentDefinitionNode, FragmentSpreadNode)):
        yield fragments.get(node.name.value, "")
    for key in node.keys:
        if not _is_free(node, key):
            yield from _inside(key, getattr(node, key, None), fragments)
    yield ")"


def _inside(key: str, found: object, fragments: Mapping[str, str]) -> Iterator[str]:
    inner = found if isinstance(found, (list, tuple)) else [found]
    nodes = [each for each in inner if isinstance(each, Node)]
    if nodes:
        yield key
    for each in nodes:
        yield from _node(each, fragments)


def _is_free(node: Node, key: str) -> bool:
    """True for names that the author chose, and for descriptions."""
    named = isinstance(node, (OperationDefinitionNode, FragmentDefinitionNode, FragmentSpreadNode))
    return key == "description" or (key == "name" and named) or (key == "alias" and isinstance(node, FieldNode))


def _value(node: ValueNode) -> str:
    """The placeholder of a value. Booleans and null stay: they identify nobody."""
    return str(getattr(node, "value", None)).lower() if node.kind in ("boolean_value", "null_value") else VALUE


def _list(node: ListValueNode, fragments: Mapping[str, str]) -> Iterator[str]:
    """Each distinct element once: the number of elements could identify the request."""
    yield "["
    yield from dict.fromkeys(" ".join(_node(each, fragments)) for each in node.values)
    yield "]"
