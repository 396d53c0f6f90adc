"""`gateway schema`: prints the GraphQL schema, and compares two versions of it."""

from __future__ import annotations

import click

from gateway.commands.schema.diff import diff_


@click.group()
def schema() -> None:
    """Print the schema, and compare two versions of it."""


@schema.command("print")
@click.option("--storage", is_flag=True, help="Name the column that each field shows, for auditors.")
def schema_print(storage: bool) -> None:
    """Print the schema in the Schema Definition Language, with the purposes of every field.

    \b
        gateway schema print > schema/schema.graphql
        gateway schema print --storage > audited.graphql
    """
    from schema.api.build import sdl  # Strawberry takes half a second to import, which no other command here needs.

    click.echo(sdl(with_columns=storage), nl=False)


schema.add_command(diff_)
