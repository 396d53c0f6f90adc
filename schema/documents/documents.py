"""Parses, measures and validates documents; the results do not depend on the caller and are cached by text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    parse,
    validate,
)

from schema.core.errors import ErrorCode, ResponseError, from_core, names_in, names_of
from schema.documents.filters import filter_variables
from schema.documents.limits import Limits, exceeded, too_deep, too_large, too_repetitive
from schema.documents.shapes import shape_hash
from schema.documents.variables import Variables


# eq=False: hashed by identity, as a key of caches.
@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of a valid document."""

    document: Document
    node: OperationDefinitionNode
    variables: Variables
    switches: tuple[str, ...]
    """The variables used by `@skip` and `@include`, sorted by name."""
    filters: Mapping[str, str]
    """The variables used in filters, sorted by name, each with the name of its type."""

    @property
    def is_mutation(self) -> bool:
        """True for a mutation."""
        return self.node.operation is OperationType.MUTATION


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A document that is valid against the schema, or its errors."""

    hash: str
    """SHA-256 of the text in hexadecimal: the name of a trusted document."""
    ast: DocumentNode | None
    operations: Mapping[str, Operation]
    fragments: Mapping[str, FragmentDefinitionNode]
    errors: tuple[ResponseError, ...] = ()
    """Its errors without suggestions of names; empty for a valid document."""
    errors_with_hints: tuple[ResponseError, ...] = ()
    """Its errors with suggestions, for callers that may introspect (G5)."""
    shape: str = ""
    """SHA-256 of the document without literals, aliases and other free names, for the ledger (D10)."""
    tokens: int = 0
    """The number of tokens that the syntax tree keeps in memory."""

    def problems(self, hints: bool) -> tuple[ResponseError, ...]:
        """The errors, with suggestions if `hints`; empty for a valid document."""
        return self.errors_with_hints if hints else self.errors

    def operation(self, name: str | None) -> Operation | ResponseError:
        """The operation to execute; without a name the document must have exactly one (G2)."""
        if name is None:
            if len(self.operations) == 1:
                return next(iter(self.operations.values()))
            return _unresolved("The document has several operations: say which one to run in `operationName`.")
        found = self.operations.get(name)
        return found or _unresolved("The document has no operation of the name given in `operationName`.")


def _unresolved(message: str) -> ResponseError:
    return ResponseError(ErrorCode.OPERATION_RESOLUTION_FAILURE, message)


class Documents:
    """Reads documents. The result never depends on the caller, so that one cache serves all."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self.names = names_of(schema)
        """The names of the schema, which messages may quote."""

    @staticmethod
    def hash_of(text: str) -> str:
        """SHA-256 of the text in hexadecimal; also for lone surrogates, which JSON can contain."""
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def read(self, text: str) -> Document:
        """Parse, measure and validate a text; never raises."""
        limits, name = self._limits, self.hash_of(text)
        if len(text) > limits.characters:
            most = limits.characters
            return _over(name, too_large("characters", f"The document has more than {most} characters.", most))
        try:
            ast = parse(text, max_tokens=limits.tokens, allow_empty_selection_sets=False)
            # Before validation, whose rules take the square of some of these numbers.
            if over := exceeded(ast, limits):
                return _over(name, *over)
            # Bounded: one document can cause thousands of errors, each of which is formatted and cached.
            errors = validate(self._schema, ast, max_errors=20)
            # graphql-core's guard against overlapping fields; it stops without naming the rule.
            if any(each.message == "Validation aborted." for each in errors):
                return _over(name, too_repetitive(limits))
        except GraphQLSyntaxError as error:
            return self._unparsed(name, error)
        except RecursionError:  # graphql-core recurses at each level; depth is measured only after parsing.
            return _over(name, too_deep(limits))
        return self._invalid(name, ast, errors) if errors else self._valid(name, ast)

    def _unparsed(self, name: str, error: GraphQLSyntaxError) -> Document:
        if "Document contains more than" in error.message:
            most = self._limits.tokens
            return _over(name, too_large("tokens", f"The document has more than {most} tokens.", most))
        if "nested too deeply" in error.message:
            return _over(name, too_deep(self._limits))
        return self._faulty(name, [error], ErrorCode.GRAPHQL_PARSE_FAILED, self.names)

    def _invalid(self, name: str, ast: DocumentNode, errors: list[GraphQLError]) -> Document:
        return self._faulty(name, errors, ErrorCode.GRAPHQL_VALIDATION_FAILED, self.names | names_in(ast))

    def _faulty(self, name: str, errors: list[GraphQLError], code: ErrorCode, names: frozenset[str]) -> Document:
        """An invalid document: its errors without the syntax tree, which nobody needs and which takes memory."""
        plain, hinting = (tuple(from_core(each, code, hints, names) for each in errors) for hints in (False, True))
        return Document(name, None, {}, {}, plain, hinting)

    def _valid(self, name: str, ast: DocumentNode) -> Document:
        operations: dict[str, Operation] = {}
        fragments = {each.name.value: each for each in ast.definitions if isinstance(each, FragmentDefinitionNode)}
        document = Document(name, ast, operations, fragments, shape=shape_hash(ast), tokens=_count(ast))
        for each in ast.definitions:
            if isinstance(each, OperationDefinitionNode):
                name_ = each.name.value if each.name else ""
                variables = Variables(self._schema, each)
                operations[name_] = Operation(
                    document, each, variables, _switches(each, fragments), filter_variables(each, fragments.values())
                )
        return document


def _count(ast: DocumentNode) -> int:
    """Count the tokens of a tree, including comments: its nodes keep them all in memory."""
    count, token = 0, ast.loc.start_token if ast.loc else None
    while token is not None:
        count, token = count + 1, token.next
    return count


def _over(name: str, *problems: ResponseError) -> Document:
    return Document(name, None, {}, {}, problems, problems)


def _switches(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> tuple[str, ...]:
    found: set[str] = set()
    waiting: list[SelectionSetNode] = [operation.selection_set]
    seen: set[str] = set()
    while waiting:
        for node in waiting.pop().selections:
            for directive in node.directives or ():
                if directive.name.value in ("skip", "include"):
                    given = directive.arguments or ()
                    found.update(each.value.name.value for each in given if isinstance(each.value, VariableNode))
            if isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                waiting.append(fragments[node.name.value].selection_set)
            elif isinstance(node, (FieldNode, InlineFragmentNode)) and node.selection_set:
                waiting.append(node.selection_set)
    # Sorted, so that equal sets of values give equal keys of plans.
    return tuple(sorted(found))
