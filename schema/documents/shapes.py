"""What a document asks for, without what its author wrote into it: the form whose hash the ledger may keep (D10).

A document can hold an address or a number as a literal, or as a name of its author's choosing. A hash of such a text
could be confirmed by guessing: so values and free names are left out, and what is left is the schema's own words.
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
"""Stands for a text, a number or a word of an enum, and for any list of them, however long."""

VARIABLE = "$"


def shape_hash(document: DocumentNode) -> str:
    """SHA-256 in hexadecimal; the same for all documents that differ in literals and free names only."""
    return sha256("\0".join(_document(document)).encode("utf-8", "surrogatepass")).hexdigest()


def _document(document: DocumentNode) -> Iterator[str]:
    fragments = [each.name.value for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    numbers = {name: str(number) for number, name in enumerate(fragments)}
    for each in document.definitions:
        yield from _node(each, numbers)


def _node(node: Node, fragments: Mapping[str, str]) -> Iterator[str]:
    """The words of a node and of those within it, with brackets."""
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
    """Names that the author chose, and descriptions."""
    named = isinstance(node, (OperationDefinitionNode, FragmentDefinitionNode, FragmentSpreadNode))
    return key == "description" or (key == "name" and named) or (key == "alias" and isinstance(node, FieldNode))


def _value(node: ValueNode) -> str:
    """What was written is nobody's business; whether a switch was on, or nothing was given, names nobody."""
    return str(getattr(node, "value", None)).lower() if node.kind in ("boolean_value", "null_value") else VALUE


def _list(node: ListValueNode, fragments: Mapping[str, str]) -> Iterator[str]:
    """Each form that an element has, once: how many there are would tell of their number."""
    yield "["
    yield from dict.fromkeys(" ".join(_node(each, fragments)) for each in node.values)
    yield "]"
