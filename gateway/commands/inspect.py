"""`gateway settings` and `gateway schema`: print the configuration, print and compare the GraphQL schema."""

from __future__ import annotations

import click

from gateway.commands.audit.schema import diff_
from gateway.commands.common import read_settings
from gateway.config.settings import describe


@click.command("settings")
def settings_() -> None:
    """List every setting with its meaning, default and current value; passwords are masked.

    \b
        PORT=9000 gateway settings
    """
    for line in describe(read_settings()):
        click.echo(
            f"{line.name}\n    {line.meaning}\n    default: {line.default}\n    now:     {line.value or '(not set)'}"
        )


@click.group()
def schema() -> None:
    """Print the schema, and compare two versions of it."""


@schema.command("print")
def schema_print() -> None:
    """Print the schema in the Schema Definition Language, with the purposes of every field.

    \b
        gateway schema print > schema/schema.graphql
    """
    from schema.api.build import sdl  # Strawberry takes half a second to import, which no other command here needs.

    click.echo(sdl(), nl=False)


schema.add_command(diff_)
