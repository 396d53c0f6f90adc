"""The committed schema file: the input of the audits, over GraphQL and on the command line."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from threading import Lock

from audits.schema.facts import Facts
from audits.schema.sources import Text
from schema.model.model import SchemaModel
from schema.model.storage import storage, with_storage

NAME = "schema/schema.graphql"


def committed_schema() -> Text:
    """The schema that this gateway serves, as it is published; a test compares the file with the built schema."""
    # The committed file instead of a new print: it is what was reviewed and signed off.
    return Text(NAME, files("schema").joinpath("schema.graphql").read_text("utf-8"))


@cache
def own_schema(model: SchemaModel) -> Text:
    """The published schema with the columns that its fields show, which the audits compare with the store."""
    published = committed_schema()
    return Text(published.name, with_storage(published.text, storage(model)))


def own_facts(model: SchemaModel) -> Facts:
    """The facts of the schema, read once a process."""
    # The reports of one operation ask from threads at once: without the lock each would read the schema for itself.
    with _READING:
        return _own_facts(model)


@cache
def _own_facts(model: SchemaModel) -> Facts:
    found = Facts.of(own_schema(model))
    _ = found.all  # Read within the lock, too: it is what takes the time.
    return found


_READING = Lock()
