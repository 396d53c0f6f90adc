"""A group of commands whose modules are imported one by one: each command starts as fast as what it needs itself."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import click

Where = tuple[str, str, str]
"""Module and attribute of a command, and its line in the help of its group."""


class LazyGroup(click.Group):
    """The commands of a table; help is written from the table, without importing what it names."""

    def __init__(self, *arguments: Any, table: Mapping[str, Where], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.table = table
        self.wrapped: Callable[[str, click.Command], click.Command] = lambda _, command: command
        """Changes each command before it is run, given its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table: first what a new operator needs first."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None if there is none."""
        if cmd_name not in self.table:
            return None
        module, name, _ = self.table[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return self.wrapped(cmd_name, command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table into the help text."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, meaning) for name, (_, _, meaning) in self.table.items()])
