"""`gateway settings`: prints the configuration."""

from __future__ import annotations

import click

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
