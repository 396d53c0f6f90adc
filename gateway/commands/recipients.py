"""`gateway recipients`: where those who have copies of customers' data are told of erasures (GDPR Art. 19)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click

from gateway import server
from gateway.commands.common import read_settings, told_in_a_sentence
from gateway.recipients import KINDS, RecipientRefused, Recipients
from gateway.serving import store_config
from store.database import open_store

Result = TypeVar("Result")
KIND = click.Choice(KINDS)


@click.group()
def recipients() -> None:
    """Say how those who received customers' data are told that they must erase it, too.

    A payment affiliate is told where it takes payments, unless you name another way. Whoever has none gets a letter:
    `gateway erasures letter`.

    \b
        gateway recipients contact PARTNER Printers --email privacy@printers.example
        gateway recipients contact TOOL billing --webhook billing
    """


@recipients.command("contact")
@click.argument("kind", type=KIND)
@click.argument("name")
@click.option("--webhook", help="The name of a system of `gateway webhooks list`.")
@click.option("--email", help="A mailbox of the company's.")
def contact(kind: str, name: str, webhook: str | None, email: str | None) -> None:
    """Tell a recipient by a webhook or by e-mail. A tool's NAME is its client id, a registry's that of disclosures.

    \b
        gateway recipients contact REGISTRY AFNIC --email rgpd@registry.example
    """
    with_recipients(lambda register: register.set_contact(kind, name, webhook, email, datetime.now(UTC)))
    click.echo(f"{name} is told of erasures by {'webhook' if webhook else 'e-mail'}.")


@recipients.command("remove")
@click.argument("kind", type=KIND)
@click.argument("name")
def remove(kind: str, name: str) -> None:
    """Forget the way that was registered.

    \b
        gateway recipients remove PARTNER Printers
    """
    with_recipients(lambda register: register.remove_contact(kind, name))
    click.echo(f"{name} has no way of its own any more.")


@recipients.command("list")
def list_() -> None:
    """List the ways that are registered.

    \b
        gateway recipients list
    """
    for row in with_recipients(lambda register: register.contacts()):
        way = f"webhook {row.webhook}" if row.webhook else row.email
        click.echo(f"{row.kind:<18} {row.name:<28} {way}")


def with_recipients(work: Callable[[Recipients], Awaitable[Result]]) -> Result:
    """Do something in the store of the settings; what is refused is said in a sentence."""
    settings = read_settings()

    async def run() -> Result:
        store = await open_store(store_config(settings))
        try:
            return await work(Recipients(store))
        finally:
            await store.close()

    try:
        with told_in_a_sentence():
            return server.run(run())
    except RecipientRefused as refused:
        raise click.ClickException(str(refused)) from None
