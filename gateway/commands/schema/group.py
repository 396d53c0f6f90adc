"""`gateway schema`: prints the GraphQL schema, and compares two versions of it."""

from __future__ import annotations

import click

from gateway.commands.schema.diff import diff_
from gateway.commands.schema.printing import print_


@click.group()
def schema() -> None:
    """Print the schema, and compare two versions of it."""


schema.add_command(diff_)
schema.add_command(print_)
