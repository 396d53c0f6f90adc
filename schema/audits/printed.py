"""The committed schema file: the input of the audits, over GraphQL and on the command line."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from audits.schema.facts import Facts
from audits.schema.sources import Text

NAME = "schema/schema.graphql"


def own_schema() -> Text:
    """The schema that this gateway serves; a test compares the file with the built schema."""
    # The committed file instead of a new print: it is what was reviewed and signed off.
    return Text(NAME, files("schema").joinpath("schema.graphql").read_text("utf-8"))


@cache
def own_facts() -> Facts:
    """The facts of the schema, read once a process."""
    return Facts.of(own_schema())
