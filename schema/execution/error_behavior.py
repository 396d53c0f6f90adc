"""`onError` of a request, by the proposal for the GraphQL specification (graphql-spec, pull request 1163)."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLNonNull, GraphQLOutputType
from graphql.execution import Executor
from graphql.execution.incremental import IncrementalExecutor
from graphql.pyutils import Path

from schema.documents.requests import ErrorBehavior


class NullingExecutor(IncrementalExecutor):
    """Puts null where a field failed, whatever its type."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.error_propagation = False


class HaltingExecutor(IncrementalExecutor):
    """Ends with the first error: `data` is null, and no mutation after it is carried out."""

    def handle_field_error(
        self, raw_error: Exception, return_type: GraphQLOutputType, field_details_list: Any, path: Path
    ) -> None:
        """Raise the error, located, as a field of non-null type does."""
        required: Any = return_type if isinstance(return_type, GraphQLNonNull) else GraphQLNonNull(return_type)
        super().handle_field_error(raw_error, required, field_details_list, path)


EXECUTORS: dict[ErrorBehavior, type[Executor[Any]] | None] = {
    ErrorBehavior.PROPAGATE: None,
    ErrorBehavior.NULL: NullingExecutor,
    ErrorBehavior.HALT: HaltingExecutor,
}
