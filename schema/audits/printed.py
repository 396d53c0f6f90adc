"""The schema as it is printed and committed: what the audits read, here and on the command line."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from audits.schema.facts import Facts
from audits.schema.sources import Text

NAME = "schema/schema.graphql"


def own_schema() -> Text:
    """The schema that this gateway serves; a test keeps it the same as the one that is built."""
    return Text(NAME, files("schema").joinpath("schema.graphql").read_text("utf-8"))


@cache
def own_facts() -> Facts:
    """Read once: it does not change while a process runs."""
    return Facts.of(own_schema())
