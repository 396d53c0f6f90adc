"""Published documents as tools of language models: a name, words, a purpose, and arguments of which the model is told.

Nothing is decided here: each call is an ordinary request of the document to `schema.api.api.Api`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache
from graphql import (
    FieldNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    VariableNode,
    parse,
)

from policy.grant import Grant
from policy.purposes import Purpose
from policy.references import References
from resolvers.reads.documents import PublishedText
from schema.documents.input_schemas import UnknownTypeError, variables_schema
from schema.documents.limits import Limits
from schema.documents.requests import Request

LONGEST_NAME = 64
"""Characters of a tool's name: what most language models' interfaces take."""
REMEMBERED = 8_000_000
"""Estimated bytes of the cache of documents that were read; reading one takes 0.1 ms and more (G15)."""


@dataclass(frozen=True, slots=True)
class _Operation:
    """The facts of one operation that depend on nobody who asks."""

    name: str
    operation_name: str | None
    words: str
    changes: bool
    purpose: str | None
    """The purpose of `@for`, if the document has one."""
    reference: str | None
    """The variable of `@for(reference:)`; empty for a reference that is written in the document."""
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """One operation of a published document, for one grant."""

    name: str
    description: str
    input_schema: Mapping[str, Any]
    changes: bool
    document: str
    """The SHA-256 of the document."""
    operation_name: str | None
    purpose: str | None
    """The purpose that a call is for; None if the call states one."""
    purpose_argument: str | None
    reference_argument: str | None
    """The argument for the reference that is no variable of the document; None if it needs none."""

    @property
    def arguments(self) -> frozenset[str]:
        """The names of all its arguments."""
        return frozenset(self.input_schema["properties"])

    def request(self, given: Mapping[str, Any]) -> Request:
        """The request that a call is; a query that turns out to change something is refused as it is by GET."""
        apart = (self.purpose_argument, self.reference_argument)
        purpose, reference = (given.get(name) if name else None for name in apart)
        return Request(
            document_id=self.document,
            operation_name=self.operation_name,
            variables={name: value for name, value in given.items() if name not in apart},
            purpose=purpose if isinstance(purpose, str) else None,
            reference=reference if isinstance(reference, str) else None,
            read_only=not self.changes,
        )


class Tools:
    """Makes tools of published documents."""

    def __init__(self, core: GraphQLSchema, limits: Limits, references: References) -> None:
        self._core, self._limits, self._references = core, limits, references
        self._known: LRUCache[str, tuple[_Operation, ...]] = LRUCache(REMEMBERED, getsizeof=_weight)

    def of(self, published: Iterable[PublishedText], grant: Grant) -> dict[str, Tool]:
        """The tools by name, the newest first: of a name that several documents have, the newest one is the tool.

        Left out: what changes something by a document that is not acting; a document for a purpose that the grant does
        not have; and one that does not fit the schema any more.
        """
        found: dict[str, Tool] = {}
        for each in published:
            for operation in self._operations(each):
                if operation.name in found or (operation.changes and not each.acting):
                    continue
                fixed = each.purpose.name if each.purpose else operation.purpose
                if fixed is not None and fixed not in {purpose.name for purpose in grant.purposes}:
                    continue
                found[operation.name] = self._tool(each, operation, fixed, grant)
        return found

    def _operations(self, published: PublishedText) -> tuple[_Operation, ...]:
        known = self._known.get(published.hash)
        if known is None:
            known = self._read(published)
            # cachetools raises for an entry larger than the cache.
            if _weight(known) < REMEMBERED:
                self._known[published.hash] = known
        return known

    def _read(self, published: PublishedText) -> tuple[_Operation, ...]:
        try:
            definitions = parse(published.text, max_tokens=self._limits.tokens).definitions
            operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
            return tuple(self._operation(each, published.hash) for each in operations)
        except (GraphQLSyntaxError, RecursionError, UnknownTypeError):
            return ()

    def _operation(self, node: OperationDefinitionNode, hash_: str) -> _Operation:
        name = node.name.value if node.name else None
        purpose, reference = _for(node)
        return _Operation(
            (name or f"document_{hash_[:12]}")[:LONGEST_NAME],
            name,
            node.description.value if node.description else self._words(node),
            node.operation is not OperationType.QUERY,
            purpose,
            reference,
            variables_schema(self._core, node),
        )

    def _words(self, node: OperationDefinitionNode) -> str:
        """The descriptions of its root fields, for an operation that has none of its own."""
        type_ = self._core.get_root_type(node.operation)
        names = [each.name.value for each in node.selection_set.selections if isinstance(each, FieldNode)]
        known = [type_.fields[name].description for name in names if type_ is not None and name in type_.fields]
        return " ".join(each for each in known if each)

    def _tool(self, published: PublishedText, operation: _Operation, fixed: str | None, grant: Grant) -> Tool:
        usable = sorted(grant.purposes, key=lambda each: each.name)
        # One purpose of the token is implied; of several a call states one.
        purpose = Purpose[fixed] if fixed is not None else usable[0] if len(usable) == 1 else None
        schema = {**operation.schema, "properties": dict(operation.schema["properties"])}
        words = [operation.words] if operation.words else []
        stated = None if purpose is not None or not usable else _free("purpose", schema)
        if stated is not None:
            names = ", ".join(f"{each.name} ({each.text})" for each in usable)
            _add(schema, stated, {"type": "string", "enum": [each.name for each in usable], "description": names})
            words.append("State the purpose that you read it for.")
        if purpose is not None:
            words.append(f"Purpose: {purpose.name}. {purpose.text} Use it for nothing else.")
        named = self._reference(schema, operation, [purpose] if purpose else usable, words)
        if operation.changes:
            words.append("It changes something: ask the person you work for before you call it.")
        return Tool(
            operation.name,
            "\n".join(words),
            schema,
            operation.changes,
            published.hash,
            operation.operation_name,
            None if purpose is None else purpose.name,
            stated,
            named,
        )

    def _reference(
        self, schema: dict[str, Any], operation: _Operation, purposes: list[Purpose], words: list[str]
    ) -> str | None:
        """Ask for the reference where a purpose needs one; returns the name of the argument that was added for it."""
        needing = [each for each in purposes if each.requires_reference]
        if not needing or operation.reference == "":
            return None
        forms = "; ".join(dict.fromkeys(self._references.of(each).text for each in needing))
        names = ", ".join(each.name for each in needing)
        said = f"The reference of the case, which {names} needs, of the form {forms}: ask for it, and never invent one."
        words.append(f"{names} needs the reference of the case.")
        if operation.reference is not None:
            _add(schema, operation.reference, {**schema["properties"][operation.reference], "description": said})
            return None
        name = _free("reference", schema)
        _add(schema, name, {"type": "string", "description": said}, required=len(needing) == len(purposes))
        return name


def _weight(operations: tuple[_Operation, ...]) -> int:
    # A dict of Python takes some four times its text.
    return 500 + sum(1_000 + 4 * len(repr(each.schema)) for each in operations)


def _add(schema: dict[str, Any], name: str, what: dict[str, Any], required: bool = True) -> None:
    schema["properties"][name] = what
    if required:
        schema["required"] = list(dict.fromkeys([*schema.get("required", ()), name]))


def _free(name: str, schema: Mapping[str, Any]) -> str:
    """The name, with as many `_` as no variable of the document has."""
    while name in schema["properties"]:
        name += "_"
    return name


def _for(node: OperationDefinitionNode) -> tuple[str | None, str | None]:
    """The purpose of `@for`, and the variable of its reference: empty for one that is written out, None without."""
    directive = next((each for each in node.directives or () if each.name.value == "for"), None)
    given = {each.name.value: each.value for each in (directive.arguments or ())} if directive else {}
    purpose, reference = given.get("purpose"), given.get("reference")
    name = getattr(purpose, "value", None)
    if isinstance(reference, VariableNode):
        return name, reference.name.value
    return name, "" if isinstance(reference, StringValueNode) else None
