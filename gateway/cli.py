"""The command line: `gateway`."""

from __future__ import annotations

import importlib
from typing import Any

import click

from gateway.commands.acts import recorded

COMMANDS = {
    "demo": ("gateway.commands.serving", "demo", "Serve invented customers, and print what to try."),
    "serve": ("gateway.commands.serving", "serve", "Serve what the settings say."),
    "worker": ("gateway.commands.serving", "worker", "Do the work beside answering, in a process of its own."),
    "token": ("gateway.commands.data", "token", "Print a bare access token of the demo."),
    "customers": ("gateway.commands.data", "customers", "Bring customers in."),
    "clients": ("gateway.commands.clients", "clients", "Say who may ask for tokens, and what for."),
    "db": ("gateway.commands.data", "db", "Look after the databases."),
    "keys": ("gateway.commands.keys", "keys", "List keys, and replace them while the gateway runs."),
    "passwords": ("gateway.commands.passwords", "passwords", "Say which passwords nobody may choose."),
    "schema": ("gateway.commands.looking", "schema", "Look at the schema."),
    "ledger": ("gateway.commands.ledger", "ledger", "Prove who read what."),
    "erasures": (
        "gateway.commands.requests.erasures",
        "commands",
        "See which erasures are due, and verify certificates.",
    ),
    "exports": (
        "gateway.commands.requests.rights",
        "exports",
        "Have exports made for customers who asked by another way.",
    ),
    "restrictions": (
        "gateway.commands.requests.restrictions",
        "restrictions",
        "Restrict processing, and lift it after telling.",
    ),
    "objections": ("gateway.commands.requests.restrictions", "objections", "Decide objections within their month."),
    "recipients": (
        "gateway.commands.requests.recipients",
        "recipients",
        "Say how recipients of data are told of erasures.",
    ),
    "webhooks": ("gateway.commands.webhooks", "webhooks", "Say which internal systems are told of events."),
    "partners": ("gateway.commands.partners", "partners", "Say which companies work for us, and what they may get."),
    "affiliates": ("gateway.commands.affiliates", "affiliates", "Say which companies take payments."),
    "staff": ("gateway.commands.staff", "staff", "Say who works here, and by which keys."),
    "legal": ("gateway.commands.requests.legal", "legal", "Answer binding requests of authorities, by two persons."),
    "outbox": ("gateway.commands.webhooks", "outbox", "See what waits to be delivered, and try again."),
    "audit": ("gateway.commands.audit.group", "audit", "See what may be read, by whom and why, and prove it."),
    "messages": ("gateway.commands.messages", "messages", "See in which languages people are told things."),
    "settings": ("gateway.commands.looking", "settings_", "List every setting."),
}
"""Where each command lives and what it does; it is imported when it is used, so that each starts quickly."""


class Commands(click.Group):
    """The commands of the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table, which is the order of a newcomer."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return recorded(cmd_name, command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table itself, without importing what it names."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, meaning) for name, (_, _, meaning) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="customer-data-gateway", prog_name="gateway")
@click.option("--as", "code", metavar="CODE", help="Who acts, by the code of `gateway staff`; it goes into the ledger.")
@click.pass_context
def gateway(context: click.Context, code: str | None) -> None:
    """Customer data, for a purpose: a GraphQL gateway that gives each field only for what it may be used for.

    \b
    Try it:
        gateway demo
        gateway token billing
    Serve your own customers:
        export GATEWAY_ISSUER=https://data.example.com
        gateway db upgrade
        gateway customers import customers.csv --dry-run
        gateway serve
    """
    context.obj = {"as": code}


def main(**options: Any) -> None:
    """Run the command line."""
    gateway(**options)
