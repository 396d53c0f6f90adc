"""The command line: `gateway`."""

from __future__ import annotations

from typing import Any

import click

from gateway.commands.acts import recorded
from gateway.commands.lazy import LazyGroup

COMMANDS = {
    "demo": ("gateway.commands.serving", "demo", "Serve invented customers, and print what to try."),
    "serve": ("gateway.commands.serving", "serve", "Serve the API and pages by the settings."),
    "worker": ("gateway.commands.serving", "worker", "Run background jobs in a process of their own."),
    "token": ("gateway.commands.data", "token", "Print an access token for the demo."),
    "customers": ("gateway.commands.imports.importing", "customers", "Import customers."),
    "invoices": ("gateway.commands.imports.invoices", "commands", "Import invoices of customers who are here."),
    "imports": ("gateway.commands.imports.runs", "commands", "Release the letters of an import, or undo it."),
    "clients": ("gateway.commands.clients.clients", "clients", "Register OAuth clients and their purposes."),
    "documents": ("gateway.commands.documents.group", "documents", "Publish and retire the documents of clients."),
    "db": ("gateway.commands.data", "db", "Upgrade and check the databases."),
    "consents": ("gateway.commands.requests.consents", "consents", "Verify receipts of consents."),
    "data": ("gateway.commands.copies.sanitise", "data", "Make copies for development, with nobody's data in them."),
    "keys": ("gateway.commands.keys", "keys", "List keys, and rotate them while the gateway runs."),
    "passwords": ("gateway.commands.passwords", "passwords", "Build the list of passwords that are refused."),
    "schema": ("gateway.commands.schema.group", "schema", "Print the schema, and compare two versions of it."),
    "ledger": ("gateway.commands.ledger", "ledger", "Export, verify and prune the ledger of accesses."),
    "erasures": (
        "gateway.commands.requests.erasures",
        "commands",
        "Request, list and cancel erasures; verify certificates.",
    ),
    "exports": (
        "gateway.commands.requests.rights",
        "exports",
        "Request exports for customers who asked by letter or telephone.",
    ),
    "requests": ("gateway.commands.requests.register", "requests", "Handle requests of persons about their data."),
    "restrictions": (
        "gateway.commands.requests.restrictions",
        "restrictions",
        "Restrict processing, and lift a restriction after notice.",
    ),
    "objections": ("gateway.commands.requests.restrictions", "objections", "List and decide objections."),
    "recipients": (
        "gateway.commands.requests.recipients",
        "recipients",
        "Register how recipients of data are notified of erasures.",
    ),
    "webhooks": ("gateway.commands.webhooks", "webhooks", "Register internal systems for signed event webhooks."),
    "partners": ("gateway.commands.partners", "partners", "Register processors, and the fields they may get."),
    "affiliates": ("gateway.commands.affiliates", "affiliates", "Register companies that take payments."),
    "staff": ("gateway.commands.staff", "staff", "Register members of staff and their SSH keys."),
    "legal": ("gateway.commands.requests.legal", "legal", "Answer binding requests of authorities, by two persons."),
    "outbox": ("gateway.commands.webhooks", "outbox", "Inspect undelivered messages, and retry them."),
    "audit": ("gateway.commands.audit.group", "audit", "Reports: what may be read, by whom and why, with proof."),
    "messages": ("gateway.commands.messages", "messages", "Languages and their missing translations."),
    "doctor": ("gateway.commands.doctor.command", "doctor", "Look for what should be mended, and say how."),
    "settings": ("gateway.commands.inspect", "settings_", "List every setting with its meaning and value."),
}
"""Module, attribute and help line of each command. A module is imported only for its command, so each starts fast."""


@click.group(
    cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
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


# Wrapped here, so that no command can be reached unrecorded (G17).
gateway.wrapped = recorded


def main(**options: Any) -> None:
    """Run the command line."""
    gateway(**options)
